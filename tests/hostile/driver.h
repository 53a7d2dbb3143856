// SPDX-License-Identifier: Apache-2.0
// The least of a driver over a RawHost: brings a card up, sends and receives a frame, and gives
// attacks what they need to do it wrong.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/virtio.h"
#include "hw_model/core/bar_layout.h"
#include "hw_model/core/pci_config.h"
#include "tests/hostile/raw_host.h"

namespace ringside::hostile {

using formats::CommonCfg;
using formats::SplitRing;
using hw::BarLayout;
using hw::PciConfig;

constexpr uint16_t kNext = VIRTQ_DESC_F_NEXT, kWrite = VIRTQ_DESC_F_WRITE,
                   kIndirect = VIRTQ_DESC_F_INDIRECT;
constexpr uint64_t kTop = ~uint64_t{0};
/// Below the arena: no memory is there.
constexpr uint64_t kNowhere = 0x1000;

constexpr uint64_t kBasicFeatures =
    formats::feature_bit(VIRTIO_F_VERSION_1) | formats::feature_bit(VIRTIO_F_ACCESS_PLATFORM) |
    formats::feature_bit(VIRTIO_F_ORDER_PLATFORM) | formats::feature_bit(VIRTIO_NET_F_MAC) |
    formats::feature_bit(VIRTIO_NET_F_STATUS);
constexpr uint64_t kIndirectFeature = formats::feature_bit(VIRTIO_F_INDIRECT_DESC);
constexpr uint64_t kEventIdxFeature = formats::feature_bit(VIRTIO_F_EVENT_IDX);
constexpr uint64_t kMergeFeature = formats::feature_bit(VIRTIO_NET_F_MRG_RXBUF);
constexpr uint64_t kControlFeature = formats::feature_bit(VIRTIO_NET_F_CTRL_VQ);
constexpr uint64_t kMultiQueueFeatures = kControlFeature | formats::feature_bit(VIRTIO_NET_F_MQ);

/// A split virtqueue in the host's memory.
struct Ring {
  unsigned index = 0;
  uint16_t size = 16;
  uint64_t desc = 0, avail = 0, used = 0;
  uint16_t avail_idx = 0;
};

class Driver {
 public:
  static constexpr uint16_t kRingSize = 16;
  static constexpr uint32_t kBufferBytes = 1600;
  static constexpr unsigned kConfigVector = 0;

  explicit Driver(RawHost& host) : host(host), next_(hw::HostMemory::kArenaBase + 4096) {}

  // -- what must hold; failures are kept and counted
  void expect(bool good, std::string_view what) {
    ++checks;
    if (!good && failure.empty()) failure = what;
  }
  void expect_equal(uint64_t got, uint64_t wanted, std::string_view what) {
    expect(got == wanted,
           std::string(what) + ": " + std::to_string(got) + ", expected " + std::to_string(wanted));
  }

  // -- registers
  uint64_t get(uint64_t offset, unsigned width) {
    return host.memory_read(host.bar() + offset, width);
  }
  void set(uint64_t offset, unsigned width, uint64_t value) {
    host.memory_write(host.bar() + offset, width, value);
  }
  uint8_t status() { return static_cast<uint8_t>(get(CommonCfg::kDeviceStatus, 1)); }
  void set_status(uint8_t value) { set(CommonCfg::kDeviceStatus, 1, value); }
  void select(unsigned queue) { set(CommonCfg::kQueueSelect, 2, queue); }
  /// Places the BAR, switches memory space, bus mastering and MSI-X on; vector v sends v.
  void enable_pci();
  /// Writes 0 to device_status and waits for it; from then on the card may write nothing.
  bool reset();
  void offer_features(uint64_t features);
  /// From reset to FEATURES_OK; the status then.
  uint8_t negotiate(uint64_t features);

  // -- queues
  /// New memory for queue `index`, zeroed; the card may write the used ring.
  Ring make_ring(unsigned index, uint16_t size = kRingSize);
  /// Writes the queue's registers, all but queue_enable.
  void program(const Ring& ring, uint16_t vector);
  void enable(const Ring& ring, uint16_t vector) {
    program(ring, vector);
    set(CommonCfg::kQueueEnable, 2, 1);
  }
  /// From enable_pci() to DRIVER_OK with kBasicFeatures and those of `wanted` that the card may
  /// have; queue q gets vector q + 1.
  bool bring_up(uint64_t wanted);
  void finish_bring_up(uint64_t features);

  uint64_t allocate(uint64_t size, uint64_t align = 16);
  /// All memory is free again; the card must have been reset.
  void free_all() { next_ = hw::HostMemory::kArenaBase + 4096; }
  /// Memory that the card may write.
  uint64_t writable(uint64_t size) {
    const uint64_t address = allocate(size);
    host.guard.allow(address, size);
    return address;
  }
  void desc(const Ring& ring, unsigned index, uint64_t address, uint32_t length, uint16_t flags = 0,
            uint16_t next = 0) {
    table(ring.desc, index, address, length, flags, next);
  }
  void table(uint64_t base, unsigned index, uint64_t address, uint32_t length, uint16_t flags = 0,
             uint16_t next = 0) {
    host.store(base + uint64_t{16} * index, formats::VirtqDesc{address, length, flags, next});
  }
  void give(Ring& ring, uint16_t head) {
    host.store(ring.avail + SplitRing::avail_entry(ring.avail_idx % ring.size), head);
    ++ring.avail_idx;
    host.store(ring.avail + SplitRing::kAvailIdx, ring.avail_idx);
  }
  void kick(const Ring& ring) { kick(ring.index); }
  void kick(unsigned queue) {
    set(BarLayout::kNotify + BarLayout::kNotifyMultiplier * queue, 2, queue);
  }
  /// One descriptor, made available and kicked.
  void post(Ring& ring, uint64_t address, uint32_t length, uint16_t flags = 0, uint16_t next = 0) {
    desc(ring, 0, address, length, flags, next);
    give(ring, 0);
    kick(ring);
  }
  uint16_t used_idx(const Ring& ring) {
    return host.load<uint16_t>(ring.used + SplitRing::kUsedIdx);
  }

  // -- traffic
  /// Buffers of kBufferBytes in the receive ring, which the card may write.
  void post_receive(unsigned count);
  /// A frame of `bytes` goes out from a buffer of its own slot.
  void transmit_frame(uint32_t bytes);
  void frame_to_card(uint32_t bytes = 100);
  /// A frame each way on the rings as they are.
  bool carries_traffic();
  /// Reset, new rings, a frame each way.
  bool recovers();

  RawHost& host;
  Ring rx, tx, control;
  uint64_t features = 0;
  std::string failure;
  uint64_t checks = 0;

 private:
  uint64_t next_;
  uint64_t rx_buffers_ = 0, tx_buffers_ = 0;
};

}  // namespace ringside::hostile
