// SPDX-License-Identifier: Apache-2.0
// The function's configuration space as an enumerating host sees it.
#include <map>

#include "tests/unit/core/core_harness.h"

namespace ringside::test {
namespace {

using hw::PciConfig;

// CLAUSES: PDI-D-001, PDI-D-002, PDI-D-004, PDI-D-005, PDI-D-006
TEST(ConfigSpace, Identity) {
  CoreHarness card;
  EXPECT_EQ(card.config(0x00, 4), 0x10411AF4u);
  EXPECT_EQ(card.config(0x08, 1), 1u);
  EXPECT_EQ(card.config(0x0A, 2), 0x0200u);
  EXPECT_EQ(card.config(0x0E, 1), 0u);
  EXPECT_GE(card.config(0x2E, 2), 0x40u);
  EXPECT_EQ(card.config(0x3D, 1), 1u);
}

// CLAUSES: PCI-D-001
TEST(ConfigSpace, BarIsSizedByWritingOnes) {
  CoreHarness card;
  card.set_config(PciConfig::kBar0, 4, 0xFFFFFFFF);
  card.set_config(PciConfig::kBar0 + 4, 4, 0xFFFFFFFF);
  EXPECT_EQ(card.config(PciConfig::kBar0, 4), ~(BarLayout::kSize - 1) | 4);
  EXPECT_EQ(card.config(PciConfig::kBar0 + 4, 4), 0xFFFFFFFFu);
  for (uint32_t bar = 2; bar < 6; ++bar) {
    card.set_config(PciConfig::kBar0 + 4 * bar, 4, 0xFFFFFFFF);
    EXPECT_EQ(card.config(PciConfig::kBar0 + 4 * bar, 4), 0u);
  }
  uint64_t offset = 0;
  card.set_config(PciConfig::kBar0, 4, 0x20000);
  card.set_config(PciConfig::kBar0 + 4, 4, 0x40);
  EXPECT_FALSE(card.core.decode(0x4000020000, 4, &offset));  // memory space is off
  card.set_config(PciConfig::kCommand, 2, 2);
  EXPECT_TRUE(card.core.decode(0x400002FFFC, 4, &offset));
  EXPECT_EQ(offset, 0xFFFCu);
  EXPECT_FALSE(card.core.decode(0x400002FFFE, 4, &offset));
  EXPECT_FALSE(card.core.decode(0x400001FFFC, 4, &offset));
}

// CLAUSES: PCI-D-001, PCP-D-001, PCC-D-001, PCC-D-002, PIS-D-001, PDC-D-001, PCA-D-001, PMX-D-002
TEST(ConfigSpace, CapabilitiesDescribeTheBar) {
  CoreHarness card;
  ASSERT_NE(card.config(PciConfig::kStatus, 2) & 0x10, 0u);
  std::map<unsigned, uint32_t> virtio;
  bool express = false;
  unsigned vectors = 0;
  uint32_t at = static_cast<uint32_t>(card.config(0x34, 1));
  for (unsigned seen = 0; at != 0; ++seen, at = static_cast<uint32_t>(card.config(at + 1, 1))) {
    ASSERT_LT(seen, 20u);
    switch (card.config(at, 1)) {
      case 0x09:
        if (card.config(at + 3, 1) != 9) {
          EXPECT_EQ(card.config(at + 2, 1),
                    card.config(at + 3, 1) == 2 || card.config(at + 3, 1) == 5 ? 20u : 16u);
        }
        virtio[static_cast<unsigned>(card.config(at + 3, 1))] = at;
        break;
      case 0x10:
        express = true;
        EXPECT_NE(card.config(at + 4, 4) & (1u << 28), 0u);  // FLR
        break;
      case 0x11:
        vectors = static_cast<unsigned>(card.config(at + 2, 2) & 0x7FF) + 1;
        break;
      default:
        ADD_FAILURE() << "capability " << card.config(at, 1);
    }
  }
  EXPECT_TRUE(express);
  EXPECT_EQ(vectors, 4u);  // configuration, receiveq1, transmitq1, controlq
  ASSERT_EQ(virtio.size(), 6u);
  for (const unsigned type : {1u, 2u, 3u, 4u}) {
    const uint32_t cap = virtio.at(type);
    EXPECT_EQ(card.config(cap + 4, 1), 0u);
    EXPECT_EQ(card.config(cap + 8, 4) % 4, 0u);
    EXPECT_LE(card.config(cap + 8, 4) + card.config(cap + 12, 4), BarLayout::kSize);
  }
  const uint32_t vendor = virtio.at(9);  // PVD-D-001, PVD-D-003, PVD-D-004
  EXPECT_EQ(card.config(vendor + 4, 2), 0x5253u);
  EXPECT_EQ(card.config(vendor + 6, 2), 1u);
  EXPECT_EQ(card.config(vendor + 8, 4), BarLayout::kRingState);
  EXPECT_GE(card.config(vendor + 12, 4), 8u * card.bar(CommonCfg::kNumQueues, 2));
  EXPECT_EQ(card.config(vendor + 2, 1), 24u);
  EXPECT_EQ(card.config(vendor + 16, 4), BarLayout::kStatistics);
  EXPECT_EQ(card.config(vendor + 20, 4), BarLayout::kStatisticsBytes);
  EXPECT_GE(card.config(virtio.at(1) + 12, 4), 0x38u);
  EXPECT_EQ(card.config(virtio.at(2) + 16, 4), 4u);
  EXPECT_GE(card.config(virtio.at(2) + 12, 4), 4u * card.bar(CommonCfg::kNumQueues, 2));
}

// CLAUSES: PCI-D-001
TEST(ConfigSpace, ReadOnlyBitsStay) {
  CoreHarness card;
  card.set_config(0, 4, 0);
  card.set_config(PciConfig::kCommonCap, 4, 0);
  EXPECT_EQ(card.config(0, 4), 0x10411AF4u);
  EXPECT_EQ(card.config(PciConfig::kCommonCap, 1), 9u);
  EXPECT_EQ(card.config(1, 2), 0xFFFFFFFFu);
  EXPECT_EQ(card.config(0x100, 4), 0u);
  EXPECT_EQ(card.config(4096, 4), 0xFFFFFFFFu);
}

// Every width reaches the BAR.
// CLAUSES: PCA-D-002, PCA-D-003
TEST(ConfigSpace, WindowReachesTheBar) {
  CoreHarness card;
  const auto window = [&](uint32_t offset, uint32_t length) {
    card.set_config(PciConfig::kPciCfgCap + 4, 1, 0);
    card.set_config(PciConfig::kPciCfgCap + 8, 4, offset);
    card.set_config(PciConfig::kPciCfgCap + 12, 4, length);
  };
  window(CommonCfg::kQueueSelect, 2);
  card.set_config(PciConfig::kPciCfgData, 4, 1);
  EXPECT_EQ(card.bar(CommonCfg::kQueueSelect, 2), 1u);
  EXPECT_EQ(card.bar(CommonCfg::kDeviceStatus, 1), 0u);
  window(CommonCfg::kNumQueues, 2);
  EXPECT_EQ(card.config(PciConfig::kPciCfgData, 4), 3u);
  window(CommonCfg::kDeviceStatus, 1);
  card.set_config(PciConfig::kPciCfgData, 1, 1);
  EXPECT_EQ(card.config(PciConfig::kPciCfgData, 1), 1u);
  window(BarLayout::kSize, 4);
  EXPECT_EQ(card.config(PciConfig::kPciCfgData, 4), 0u);
  window(0, 0);
  EXPECT_EQ(card.config(PciConfig::kPciCfgData, 4), 0u);
}

// CLAUSES: FEA-D-005
TEST(ConfigSpace, FunctionLevelResetForgetsEverything) {
  RunningCard card;
  card.set_config(PciConfig::kExpressCap + 8, 2, 0x8000);
  EXPECT_EQ(card.config(PciConfig::kCommand, 2), 0u);
  EXPECT_EQ(card.config(PciConfig::kBar0 + 4, 4), 0u);
  EXPECT_EQ(card.config(PciConfig::kMsixCap + 2, 2) & 0xC000, 0u);
  EXPECT_EQ(card.bar(BarLayout::kMsixTable + 12, 4), 1u);
  EXPECT_EQ(card.status(), 0);
  EXPECT_FALSE(card.core.active());
  card.set_bar(CommonCfg::kQueueSelect, 2, 0);
  EXPECT_EQ(card.bar(CommonCfg::kQueueEnable, 2), 0u);
  // And it can be brought up again.
  card.enable_pci();
  EXPECT_EQ(card.negotiate(kBasic), 11);
}

}  // namespace
}  // namespace ringside::test
