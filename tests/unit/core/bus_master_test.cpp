// SPDX-License-Identifier: Apache-2.0
// Bus Master Enable (PCI Express Base 4.0, 7.5.1.1.3), Device Control (7.5.3.4) and the window of
// VIRTIO_PCI_CAP_PCI_CFG at its limits.
#include "tests/unit/core/core_harness.h"

namespace ringside::test {
namespace {

using hw::PciConfig;

constexpr unsigned kTx = 1;

void set_bus_master(CoreHarness& card, bool on) {
  card.set_config(PciConfig::kCommand, 2, on ? 0x6 : 0x2);
}

// In the middle of a chain of three descriptors, then of an indirect table.
TEST(BusMaster, NoDescriptorIsReadWhileItIsOff) {
  for (const bool indirect : {false, true}) {
    RunningCard card(kBasic | kIndirect);
    if (indirect) {
      const uint64_t table = card.allocate(32);
      const uint64_t bytes = card.allocate(72);
      card.store(table, formats::VirtqDesc{bytes, 72, 0, 0});
      card.tx.set_desc(0, table, 16, VIRTQ_DESC_F_INDIRECT);
      card.tx.make_available(0);
    } else {
      card.put_transmit(0, {12, 30, 30});
    }
    card.choose(EventKind::kSampleAvail, kTx);
    card.choose(EventKind::kFetchIds, kTx, 1);
    card.manual_dma = true;
    card.choose(EventKind::kFetchDescriptors, kTx, 1);
    ASSERT_EQ(card.reads.size(), 1u);
    set_bus_master(card, false);
    const uint64_t reads = card.counter(Counter::kDmaReads);
    card.answer_read();
    EXPECT_TRUE(card.reads.empty());
    EXPECT_EQ(card.counter(Counter::kDmaReads), reads);
    card.manual_dma = false;
    set_bus_master(card, true);
    if (!card.reads.empty()) card.answer_read();
    card.start_frames(kTx);
    card.finish(kTx);
    EXPECT_EQ(card.frames.size(), 1u);
    EXPECT_EQ(card.tx.used_idx(), 1);
    EXPECT_EQ(card.status(), 15);
  }
}

// What waits for Bus Master Enable is forgotten by a reset, and its tag comes back.
TEST(BusMaster, ResetForgetsWhatWaits) {
  for (const bool function : {false, true}) {
    RunningCard card;
    card.put_transmit(0, {12, 60});
    card.choose(EventKind::kSampleAvail, kTx);
    card.choose(EventKind::kFetchIds, kTx, 1);
    card.manual_dma = true;
    card.choose(EventKind::kFetchDescriptors, kTx, 1);
    set_bus_master(card, false);
    card.answer_read();
    card.manual_dma = false;
    card.deeds.clear();
    if (function) {
      card.set_config(PciConfig::kDeviceControl, 2, 0x8000);
    } else {
      card.set_status(0);
    }
    card.enable_pci();
    EXPECT_EQ(card.count(ActionKind::kDmaRead), 0u);
    EXPECT_EQ(card.negotiate(kBasic), 11);
    card.tx.avail_idx = 0;
    card.store<uint16_t>(card.tx.avail + formats::SplitRing::kAvailIdx, 0);
    card.start();
    card.put_transmit(0, {72});
    card.serve(kTx);
    EXPECT_EQ(card.frames.size(), 1u);
  }
}

// The decision falls while it is off: the message waits in the pending bits.
TEST(BusMaster, InterruptOfThatTimeIsSentLater) {
  RunningCard card;
  card.put_transmit(0, {72});
  card.fetch(kTx);
  card.start_frames(kTx);
  card.choose(EventKind::kReturnUsed, kTx, 1);
  card.manual_dma = true;
  card.choose(EventKind::kReadSuppression, kTx);
  set_bus_master(card, false);
  card.answer_read();
  EXPECT_EQ(card.interrupts(0x42), 0u);
  EXPECT_EQ(card.bar(BarLayout::kMsixPending, 4), 1u << 2);
  set_bus_master(card, true);
  EXPECT_EQ(card.interrupts(0x42), 1u);
  EXPECT_EQ(card.bar(BarLayout::kMsixPending, 4), 0u);
}

TEST(DeviceControl, SizesAreWhatIsWrittenWithinWhatIsSupported) {
  hw::CoreConfig config;
  config.max_payload_bytes = 512;
  CoreHarness card(config);
  EXPECT_EQ(card.config(PciConfig::kDeviceCapabilities, 4) & 7, 2u);
  EXPECT_EQ(card.core.pci().max_payload(), 128u);
  EXPECT_EQ(card.core.pci().max_read_request(), 512u);
  for (unsigned code = 0; code < 8; ++code) {
    card.set_config(PciConfig::kDeviceControl, 2, code << 5 | code << 12);
    const uint32_t bytes = code > 5 ? 128 : 128u << code;
    EXPECT_EQ(card.core.pci().max_payload(), std::min(bytes, 512u)) << code;
    EXPECT_EQ(card.core.pci().max_read_request(), bytes) << code;
  }
  // 6.6.2: a function-level reset leaves Max_Payload_Size alone.
  card.set_config(PciConfig::kDeviceControl, 2, 1u << 5 | 5u << 12);
  card.set_config(PciConfig::kDeviceControl, 2, 0x8000 | 1u << 5 | 5u << 12);
  EXPECT_EQ(card.core.pci().max_payload(), 256u);
  EXPECT_EQ(card.core.pci().max_read_request(), 512u);
}

// PCA-D-002, PCA-D-003: offsets whose end is beyond 2^32, beyond the BAR, or that are not aligned.
TEST(Window, OffsetsThatAreNowhereReadZeroAndWriteNothing) {
  CoreHarness card;
  for (const uint32_t offset : {0xFFFFFFFCu, 0xFFFFFFFEu, 0xFFFFFFFFu, 0x10000u, 0x80000000u}) {
    for (const uint32_t length : {1u, 2u, 4u, 8u, 0u, 3u, 0xFFFFFFFFu}) {
      card.set_config(PciConfig::kPciCfgCap + 8, 4, offset);
      card.set_config(PciConfig::kPciCfgCap + 12, 4, length);
      EXPECT_EQ(card.config(PciConfig::kPciCfgData, 4), 0u) << offset << " " << length;
      card.set_config(PciConfig::kPciCfgData, 4, 0xFFFFFFFF);
    }
  }
  EXPECT_EQ(card.status(), 0);
}

// What firmware refuses is an error that is counted, once. STS-D-002, STS-D-003.
TEST(QueueSetup, RefusedQueueIsCounted) {
  RunningCard card;
  card.set_bar(CommonCfg::kQueueSelect, 2, 0);
  card.set_bar(CommonCfg::kQueueEnable, 2, 2);
  card.set_bar(CommonCfg::kQueueEnable, 2, 0);
  EXPECT_EQ(card.errors(DeviceError::kQueueSetup), 1u);
  EXPECT_EQ(card.counter(Counter::kDeviceErrors), 1u);
  EXPECT_EQ(card.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
  EXPECT_EQ(card.interrupts(0x40), 1u);
  EXPECT_EQ(card.negotiate(kBasic), 11);
  // Without DRIVER_OK there is no interrupt.
  card.deeds.clear();
  card.set_bar(CommonCfg::kQueueSelect, 2, 1);
  card.set_bar(CommonCfg::kQueueDesc, 8, 0x1001);
  card.set_bar(CommonCfg::kQueueEnable, 2, 1);
  EXPECT_EQ(card.errors(DeviceError::kQueueSetup), 2u);
  EXPECT_EQ(card.status(), 11 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
  EXPECT_TRUE(card.deeds.empty());
}

}  // namespace
}  // namespace ringside::test
