// SPDX-License-Identifier: Apache-2.0
// Common configuration, device configuration, and reads held for firmware.
#include "tests/unit/core/multi_queue_card.h"

namespace ringside::test {
namespace {

/// All that the card does: bits by their numbers in the standard.
constexpr uint64_t kKnownFeatures = [] {
  uint64_t features = 0;
  for (const unsigned bit : {3u,      // MTU
                             5u,      // MAC
                             15u,     // MRG_RXBUF
                             16u,     // STATUS
                             17u,     // CTRL_VQ
                             22u,     // MQ
                             28u,     // INDIRECT_DESC
                             29u,     // EVENT_IDX
                             32u,     // VERSION_1
                             33u,     // ACCESS_PLATFORM
                             36u,     // ORDER_PLATFORM
                             38u,     // NOTIFICATION_DATA
                             63u}) {  // SPEED_DUPLEX
    features |= formats::feature_bit(bit);
  }
  return features;
}();

// CLAUSES: PCC-D-003, PCC-D-004, FEA-D-004, RSV-D-003, RSV-D-008
TEST(Registers, FeatureWords) {
  EXPECT_EQ(CoreHarness(with_pairs(2)).offered(), kKnownFeatures);
  CoreHarness card;
  const uint64_t offered = card.offered();
  EXPECT_EQ(offered, kKnownFeatures & ~formats::feature_bit(VIRTIO_NET_F_MQ));
  for (const uint32_t select : {2u, 3u, 100u, 0xFFFFFFFFu}) {
    card.set_bar(CommonCfg::kDeviceFeatureSelect, 4, select);
    EXPECT_EQ(card.bar(CommonCfg::kDeviceFeature, 4), 0u);
  }
  card.accept(~uint64_t{0});
  card.set_bar(CommonCfg::kDriverFeatureSelect, 4, 1);
  EXPECT_EQ(card.bar(CommonCfg::kDriverFeature, 4), offered >> 32);
}

// And VERSION_1 always; nothing without what it needs.
// CLAUSES: RSV-D-001, FEA-D-001
TEST(Registers, OffersOnlyWhatIsAskedFor) {
  hw::CoreConfig config;
  config.queue_pairs = 2;
  config.features = kBasic;
  EXPECT_EQ(CoreHarness(config).offered(), kBasic);
  config.features = 0;
  EXPECT_EQ(CoreHarness(config).offered(), formats::feature_bit(VIRTIO_F_VERSION_1));
  config.features = formats::feature_bit(VIRTIO_NET_F_MQ);  // needs CTRL_VQ
  EXPECT_EQ(CoreHarness(config).offered(), formats::feature_bit(VIRTIO_F_VERSION_1));
}

// All subsets of what is offered: those with VERSION_1, and not MQ without CTRL_VQ, are accepted.
// CLAUSES: FEA-D-002, FEA-D-003, RSV-D-002
TEST(Registers, EveryValidSubsetIsAccepted) {
  CoreHarness card(with_pairs(2));
  uint64_t subset = 0;
  unsigned accepted = 0;
  do {
    const bool valid = (subset & formats::feature_bit(VIRTIO_F_VERSION_1)) != 0 &&
                       ((subset & formats::feature_bit(VIRTIO_NET_F_MQ)) == 0 ||
                        (subset & formats::feature_bit(VIRTIO_NET_F_CTRL_VQ)) != 0);
    ASSERT_EQ(card.negotiate(subset), valid ? 11 : 3) << subset;
    ASSERT_EQ(card.core.negotiated(), valid ? subset : 0);
    accepted += valid ? 1 : 0;
    subset = (subset - kKnownFeatures) & kKnownFeatures;
  } while (subset != 0);
  EXPECT_EQ(accepted, 3072u);  // of 8192
}

// Over device resets and resets of the function.
// CLAUSES: FEA-D-005
TEST(Registers, WhatWasAcceptedIsAcceptedAgain) {
  CoreHarness card(with_pairs(2));
  for (unsigned round = 0; round < 3; ++round) {
    for (const uint64_t features : {kKnownFeatures, kBasic | kMergeable, kKnownFeatures}) {
      EXPECT_EQ(card.negotiate(features), 11) << round;
      card.set_status(15);
    }
    EXPECT_EQ(card.offered(), kKnownFeatures);
    card.set_config(hw::PciConfig::kExpressCap + 8, 2, 0x8000);
  }
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

/// The device configuration as the driver reads it.
formats::VirtioNetConfig net_config(CoreHarness& card) {
  formats::VirtioNetConfig config{};
  auto* bytes = reinterpret_cast<uint8_t*>(&config);
  for (uint32_t i = 0; i < sizeof config; ++i) {
    bytes[i] = static_cast<uint8_t>(card.bar(BarLayout::kDevice + i, 1));
  }
  return config;
}

// CLAUSES: NCF-D-001
TEST(Registers, MaximumOfQueuePairs) {
  for (uint16_t pairs = 1; pairs <= RS_MAX_QUEUE_PAIRS; ++pairs) {
    CoreHarness card(with_pairs(pairs));
    const bool multi_queue = (card.offered() & formats::feature_bit(VIRTIO_NET_F_MQ)) != 0;
    EXPECT_EQ(multi_queue, pairs > 1);
    EXPECT_EQ(net_config(card).max_virtqueue_pairs, pairs);
  }
}

// It is what IPv6 needs unless the card is built for less, never less than 68, and stays over
// writes, changes of the link, negotiation, and resets.
// CLAUSES: NCF-D-002, NCF-D-003, NCF-D-004
TEST(Registers, MtuNeverChanges) {
  EXPECT_GE(hw::CoreConfig{}.mtu, 1280);
  for (const uint16_t mtu :
       {uint16_t{0}, uint16_t{67}, uint16_t{68}, uint16_t{1500}, uint16_t{9000}, uint16_t{65535}}) {
    hw::CoreConfig config;
    config.mtu = mtu;
    RunningCard card(kBasic, 8, config);
    const uint16_t expected = std::max<uint16_t>(mtu, 68);
    const auto expect_same = [&] { EXPECT_EQ(net_config(card).mtu, expected); };
    expect_same();
    card.set_bar(BarLayout::kDevice + 10, 2, 2000);
    expect_same();
    card.take(Event::carrier(false, 10000));
    expect_same();
    card.take(Event::carrier(true, 25000));
    expect_same();
    card.set_status(0);
    expect_same();
    card.negotiate(card.offered());
    expect_same();
    card.set_config(hw::PciConfig::kExpressCap + 8, 2, 0x8000);
    expect_same();
  }
  EXPECT_GE(net_config(*std::make_unique<CoreHarness>()).mtu, 1280);
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
