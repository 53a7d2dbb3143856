// SPDX-License-Identifier: Apache-2.0
// The follower agrees with a card that does right, whatever it chooses, and finds each of many
// faults.
#include <functional>
#include <string>

#include "tests/support/gtest.h"
#include "tests/unit/diff/followed_card.h"

namespace ringside::test {
namespace {

using hw::Purpose;
using hw::TraceKind;
using hw::TraceRecord;

constexpr unsigned kSteps = 6000;

TEST(Follower, AgreesWithAnyChoices) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const uint64_t features = kBasic | ((seed & 1) != 0 ? kMergeable : 0) |
                              ((seed & 2) != 0 ? kEventIdx : 0) | ((seed & 4) != 0 ? kIndirect : 0);
    FollowedCard followed(features, 64, (seed & 8) == 0);
    RandomTraffic traffic(followed, seed);
    traffic.run(kSteps);
    traffic.settle();
    followed.follower.at_rest();
    ASSERT_EQ(followed.follower.difference().text(), "") << "seed " << seed;
    EXPECT_GT(followed.follower.frames_compared(), 10u) << "seed " << seed;
    EXPECT_GT(followed.follower.bytes_compared(), 10'000u) << "seed " << seed;
  }
}

TEST(Follower, ComparesRegisterReads) {
  FollowedCard followed(kBasic);
  followed.card.set_bar(CommonCfg::kQueueSelect, 2, 1);
  EXPECT_EQ(followed.card.bar(CommonCfg::kQueueSize, 2), 16u);
  EXPECT_EQ(followed.follower.difference().text(), "");
  followed.spoiler.on_record = [](TraceRecord& record) {
    if (record.kind == TraceKind::kRegisterRead) record.value ^= 4;
    return true;
  };
  followed.card.bar(CommonCfg::kQueueSize, 2);
  EXPECT_EQ(followed.follower.difference().text(),
            "a read of 2 bytes at 0x18 of the BAR gives 0x14, expected 0x10");
}

/// One fault: how it spoils what passes, and what the follower must say of it.
struct Fault {
  const char* name;
  std::function<void(Spoiler&)> install;
  const char* words;
};

/// Spoils the `count`th call for which `when` holds.
template <typename When, typename What>
auto once(When when, What what, unsigned count = 3) {
  return [=, seen = 0u](auto&... call) mutable -> bool {
    if (!when(call...) || ++seen != count) return true;
    return what(call...);
  };
}

auto posted_for(Purpose wanted) {
  return [wanted](Purpose& purpose, unsigned&, uint64_t&, std::vector<std::byte>&) {
    return purpose == wanted;
  };
}
auto read_for(Purpose wanted) {
  return [wanted](Purpose& purpose, uint64_t&, uint32_t&) { return purpose == wanted; };
}
auto record_of(TraceKind wanted) {
  return [wanted](TraceRecord& record) { return record.kind == wanted; };
}

const Fault kFaults[] = {
    {"a payload byte is wrong",
     [](Spoiler& spoiler) {
       spoiler.on_posted =
           once(posted_for(Purpose::kPayload), [](auto&, auto&, auto&, auto& bytes) {
             bytes.back() ^= std::byte{1};
             return true;
           });
     },
     ", expected 0x"},
    {"a payload write is lost",
     [](Spoiler& spoiler) {
       spoiler.on_posted = once(posted_for(Purpose::kPayload), [](auto&...) { return false; });
     },
     "expected: a write"},
    {"a payload write is short",
     [](Spoiler& spoiler) {
       spoiler.on_posted =
           once(posted_for(Purpose::kPayload), [](auto&, auto&, auto&, auto& bytes) {
             bytes.pop_back();
             return true;
           });
     },
     "expected: a write of 1 bytes"},
    {"a payload write is a byte too far",
     [](Spoiler& spoiler) {
       spoiler.on_posted =
           once(posted_for(Purpose::kPayload), [](auto&, auto&, auto& address, auto&) {
             ++address;
             return true;
           });
     },
     "expected: a write"},
    {"a used entry is lost",
     [](Spoiler& spoiler) {
       spoiler.on_posted = once(posted_for(Purpose::kUsedEntries), [](auto&...) { return false; });
     },
     "expected: a write"},
    {"a used entry has a wrong length",
     [](Spoiler& spoiler) {
       spoiler.on_posted =
           once(posted_for(Purpose::kUsedEntries), [](auto&, auto&, auto&, auto& bytes) {
             bytes[4] ^= std::byte{1};
             return true;
           });
     },
     "used_entries"},
    {"the used index is one too high",
     [](Spoiler& spoiler) {
       spoiler.on_posted =
           once(posted_for(Purpose::kUsedIndex), [](auto&, auto&, auto&, auto& bytes) {
             bytes[0] = static_cast<std::byte>(std::to_integer<unsigned>(bytes[0]) + 1);
             return true;
           });
     },
     "used_index"},
    {"the used index is lost",
     [](Spoiler& spoiler) {
       spoiler.on_posted = once(posted_for(Purpose::kUsedIndex), [](auto&...) { return false; });
     },
     "used_index"},
    {"an MSI-X message is lost",
     [](Spoiler& spoiler) {
       spoiler.on_posted = once(posted_for(Purpose::kInterrupt), [](auto&...) { return false; });
     },
     "MSI-X"},
    {"an MSI-X message has the wrong data",
     [](Spoiler& spoiler) {
       spoiler.on_posted =
           once(posted_for(Purpose::kInterrupt), [](auto&, auto&, auto&, auto& bytes) {
             bytes[0] ^= std::byte{1};
             return true;
           });
     },
     "an MSI-X message of"},
    {"avail_event is wrong",
     [](Spoiler& spoiler) {
       spoiler.on_posted =
           once(posted_for(Purpose::kAvailEvent), [](auto&, auto&, auto&, auto& bytes) {
             bytes[0] ^= std::byte{1};
             return true;
           });
     },
     "avail_event"},
    {"a descriptor is read beside the table",
     [](Spoiler& spoiler) {
       spoiler.on_read = once(read_for(Purpose::kDescriptors), [](auto&, auto& address, auto&) {
         address += 16;
         return true;
       });
     },
     "is taken for whole before"},
    {"payload is read a byte too early",
     [](Spoiler& spoiler) {
       spoiler.on_read = once(read_for(Purpose::kPayload), [](auto&, auto& address, auto&) {
         --address;
         return true;
       });
     },
     "for which there is no reason"},
    {"the available index is read elsewhere",
     [](Spoiler& spoiler) {
       spoiler.on_read = once(read_for(Purpose::kAvailIndex), [](auto&, auto& address, auto&) {
         address += 2;
         return true;
       });
     },
     "for which there is no reason"},
    {"a sent frame has a wrong byte",
     [](Spoiler& spoiler) {
       spoiler.on_frame_out = once([](auto&) { return true; },
                                   [](auto& bytes) {
                                     bytes[7] ^= std::byte{0x80};
                                     return true;
                                   });
     },
     "byte 7 of a sent frame"},
    {"a sent frame is lost",
     [](Spoiler& spoiler) {
       spoiler.on_frame_out = once([](auto&) { return true; }, [](auto&) { return false; });
     },
     "a sent frame"},
    {"a sent frame is cut short",
     [](Spoiler& spoiler) {
       spoiler.on_frame_out = once([](auto&) { return true; },
                                   [](auto& bytes) {
                                     bytes.pop_back();
                                     return true;
                                   });
     },
     "bytes, expected"},
    {"an interrupt is decided otherwise",
     [](Spoiler& spoiler) {
       spoiler.on_record = once(record_of(TraceKind::kInterruptDecision), [](auto& record) {
         record.value ^= 1;
         return true;
       });
     },
     "the core says interrupt_decision"},
    {"the available index is taken wrongly",
     [](Spoiler& spoiler) {
       spoiler.on_record = once(record_of(TraceKind::kAvailSampled), [](auto& record) {
         record.value += 1;
         return true;
       });
     },
     "the core says avail_sampled"},
    {"more is returned than is done",
     [](Spoiler& spoiler) {
       spoiler.on_record = once(record_of(TraceKind::kReturnUsed), [](auto& record) {
         record.size += 64;
         record.value += 64;
         return true;
       });
     },
     ""},
    {"a frame takes a chain more",
     [](Spoiler& spoiler) {
       spoiler.on_record = once(record_of(TraceKind::kStartReceive), [](auto& record) {
         record.value += 1;
         return true;
       });
     },
     "the core says start_receive"},
    {"a frame is dropped for want of room that there is",
     [](Spoiler& spoiler) {
       spoiler.on_record = once(record_of(TraceKind::kFrameIn), [](auto& record) {
         record.kind = TraceKind::kFrameDropped;
         record.value = static_cast<uint64_t>(Counter::kRxDropBufferFull);
         return true;
       });
     },
     "the receive buffer has room"},
    {"an interrupt is decided before the index is written",
     [](Spoiler& spoiler) {
       spoiler.on_posted = [held = false](Purpose& purpose, unsigned&, uint64_t&,
                                          std::vector<std::byte>&) mutable {
         if (purpose != Purpose::kUsedIndex || held) return true;
         held = true;
         return false;
       };
     },
     "before its used index was written"},
    {"the available index is read before the request for notifications is written",
     [](Spoiler& spoiler) {
       spoiler.on_posted = once(posted_for(Purpose::kAvailEvent), [](auto&...) { return false; });
     },
     "before its request for notifications was written"},
    {"entries are returned as another chain's",
     [](Spoiler& spoiler) {
       spoiler.on_record = once(record_of(TraceKind::kReturnUsed), [](auto& record) {
         record.chain += 1;
         return true;
       });
     },
     "the core says return_used"},
    {"a frame has a byte more than its chain",
     [](Spoiler& spoiler) {
       spoiler.on_record = once(record_of(TraceKind::kStartTransmit), [](auto& record) {
         record.size += 1;
         return true;
       });
     },
     "the core says start_transmit"},
    {"an MSI-X message is not told",
     [](Spoiler& spoiler) {
       spoiler.on_record = once(record_of(TraceKind::kMsix), [](auto&) { return false; });
     },
     "has not done: msix"},
};

class FollowerFault : public testing::TestWithParam<std::size_t> {};

TEST_P(FollowerFault, IsFound) {
  const Fault& fault = kFaults[GetParam()];
  FollowedCard followed(kBasic | kMergeable | kEventIdx, 64);
  fault.install(followed.spoiler);
  RandomTraffic traffic(followed, 5);
  for (unsigned i = 0; i < 10 && !followed.follower.difference().found(); ++i) {
    traffic.run(kSteps / 10);
  }
  traffic.settle();
  followed.follower.at_rest();
  EXPECT_TRUE(followed.follower.difference().found()) << fault.name;
  EXPECT_NE(followed.follower.difference().text().find(fault.words), std::string::npos)
      << fault.name << ": " << followed.follower.difference().text();
}

INSTANTIATE_TEST_SUITE_P(Each, FollowerFault, testing::Range<std::size_t>(0, std::size(kFaults)));

}  // namespace
}  // namespace ringside::test
