// SPDX-License-Identifier: Apache-2.0
// The card's counters as registers (Statistics in bar_layout.h).
#include "tests/unit/core/core_harness.h"

namespace ringside::test {
namespace {

using hw::PciConfig;
using hw::Statistics;

constexpr uint32_t at(uint32_t offset) { return BarLayout::kStatistics + offset; }

TEST(Statistics, EveryCounterHasItsPlace) {
  CoreHarness card;
  // A reset and a setup error: counters of both areas.
  card.set_bar(CommonCfg::kDeviceStatus, 1, 0);
  card.set_bar(BarLayout::kNotify, 2, 0);
  card.set_bar(CommonCfg::kQueueSelect, 2, 0);
  card.set_bar(CommonCfg::kQueueEnable, 2, 2);
  const hw::Counters& counters = card.core.counters();
  for (unsigned i = 0; i < static_cast<unsigned>(Counter::kCount); ++i) {
    const auto counter = static_cast<Counter>(i);
    EXPECT_EQ(card.bar(at(8 * i), 8), counters[counter]) << counter_name(counter);
  }
  for (unsigned i = 0; i < static_cast<unsigned>(DeviceError::kCount); ++i) {
    const auto error = static_cast<DeviceError>(i);
    EXPECT_EQ(card.bar(at(Statistics::kErrors + 8 * i), 8), counters[error]) << error_name(error);
  }
  EXPECT_EQ(card.bar(at(Statistics::kDoorbells), 8), 1u);
  EXPECT_GT(card.bar(at(Statistics::kDeviceResets), 8), 0u);
  EXPECT_EQ(card.bar(at(8 * static_cast<uint32_t>(Counter::kCount)), 8), 0u);
  EXPECT_EQ(card.bar(at(BarLayout::kStatisticsBytes - 8), 8), 0u);
  EXPECT_EQ(card.bar(at(BarLayout::kStatisticsBytes), 8), 0u);
}

TEST(Statistics, WritesAndResetsChangeNothing) {
  CoreHarness card;
  card.set_bar(BarLayout::kNotify, 2, 0);
  const uint32_t doorbells = at(Statistics::kDoorbells);
  for (const unsigned width : {1u, 2u, 4u, 8u}) card.set_bar(doorbells, width, ~uint64_t{0});
  EXPECT_EQ(card.bar(doorbells, 8), 1u);
  card.set_bar(CommonCfg::kDeviceStatus, 1, 0);
  EXPECT_EQ(card.bar(doorbells, 8), 1u);
}

/// The upper half is that of the moment at which the lower half was read, whatever came since.
TEST(Statistics, HalvesBelongTogether) {
  CoreHarness card;
  const uint32_t doorbells = at(Statistics::kDoorbells), resets = at(Statistics::kDeviceResets);
  card.set_bar(BarLayout::kNotify, 2, 0);
  EXPECT_EQ(card.bar(doorbells, 1), 1u);
  card.set_bar(BarLayout::kNotify, 2, 0);
  EXPECT_EQ(card.bar(doorbells + 4, 4), 0u);
  EXPECT_EQ(card.bar(doorbells, 4), 2u);
  EXPECT_EQ(card.bar(doorbells, 2), 2u);
  // Through the window in configuration space it is the same read.
  card.set_config(PciConfig::kPciCfgCap + 4, 1, 0);
  card.set_config(PciConfig::kPciCfgCap + 8, 4, doorbells);
  card.set_config(PciConfig::kPciCfgCap + 12, 4, 4);
  EXPECT_EQ(card.config(PciConfig::kPciCfgData, 4), 2u);
  EXPECT_EQ(card.bar(resets + 4, 4), 0u);
}

}  // namespace
}  // namespace ringside::test
