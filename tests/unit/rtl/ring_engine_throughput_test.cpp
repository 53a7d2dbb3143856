// SPDX-License-Identifier: Apache-2.0
// How many cycles a chain takes ring_engine when nobody holds it up, with reads of 700 ns.
#include <cstdio>

#include "tests/support/gtest.h"
#include "tests/unit/rtl/ring_engine_rig.h"

namespace ringside::test {
namespace {

/// Cycles for a chain of one queue while all queues are busy; 250 MHz.
double cycles_per_chain(const ChainMaker::Style& style, uint32_t latency, uint32_t size_log2) {
  RingWorld world;
  world.style = style;
  world.size_log2 = size_log2;
  world.read_ready = world.landing = world.write_ready = 100;
  world.take = world.segment = world.give_back = 100;
  world.latency_min = world.latency_max = latency;
  world.cut = false;
  world.publish_max = 1024;
  world.publish = 200;
  RingRig rig(world);
  EXPECT_TRUE(rig.run(500, 1'000'000));
  const uint64_t from = rig.now();
  const uint64_t before = rig.taken(0) + rig.taken(1);
  while (rig.now() < from + 20'000 && !::testing::Test::HasFatalFailure()) rig.cycle();
  EXPECT_FALSE(rig.error());
  const auto chains = static_cast<double>(rig.taken(0) + rig.taken(1) - before);
  return 2 * static_cast<double>(rig.now() - from) / chains;
}

TEST(RingEngineThroughput, CyclesPerChain) {
  struct Case {
    const char* name;
    ChainMaker::Style style;
    double bound;  ///< cycles
  };
  const ChainMaker::Style one{.segments_max = 1, .indirect_percent = 0, .in_order_percent = 100};
  ChainMaker::Style random = one, pairs = one, quads = one, longs = one, tables = one, any = one;
  random.in_order_percent = 0;
  pairs.segments_min = pairs.segments_max = 2;
  quads.segments_min = quads.segments_max = 4;
  tables.segments_min = tables.segments_max = 4;
  longs.segments_min = longs.segments_max = 12;
  tables.indirect_percent = tables.table_only_percent = 100;
  any.segments_max = 4;
  any.indirect_percent = 50;
  const Case cases[] = {
      {"1 descriptor, heads in order", one, 12}, {"1 descriptor, heads at random", random, 12},
      {"2 descriptors, linked", pairs, 20},      {"4 descriptors, linked", quads, 30},
      {"12 descriptors, linked", longs, 60},     {"4 descriptors in a table", tables, 30},
      {"1 to 4 descriptors, any way", any, 60},
  };
  for (const Case& each : cases) {
    for (const uint32_t latency : {1u, 175u}) {
      const double cycles = cycles_per_chain(each.style, latency, 10);
      std::printf("%-34s %3u cycles of latency: %6.2f cycles a chain and queue, %5.1f M/s\n",
                  each.name, latency, cycles, 250 / cycles);
      EXPECT_LE(cycles, each.bound) << each.name;
    }
  }
}

}  // namespace
}  // namespace ringside::test
