// SPDX-License-Identifier: Apache-2.0
// Frames through their stages, from records made by hand.
#include "testbench/trace/frame_follower.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "formats/random.h"
#include "testbench/trace/stage_latency.h"
#include "tests/support/gtest.h"

namespace ringside::tb {
namespace {

using hw::Purpose;
using hw::TimePs;
using hw::TraceKind;

constexpr uint16_t kRx = 0, kTx = 1;

class Listener final : public FrameListener {
 public:
  void stage(FrameStage stage, const FollowedFrame& frame, TimePs from, TimePs to) override {
    EXPECT_LE(from, to);
    stages.emplace_back(std::string(name_of(stage)), frame.frame, from, to);
    last = frame;
  }
  void transmit_begins(const FollowedFrame&, TimePs) override { ++open; }
  void transmit_ends(const FollowedFrame&, TimePs) override { --open; }
  using Stage = std::tuple<std::string, uint64_t, TimePs, TimePs>;
  std::vector<Stage> stages;
  FollowedFrame last;
  int open = 0;
};

class Follower : public ::testing::Test {
 protected:
  using Record = hw::TraceRecord;
  void give(const Record& record) { follower_.record(record); }
  /// From the available index to the chain's last descriptor, one step a time unit from `at` on.
  void describe_chain(hw::TimePs at, uint32_t chain) {
    give({.time_ps = at, .kind = TraceKind::kAvailSampled, .queue = kTx, .size = 1});
    give({.time_ps = at + 1,
          .kind = TraceKind::kIdsFetched,
          .queue = kTx,
          .chain = chain,
          .size = 1});
    give({.time_ps = at + 2, .kind = TraceKind::kDescribed, .queue = kTx, .chain = chain});
  }
  void start(hw::TimePs at, uint32_t chain, uint64_t frame) {
    give({.time_ps = at,
          .kind = TraceKind::kStartTransmit,
          .queue = kTx,
          .chain = chain,
          .size = 60,
          .frame = frame});
  }
  void whole(hw::TimePs at, uint32_t chain, uint64_t frame) {
    give({.time_ps = at,
          .kind = TraceKind::kFrameOut,
          .queue = kTx,
          .chain = chain,
          .size = 60,
          .frame = frame});
  }
  void sent(hw::TimePs at, uint64_t frame) {
    give({.time_ps = at, .kind = TraceKind::kFrameSent, .queue = kTx, .size = 60, .frame = frame});
  }
  void arrive(hw::TimePs at, uint64_t frame) {
    give({.time_ps = at, .kind = TraceKind::kFrameIn, .queue = kRx, .size = 60, .frame = frame});
  }
  void receive(hw::TimePs at, uint32_t chain, uint32_t chains, uint64_t frame) {
    give({.time_ps = at,
          .kind = TraceKind::kStartReceive,
          .queue = kRx,
          .chain = chain,
          .size = 60,
          .frame = frame,
          .value = chains});
  }
  void used(hw::TimePs at, uint16_t queue, uint32_t chain, uint32_t count) {
    give({.time_ps = at,
          .kind = TraceKind::kReturnUsed,
          .queue = queue,
          .chain = chain,
          .size = count});
    give({.time_ps = at + 1,
          .kind = TraceKind::kDmaWrite,
          .purpose = Purpose::kUsedEntries,
          .queue = queue});
    give({.time_ps = at + 2,
          .kind = TraceKind::kDmaWrite,
          .purpose = Purpose::kUsedIndex,
          .queue = queue});
  }
  void decide(hw::TimePs at, uint16_t queue, bool interrupt) {
    give({.time_ps = at, .kind = TraceKind::kReadSuppression, .queue = queue});
    give({.time_ps = at + 1,
          .kind = TraceKind::kInterruptDecision,
          .queue = queue,
          .value = interrupt});
  }
  unsigned count(const std::string& name) const {
    return static_cast<unsigned>(
        std::count_if(listener_.stages.begin(), listener_.stages.end(),
                      [&](const Listener::Stage& stage) { return std::get<0>(stage) == name; }));
  }

  Listener listener_;
  FrameFollower follower_{listener_};
};

TEST_F(Follower, TransmitGoesThroughEveryStage) {
  give({.time_ps = 10, .kind = TraceKind::kDoorbell, .queue = kTx});
  describe_chain(20, 0);
  start(30, 0, 7);
  whole(40, 0, 7);
  sent(90, 7);
  used(50, kTx, 0, 1);
  decide(60, kTx, true);
  EXPECT_EQ(listener_.stages, (std::vector<Listener::Stage>{{"doorbell_to_sampled", 0, 10, 20},
                                                            {"sampled_to_fetched", 0, 20, 21},
                                                            {"fetched_to_described", 0, 21, 22},
                                                            {"described_to_started", 7, 22, 30},
                                                            {"started_to_whole", 7, 30, 40},
                                                            {"whole_to_sent", 7, 40, 90},
                                                            {"doorbell_to_sent", 7, 10, 90},
                                                            {"whole_to_used", 7, 40, 51},
                                                            {"used_to_interrupt", 7, 51, 61}}));
  EXPECT_EQ(listener_.last.size, 60u);
  EXPECT_EQ(listener_.open, 0);
}

TEST_F(Follower, ReceiveGoesThroughEveryStage) {
  arrive(10, 5);
  receive(20, 0, 2, 5);
  used(30, kRx, 0, 2);
  decide(40, kRx, true);
  EXPECT_EQ(listener_.stages, (std::vector<Listener::Stage>{{"arrived_to_started", 5, 10, 20},
                                                            {"started_to_used", 5, 20, 31},
                                                            {"used_to_indexed", 5, 31, 32},
                                                            {"indexed_to_interrupt", 5, 32, 41},
                                                            {"arrived_to_interrupt", 5, 10, 41}}));
}

TEST_F(Follower, AChainThatTheCardFoundHasNoDoorbell) {
  describe_chain(20, 0);
  give({.time_ps = 25, .kind = TraceKind::kDoorbell, .queue = kTx});
  // The doorbell told of what was found already.
  give({.time_ps = 26, .kind = TraceKind::kAvailSampled, .queue = kTx, .size = 0});
  describe_chain(50, 1);
  start(60, 0, 1);
  whole(61, 0, 1);
  sent(62, 1);
  EXPECT_EQ(count("doorbell_to_sampled"), 0u);
  EXPECT_EQ(count("doorbell_to_sent"), 0u);
  EXPECT_EQ(count("whole_to_sent"), 1u);
}

TEST_F(Follower, SuppressedInterruptsAreNotCounted) {
  arrive(1, 1);
  receive(2, 0, 1, 1);
  used(3, kRx, 0, 1);
  decide(6, kRx, false);
  arrive(10, 2);
  receive(11, 1, 1, 2);
  used(12, kRx, 1, 1);
  decide(16, kRx, true);
  EXPECT_EQ(count("arrived_to_interrupt"), 1u);
  EXPECT_EQ(listener_.last.frame, 2u);
}

TEST_F(Follower, ADecisionCoversWhatWasReturnedBeforeItWasAskedFor) {
  arrive(1, 1);
  arrive(1, 2);
  receive(2, 0, 1, 1);
  receive(2, 1, 1, 2);
  used(3, kRx, 0, 1);
  give({.time_ps = 6, .kind = TraceKind::kReadSuppression, .queue = kRx});
  used(7, kRx, 1, 1);
  give({.time_ps = 10, .kind = TraceKind::kInterruptDecision, .queue = kRx, .value = 1});
  EXPECT_EQ(count("arrived_to_interrupt"), 1u);
  decide(20, kRx, true);
  EXPECT_EQ(count("arrived_to_interrupt"), 2u);
}

TEST_F(Follower, DroppedFramesLeave) {
  describe_chain(10, 0);
  start(20, 0, 0);
  give({.time_ps = 20, .kind = TraceKind::kFrameDropped, .queue = kTx, .chain = 0});
  EXPECT_EQ(listener_.open, 0);
  used(21, kTx, 0, 1);
  decide(24, kTx, true);
  EXPECT_EQ(count("whole_to_used") + count("used_to_interrupt"), 0u);
  arrive(30, 3);
  arrive(31, 4);
  give({.time_ps = 32, .kind = TraceKind::kFrameDropped, .queue = kRx, .frame = 3});
  give({.time_ps = 32, .kind = TraceKind::kFrameDropped, .queue = kRx, .frame = 9});
  receive(33, 0, 1, 4);
  EXPECT_EQ(listener_.stages.back(), (Listener::Stage{"arrived_to_started", 4, 31, 33}));
}

TEST_F(Follower, AResetForgetsAllButWhatThePortHas) {
  describe_chain(10, 0);
  describe_chain(13, 1);
  start(20, 0, 1);
  whole(21, 0, 1);
  arrive(22, 2);
  give({.time_ps = 30, .kind = TraceKind::kReset});
  EXPECT_EQ(listener_.open, 1);
  sent(40, 1);
  EXPECT_EQ(listener_.open, 0);
  EXPECT_EQ(count("whole_to_sent"), 1u);
  // Positions begin anew.
  describe_chain(50, 0);
  EXPECT_EQ(count("fetched_to_described"), 3u);
  const std::size_t before = listener_.stages.size();
  receive(60, 0, 1, 2);
  EXPECT_EQ(listener_.stages.size(), before) << "it is forgotten";
  follower_.finish(100);
  EXPECT_EQ(listener_.open, 0);
}

TEST_F(Follower, ThousandsOfChainsKeepTheirPlace) {
  uint32_t chain = 0;
  uint64_t time = 0;
  for (uint64_t frame = 1; frame <= 20'000; ++chain, ++frame) {
    describe_chain(time, chain);
    start(time + 3, chain, frame);
    whole(time + 4, chain, frame);
    sent(time + 5, frame);
    if (frame % 100 == 0) {
      used(time + 6, kTx, chain - 99, 100);
      decide(time + 9, kTx, frame % 1000 == 0);
    }
    time += 20;
  }
  EXPECT_EQ(count("whole_to_used"), 20'000u);
  EXPECT_EQ(count("used_to_interrupt"), 2'000u);
}

TEST(FollowerOfAnything, TakesAnyRecordInAnyOrder) {
  class Balance final : public FrameListener {
   public:
    void stage(FrameStage stage, const FollowedFrame&, hw::TimePs from, hw::TimePs to) override {
      ok = ok && from <= to && stage < FrameStage::kCount;
    }
    void transmit_begins(const FollowedFrame& frame, hw::TimePs) override {
      ++open[{frame.queue, frame.chain}];
    }
    void transmit_ends(const FollowedFrame& frame, hw::TimePs) override {
      --open[{frame.queue, frame.chain}];
    }
    std::map<std::pair<uint16_t, uint32_t>, int> open;
    bool ok = true;
  };
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SplitMix64 random(seed);
    Balance balance;
    FrameFollower follower(balance);
    for (int i = 0; i < 5000; ++i) {
      hw::TraceRecord record;
      record.time_ps = random.next() % 1000;
      record.kind =
          static_cast<TraceKind>(random.next() % static_cast<uint64_t>(TraceKind::kCount));
      if (record.kind == TraceKind::kReset && random.next() % 50 != 0) continue;
      record.purpose = random.next() % 2 != 0 ? Purpose::kUsedIndex : Purpose::kUsedEntries;
      const bool wild = random.next() % 10 == 0;
      record.queue = static_cast<uint16_t>(wild ? random.next() : random.next() % 4);
      record.chain = static_cast<uint32_t>(wild ? random.next() : random.next() % 40);
      record.size = static_cast<uint32_t>(wild ? random.next() : random.next() % 5);
      record.frame = random.next() % 20;
      record.value = wild ? random.next() : random.next() % 3;
      follower.record(record);
    }
    follower.finish(2000);
    EXPECT_TRUE(balance.ok) << seed;
    EXPECT_TRUE(std::all_of(balance.open.begin(), balance.open.end(), [](const auto& entry) {
      return entry.second == 0;
    })) << seed;
  }
}

}  // namespace
}  // namespace ringside::tb
