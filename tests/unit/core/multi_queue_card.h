// SPDX-License-Identifier: Apache-2.0
// A card with several queue pairs and a control virtqueue, all up.
#pragma once

#include <memory>
#include <vector>

#include "tests/support/flow_frame.h"
#include "tests/unit/core/core_harness.h"

namespace ringside::test {

inline hw::CoreConfig with_pairs(uint16_t pairs) {
  hw::CoreConfig config;
  config.queue_pairs = pairs;
  return config;
}

class MultiQueueCard : public CoreHarness {
 public:
  explicit MultiQueueCard(uint16_t pairs, uint64_t features = kBasic | kMultiQueue)
      : MultiQueueCard(with_pairs(pairs), features) {}
  explicit MultiQueueCard(const hw::CoreConfig& config, uint64_t features = kBasic | kMultiQueue)
      : CoreHarness(config) {
    enable_pci();
    start(features);
  }
  /// Negotiates and enables every queue; queue q has vector q + 1.
  void start(uint64_t features) {
    EXPECT_EQ(negotiate(features), 11);
    rings.clear();
    for (unsigned queue = 0; queue < core.queues(); ++queue) {
      rings.push_back(std::make_unique<Ring>(*this, queue, uint16_t{16}));
      rings.back()->enable(static_cast<uint16_t>(queue + 1));
    }
    set_bar(CommonCfg::kConfigMsixVector, 2, 0);
    set_status(15);
    EXPECT_EQ(status(), 15);
    deeds.clear();
  }
  unsigned control_index() const { return core.queues() - 1; }
  Ring& control() { return *rings.back(); }
  Ring& rx(std::size_t pair) { return *rings[2 * pair]; }
  Ring& tx(std::size_t pair) { return *rings[2 * pair + 1]; }

  /// A command in readable descriptors of `sizes`, behind them one of `ack_bytes`, if not 0, that
  /// is filled with 0xEE. Returns where the ack goes. Takes the descriptors from `first` on.
  uint64_t put_command(const std::vector<uint8_t>& bytes, std::vector<uint32_t> sizes,
                       uint32_t ack_bytes = 1, uint16_t first = 0) {
    const uint64_t data = allocate(bytes.size() + 1);
    for (std::size_t i = 0; i < bytes.size(); ++i) store(data + i, bytes[i]);
    const uint64_t ack = allocate(ack_bytes + 1);
    for (uint32_t i = 0; i <= ack_bytes; ++i) store<uint8_t>(ack + i, 0xEE);
    uint64_t at = data;
    uint16_t index = first;
    for (std::size_t i = 0; i < sizes.size(); ++i, ++index) {
      const bool last = i + 1 == sizes.size() && ack_bytes == 0;
      control().set_desc(index, at, sizes[i], last ? 0 : VIRTQ_DESC_F_NEXT,
                         static_cast<uint16_t>(last ? 0 : index + 1));
      at += sizes[i];
    }
    if (ack_bytes != 0) control().set_desc(index, ack, ack_bytes, VIRTQ_DESC_F_WRITE);
    control().make_available(first);
    return ack;
  }
  /// Brings all available entries of `queue` to described chains.
  void fetch(unsigned queue) {
    EXPECT_EQ(choose(EventKind::kSampleAvail, queue), "");
    while (core.ids_fetchable(queue) != 0) {
      EXPECT_EQ(choose(EventKind::kFetchIds, queue, core.ids_fetchable(queue)), "");
    }
    while (core.descriptors_fetchable(queue)) {
      EXPECT_EQ(choose(EventKind::kFetchDescriptors, queue, 32), "");
    }
  }
  void finish(unsigned queue) {
    if (const uint32_t frames = core.used_returnable(queue); frames != 0) {
      EXPECT_EQ(choose(EventKind::kReturnUsed, queue, frames), "");
    }
    if (core.suppression_due(queue)) {
      EXPECT_EQ(choose(EventKind::kReadSuppression, queue), "");
    }
  }
  void serve(unsigned queue) {
    fetch(queue);
    while (core.can_start_frame(queue)) {
      EXPECT_EQ(choose(EventKind::kStartFrame, queue), "");
    }
    finish(queue);
  }
  /// The ack of one command given in one descriptor; firmware answers at once.
  uint8_t command(const std::vector<uint8_t>& bytes) {
    std::vector<uint32_t> sizes;
    if (!bytes.empty()) sizes.push_back(static_cast<uint32_t>(bytes.size()));
    const uint64_t ack = put_command(bytes, sizes);
    serve(control_index());
    return load<uint8_t>(ack);
  }
  uint8_t set_pairs(uint16_t pairs) {
    return command({VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET,
                    static_cast<uint8_t>(pairs), static_cast<uint8_t>(pairs >> 8)});
  }
  void put_receive(unsigned queue, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const auto id = static_cast<uint16_t>(rings[queue]->avail_idx % 16);
      rings[queue]->set_desc(id, allocate(1600), 1600, VIRTQ_DESC_F_WRITE);
      rings[queue]->make_available(id);
    }
  }
  uint64_t counter(Counter counter) const { return core.counters()[counter]; }

  std::vector<std::unique_ptr<Ring>> rings;
};

}  // namespace ringside::test
