// SPDX-License-Identifier: Apache-2.0
// The virtio capabilities, read as a driver finds them, and what they promise.
#include <bit>

#include "tests/unit/core/multi_queue_card.h"

namespace ringside::test {
namespace {

constexpr uint64_t kNotificationData = formats::feature_bit(VIRTIO_F_NOTIFICATION_DATA);

struct Capability {
  uint32_t at = 0, type = 0, cap_length = 0, bar = 0, offset = 0, bytes = 0;
};

std::vector<Capability> capabilities(CoreHarness& card) {
  std::vector<Capability> found;
  const auto get = [&](uint32_t at, unsigned width) {
    return static_cast<uint32_t>(card.config(at, width));
  };
  unsigned seen = 0;
  for (uint32_t at = get(0x34, 1); at != 0 && seen < 48; at = get(at + 1, 1), ++seen) {
    if (get(at, 1) != 0x09) continue;
    found.push_back(
        {at, get(at + 3, 1), get(at + 2, 1), get(at + 4, 1), get(at + 8, 4), get(at + 12, 4)});
  }
  return found;
}

/// The first of a type; one at 0 if there is none.
Capability first(CoreHarness& card, uint32_t type) {
  for (const Capability& capability : capabilities(card)) {
    if (capability.type == type) return capability;
  }
  ADD_FAILURE() << "no capability of type " << type;
  return {};
}

/// A multiplier of 0, or a power of two that `least` divides.
bool multiplier_ok(uint32_t multiplier, uint32_t least) {
  return multiplier == 0 || (std::has_single_bit(multiplier) && multiplier % least == 0);
}

/// Every queue has its place in the notification structure, and a write there notifies it.
void expect_notifications(uint64_t features, uint16_t pairs, uint32_t width) {
  SCOPED_TRACE(::testing::Message() << pairs << " pairs, width " << width);
  hw::CoreConfig config;
  config.features = features;
  config.queue_pairs = pairs;
  CoreHarness card(config);
  const Capability notify = first(card, VIRTIO_PCI_CAP_NOTIFY_CFG);
  const auto multiplier = static_cast<uint32_t>(card.config(notify.at + 16, 4));
  EXPECT_EQ(notify.offset % width, 0u);
  EXPECT_TRUE(multiplier_ok(multiplier, width)) << multiplier;
  EXPECT_GE(notify.bytes, width);
  EXPECT_EQ(card.negotiate(features & ~kNotificationData), 11);
  const auto queues = static_cast<unsigned>(card.bar(CommonCfg::kNumQueues, 2));
  EXPECT_EQ(queues, 2u * pairs + 1);
  for (unsigned queue = 0; queue < queues; ++queue) {
    card.set_bar(CommonCfg::kQueueSelect, 2, queue);
    const auto place = static_cast<uint32_t>(card.bar(CommonCfg::kQueueNotifyOff, 2)) * multiplier;
    EXPECT_GE(notify.bytes, place + width) << queue;
    const uint32_t before = card.core.kicked_mask();
    card.set_bar(notify.offset + place, width, queue);
    EXPECT_EQ(card.core.kicked_mask(), before | (1u << queue));
  }
}

// CLAUSES: PNC-D-001, PNC-D-002, PNC-D-003, PNC-D-004, PNC-D-005, PNC-D-006
TEST(Capabilities, NotificationsWithoutData) {
  for (const uint16_t pairs : {uint16_t{1}, uint16_t{2}, uint16_t{RS_MAX_QUEUE_PAIRS}}) {
    const uint64_t features = kBasic | kControl | (pairs > 1 ? kMultiQueue : 0);
    expect_notifications(features, pairs, 2);
  }
}

// CLAUSES: PNC-D-001, PNC-D-007, PNC-D-008, PNC-D-009, PNC-D-010, PNC-D-011
TEST(Capabilities, NotificationsWithData) {
  for (const uint16_t pairs : {uint16_t{1}, uint16_t{2}, uint16_t{RS_MAX_QUEUE_PAIRS}}) {
    const uint64_t features = kBasic | kControl | kNotificationData | (pairs > 1 ? kMultiQueue : 0);
    expect_notifications(features, pairs, 4);
  }
}

// struct virtio_pci_cap is 16 bytes; the notification capability has a multiplier behind it, the
// access window its data.
// CLAUSES: PCP-D-001
TEST(Capabilities, LengthsCountWhatFollows) {
  CoreHarness card;
  EXPECT_EQ(first(card, VIRTIO_PCI_CAP_COMMON_CFG).cap_length, 16u);
  EXPECT_EQ(first(card, VIRTIO_PCI_CAP_NOTIFY_CFG).cap_length, 20u);
  EXPECT_EQ(first(card, VIRTIO_PCI_CAP_ISR_CFG).cap_length, 16u);
  EXPECT_EQ(first(card, VIRTIO_PCI_CAP_DEVICE_CFG).cap_length, 16u);
  EXPECT_EQ(first(card, VIRTIO_PCI_CAP_PCI_CFG).cap_length, 20u);
  // No capability reaches into another.
  const std::vector<Capability> all = capabilities(card);
  for (const Capability& one : all) {
    for (const Capability& other : all) {
      EXPECT_TRUE(other.at <= one.at || other.at >= one.at + one.cap_length) << one.at;
    }
  }
}

// What the capabilities point to is there.
// CLAUSES: PCC-D-001, PCC-D-002, PDC-D-001, PIS-D-001, PCA-D-001
TEST(Capabilities, LeadToTheStructures) {
  hw::CoreConfig config;
  config.mac = {2, 3, 5, 7, 11, 13};
  RunningCard card(kBasic, 8, config, false);
  const Capability common = first(card, VIRTIO_PCI_CAP_COMMON_CFG);
  EXPECT_EQ(common.bar, 0u);
  EXPECT_EQ(common.offset % 4, 0u);
  EXPECT_GE(common.bytes, 0x3Au);  // up to queue_notif_config_data
  EXPECT_EQ(card.bar(common.offset + CommonCfg::kDeviceStatus, 1), 15u);
  const Capability device = first(card, VIRTIO_PCI_CAP_DEVICE_CFG);
  EXPECT_EQ(device.bar, 0u);
  EXPECT_EQ(device.offset % 4, 0u);
  EXPECT_GE(device.bytes, sizeof(formats::VirtioNetConfig));
  for (unsigned i = 0; i < 6; ++i) EXPECT_EQ(card.bar(device.offset + i, 1), config.mac[i]);
  const Capability isr = first(card, VIRTIO_PCI_CAP_ISR_CFG);
  EXPECT_EQ(isr.bar, 0u);
  EXPECT_GE(isr.bytes, 1u);
  card.put_transmit(0, {72});
  card.serve(1);
  EXPECT_EQ(card.bar(isr.offset, 1), uint64_t{VIRTIO_ISR_QUEUE});
  const Capability window = first(card, VIRTIO_PCI_CAP_PCI_CFG);
  card.set_config(window.at + 8, 4, device.offset);
  card.set_config(window.at + 12, 4, 2);
  EXPECT_EQ(card.config(window.at + 16, 2), config.mac[0] + 256u * config.mac[1]);
}

/// Table Size as it reads, plus one.
unsigned vectors(CoreHarness& card) {
  return static_cast<unsigned>(card.config(hw::PciConfig::kMsixCap + 2, 2) & 0x7FF) + 1;
}

// One vector for configuration changes and one for each queue, and entries for all of them.
// CLAUSES: PMX-D-001, PMX-D-002, PMX-D-003
TEST(Capabilities, TableSizeIsWhatTheQueuesCanUse) {
  for (uint16_t pairs = 1; pairs <= RS_MAX_QUEUE_PAIRS; ++pairs) {
    CoreHarness card(with_pairs(pairs));
    const unsigned entries = vectors(card);
    EXPECT_GE(entries, 2u);
    EXPECT_LE(entries, 0x800u);
    EXPECT_EQ(entries, 2u * pairs + 2);
    const uint32_t last = BarLayout::kMsixTable + 16 * (entries - 1);
    for (const uint32_t entry : {last, last + 16}) card.set_bar(entry + 8, 4, 0x1234);
    EXPECT_EQ(card.bar(last + 8, 4), 0x1234u);
    EXPECT_EQ(card.bar(last + 16 + 8, 4), 0u);
  }
}

// Every queue and configuration changes on every vector, also all of them on one.
// CLAUSES: PMX-D-004, PMX-D-005, PMX-D-006, PMX-D-008
TEST(Capabilities, EveryEventTakesEveryVector) {
  MultiQueueCard card(2);
  const unsigned entries = vectors(card);
  for (unsigned vector = 0; vector <= entries; ++vector) {
    const unsigned wanted = vector == entries ? 0xFFFF : vector;  // unmapped in the end
    card.set_bar(CommonCfg::kConfigMsixVector, 2, wanted);
    EXPECT_EQ(card.bar(CommonCfg::kConfigMsixVector, 2), wanted);
    for (unsigned queue = 0; queue < card.core.queues(); ++queue) {
      card.set_bar(CommonCfg::kQueueSelect, 2, queue);
      card.set_bar(CommonCfg::kQueueMsixVector, 2, wanted);
      EXPECT_EQ(card.bar(CommonCfg::kQueueMsixVector, 2), wanted) << queue;
    }
  }
}

}  // namespace
}  // namespace ringside::test
