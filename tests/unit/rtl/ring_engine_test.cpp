// SPDX-License-Identifier: Apache-2.0
// ring_engine against a walk of its own: every queue at once, reads that end in any order,
// consumers that take their time, drivers that are wrong.
#include <array>
#include <memory>
#include <string>

#include "tests/support/gtest.h"
#include "tests/unit/rtl/ring_engine_rig.h"

namespace ringside::test {
namespace {

using hw::DeviceError;

/// Worlds of good drivers, by seed.
RingWorld good_world(uint64_t seed) {
  SplitMix64 random(seed);
  RingWorld world;
  world.seed = seed;
  world.event_idx = random.below(3) != 0;
  world.indirect = random.below(4) != 0;
  world.size_log2 = static_cast<uint32_t>(random.below(11));
  world.first_index = static_cast<uint16_t>(random.below(2) == 0 ? 0 : random.next());
  world.style.segments_max = static_cast<uint32_t>(1 + random.below(12));
  world.style.in_order_percent = static_cast<unsigned>(random.below(101));
  world.style.indirect_percent = static_cast<unsigned>(random.below(101));
  world.publish_max = static_cast<uint32_t>(1 + random.below(100));
  world.publish = static_cast<unsigned>(1 + random.below(30));
  world.latency_max = static_cast<uint32_t>(2 + random.below(200));
  world.read_ready = static_cast<unsigned>(10 + random.below(91));
  world.take = static_cast<unsigned>(5 + random.below(96));
  world.segment = static_cast<unsigned>(20 + random.below(81));
  world.give_back = static_cast<unsigned>(2 + random.below(50));
  return world;
}

class GoodDriver : public ::testing::TestWithParam<uint64_t> {};

TEST_P(GoodDriver, EveryChainComesWholeAndInOrder) {
  RingRig rig(good_world(GetParam()));
  ASSERT_TRUE(rig.run(300, 2'000'000)) << "it hangs";
  ASSERT_TRUE(rig.drain(200'000)) << "something is never fetched";
  EXPECT_FALSE(rig.error());
}

TEST_P(GoodDriver, SuspendedQueuesGoOnBehindWhatWasUsed) {
  RingWorld world = good_world(GetParam() + 1000);
  world.suspend = 20;
  world.inactive = 20;
  RingRig rig(world);
  ASSERT_TRUE(rig.run(300, 4'000'000)) << "it hangs";
  ASSERT_TRUE(rig.drain(200'000)) << "something is never fetched";
  EXPECT_FALSE(rig.error());
  EXPECT_NE(rig.resumes(), 0u);
}

TEST_P(GoodDriver, AStoppedClockChangesNothing) {
  RingWorld world = good_world(GetParam() + 2000);
  world.suspend = 10;
  world.inactive = 10;
  RingRig always(world);
  world.stop_clock = true;
  RingRig stopped(world);
  for (int i = 0; i < 30'000; ++i) {
    always.cycle();
    stopped.cycle();
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(always.digest(), stopped.digest()) << "cycle " << i;
  }
  EXPECT_LT(stopped.edges(), always.edges());
  EXPECT_NE(always.digest(), 0u);
}

TEST_P(GoodDriver, AResetForgetsEverything) {
  RingRig rig(good_world(GetParam() + 3000));
  for (int round = 0; round < 8; ++round) {
    const uint64_t end = rig.now() + 50 + GetParam() * 131 % 2000;
    while (rig.now() < end) {
      rig.cycle();
      ASSERT_FALSE(HasFatalFailure());
    }
    rig.reset_device();
    ASSERT_FALSE(HasFatalFailure());
  }
  const uint64_t before = rig.taken(0);
  ASSERT_TRUE(rig.run(before + 50, 2'000'000)) << "it hangs";
  ASSERT_TRUE(rig.drain(200'000));
  EXPECT_FALSE(rig.error());
}

INSTANTIATE_TEST_SUITE_P(RingEngine, GoodDriver, ::testing::Range<uint64_t>(1, 13));

TEST(RingEngineErrors, EachIsFoundInOrder) {
  std::array<unsigned, static_cast<std::size_t>(DeviceError::kCount)> seen{};
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    RingWorld world = good_world(seed + 5000);
    world.size_log2 = 3 + static_cast<uint32_t>(seed % 5);
    world.indirect = seed % 5 != 0;
    world.style.damage_percent = 5;
    world.style.in_order_percent = 50;
    world.publish = 50;
    world.take = world.segment = 80;
    world.latency_max = 30;
    world.style.indirect_percent = 60;
    world.stray_per_mille = 3;
    world.jump_per_mille = 5;
    world.fail_per_mille = 1;
    if (!world.indirect) world.style.damage_percent = 15;
    RingRig rig(world);
    for (int round = 0; round < 25; ++round) {
      rig.run(~uint64_t{0}, 20'000);
      ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << ", round " << round;
      if (rig.error()) ++seen[static_cast<std::size_t>(rig.error()->code)];
      rig.reset_device();
      ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << ", round " << round;
    }
  }
  for (std::size_t code = 0; code <= static_cast<std::size_t>(DeviceError::kDmaRead); ++code) {
    EXPECT_NE(seen[code], 0u) << "error " << code << " never came";
  }
}

TEST(RingEngineErrors, BrokenLoadsOfChainsNeverHang) {
  RingWorld world = good_world(77);
  world.style.damage_percent = 100;
  world.size_log2 = 5;
  RingRig rig(world);
  unsigned errors = 0;
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(rig.run(~uint64_t{0}, 200'000)) << "it hangs";
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
    errors += rig.error().has_value();
    rig.reset_device();
  }
  EXPECT_EQ(errors, 100u);
}

/// The rig holds every read of linked descriptors against its own prediction.
TEST(RingEngineRuns, AreAsLongAsTheLastChains) {
  RingWorld world = good_world(9);
  world.size_log2 = 7;
  world.style = {.segments_min = 1,
                 .segments_max = 40,
                 .indirect_percent = 10,
                 .in_order_percent = 70,
                 .damage_percent = 0};
  world.suspend = 5;
  RingRig rig(world);
  ASSERT_TRUE(rig.run(500, 4'000'000)) << "it hangs";
  ASSERT_TRUE(rig.drain(400'000)) << "something is never fetched";
  EXPECT_FALSE(rig.error());
  EXPECT_EQ(rig.longest_run(), 16u);

  world.style.segments_max = 2;
  RingRig pairs(world);
  ASSERT_TRUE(pairs.run(100, 1'000'000)) << "it hangs";
  EXPECT_EQ(pairs.longest_run(), 1u) << "chains of two never need more";
}

TEST_P(GoodDriver, RunsThatFailAreReadAgainOneByOne) {
  RingWorld world = good_world(GetParam() + 4000);
  world.size_log2 = 3 + static_cast<uint32_t>(GetParam() % 8);
  world.style.segments_min = 3;
  world.style.segments_max = 12;
  world.style.in_order_percent = 80;
  world.style.indirect_percent = 20;
  world.fail_runs = 50;
  world.suspend = 10;
  RingRig rig(world);
  ASSERT_TRUE(rig.run(200, 4'000'000)) << "it hangs";
  ASSERT_TRUE(rig.drain(400'000)) << "something is never fetched";
  EXPECT_FALSE(rig.error());
  EXPECT_NE(rig.runs_failed(), 0u);
}

/// What the engine relies on is checked in every run: neighbours that break it are told.
TEST(RingEngineChecks, WrongNeighboursAreNoticed) {
  using Module = Vring_engine_bench;
  const std::pair<const char*, void (*)(Module&)> wrongs[] = {
      {"nothing wrong", [](Module&) {}},
      {"flushed while active", [](Module& m) { m.flush = 1; }},
      {"a write has left that was not asked for", [](Module& m) { m.written = 1; }},
      {"chains returned that were never taken", [](Module& m) { m.returned[1] = 3; }},
      {"resumed with a read under way", [](Module& m) { m.resume = 1; }},
  };
  for (const auto& [name, wrong] : wrongs) {
    RtlBench<Module> bench(1);
    Module& m = *bench;
    m.active = m.enabled = m.suspended = m.enable = m.resume = m.doorbell = m.flush = 0;
    m.read_ready = m.write_ready = m.landing_valid = m.done_valid = m.written = 0;
    m.chain_ready = m.segment_ready = m.indirect = m.event_idx = m.resumed = 0;
    for (unsigned q = 0; q < RingRig::kQueues; ++q) m.returned[q] = m.size_log2[q] = 0;
    bench.reset();
    bench.expect_assertion();
    m.active = m.enabled = m.doorbell = 1;
    for (int i = 0; i < 4; ++i) bench.tick();
    m.doorbell = 0;
    EXPECT_EQ(m.read_valid, 1u);  // of the available index
    wrong(m);
    bench.tick();
    m.flush = m.written = m.resume = m.returned[1] = 0;
    bench.tick();
    EXPECT_EQ(bench.assertion_fired(), &name != &wrongs[0].first) << name;
  }
}

/// A chain of a whole ring and a whole indirect table behind it fits into an empty segment store;
/// the next one waits until room was made.
TEST(RingEngine, TheLongestChainsFit) {
  for (const bool in_order : {true, false}) {
    RingWorld world = good_world(5);
    world.event_idx = world.indirect = true;
    world.size_log2 = 6;
    world.style = {.segments_max = in_order ? 1024u : 200u,
                   .indirect_percent = 100,
                   .in_order_percent = in_order ? 100u : 0u,
                   .damage_percent = 0};
    world.latency_max = 10;
    world.publish = 100;
    world.take = 2;
    world.segment = 4;
    world.give_back = 50;
    RingRig rig(world);
    ASSERT_TRUE(rig.run(10, 3'000'000)) << "it hangs";
    ASSERT_TRUE(rig.drain(3'000'000)) << "it hangs";
    EXPECT_FALSE(rig.error());
    // Pieces of 16 descriptors outrun this consumer; single ones, out of order, do not.
    EXPECT_EQ(rig.windows_full() != 0, in_order);
  }
}

}  // namespace
}  // namespace ringside::test
