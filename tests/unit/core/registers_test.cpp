// SPDX-License-Identifier: Apache-2.0
// Common configuration, device configuration, and reads held for firmware.
#include "tests/unit/core/core_harness.h"

namespace ringside::test {
namespace {

// CLAUSES: PCC-D-003, PCC-D-004, FEA-D-004
TEST(Registers, FeatureWords) {
  CoreHarness card;
  const uint64_t offered = card.offered();
  EXPECT_EQ(offered, hw::kImplementedFeatures & ~formats::feature_bit(VIRTIO_NET_F_MQ));
  for (const uint32_t select : {2u, 3u, 100u, 0xFFFFFFFFu}) {
    card.set_bar(CommonCfg::kDeviceFeatureSelect, 4, select);
    EXPECT_EQ(card.bar(CommonCfg::kDeviceFeature, 4), 0u);
  }
  card.accept(~uint64_t{0});
  card.set_bar(CommonCfg::kDriverFeatureSelect, 4, 1);
  EXPECT_EQ(card.bar(CommonCfg::kDriverFeature, 4), offered >> 32);
}

TEST(Registers, OffersOnlyWhatIsAskedFor) {
  hw::CoreConfig config;
  config.features = kBasic;
  CoreHarness card(config);
  EXPECT_EQ(card.offered(), kBasic);
}

// CLAUSES: FEA-D-002, FEA-D-003, RSV-D-002
TEST(Registers, Negotiation) {
  CoreHarness card;
  EXPECT_EQ(card.negotiate(kBasic), 11);
  EXPECT_EQ(card.core.negotiated(), kBasic);
  EXPECT_EQ(card.negotiate(card.offered()), 11);
  EXPECT_EQ(card.negotiate(formats::feature_bit(VIRTIO_F_VERSION_1)), 11);
  EXPECT_EQ(card.negotiate(0), 3);
  EXPECT_EQ(card.negotiate(kBasic | formats::feature_bit(VIRTIO_NET_F_CSUM)), 3);
  card.set_status(0);
  card.set_bar(CommonCfg::kDriverFeatureSelect, 4, 2);
  card.set_bar(CommonCfg::kDriverFeature, 4, 1);
  card.accept(kBasic);
  card.set_status(11);
  EXPECT_EQ(card.status(), 3);
  EXPECT_EQ(card.negotiate(kBasic), 11);
}

// Halves of 64-bit fields.
// CLAUSES: PLY-D-001, PCC-D-014, PCC-D-015
TEST(Registers, QueueFields) {
  CoreHarness card;
  card.negotiate(kBasic);
  EXPECT_EQ(card.bar(CommonCfg::kNumQueues, 2), 3u);
  card.set_bar(CommonCfg::kQueueSelect, 2, 1);
  EXPECT_EQ(card.bar(CommonCfg::kQueueSize, 2), 1024u);
  EXPECT_EQ(card.bar(CommonCfg::kQueueNotifyOff, 2), 1u);
  card.set_bar(CommonCfg::kQueueDesc + 4, 4, 0x11223344);
  card.set_bar(CommonCfg::kQueueDesc, 4, 0x55667780);
  EXPECT_EQ(card.bar(CommonCfg::kQueueDesc, 8), 0x1122334455667780u);
  EXPECT_EQ(card.bar(CommonCfg::kQueueDesc + 4, 4), 0x11223344u);
  for (const uint32_t field : {CommonCfg::kQueueDriver, CommonCfg::kQueueDevice}) {
    card.set_bar(field, 8, 0x1122334455667788);
    card.set_bar(field, 4, 0x99AABBCC);
    EXPECT_EQ(card.bar(field, 8), 0x1122334499AABBCCu);
    card.set_bar(field + 4, 4, 0xDDEEFF00);
    EXPECT_EQ(card.bar(field, 8), 0xDDEEFF0099AABBCCu);
    EXPECT_EQ(card.bar(field, 4), 0x99AABBCCu);
  }
  for (const uint16_t bad : {uint16_t{0}, uint16_t{3}, uint16_t{2048}}) {
    card.set_bar(CommonCfg::kQueueSize, 2, bad);
    EXPECT_EQ(card.bar(CommonCfg::kQueueSize, 2), 1024u);
  }
  card.set_bar(CommonCfg::kQueueSize, 2, 256);
  EXPECT_EQ(card.bar(CommonCfg::kQueueSize, 2), 256u);
  card.set_bar(CommonCfg::kQueueSelect, 2, 2);
  EXPECT_EQ(card.bar(CommonCfg::kQueueSize, 2), 0u);
}

// CLAUSES: PMX-D-004, PMX-D-005, PMX-D-006, PMX-D-007, PMX-D-009
TEST(Registers, VectorMapping) {
  CoreHarness card;
  card.negotiate(kBasic);
  EXPECT_EQ(card.bar(CommonCfg::kConfigMsixVector, 2), 0xFFFFu);
  for (const uint16_t vector : {0, 1, 2, 3, 0xFFFF}) {
    card.set_bar(CommonCfg::kConfigMsixVector, 2, vector);
    EXPECT_EQ(card.bar(CommonCfg::kConfigMsixVector, 2), vector);
    card.set_bar(CommonCfg::kQueueMsixVector, 2, vector);
    EXPECT_EQ(card.bar(CommonCfg::kQueueMsixVector, 2), vector);
  }
  card.set_bar(CommonCfg::kQueueMsixVector, 2, 4);
  EXPECT_EQ(card.bar(CommonCfg::kQueueMsixVector, 2), 0xFFFFu);
  card.set_bar(CommonCfg::kQueueMsixVector, 2, 1);
  card.set_bar(CommonCfg::kConfigMsixVector, 2, 2);
  card.set_status(0);
  EXPECT_EQ(card.bar(CommonCfg::kQueueMsixVector, 2), 0xFFFFu);
  EXPECT_EQ(card.bar(CommonCfg::kConfigMsixVector, 2), 0xFFFFu);
}

// Readable byte by byte, before negotiation.
// CLAUSES: CFG-D-001, NCF-D-002, NCF-D-010, NCF-D-011, PCC-D-006
TEST(Registers, DeviceConfiguration) {
  hw::CoreConfig config;
  config.mac = {1, 2, 3, 4, 5, 6};
  config.mtu = 9000;
  CoreHarness card(config);
  for (unsigned i = 0; i < 6; ++i) EXPECT_EQ(card.bar(BarLayout::kDevice + i, 1), i + 1);
  EXPECT_EQ(card.bar(BarLayout::kDevice + 6, 2), 1u);
  EXPECT_EQ(card.bar(BarLayout::kDevice + 10, 2), 9000u);
  EXPECT_EQ(card.bar(BarLayout::kDevice + 12, 4), 10000u);
  EXPECT_EQ(card.bar(BarLayout::kDevice + 16, 1), 1u);
  const uint64_t generation = card.bar(CommonCfg::kConfigGeneration, 1);
  card.take(Event::carrier(false, 10000));
  EXPECT_EQ(card.bar(BarLayout::kDevice + 6, 2), 0u);
  EXPECT_EQ(card.bar(BarLayout::kDevice + 16, 1), 0xFFu);
  EXPECT_NE(card.bar(CommonCfg::kConfigGeneration, 1), generation);
  card.set_bar(BarLayout::kDevice, 1, 99);
  EXPECT_EQ(card.bar(BarLayout::kDevice, 1), 1u);
}

TEST(Registers, ReadsAreHeldUntilFirmwareAnswersTheNewestWrite) {
  CoreHarness card;
  card.manual_firmware = true;
  card.set_status(1);
  card.set_status(3);
  EXPECT_EQ(card.bar(CommonCfg::kNumQueues, 2), 3u);  // other registers answer at once
  card.bar(CommonCfg::kDeviceStatus, 1);
  EXPECT_FALSE(card.reply_done);
  card.answer_event();
  EXPECT_FALSE(card.reply_done);
  card.answer_event();
  EXPECT_TRUE(card.reply_done);
  EXPECT_EQ(card.reply_value, 3u);
}

TEST(Registers, QueueEnableReadIsHeld) {
  CoreHarness card;
  card.negotiate(kBasic);
  Ring ring(card, 1, 8);
  card.manual_firmware = true;
  ring.enable();
  card.bar(CommonCfg::kQueueEnable, 2);
  EXPECT_FALSE(card.reply_done);
  card.answer_event();
  EXPECT_TRUE(card.reply_done);
  EXPECT_EQ(card.reply_value, 1u);
}

TEST(Registers, HoldsAreBounded) {
  CoreHarness card;
  card.manual_firmware = true;
  card.set_status(1);
  card.bar(CommonCfg::kDeviceStatus, 1);
  EXPECT_TRUE(card.core.holding());
  card.take(Event{EventKind::kHoldExpired});
  EXPECT_TRUE(card.reply_done);
  EXPECT_EQ(card.reply_value, VIRTIO_STATUS_DEVICE_NEEDS_RESET);
  EXPECT_EQ(card.core.counters()[DeviceError::kManagementTimeout], 1u);
  // Firmware wakes up again; a reset mends it.
  card.manual_firmware = false;
  while (!card.events.empty()) card.answer_event();
  EXPECT_EQ(card.negotiate(kBasic), 11);
}

// Decision 14: anything but 1 in queue_enable is an error. VQS-R-001: so is a crooked ring.
TEST(Registers, BadQueueSetUpNeedsReset) {
  for (const unsigned what : {0u, 1u, 2u, 3u, 4u}) {
    CoreHarness card;
    card.negotiate(kBasic);
    Ring ring(card, 0, 8);
    card.set_bar(CommonCfg::kQueueSelect, 2, 0);
    card.set_bar(CommonCfg::kQueueDesc, 8, what == 1 ? ring.desc + 8 : ring.desc);
    card.set_bar(CommonCfg::kQueueDriver, 8, what == 2 ? ring.avail + 1 : ring.avail);
    card.set_bar(CommonCfg::kQueueDevice, 8, what == 3 ? ~uint64_t{3} : ring.used);
    card.set_bar(CommonCfg::kQueueEnable, 2, what == 4 ? 0 : 1);
    EXPECT_EQ(card.status(), what == 0 ? 11 : 11 | VIRTIO_STATUS_DEVICE_NEEDS_RESET) << what;
    EXPECT_EQ(card.bar(CommonCfg::kQueueEnable, 2), what == 0 ? 1u : 0u) << what;
  }
}

TEST(Registers, UnusedPlacesReadZeroAndMisalignedOnes) {
  CoreHarness card;
  EXPECT_EQ(card.bar(0x500, 4), 0u);
  EXPECT_EQ(card.bar(2, 4), ~uint64_t{0});
  card.set_bar(0x500, 4, 1);
  card.set_bar(BarLayout::kNotify + 4 * 100, 2, 0);
  EXPECT_EQ(card.core.counters()[Counter::kDoorbells], 0u);
}

}  // namespace
}  // namespace ringside::test
