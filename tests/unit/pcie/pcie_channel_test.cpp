// SPDX-License-Identifier: Apache-2.0
// One direction of a link: times, credits, ordering, delivery. One simulation a process: run by
// CTest.
#include <algorithm>
#include <stdexcept>
#include <string>

#include "formats/random.h"
#include "hw_model/pcie/pcie_link.h"
#include "tests/support/gtest.h"
#include "tests/unit/pcie/order_checker.h"
#include "tests/unit/pcie/tlp_rig.h"

namespace ringside::test {
namespace {

using hw::FlowClass;
using hw::PcieLinkConfig;
using hw::Tlp;
using hw::TlpType;

struct Arrival {
  uint16_t tag;
  uint64_t arrival_ps;
  uint64_t now_ps;
  bool poisoned;
};

/// Both ends of the upstream channel. TLPs are told apart by their tags.
struct ChannelRig : hw::TlpReceiver {
  explicit ChannelRig(const PcieLinkConfig& config = {}) : link("link", config) {
    link.up().attach(*this);
    data = pool.make();
    data->bytes.resize(4096);
  }
  void receive_tlp(Tlp& tlp, uint64_t arrival_ps) override {
    checker.arrived(tlp);
    arrivals.push_back({tlp.tag, arrival_ps, now_ps(), tlp.poisoned});
  }
  void send(TlpType type, uint16_t tag, uint32_t length = 64, bool more = false,
            uint64_t earliest_ps = 0) {
    Tlp tlp;
    tlp.type = type;
    tlp.tag = tag;
    tlp.length = length;
    tlp.byte_count = static_cast<uint16_t>(length);
    tlp.address = hw::HostMemory::kArenaBase;
    tlp.more = more;
    if (tlp.has_data()) tlp.data = data;
    checker.sent(tlp);
    link.up().send(std::move(tlp), std::max(earliest_ps, now_ps()));
  }
  std::vector<int> order() const {
    std::vector<int> tags;
    for (const Arrival& arrival : arrivals) tags.push_back(arrival.tag);
    return tags;
  }
  /// All credits are back; none was ever missing.
  void expect_settled() {
    at(now_ps() + 1'000'000'000, [] {});
    sc_core::sc_start();
    for (const FlowClass flow :
         {FlowClass::kPosted, FlowClass::kNonPosted, FlowClass::kCompletion}) {
      const hw::CreditState state = link.up().credits(flow);
      EXPECT_EQ(state.headers_in_use, 0);
      EXPECT_EQ(state.data_in_use, 0);
      EXPECT_GE(state.least_headers, 0);
      EXPECT_GE(state.least_data, 0);
      if (state.least_headers != hw::CreditState::kNoLimit) {
        EXPECT_EQ(state.headers_consumed, state.headers_returned);
        EXPECT_EQ(state.data_consumed, state.data_returned);
      }
    }
    EXPECT_EQ(link.up().waiting(), 0u);
    EXPECT_EQ(checker.missing(), 0u);
    EXPECT_EQ(checker.violations, std::vector<std::string>{});
  }
  hw::PayloadPool pool;
  hw::PcieLink link;
  OrderChecker checker;
  hw::PayloadPtr data;
  std::vector<Arrival> arrivals;
};

PcieLinkConfig limited(hw::CreditLimit posted, hw::CreditLimit non_posted,
                       hw::CreditLimit completion = {0, 0}) {
  PcieLinkConfig config;
  config.root.posted = posted;
  config.root.non_posted = non_posted;
  config.root.completion = completion;
  return config;
}

constexpr hw::CreditLimit kPlenty{256, 4096};

TEST(PcieChannel, TlpsArriveAfterTheirBytesAndTheLatency) {
  PcieLinkConfig config;
  config.generation = 3;
  config.lanes = 8;
  ChannelRig rig(config);
  at(1'000'000, [&] {
    rig.send(TlpType::kMemWrite, 1, 256);
    EXPECT_EQ(rig.link.up().free_at(), 1'037'579u) << "with two DLLPs";
    rig.send(TlpType::kMemRead, 2, 512, false, 1'200'000);
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.arrivals.size(), 2u);
  EXPECT_EQ(rig.arrivals[0].arrival_ps, 1'035'547u + 75'000);
  EXPECT_EQ(rig.arrivals[0].now_ps, rig.arrivals[0].arrival_ps);
  EXPECT_EQ(rig.arrivals[1].arrival_ps, 1'200'000u + 3'047 + 75'000);  // 24 bytes
  const hw::PcieDirectionCounters counters = rig.link.up().counters();
  EXPECT_EQ(counters.tlps, 2u);
  EXPECT_EQ(counters.link_bytes, 280u + 24);
  EXPECT_EQ(counters.payload_bytes, 256u);
  EXPECT_EQ(counters.dllp_bytes, 16u);
  EXPECT_EQ(counters.busy_ps, 40'625u);  // 320 bytes
  EXPECT_EQ(counters.credit_stalls, 0u);
  rig.expect_settled();
}

TEST(PcieChannel, PaddingToDoubleWordsIsAChoice) {
  PcieLinkConfig config;
  ChannelRig padded(config);
  at(0, [&] { padded.send(TlpType::kMemWrite, 1, 61); });
  sc_core::sc_start();
  EXPECT_EQ(padded.link.up().counters().link_bytes, 88u);
  Tlp tlp;
  tlp.type = TlpType::kMemWrite;
  tlp.address = hw::HostMemory::kArenaBase + 3;
  tlp.length = 2;
  tlp.data = padded.data;
  EXPECT_EQ(hw::link_bytes(tlp, true), 16u + 8 + 8) << "two double words";
  EXPECT_EQ(hw::link_bytes(tlp, false), 16u + 2 + 8);
}

TEST(PcieChannel, PostedRequestsPassWhatWaits) {
  ChannelRig rig(limited(kPlenty, {1, 1}));
  at(0, [&] {
    rig.send(TlpType::kMemRead, 1);
    rig.send(TlpType::kMemRead, 2);
    rig.send(TlpType::kMemWrite, 3);
    rig.send(TlpType::kCompletionData, 4);
    EXPECT_EQ(rig.link.up().waiting(), 1u);
  });
  sc_core::sc_start();
  EXPECT_EQ(rig.order(), (std::vector<int>{1, 3, 4, 2}));
  rig.expect_settled();
}

TEST(PcieChannel, NothingPassesAPostedRequest) {
  ChannelRig rig(limited({1, 16}, kPlenty));
  at(0, [&] {
    rig.send(TlpType::kMemWrite, 1);
    rig.send(TlpType::kMemWrite, 2);
    rig.send(TlpType::kMemRead, 3);
    rig.send(TlpType::kCompletionData, 4);
    EXPECT_EQ(rig.link.up().waiting(), 3u);
  });
  sc_core::sc_start();
  EXPECT_EQ(rig.order(), (std::vector<int>{1, 2, 3, 4}));
  rig.expect_settled();
}

TEST(PcieChannel, WhatWaitsDoesNotWaitForLaterPostedRequests) {
  ChannelRig rig(limited({1, 16}, {1, 1}));
  at(0, [&] {
    rig.send(TlpType::kMemRead, 1);
    rig.send(TlpType::kMemRead, 2);   // waits for its credit, the first that comes back
    rig.send(TlpType::kMemWrite, 3);  // passes
    rig.send(TlpType::kMemWrite, 4);  // waits for its own
  });
  sc_core::sc_start();
  EXPECT_EQ(rig.order(), (std::vector<int>{1, 3, 2, 4}));
  rig.expect_settled();
}

TEST(PcieChannel, CompletionsAndReadsPassEachOther) {
  ChannelRig rig(limited(kPlenty, {1, 1}, {1, 16}));
  at(0, [&] {
    rig.send(TlpType::kMemRead, 1);
    rig.send(TlpType::kMemRead, 2);
    rig.send(TlpType::kCompletionData, 3);
    rig.send(TlpType::kCompletionData, 4);
  });
  at(10'000'000, [&] {
    rig.send(TlpType::kCompletionData, 5);
    rig.send(TlpType::kCompletionData, 6);
    rig.send(TlpType::kMemRead, 7);
  });
  sc_core::sc_start();
  EXPECT_EQ(rig.order(), (std::vector<int>{1, 3, 2, 4, 5, 7, 6}));
  rig.expect_settled();
}

TEST(PcieChannel, OneCreditGivesOneTlpARoundTrip) {
  ChannelRig rig(limited({1, 16}, kPlenty));
  int ready = 0;
  rig.link.up().on_ready([&] { ++ready; });
  at(0, [&] {
    for (uint16_t tag = 0; tag < 100; ++tag) rig.send(TlpType::kMemWrite, tag, 256);
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.arrivals.size(), 100u);
  for (std::size_t i = 1; i < 100; ++i) {
    // Serialised, there, drained, back.
    EXPECT_EQ(rig.arrivals[i].arrival_ps - rig.arrivals[i - 1].arrival_ps,
              8'887u + 75'000 + 20'000 + 75'000);
  }
  const hw::PcieDirectionCounters counters = rig.link.up().counters();
  EXPECT_EQ(counters.credit_stalls, 99u);
  EXPECT_NEAR(static_cast<double>(counters.stall_ps), 99 * 178'887.0, 10'000);
  EXPECT_EQ(rig.link.up().credits(FlowClass::kPosted).least_headers, 0);
  EXPECT_EQ(ready, 1);
  rig.expect_settled();
}

TEST(PcieChannel, DataCreditsBindToo) {
  ChannelRig rig(limited({0, 20}, kPlenty));
  at(0, [&] {
    rig.send(TlpType::kMemWrite, 1, 256);
    rig.send(TlpType::kMemWrite, 2, 65);  // 5 units
    EXPECT_EQ(rig.link.up().waiting(), 1u);
    rig.send(TlpType::kMemWrite, 3, 16);  // would fit, and may not pass
    EXPECT_EQ(rig.link.up().waiting(), 2u);
  });
  sc_core::sc_start();
  EXPECT_EQ(rig.order(), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(rig.link.up().credits(FlowClass::kPosted).least_data, 4);
  rig.expect_settled();
}

TEST(PcieChannel, ABurstIsDeliveredTogetherWithItsOwnTimes) {
  ChannelRig rig;
  at(0, [&] {
    for (uint16_t tag = 0; tag < 4; ++tag) rig.send(TlpType::kMemWrite, tag, 256, tag != 3);
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.arrivals.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rig.arrivals[i].now_ps, rig.arrivals[3].arrival_ps);
    if (i == 0) continue;
    EXPECT_GE(rig.arrivals[i].arrival_ps, rig.arrivals[i - 1].arrival_ps + 8'886);
  }
  rig.expect_settled();
}

TEST(PcieChannel, ABurstThatCreditsCutIsDeliveredSoFar) {
  ChannelRig rig(limited({2, 4096}, kPlenty));
  at(0, [&] {
    for (uint16_t tag = 0; tag < 4; ++tag) rig.send(TlpType::kMemWrite, tag, 256, tag != 3);
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.arrivals.size(), 4u);
  EXPECT_EQ(rig.arrivals[0].now_ps, rig.arrivals[1].arrival_ps);
  EXPECT_EQ(rig.arrivals[1].now_ps, rig.arrivals[1].arrival_ps);
  EXPECT_EQ(rig.arrivals[3].now_ps, rig.arrivals[3].arrival_ps);
  rig.expect_settled();
}

TEST(PcieChannel, ABurstThatCreditsCutAgainIsDeliveredSoFar) {
  ChannelRig rig(limited({1, 16}, kPlenty));
  at(0, [&] {
    for (uint16_t tag = 0; tag < 4; ++tag) rig.send(TlpType::kMemWrite, tag, 256, tag != 3);
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.arrivals.size(), 4u);
  for (const Arrival& arrival : rig.arrivals) EXPECT_EQ(arrival.now_ps, arrival.arrival_ps);
  rig.expect_settled();
}

TEST(PcieChannel, ABurstThatNobodyEndsIsDeliveredAnyway) {
  ChannelRig rig;
  at(0, [&] {
    rig.send(TlpType::kMemWrite, 0, 64, true);
    rig.send(TlpType::kMemWrite, 1, 64, true);
  });
  at(50'000'000, [&] { rig.send(TlpType::kMemWrite, 2, 64, true); });
  sc_core::sc_start();
  ASSERT_EQ(rig.arrivals.size(), 3u);
  for (const Arrival& arrival : rig.arrivals) {
    EXPECT_LE(arrival.now_ps, arrival.arrival_ps + hw::PcieChannel::kMoreBoundPs);
    EXPECT_GT(arrival.now_ps, arrival.arrival_ps);
  }
  rig.expect_settled();
}

TEST(PcieChannel, ALostTlpTakesTimeAndCreditsAndIsNotDelivered) {
  ChannelRig rig(limited({1, 16}, kPlenty));
  int seen = 0;
  rig.link.up().inject([&](Tlp& tlp) {
    ++seen;
    tlp.poisoned = tlp.tag == 3;
    return tlp.tag != 2;
  });
  at(0, [&] {
    for (uint16_t tag = 1; tag <= 3; ++tag) rig.send(TlpType::kMemWrite, tag, 256);
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.order(), (std::vector<int>{1, 3}));
  EXPECT_EQ(seen, 3);
  EXPECT_FALSE(rig.arrivals[0].poisoned);
  EXPECT_TRUE(rig.arrivals[1].poisoned);
  EXPECT_EQ(rig.arrivals[1].arrival_ps - rig.arrivals[0].arrival_ps, 2 * 178'887u);
  // The checker finds the loss.
  EXPECT_EQ(rig.checker.violations.size(), 1u);
}

class RandomTraffic : public testing::TestWithParam<uint64_t> {};

TEST_P(RandomTraffic, KeepsTheOrder) {
  SplitMix64 random(GetParam());
  PcieLinkConfig config = limited({1 + static_cast<uint32_t>(random.below(4)), 16},
                                  {1 + static_cast<uint32_t>(random.below(4)), 1},
                                  {1 + static_cast<uint32_t>(random.below(4)), 20});
  config.root.drain_jitter_ps = 1 + random.below(400'000);
  config.seed = GetParam();
  ChannelRig rig(config);
  for (uint16_t tag = 0; tag < 400; ++tag) {
    const auto type = static_cast<TlpType>(random.below(7));
    const uint64_t most = type == TlpType::kConfigWrite ? 4 : 256;
    const auto length = static_cast<uint32_t>(1 + random.below(most));
    const uint64_t when = random.below(20'000'000);
    const bool more = random.below(3) == 0;
    at(when,
       [&rig, type, tag, length, more, when] { rig.send(type, tag, length, more, when + 5'000); });
  }
  sc_core::sc_start();
  EXPECT_EQ(rig.arrivals.size(), 400u);
  EXPECT_TRUE(std::is_sorted(
      rig.arrivals.begin(), rig.arrivals.end(),
      [](const Arrival& a, const Arrival& b) { return a.arrival_ps < b.arrival_ps; }));
  EXPECT_GT(rig.link.up().counters().credit_stalls, 50u);
  rig.expect_settled();
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTraffic, testing::Range(uint64_t{1}, uint64_t{21}));

TEST(PcieChannel, RefusesCreditsForLessThanOneTlp) {
  PcieLinkConfig config = limited({8, 15}, kPlenty);
  try {
    hw::PcieLink link("link", config);
    FAIL() << "built";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "PCIe link: root's receiver: 15 posted data credits; expected 0 (no limit) or at "
                 "least 16, one TLP of 256 bytes");
  }
}

TEST(OrderChecker, FindsWhatPassesAPostedRequestAndWhatIsOutOfOrder) {
  Tlp write;
  write.type = TlpType::kMemWrite;
  Tlp read;
  read.type = TlpType::kMemRead;
  Tlp later = read;
  later.tag = 1;
  OrderChecker passed;
  passed.sent(write);
  passed.sent(read);
  passed.arrived(read);
  EXPECT_EQ(passed.violations.size(), 1u);
  OrderChecker swapped;
  swapped.sent(read);
  swapped.sent(later);
  swapped.arrived(later);
  EXPECT_EQ(swapped.violations.size(), 1u);
  OrderChecker allowed;
  allowed.sent(read);
  allowed.sent(write);
  allowed.arrived(write);
  EXPECT_EQ(allowed.missing(), 1u);
  allowed.arrived(read);
  EXPECT_EQ(allowed.violations, std::vector<std::string>{});
}

}  // namespace
}  // namespace ringside::test
