// SPDX-License-Identifier: Apache-2.0
// Where a card may differ from the core that follows it, and how far: each rule's case, and the one
// beside it.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/gtest.h"
#include "tests/unit/diff/followed_card.h"

namespace ringside::test {
namespace {

using hw::BarLayout;
using hw::PciConfig;
using hw::Purpose;
using hw::RingState;
using hw::TimePs;
using hw::TraceKind;
using hw::TraceRecord;

constexpr TimePs kMicrosecond = 1'000'000;
constexpr TimePs kMillisecond = 1'000'000'000;
constexpr unsigned kTransmit = 1;

/// A read request as the card made it.
struct Request {
  Purpose purpose = Purpose::kPayload;
  uint64_t address = 0;
  uint32_t size = 0;
};

class FollowerRules : public testing::Test {
 protected:
  explicit FollowerRules(uint16_t ring_size = 16) : followed(kBasic | kIndirect, ring_size) {}
  std::string difference() { return followed.follower.difference().text(); }
  /// All reads that wait, the oldest first.
  void answer_all() {
    while (!card.reads.empty()) card.answer_read();
  }
  /// The transmit queue's entries are known, and their descriptors are not asked for.
  void know_heads() {
    ASSERT_EQ(card.choose(EventKind::kSampleAvail, kTransmit), "");
    answer_all();
    ASSERT_EQ(card.choose(EventKind::kFetchIds, kTransmit, card.core.ids_fetchable(kTransmit)), "");
    answer_all();
  }
  void describe_chains() {
    know_heads();
    while (card.core.descriptors_fetchable(kTransmit)) {
      ASSERT_EQ(card.choose(EventKind::kFetchDescriptors, kTransmit, 8), "");
      answer_all();
    }
  }
  void send_frame() {
    card.put_transmit(0, {100});
    card.tx.notify();
    describe_chains();
    ASSERT_EQ(card.choose(EventKind::kStartFrame, kTransmit), "");
    answer_all();
    ASSERT_EQ(card.choose(EventKind::kReturnUsed, kTransmit, 1), "");
  }
  /// A new life of the device with fresh rings; then a frame is sent.
  void live_again(uint64_t features) {
    card.negotiate(features);
    for (Ring* ring : {&card.rx, &card.tx}) {
      ring->avail_idx = 0;
      card.store<uint16_t>(ring->avail + formats::SplitRing::kAvailIdx, 0);
      card.store<uint16_t>(ring->used + formats::SplitRing::kUsedIdx, 0);
    }
    card.start();
    send_frame();
  }
  /// `then` comes in the cycle of the reset, behind its record.
  void reset_with(const std::function<void()>& then) {
    followed.spoiler.on_record = [this, then](TraceRecord& record) {
      if (record.kind != TraceKind::kReset) return true;
      followed.follower.record(record);
      then();
      return false;
    };
    card.set_status(0);
    followed.spoiler.on_record = nullptr;
  }

  FollowedCard followed;
  RunningCard& card = followed.card;
};

TEST_F(FollowerRules, LatenessCountsFromBusMasterEnableOn) {
  followed.spoiler.on_posted = [](Purpose& purpose, unsigned&, uint64_t&, auto&) {
    return purpose != Purpose::kUsedEntries && purpose != Purpose::kUsedIndex;
  };
  send_frame();
  followed.follower.at(50 * kMicrosecond);
  card.set_config(PciConfig::kCommand, 2, 0x2);
  followed.follower.at(kMillisecond);
  card.set_config(PciConfig::kCommand, 2, 0x6);
  followed.follower.at(kMillisecond + 90 * kMicrosecond);
  EXPECT_EQ(difference(), "");
  followed.follower.at(kMillisecond + 110 * kMicrosecond);
  EXPECT_NE(difference().find("used_entries of queue 1"), std::string::npos) << difference();
  EXPECT_NE(difference().find("does not come"), std::string::npos) << difference();
}

TEST_F(FollowerRules, ReadLeavesInTheCycleOfAReset) {
  Request kept;
  followed.spoiler.on_read = [&kept](Purpose& purpose, uint64_t& address, uint32_t& size) {
    if (purpose != Purpose::kPayload) return true;
    kept = {purpose, address, size};
    return false;
  };
  card.put_transmit(0, {100});
  card.tx.notify();
  describe_chains();
  ASSERT_EQ(card.choose(EventKind::kStartFrame, kTransmit), "");
  ASSERT_EQ(kept.size, 100u);
  reset_with([&] {
    followed.follower.read_request(99, kept.purpose, kTransmit, kept.address, kept.size);
  });
  EXPECT_EQ(difference(), "");
  followed.spoiler.on_read = nullptr;
  card.reads.clear();
  // What it brings is nobody's: neither used nor left over.
  followed.follower.read_completion(99, std::vector<std::byte>(100), true, true);
  live_again(kBasic | kIndirect);
  followed.follower.at_rest();
  EXPECT_EQ(difference(), "");
  followed.follower.read_request(98, kept.purpose, kTransmit, kept.address, kept.size);
  EXPECT_NE(difference().find("for which there is no reason"), std::string::npos) << difference();
}

TEST_F(FollowerRules, NothingElseIsAskedForInTheCycleOfAReset) {
  reset_with([this] { followed.follower.read_request(99, Purpose::kPayload, kTransmit, 16, 4); });
  EXPECT_EQ(difference(),
            "a read of 4 bytes of payload of queue 1 at 0x10, for which there is no reason");
}

TEST_F(FollowerRules, ReadEndsInTheCycleOfAReset) {
  const TraceRecord ended{.kind = TraceKind::kDmaReadDone,
                          .purpose = Purpose::kPayload,
                          .queue = kTransmit,
                          .size = 100,
                          .value = 1};
  reset_with([&] { followed.follower.record(ended); });
  EXPECT_EQ(difference(), "");
  followed.follower.record(ended);
  EXPECT_EQ(difference(), "100 bytes of chain 0 of queue 1 are said to be read, and are not");
}

TEST_F(FollowerRules, ErrorLeavesOtherResultsUnsaid) {
  card.put_transmit(0, {100});
  card.tx.set_desc(0, 0x1000, 0);  // no bytes
  card.tx.notify();
  know_heads();
  ASSERT_EQ(card.choose(EventKind::kSampleAvail, kTransmit), "");
  ASSERT_EQ(card.choose(EventKind::kFetchDescriptors, kTransmit, 1), "");
  ASSERT_EQ(card.reads.size(), 2u);
  // The index is here, too; the card stops before it looks at it.
  const Deed sample = card.reads[0];
  followed.follower.read_completion(sample.tag, {card.at(sample.address, 2), 2}, true, true);
  card.answer_read(1);
  EXPECT_EQ(card.errors(DeviceError::kZeroLength), 1u);
  EXPECT_EQ(difference(), "");
  card.set_status(0);
  card.reads.clear();
  live_again(kBasic | kIndirect);
  followed.follower.at_rest();
  EXPECT_EQ(difference(), "");
}

// A frame's read fails behind a look at an index that jumps, and is the first to be told.
TEST_F(FollowerRules, TwoErrorsAreFoundAtOnce) {
  card.put_transmit(0, {100});
  card.tx.notify();
  describe_chains();
  ASSERT_EQ(card.choose(EventKind::kStartFrame, kTransmit), "");
  ASSERT_EQ(card.choose(EventKind::kSampleAvail, kTransmit), "");
  ASSERT_EQ(card.reads.size(), 2u);
  const uint16_t index = static_cast<uint16_t>(card.tx.avail_idx + 17);
  followed.follower.read_completion(
      card.reads[1].tag, {reinterpret_cast<const std::byte*>(&index), sizeof index}, true, true);
  followed.follower.record(
      {.kind = TraceKind::kAvailSampled, .queue = kTransmit, .size = 17, .value = index});
  followed.follower.read_completion(card.reads[0].tag, {}, false, true);
  card.take(Event::dma_failed(card.reads[0].tag));
  EXPECT_EQ(card.errors(DeviceError::kDmaRead), 1u);
  EXPECT_EQ(difference(), "");
  const TraceRecord second{.kind = TraceKind::kDeviceError,
                           .queue = kTransmit,
                           .value = static_cast<uint64_t>(DeviceError::kAvailIndexJump)};
  followed.follower.record(second);
  EXPECT_EQ(difference(), "");
  followed.follower.record(second);
  EXPECT_NE(difference().find("the core finds nothing wrong"), std::string::npos) << difference();
}

TEST_F(FollowerRules, ErrorIsFoundInWhatFailed) {
  card.put_transmit(0, {100, 100, 100});
  card.tx.notify();
  describe_chains();
  ASSERT_EQ(card.choose(EventKind::kStartFrame, kTransmit), "");
  ASSERT_EQ(card.reads.size(), 3u);
  // The last of three fails; the first two have not come.
  const uint32_t tag = card.reads[2].tag;
  card.take(Event::dma_failed(tag));
  EXPECT_EQ(card.errors(DeviceError::kDmaRead), 1u);
  EXPECT_EQ(difference(), "");
}

TEST_F(FollowerRules, ErrorThatNothingShowsIsADifference) {
  card.put_transmit(0, {100});
  card.tx.notify();
  know_heads();
  ASSERT_EQ(card.choose(EventKind::kFetchDescriptors, kTransmit, 1), "");
  followed.spoiler.on_record = [](TraceRecord& record) {
    if (record.kind != TraceKind::kDescribed) return true;
    record.kind = TraceKind::kDeviceError;
    record.value = static_cast<uint64_t>(DeviceError::kDmaRead);
    return true;
  };
  answer_all();
  EXPECT_NE(difference().find("the core finds nothing wrong"), std::string::npos) << difference();
}

TEST_F(FollowerRules, TableOfWhichAPartFails) {
  const uint64_t table = card.allocate(64);
  card.tx.set_desc(0, table, 64, VIRTQ_DESC_F_INDIRECT);
  card.tx.make_available(0);
  card.tx.notify();
  know_heads();
  // The card reads the table in two parts, of which the first has not come when the second fails.
  followed.spoiler.on_read = [](Purpose& purpose, uint64_t&, uint32_t&) {
    return purpose != Purpose::kIndirectTable;
  };
  followed.spoiler.on_record = [](TraceRecord& record) {
    return record.kind != TraceKind::kDmaRead || record.purpose != Purpose::kIndirectTable;
  };
  ASSERT_EQ(card.choose(EventKind::kFetchDescriptors, kTransmit, 1), "");
  card.answer_read();
  ASSERT_EQ(card.reads.size(), 1u);
  for (const uint32_t part : {0u, 32u}) {
    followed.follower.record({.kind = TraceKind::kDmaRead,
                              .purpose = Purpose::kIndirectTable,
                              .queue = kTransmit,
                              .size = 32,
                              .address = table + part});
    followed.follower.read_request(100 + part, Purpose::kIndirectTable, kTransmit, table + part,
                                   32);
  }
  followed.follower.read_completion(132, {}, false, true);
  card.take(Event::dma_failed(card.reads[0].tag));
  EXPECT_EQ(card.errors(DeviceError::kDmaRead), 1u);
  EXPECT_EQ(difference(), "");
}

/// Linked descriptors, which the card reads as the test says and not as its core does.
class FollowerRuns : public FollowerRules {
 protected:
  using FollowerRules::FollowerRules;
  /// A chain of descriptors 0, 1, 2, ... of which the last links of `links` say where it goes on.
  void chain(const std::vector<uint16_t>& links) {
    uint16_t at = 0;
    for (const uint16_t next : links) {
      card.tx.set_desc(at, card.allocate(100), 100, VIRTQ_DESC_F_NEXT, next);
      at = next;
    }
    card.tx.set_desc(at, card.allocate(100), 100);
    card.tx.make_available(0);
    card.tx.notify();
    know_heads();
    followed.spoiler.on_read = [this](Purpose& purpose, uint64_t& address, uint32_t&) {
      return purpose != Purpose::kDescriptors || address == card.tx.desc;
    };
    followed.spoiler.on_record = [this](TraceRecord& record) {
      return record.kind != TraceKind::kDmaRead || record.purpose != Purpose::kDescriptors ||
             record.address == card.tx.desc;
    };
    ASSERT_EQ(card.choose(EventKind::kFetchDescriptors, kTransmit, 1), "");
    card.answer_read();
  }
  /// The card says that it reads `count` descriptors from `first` on, and asks for them.
  void ask(uint16_t first, uint32_t count) {
    const uint64_t address = card.tx.desc + 16ULL * first;
    followed.follower.record({.kind = TraceKind::kDmaRead,
                              .purpose = Purpose::kDescriptors,
                              .queue = kTransmit,
                              .size = 16 * count,
                              .address = address});
    followed.follower.read_request(++tag, Purpose::kDescriptors, kTransmit, address, 16 * count);
  }
  void read(uint16_t first, uint32_t count) {
    ask(first, count);
    const std::size_t bytes = std::size_t{16} * count;
    const std::byte* data = card.at(card.tx.desc + 16ULL * first, bytes);
    followed.follower.read_completion(tag, {data, bytes}, true, true);
  }
  void at_rest() {
    answer_all();
    followed.follower.at_rest();
  }
  uint32_t tag = 100;
};

TEST_F(FollowerRuns, AreUsedAsFarAsTheChainGoes) {
  chain({1, 2, 5, 6});
  read(1, 4);  // of which 3 and 4 are for nothing
  read(5, 9);
  at_rest();
  EXPECT_EQ(difference(), "");
}

TEST_F(FollowerRuns, WhatIsLeftOfOneIsNotUsed) {
  chain({1, 3});
  read(1, 3);
  at_rest();
  EXPECT_NE(difference().find("chain 0 of queue 1 is taken for whole before"), std::string::npos)
      << difference();
}

TEST_F(FollowerRuns, WhatIsLeftOfOneMayBeReadAgain) {
  chain({1, 3});
  read(1, 3);
  card.answer_read();
  // The driver owns the card's copies only: what it writes there is read anew.
  card.tx.set_desc(3, card.allocate(50), 50);
  read(3, 1);
  at_rest();
  EXPECT_EQ(difference(), "");
}

TEST_F(FollowerRuns, OneThatTheChainNeverComesToIsMissed) {
  chain({1});
  read(1, 1);
  read(2, 2);
  at_rest();
  EXPECT_NE(difference().find("the card read what it does not use: descriptors of queue 1"),
            std::string::npos)
      << difference();
}

TEST_F(FollowerRuns, OneIsReadInTheDescriptorTable) {
  chain({15});
  ask(15, 2);
  EXPECT_NE(difference().find("which are not whole descriptors of its table"), std::string::npos)
      << difference();
}

/// With a table for more than one of the longest.
class FollowerLongRuns : public FollowerRuns {
 protected:
  FollowerLongRuns() : FollowerRuns(32) {}
};

TEST_F(FollowerLongRuns, OneHasSixteenDescriptors) {
  chain({1, 2});
  read(1, 16);
  at_rest();
  EXPECT_EQ(difference(), "");
}

TEST_F(FollowerLongRuns, OneHasNoMore) {
  chain({1, 2});
  read(1, 17);
  at_rest();
  EXPECT_NE(difference().find("more than a run of 16 descriptors"), std::string::npos)
      << difference();
}

TEST_F(FollowerRuns, OneThatFailedIsReadAgain) {
  chain({1, 2});
  const uint64_t address = card.tx.desc + 16;
  followed.follower.record({.kind = TraceKind::kDmaRead,
                            .purpose = Purpose::kDescriptors,
                            .queue = kTransmit,
                            .size = 64,
                            .address = address});
  followed.follower.read_request(98, Purpose::kDescriptors, kTransmit, address, 32);
  followed.follower.read_request(99, Purpose::kDescriptors, kTransmit, address + 32, 32);
  followed.follower.read_completion(99, {}, false, true);
  followed.follower.read_completion(98, {card.at(address, 32), 32}, true, true);
  read(1, 1);
  read(2, 1);
  at_rest();
  EXPECT_EQ(difference(), "");
}

TEST_F(FollowerRuns, WhatAFailedOneBroughtIsNotUsed) {
  chain({1, 2});
  const uint64_t address = card.tx.desc + 16;
  followed.follower.record({.kind = TraceKind::kDmaRead,
                            .purpose = Purpose::kDescriptors,
                            .queue = kTransmit,
                            .size = 64,
                            .address = address});
  followed.follower.read_request(98, Purpose::kDescriptors, kTransmit, address, 32);
  followed.follower.read_completion(98, {card.at(address, 32), 32}, true, true);
  followed.follower.read_request(99, Purpose::kDescriptors, kTransmit, address + 32, 32);
  followed.follower.read_completion(99, {}, false, true);
  at_rest();
  EXPECT_NE(difference().find("chain 0 of queue 1 is taken for whole before"), std::string::npos)
      << difference();
}

// Only the descriptor that is needed makes an error of the driver's.
TEST_F(FollowerRuns, OneThatFailedIsNoError) {
  chain({1, 2});
  ask(1, 3);
  followed.follower.read_completion(tag, {}, false, true);
  const TraceRecord error{.kind = TraceKind::kDeviceError,
                          .queue = kTransmit,
                          .value = static_cast<uint64_t>(DeviceError::kDmaRead)};
  followed.follower.record(error);
  EXPECT_NE(difference().find("the core finds nothing wrong"), std::string::npos) << difference();
}

TEST_F(FollowerRuns, TheOneThatIsNeededFailsToo) {
  chain({1, 2});
  ask(1, 3);
  followed.follower.read_completion(tag, {}, false, true);
  ask(1, 1);
  followed.follower.read_completion(tag, {}, false, true);
  card.take(Event::dma_failed(card.reads[0].tag));
  EXPECT_EQ(card.errors(DeviceError::kDmaRead), 1u);
  EXPECT_EQ(difference(), "");
}

TEST_F(FollowerRules, QueueMayRestLater) {
  const uint32_t at = BarLayout::kRingState + RingState::kSize * kTransmit;
  card.set_bar(at + RingState::kSuspend, 2, 1);
  uint64_t shown = RingState::kSuspending;
  followed.spoiler.on_record = [&shown](TraceRecord& record) {
    if (record.kind == TraceKind::kRegisterRead) record.value = shown;
    return true;
  };
  EXPECT_EQ(card.bar(at + RingState::kSuspend, 2), RingState::kSuspended);
  EXPECT_EQ(difference(), "");
  shown = 0;  // it never began to
  card.bar(at + RingState::kSuspend, 2);
  EXPECT_NE(difference().find("of the BAR gives 0x0"), std::string::npos) << difference();
}

/// What counts data may be a little before or after the core's, until nothing moves any more.
TEST_F(FollowerRules, CountersMayLagWhileSomethingIsUnderWay) {
  uint64_t shown = 3;
  followed.spoiler.on_record = [&shown](TraceRecord& record) {
    if (record.kind == TraceKind::kRegisterRead) record.value = shown;
    return true;
  };
  const uint32_t bytes = BarLayout::kStatistics + hw::Statistics::kDmaWriteBytes;
  send_frame();
  card.bar(bytes, 8);
  shown = 4;
  card.bar(bytes, 4);
  shown = 0;
  card.bar(bytes + 4, 4);
  EXPECT_EQ(difference(), "");
  shown = card.core.counters()[hw::Counter::kDmaWriteBytes];
  ASSERT_GT(shown, 4u);
  for (unsigned i = 0; i < 300; ++i) card.config(0, 4);  // more than a microsecond
  card.bar(bytes, 8);
  EXPECT_EQ(difference(), "");
  ++shown;
  card.bar(bytes, 8);
  EXPECT_NE(difference().find("of the statistics window gives"), std::string::npos) << difference();
}

TEST_F(FollowerRules, CountersOfRegistersAreExactAtOnce) {
  uint64_t more = 0;
  followed.spoiler.on_record = [&more](TraceRecord& record) {
    if (record.kind == TraceKind::kRegisterRead) record.value += more;
    return true;
  };
  send_frame();
  const uint32_t doorbells = BarLayout::kStatistics + hw::Statistics::kDoorbells;
  EXPECT_EQ(card.bar(doorbells, 8), 1u);
  EXPECT_EQ(difference(), "");
  more = 1;
  card.bar(doorbells, 8);
  EXPECT_NE(difference().find("gives 0x2, expected 0x1"), std::string::npos) << difference();
}

TEST_F(FollowerRules, CountersNeverFall) {
  uint64_t shown = 0x1'0000'0002;
  followed.spoiler.on_record = [&shown](TraceRecord& record) {
    if (record.kind == TraceKind::kRegisterRead) record.value = shown;
    return true;
  };
  const uint32_t reads = BarLayout::kStatistics + hw::Statistics::kDmaReads;
  card.bar(reads, 8);
  shown = 1;
  card.bar(reads + 8, 8);  // another's
  shown = 0xFFFF'FFFF;     // of the low half: by one less than the last
  EXPECT_EQ(difference(), "");
  card.bar(reads, 4);
  EXPECT_NE(difference().find("falls from 0x100000002 to 0xffffffff"), std::string::npos)
      << difference();
}

TEST_F(FollowerRules, WhatIsHeldBackIsOwed) {
  const auto owes = [this](const std::string& what) {
    const auto demands = followed.follower.demands();
    return std::any_of(demands.begin(), demands.end(),
                       [&](const hw::Demand& demand) { return demand.what == what; });
  };
  const std::string error =
      "the record of the error that a read of 2 bytes of avail_index of queue 1 shows";
  const std::string event = "a management event for the empty command of queue 2, chain 7";
  card.store<uint16_t>(card.tx.avail + formats::SplitRing::kAvailIdx, 100);
  followed.spoiler.on_record = [&](TraceRecord& record) {
    if (record.kind != TraceKind::kDeviceError) return true;
    EXPECT_TRUE(owes(error));
    return true;
  };
  EXPECT_FALSE(owes(error));
  ASSERT_EQ(card.choose(EventKind::kSampleAvail, kTransmit), "");
  answer_all();
  EXPECT_EQ(card.errors(DeviceError::kAvailIndexJump), 1u);
  EXPECT_FALSE(owes(error));
  followed.follower.record({.kind = TraceKind::kStartCommand, .queue = 2, .chain = 7});
  EXPECT_TRUE(owes(event));
  EXPECT_EQ(difference(), "");
}

TEST_F(FollowerRules, HeldReadsAreAnsweredInTheirOrder) {
  const auto reads_status = [this](uint32_t size, uint64_t frame, uint64_t value) {
    followed.follower.record({.kind = TraceKind::kRegisterRead,
                              .queue = TraceRecord::kNoQueue,
                              .size = size,
                              .frame = frame,
                              .address = CommonCfg::kDeviceStatus,
                              .value = value});
  };
  card.manual_firmware = true;
  card.set_status(0);
  reads_status(1, 1, 0);
  reads_status(2, 1, 0);
  EXPECT_EQ(difference(), "");
  while (!card.events.empty()) card.answer_event();
  EXPECT_EQ(difference(), "");
  reads_status(2, 2, 0);
  EXPECT_NE(difference().find("the card says register_read"), std::string::npos) << difference();
}

TEST_F(FollowerRules, DropsAsIfStoppedNeedAStop) {
  followed.spoiler.on_record = [](TraceRecord& record) {
    if (record.kind != TraceKind::kFrameIn) return true;
    record.kind = TraceKind::kFrameDropped;
    record.value = static_cast<uint64_t>(Counter::kRxDropNotReady);
    return true;
  };
  card.receive(60);
  card.set_status(0);  // that is why
  followed.follower.at(kMillisecond);
  EXPECT_EQ(difference(), "");
  followed.spoiler.on_record = nullptr;
  live_again(kBasic);
  followed.spoiler.on_record = [](TraceRecord& record) {
    if (record.kind != TraceKind::kFrameIn) return true;
    record.kind = TraceKind::kFrameDropped;
    record.value = static_cast<uint64_t>(Counter::kRxDropNotReady);
    return true;
  };
  card.receive(60);
  followed.follower.at(2 * kMillisecond);
  EXPECT_EQ(difference(), "frames are dropped as if the card had stopped, and it has not");
}

// A frame that comes in while pairs are switched is for neither queue.
TEST_F(FollowerRules, DropsAsOfASwitchedPairNeedASwitch) {
  const auto drop_arrivals = [](TraceRecord& record) {
    if (record.kind != TraceKind::kFrameIn) return true;
    record.kind = TraceKind::kFrameDropped;
    record.value = static_cast<uint64_t>(Counter::kRxDropInactive);
    return true;
  };
  live_again(kBasic);  // a reset switches too
  followed.spoiler.on_record = drop_arrivals;
  card.receive(60);
  EXPECT_EQ(difference(), "");
  followed.spoiler.on_record = [&](TraceRecord& record) {
    followed.follower.at(2 * kMillisecond);
    return drop_arrivals(record);
  };
  card.receive(60);
  EXPECT_EQ(difference(),
            "a frame of 60 bytes for queue 0 is dropped as if pairs had been switched off, and "
            "they have not");
}

// -- what no rule allows

TEST_F(FollowerRules, ChoiceThatIsRefused) {
  const TraceRecord sample{.kind = TraceKind::kSampleAvail, .queue = kTransmit};
  followed.follower.record(sample);
  EXPECT_EQ(difference(), "");
  followed.follower.record(sample);
  EXPECT_EQ(difference(), "a choice that is not allowed: the available index is being read");
}

TEST_F(FollowerRules, RecordOfWhatDidNotHappen) {
  followed.follower.record({.kind = TraceKind::kMsix, .queue = kTransmit, .value = 2});
  EXPECT_EQ(difference(), "the card says msix of queue 1: vector 2; the core does not");
}

TEST_F(FollowerRules, RecordThatNeverComes) {
  followed.spoiler.on_record = [](TraceRecord& record) { return record.kind != TraceKind::kMsix; };
  send_frame();
  ASSERT_EQ(card.choose(EventKind::kReadSuppression, kTransmit), "");
  answer_all();
  ASSERT_EQ(card.interrupts(0x42), 1u);
  EXPECT_EQ(difference(), "");
  followed.follower.at(kMillisecond);
  EXPECT_NE(difference().find("the card does not do what follows: msix"), std::string::npos)
      << difference();
}

TEST_F(FollowerRules, MessageThatNeverComes) {
  followed.spoiler.on_posted = [](Purpose& purpose, unsigned&, uint64_t&, auto&) {
    return purpose != Purpose::kInterrupt;
  };
  send_frame();
  ASSERT_EQ(card.choose(EventKind::kReadSuppression, kTransmit), "");
  answer_all();
  EXPECT_EQ(difference(), "");
  followed.follower.at(kMillisecond);
  EXPECT_EQ(difference(), "an interrupt that was decided does not come");
}

TEST_F(FollowerRules, MessageThatNobodyDecided) {
  followed.follower.posted(Purpose::kInterrupt, 0, 0xFEE00000, std::vector<std::byte>(4));
  EXPECT_EQ(difference(), "an MSI-X message to 0xfee00000, for which there is no reason");
}

TEST(FollowerIntx, LevelIsCompared) {
  FollowedCard followed(kBasic, 16, false);
  followed.card.manual_dma = false;
  followed.spoiler.on_message = [](bool& asserted) {
    asserted = !asserted;
    return true;
  };
  followed.card.put_transmit(0, {100});
  followed.card.tx.notify();
  followed.card.serve(kTransmit);
  EXPECT_TRUE(followed.card.intx);
  EXPECT_EQ(followed.follower.difference().text(),
            "an INTx message to deassert, for which there is no reason");
}

TEST_F(FollowerRules, WriteThatNobodyDecided) {
  followed.follower.posted(Purpose::kPayload, 0, 0x1000, std::vector<std::byte>(8));
  EXPECT_EQ(difference(),
            "a write of 8 bytes of payload of queue 0 at 0x1000, for which there is no reason");
}

TEST_F(FollowerRules, UsedEntryBeforeItsPayload) {
  followed.spoiler.on_posted = [](Purpose& purpose, unsigned&, uint64_t&, auto&) {
    return purpose != Purpose::kPayload;
  };
  card.manual_dma = false;
  card.put_receive(0, 2000);
  card.rx.notify();
  card.receive(60);
  card.serve(0);
  EXPECT_EQ(difference(), "the used entry of chain 0 of queue 0 before its payload");
}

TEST_F(FollowerRules, ReadForNothing) {
  followed.follower.read_request(99, Purpose::kDescriptors, kTransmit, 0x1230, 16);
  followed.follower.read_completion(99, std::vector<std::byte>(16), true, true);
  EXPECT_EQ(difference(), "");
  followed.follower.at_rest();
  EXPECT_EQ(difference(),
            "the card read what it does not use: descriptors of queue 1 at 0x1230, 16 bytes");
}

TEST_F(FollowerRules, ReadOnceIsUsedOnce) {
  send_frame();
  followed.spoiler.on_read = [](Purpose& purpose, uint64_t&, uint32_t&) {
    return purpose != Purpose::kDescriptors;
  };
  card.put_transmit(0, {100});
  card.tx.notify();
  describe_chains();
  EXPECT_NE(difference().find("chain 1 of queue 1 is taken for whole before"), std::string::npos)
      << difference();
}

TEST_F(FollowerRules, TableIsReadBeyondItsEnd) {
  const uint64_t table = card.allocate(64);
  card.tx.set_desc(0, table, 32, VIRTQ_DESC_F_INDIRECT);
  card.store(table, formats::VirtqDesc{table, 100, 0, 0});
  card.tx.make_available(0);
  card.tx.notify();
  followed.follower.record({.kind = TraceKind::kDmaRead,
                            .purpose = Purpose::kIndirectTable,
                            .queue = kTransmit,
                            .size = 16,
                            .address = table + 32});
  describe_chains();
  EXPECT_NE(difference().find("beyond the indirect table of chain 0"), std::string::npos)
      << difference();
}

TEST_F(FollowerRules, EventIsReadAsItWasPosted) {
  using Regs = hw::ManagementRegs;
  card.manual_firmware = true;
  card.set_status(0);
  followed.follower.management_read(Regs::kEventKind, RS_EVENT_STATUS_WRITE);
  followed.follower.management_read(Regs::kEventValue, 0);
  followed.follower.management_read(Regs::kEventLinkSpeed, 123);  // nothing, in such an event
  followed.follower.management_read(Regs::kEventQueue, 7);
  EXPECT_EQ(difference(), "");
  followed.follower.management_read(Regs::kEventQueue, Regs::kEventQueueFeaturesBeyondMask);
  EXPECT_NE(difference().find("firmware reads 0x10000 from management register 0x110 in event"),
            std::string::npos)
      << difference();
}

TEST_F(FollowerRules, EventThatWasNotPosted) {
  followed.follower.management_read(hw::ManagementRegs::kEventKind, RS_EVENT_NONE);
  EXPECT_EQ(difference(), "");
  followed.follower.management_read(hw::ManagementRegs::kEventKind, RS_EVENT_LINK);
  EXPECT_EQ(difference(), fmt::format("firmware sees an event of kind {}, which was not posted",
                                      static_cast<unsigned>(RS_EVENT_LINK)));
}

TEST_F(FollowerRules, FrameThatIsNotTold) {
  followed.spoiler.on_record = [](TraceRecord& record) {
    return record.kind != TraceKind::kFrameIn;
  };
  card.receive(60);
  followed.follower.at_rest();
  EXPECT_EQ(difference(),
            "the card is at rest and has not said what became of 1 frames that arrived");
}

TEST_F(FollowerRules, HeldReadIsAnswered) {
  card.manual_firmware = true;
  card.set_status(0);
  followed.follower.record({.kind = TraceKind::kRegisterRead,
                            .queue = TraceRecord::kNoQueue,
                            .size = 1,
                            .address = CommonCfg::kDeviceStatus});
  EXPECT_EQ(difference(), "a read of 1 bytes at 0x14 is answered that the core holds");
}

TEST_F(FollowerRules, ReadIsHeldForNothing) {
  followed.follower.record({.kind = TraceKind::kRegisterRead,
                            .queue = TraceRecord::kNoQueue,
                            .size = 1,
                            .frame = 1,
                            .address = CommonCfg::kDeviceStatus});
  EXPECT_EQ(difference(), "a read of 1 bytes at 0x14 is held that the core answers");
}

}  // namespace
}  // namespace ringside::test
