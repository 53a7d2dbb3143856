// SPDX-License-Identifier: Apache-2.0
// Link arithmetic without simulation: rates, intervals of DLLPs, reservations.
#include "hw_model/pcie/link_direction.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "formats/random.h"
#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

using hw::LinkDirection;
using hw::PcieLinkConfig;

PcieLinkConfig link(unsigned generation, unsigned lanes, uint32_t mps = 256) {
  PcieLinkConfig config;
  config.generation = generation;
  config.lanes = lanes;
  config.mps = mps;
  return config;
}

TEST(LaneClock, BytesTakeExactTimes) {
  // 10 bits at 2.5 and 5 GT/s, 8.125 bits at 8, 16 and 32 GT/s; ps * 1024.
  EXPECT_EQ(hw::byte_ticks(1, 1), 4'000u * 1024);
  EXPECT_EQ(hw::byte_ticks(2, 1), 2'000u * 1024);
  EXPECT_EQ(hw::byte_ticks(3, 1), 1'040'000u);  // 1015.625 ps
  EXPECT_EQ(hw::byte_ticks(4, 1), 520'000u);
  EXPECT_EQ(hw::byte_ticks(5, 1), 260'000u);
  for (unsigned generation = 1; generation <= 5; ++generation) {
    for (unsigned lanes = 1; lanes <= 16; lanes *= 2) {
      EXPECT_EQ(hw::byte_ticks(generation, lanes) * lanes, hw::byte_ticks(generation, 1));
    }
  }
}

TEST(LaneClock, IntervalsAreTheSpecifications) {
  // Tables 3-7 to 3-9: 2.5, 5 and 8 GT/s; the rows that only one width or size has.
  EXPECT_EQ(hw::dllp_interval_bytes(1, 1, 128), 237u);
  EXPECT_EQ(hw::dllp_interval_bytes(1, 8, 256), 107u);
  EXPECT_EQ(hw::dllp_interval_bytes(1, 16, 512), 86u);
  EXPECT_EQ(hw::dllp_interval_bytes(1, 4, 4096), 1050u);
  EXPECT_EQ(hw::dllp_interval_bytes(2, 1, 128), 288u);
  EXPECT_EQ(hw::dllp_interval_bytes(2, 16, 128), 99u);
  EXPECT_EQ(hw::dllp_interval_bytes(3, 1, 128), 333u);
  EXPECT_EQ(hw::dllp_interval_bytes(3, 8, 256), 203u);
  EXPECT_EQ(hw::dllp_interval_bytes(5, 16, 256), 168u);
}

TEST(LaneClock, IntervalsAreThePublishedModels) {
  const char* folder = std::getenv("RINGSIDE_PCIE_FIGURES");
  std::ifstream file(std::string(folder == nullptr ? RINGSIDE_PCIE_FIGURES : folder) +
                     "/dllp_limits.csv");
  if (!file) GTEST_SKIP() << "no dllp_limits.csv in RINGSIDE_PCIE_FIGURES";
  std::string line;
  std::getline(file, line);
  int rows = 0;
  for (; std::getline(file, line); ++rows) {
    for (char& c : line) {
      if (c == ',' || c == 'g' || c == 'e' || c == 'n' || c == 'x') c = ' ';
    }
    std::istringstream fields(line);
    unsigned generation = 0;
    unsigned lanes = 0;
    uint32_t mps = 0;
    uint32_t ack = 0;
    uint32_t update = 0;
    ASSERT_TRUE(fields >> generation >> lanes >> mps >> ack >> update) << line;
    EXPECT_EQ(hw::dllp_interval_bytes(generation, lanes, mps), ack) << line;
    EXPECT_EQ(hw::dllp_interval_bytes(generation, lanes, mps), update) << line;
  }
  EXPECT_EQ(rows, 100);
}

TEST(LinkDirection, ATlpTakesItsBytes) {
  LinkDirection direction(link(3, 8));
  const LinkDirection::Slot first = direction.reserve(280, 1'000'000);
  EXPECT_EQ(first.start_ps, 1'000'000u);
  EXPECT_EQ(first.end_ps, 1'035'547u);  // 280 * 126.953125 ps, rounded up
  // Two DLLPs have fallen due: at 101.5 bytes and at 203.
  EXPECT_EQ(direction.overhead_bytes(), 16u);
  EXPECT_EQ(direction.free_at_ps(), 1'037'579u);
  const LinkDirection::Slot second = direction.reserve(28, 0);
  EXPECT_EQ(second.start_ps, 1'037'579u) << "behind the first";
}

TEST(LinkDirection, SaturatedItLosesWhatTheOverheadsTake) {
  for (unsigned generation = 1; generation <= 5; ++generation) {
    for (const uint32_t mps : {128U, 256U, 4096U}) {
      LinkDirection direction(link(generation, 4, mps));
      SplitMix64 random(generation);
      uint64_t bytes = 0;
      while (bytes < 20'000'000) {
        const auto size = static_cast<uint32_t>(20 + random.below(mps + 4));
        direction.reserve(size, 0);
        bytes += size;
      }
      const double interval = hw::dllp_interval_bytes(generation, 4, mps);
      const double share =
          static_cast<double>(bytes) / static_cast<double>(bytes + direction.overhead_bytes());
      EXPECT_NEAR(share, 1 - 4.0 / 1538 - 16 / interval, 1e-5) << generation << " " << mps;
      const double ticks = static_cast<double>(hw::byte_ticks(generation, 4)) *
                           static_cast<double>(bytes + direction.overhead_bytes());
      EXPECT_NEAR(static_cast<double>(direction.busy_ps(direction.free_at_ps())), ticks / 1024, 1);
      EXPECT_NEAR(static_cast<double>(direction.free_at_ps()), ticks / 1024, 1);
    }
  }
}

// A slot may be reserved ahead of time.
TEST(LinkDirection, IsBusyOnlyForWhatHasPassed) {
  PcieLinkConfig config;
  LinkDirection direction(config);
  const LinkDirection::Slot slot = direction.reserve(280, 1'000'000);
  const hw::TimePs free = direction.free_at_ps();  // behind what is due after it
  EXPECT_GT(free, slot.end_ps);
  EXPECT_EQ(direction.busy_ps(500'000), 0u);
  EXPECT_EQ(direction.busy_ps(1'000'000), 0u);
  EXPECT_EQ(direction.busy_ps(1'005'000), 5'000u);
  EXPECT_NEAR(static_cast<double>(direction.busy_ps(2'000'000)),
              static_cast<double>(free - 1'000'000), 1);
}

TEST(LinkDirection, NothingQueuesUpOverIdleTime) {
  LinkDirection direction(link(4, 16));
  // Each TLP is shorter than the interval, and comes a millisecond after the last.
  for (uint64_t i = 1; i <= 100; ++i) direction.reserve(32, i * 1'000'000'000);
  EXPECT_EQ(direction.overhead_bytes(), 0u);
  const uint64_t before_ps = direction.free_at_ps();
  EXPECT_EQ(before_ps, 100'000'000'000u + 1016);  // 32 * 31.73828125 ps
  // A gap shorter than the interval does not start it anew.
  direction.reserve(32, before_ps + 500);
  direction.reserve(32, 0);
  EXPECT_EQ(direction.overhead_bytes(), 8u);
}

TEST(LinkConfig, EveryGenerationWidthAndSizePasses) {
  for (unsigned generation = 1; generation <= 5; ++generation) {
    for (unsigned lanes = 1; lanes <= 16; lanes *= 2) {
      for (uint32_t size = 128; size <= 4096; size *= 2) {
        PcieLinkConfig config = link(generation, lanes, size);
        config.mrrs = size;
        EXPECT_EQ(hw::check(config).error, "");
      }
    }
  }
}

TEST(LinkConfig, CreditsMustHoldOneTlp) {
  PcieLinkConfig config = link(4, 16, 512);
  config.root.posted = {1, 32};
  EXPECT_EQ(hw::check(config).error, "");
  config.root.posted = {1, 31};
  EXPECT_EQ(
      hw::check(config).error,
      "root's receiver: 31 posted data credits; expected 0 (no limit) or at least 32, one TLP "
      "of 512 bytes");
  config.root.posted = {0, 0};
  EXPECT_EQ(hw::check(config).error, "") << "no limit";
  config.card.completion = {4, 8};
  EXPECT_EQ(hw::check(config).error,
            "card's receiver: 8 completion data credits; expected 0 (no limit) or at least 32, one "
            "TLP of 512 bytes");
}

TEST(LinkConfig, RefusesWhatDoesNotExist) {
  PcieLinkConfig config = link(0, 16);
  EXPECT_EQ(hw::check(config).error, "generation 0; expected 1 to 5");
  config = link(3, 32);
  EXPECT_EQ(hw::check(config).error, "32 lanes; expected 1, 2, 4, 8 or 16");
  config = link(3, 0);
  EXPECT_EQ(hw::check(config).error, "0 lanes; expected 1, 2, 4, 8 or 16");
  config = link(3, 8, 8192);
  EXPECT_EQ(hw::check(config).error, "MPS is 8192 bytes; expected a power of two from 128 to 4096");
}

}  // namespace
}  // namespace ringside::test
