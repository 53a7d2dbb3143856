// SPDX-License-Identifier: Apache-2.0
// Two cards on a link, loosely timed unless a test says otherwise, each behind a root port, with a
// hand-written driver each: what tests and measurements of a model need, without host_driver.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "firmware/native.h"
#include "formats/virtio.h"
#include "hw_model/core/bar_layout.h"
#include "hw_model/core/pci_config.h"
#include "hw_model/pcie/host_memory.h"
#include "hw_model/pcie/root_port.h"
#include "hw_model/tlm/lt_nic.h"
#include "hw_model/wire/link.h"
#include "tests/support/gtest.h"
#include "tests/support/sim_thread.h"

namespace ringside::test {

using formats::CommonCfg;
using formats::SplitRing;
using hw::BarLayout;

/// A split virtqueue in host memory with fixed buffers: descriptor i is buffer i.
struct TestQueue {
  unsigned index = 0;
  uint16_t size = 0;
  uint64_t desc = 0, avail = 0, used = 0, buffers = 0;
  uint32_t buffer_bytes = 0;
  uint16_t avail_idx = 0, used_seen = 0;
};

/// A host with one card: memory, root port, interrupts counted by vector.
class LtHost : public hw::InterruptSink {
 public:
  /// More than any card has; the card ignores writes beyond its table.
  static constexpr unsigned kVectors = 32;
  /// What makes the cards: tests of other models put theirs here.
  static inline std::unique_ptr<hw::NicModel> (*make)(const char*, const hw::NicConfig&,
                                                      std::unique_ptr<hw::ControlPlane>,
                                                      hw::FramePool&) = hw::make_lt_nic;

  LtHost(const std::string& name, const hw::NicConfig& config, hw::FramePool& pool,
         const rs_firmware_ops& firmware = *rs_firmware_native())
      : memory(16 << 20), port((name + "_port").c_str(), 0, memory, *this) {
    nic = make((name + "_nic").c_str(), config,
               hw::make_native_control_plane((name + "_firmware").c_str(), firmware,
                                             config.management_latency_ps),
               pool);
    port.down.bind(nic->pcie_target());
    nic->pcie_initiator().bind(port.up);
    port.set_sizes(nic->link_config().mps, nic->link_config().mrrs);
  }

  void msi(unsigned, uint32_t data) override {
    ++messages[data % kVectors];
    if (on_interrupt) on_interrupt(data % kVectors);
  }
  void intx(unsigned, bool asserted) override {
    intx_level = asserted;
    ++intx_changes;
  }

  // -- from an SC_THREAD
  uint64_t get(uint32_t offset, unsigned width) { return port.memory_read(bar() + offset, width); }
  void set(uint32_t offset, unsigned width, uint64_t value) {
    port.memory_write(bar() + offset, width, value);
  }
  uint64_t bar() { return port.bar_address(0); }
  void enable_pci(bool msix) {
    port.enumerate();
    port.config_write(hw::PciConfig::kCommand, 2, 0x6);
    if (!msix) return;
    for (unsigned vector = 0; vector < kVectors; ++vector) {
      set(BarLayout::kMsixTable + 16 * vector, 4, hw::RootPort::kMsiWindow);
      set(BarLayout::kMsixTable + 16 * vector + 8, 4, vector);
      set(BarLayout::kMsixTable + 16 * vector + 12, 4, 0);
    }
    port.config_write(hw::PciConfig::kMsixCap + 2, 2, 0x8000);
  }
  uint8_t status() { return static_cast<uint8_t>(get(CommonCfg::kDeviceStatus, 1)); }
  void set_status(uint8_t value) { set(CommonCfg::kDeviceStatus, 1, value); }
  uint8_t negotiate(uint64_t features) {
    set_status(0);
    if (status() != 0) return 0xFF;
    set_status(1);
    set_status(3);
    for (unsigned word = 0; word < 2; ++word) {
      set(CommonCfg::kDriverFeatureSelect, 4, word);
      set(CommonCfg::kDriverFeature, 4, (features >> (32 * word)) & 0xFFFFFFFF);
    }
    set_status(11);
    return status();
  }
  uint64_t allocate(uint64_t size) {
    next_ = (next_ + 63) / 64 * 64;
    const uint64_t address = next_;
    next_ += size;
    return address;
  }
  /// Ring and buffers of queue `index`, enabled with MSI-X vector `vector`.
  TestQueue make_queue(unsigned index, uint16_t size, uint32_t buffer_bytes, uint16_t vector) {
    TestQueue queue;
    queue.index = index;
    queue.size = size;
    queue.desc = allocate(SplitRing::desc_bytes(size));
    queue.avail = allocate(SplitRing::avail_bytes(size));
    queue.used = allocate(SplitRing::used_bytes(size));
    queue.buffers = allocate(uint64_t{buffer_bytes} * size);
    queue.buffer_bytes = buffer_bytes;
    const uint16_t flags = index % 2 == 0 ? VIRTQ_DESC_F_WRITE : 0;
    for (unsigned i = 0; i < size; ++i) {
      store(queue.desc + 16 * i,
            formats::VirtqDesc{queue.buffers + uint64_t{buffer_bytes} * i, buffer_bytes, flags, 0});
    }
    set(CommonCfg::kQueueSelect, 2, index);
    set(CommonCfg::kQueueSize, 2, size);
    set(CommonCfg::kQueueMsixVector, 2, vector);
    set(CommonCfg::kQueueDesc, 8, queue.desc);
    set(CommonCfg::kQueueDriver, 8, queue.avail);
    set(CommonCfg::kQueueDevice, 8, queue.used);
    set(CommonCfg::kQueueEnable, 2, 1);
    return queue;
  }
  /// Makes `count` more buffers available, in order of descriptors.
  void make_available(TestQueue& queue, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const auto slot = static_cast<uint16_t>(queue.avail_idx % queue.size);
      store(queue.avail + SplitRing::avail_entry(slot), slot);
      ++queue.avail_idx;
    }
    store(queue.avail + SplitRing::kAvailIdx, queue.avail_idx);
  }
  void notify(const TestQueue& queue) {
    set(BarLayout::kNotify + BarLayout::kNotifyMultiplier * queue.index, 2, queue.index);
  }
  uint16_t used_idx(const TestQueue& queue) {
    return load<uint16_t>(queue.used + SplitRing::kUsedIdx);
  }
  uint16_t avail_event(const TestQueue& queue) {
    return load<uint16_t>(queue.used + SplitRing::avail_event(queue.size));
  }
  void set_used_event(const TestQueue& queue, uint16_t value) {
    store(queue.avail + SplitRing::used_event(queue.size), value);
  }
  template <typename T>
  T load(uint64_t address) {
    T value;
    std::memcpy(&value, memory.translate(address, sizeof value), sizeof value);
    return value;
  }
  template <typename T>
  void store(uint64_t address, T value) {
    std::memcpy(memory.translate(address, sizeof value), &value, sizeof value);
  }
  uint64_t counter(std::string_view name) const {
    for (const hw::NicCounter& counter : nic->counters()) {
      if (counter.name == name) return counter.value;
    }
    return ~uint64_t{0};
  }

  hw::HostMemory memory;
  hw::RootPort port;
  std::unique_ptr<hw::NicModel> nic;
  uint64_t messages[kVectors] = {};
  bool intx_level = false;
  unsigned intx_changes = 0;
  std::function<void(unsigned)> on_interrupt;

 private:
  uint64_t next_ = hw::HostMemory::kArenaBase + 4096;
};

/// Alice and bob, each with a card, and a link between them.
struct LtPair {
  explicit LtPair(const hw::NicConfig& config = {}, const hw::LinkConfig& wire = {},
                  const rs_firmware_ops& firmware = *rs_firmware_native())
      : link("link", wire), alice("alice", config, pool, firmware), bob("bob", config, pool) {
    alice.nic->connect(link.end(0));
    bob.nic->connect(link.end(1));
  }
  /// Runs `body` in a thread until it returns; false if it did not within a virtual second.
  bool run(std::function<void()> body) {
    SimThread thread("thread", [&] {
      body();
      sc_core::sc_stop();
    });
    sc_core::sc_start(1, sc_core::SC_SEC);
    return thread.finished;
  }
  hw::FramePool pool;
  hw::Link link;
  LtHost alice, bob;
};

constexpr uint64_t kBasic =
    formats::feature_bit(VIRTIO_F_VERSION_1) | formats::feature_bit(VIRTIO_F_ACCESS_PLATFORM) |
    formats::feature_bit(VIRTIO_F_ORDER_PLATFORM) | formats::feature_bit(VIRTIO_NET_F_MAC) |
    formats::feature_bit(VIRTIO_NET_F_STATUS);
constexpr uint64_t kEventIdx = formats::feature_bit(VIRTIO_F_EVENT_IDX);
constexpr uint64_t kMergeable = formats::feature_bit(VIRTIO_NET_F_MRG_RXBUF);

/// One queue pair with a vector for each queue.
struct Rings {
  TestQueue rx, tx;
};

inline Rings bring_up(LtHost& host, uint64_t features, uint16_t size = 64, uint32_t tx_bytes = 72) {
  host.enable_pci(true);
  EXPECT_EQ(host.negotiate(features), 11);
  host.set(CommonCfg::kConfigMsixVector, 2, 0);
  Rings rings{host.make_queue(0, size, 1600, 1), host.make_queue(1, size, tx_bytes, 2)};
  host.set(CommonCfg::kQueueSelect, 2, 1);
  EXPECT_EQ(host.get(CommonCfg::kQueueEnable, 2), 1u);
  host.set_status(15);
  EXPECT_EQ(host.status(), 15);
  return rings;
}

inline void wait_us(unsigned us) { sc_core::wait(us, sc_core::SC_US); }

}  // namespace ringside::test
