// SPDX-License-Identifier: Apache-2.0
// A front end in the test's own process: plain memory, real rings, and a card behind a CardHost
// whose wire ends in the test.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/virtio.h"
#include "hw_model/wire/link.h"
#include "testbench/external/external_loop.h"
#include "testbench/run/make_nic.h"
#include "testbench/serve/card_host.h"
#include "tests/support/gtest.h"

namespace ringside::test {

using formats::feature_bit;
using formats::SplitRing;
using tb::VhostQueue;
using tb::VhostRegion;

constexpr uint64_t kVersion1 = feature_bit(VIRTIO_F_VERSION_1);
constexpr uint64_t kEventIdx = feature_bit(VIRTIO_F_EVENT_IDX);
constexpr uint64_t kMergeable = feature_bit(VIRTIO_NET_F_MRG_RXBUF);
constexpr uint64_t kMultiQueue = feature_bit(VIRTIO_NET_F_MQ);

/// The other end of the card's wire: keeps what comes, sends what it is given.
class FarEnd : public hw::EthernetReceiver {
 public:
  explicit FarEnd(hw::EthernetPort& port) : port_(port) { port.attach(*this); }
  void receive_frame(const hw::FramePtr& frame, hw::TimePs, hw::TimePs) override {
    frames.push_back(frame->bytes);
  }
  void carrier_change(bool) override {}
  void send(const std::vector<std::byte>& bytes) {
    hw::FramePtr frame = pool_.make();
    frame->bytes = bytes;
    port_.transmit(frame);
  }
  std::vector<std::vector<std::byte>> frames;

 private:
  hw::EthernetPort& port_;
  hw::FramePool pool_;
};

/// A driver's side of a virtqueue in the front end's memory; buffer i belongs to descriptor i.
struct FrontQueue {
  uint16_t size = 0;
  uint64_t desc = 0, avail = 0, used = 0, buffers = 0;
  uint32_t buffer_bytes = 0;
  uint16_t avail_idx = 0, used_seen = 0;
  VhostQueue setup(uint16_t base = 0) const { return {size, base, desc, avail, used}; }
};

class FrontEnd : public tb::VhostPeer {
 public:
  static constexpr std::size_t kBytes = std::size_t{4} << 20;

  explicit FrontEnd(tb::VhostTarget& target, uint64_t bus = 0x1'0000'0000)
      : memory(kBytes), target(target), bus(bus) {
    target.attach(this);
  }

  // VhostPeer
  void call(unsigned queue) override { ++calls[queue]; }
  void broken(const std::string& reason) override { failures.push_back(reason); }

  VhostRegion region() { return {bus, memory.data(), memory.size()}; }
  uint64_t allocate(std::size_t size, std::size_t align = 64) {
    next_ = (next_ + align - 1) / align * align;
    const uint64_t address = bus + next_;
    next_ += size;
    EXPECT_LE(next_, memory.size());
    return address;
  }
  template <typename T>
  T load(uint64_t address) {
    T value;
    std::memcpy(&value, memory.data() + (address - bus), sizeof value);
    return value;
  }
  template <typename T>
  void store(uint64_t address, T value) {
    std::memcpy(memory.data() + (address - bus), &value, sizeof value);
  }
  FrontQueue make_queue(unsigned index, uint16_t size = 64, uint32_t buffer_bytes = 1600) {
    FrontQueue queue;
    queue.size = size;
    queue.desc = allocate(SplitRing::desc_bytes(size));
    queue.avail = allocate(SplitRing::avail_bytes(size));
    queue.used = allocate(SplitRing::used_bytes(size));
    queue.buffers = allocate(std::size_t{buffer_bytes} * size);
    queue.buffer_bytes = buffer_bytes;
    for (unsigned i = 0; i < size; ++i) {
      store(queue.desc + 16 * i,
            formats::VirtqDesc{queue.buffers + uint64_t{buffer_bytes} * i, buffer_bytes,
                               static_cast<uint16_t>(index % 2 == 0 ? VIRTQ_DESC_F_WRITE : 0), 0});
    }
    return queue;
  }
  void make_available(FrontQueue& queue, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const auto slot = static_cast<uint16_t>(queue.avail_idx % queue.size);
      store(queue.avail + SplitRing::avail_entry(slot), slot);
      ++queue.avail_idx;
    }
    store(queue.avail + SplitRing::kAvailIdx, queue.avail_idx);
  }
  /// One frame of `bytes` bytes, each `value`, in the next buffer of a transmit queue.
  void transmit(FrontQueue& queue, uint32_t bytes, unsigned value) {
    const unsigned slot = queue.avail_idx % queue.size;
    const uint64_t at = queue.buffers + uint64_t{queue.buffer_bytes} * slot;
    for (uint32_t i = 0; i < 12; ++i) store<uint8_t>(at + i, 0);
    for (uint32_t i = 0; i < bytes; ++i) store(at + 12 + i, static_cast<uint8_t>(value));
    store(queue.desc + 16 * slot, formats::VirtqDesc{at, 12 + bytes, 0, 0});
    make_available(queue, 1);
  }
  uint16_t used_idx(const FrontQueue& queue) {
    return load<uint16_t>(queue.used + SplitRing::kUsedIdx);
  }
  /// First byte of the frame in received buffer number `index` of the queue.
  unsigned received(const FrontQueue& queue, uint16_t index) {
    const auto element = load<formats::VirtqUsedElem>(
        queue.used + SplitRing::used_entry(static_cast<uint16_t>(index % queue.size)));
    return load<uint8_t>(queue.buffers + uint64_t{queue.buffer_bytes} * element.id + 12);
  }

  std::vector<std::byte> memory;
  tb::VhostTarget& target;
  uint64_t bus;
  std::map<unsigned, unsigned> calls;
  std::vector<std::string> failures;

 private:
  std::size_t next_ = 4096;
};

/// A card of either model behind a CardHost, or that of a shared object.
class Served {
  static std::unique_ptr<hw::NicModel> make(tb::ModelKind model, const hw::NicConfig& config,
                                            const std::string& name, const std::string& library,
                                            hw::FramePool& frames) {
    tb::Nic nic;
    nic.name = name;
    nic.card = library;
    std::unique_ptr<hw::NicModel> made;
    const Status status = tb::make_nic_of(nic, model, config, frames, {}, &made);
    EXPECT_EQ(status.error, "");
    return made;
  }

 public:
  explicit Served(tb::ModelKind model, const hw::NicConfig& config = {},
                  const std::string& name = "card", const std::string& library = {})
      : nic(make(model, config, name, library, frames)),
        link(("link_" + name).c_str(), hw::LinkConfig{}),
        far(link.end(1)),
        host(("host_" + name).c_str(), {.name = name}, *nic,
             [this](const auto& done) { return loop.settle(done); }) {
    nic->connect(link.end(0));
    const Status status = host.boot();
    EXPECT_EQ(status.error, "");
  }
  /// Runs until there is no work.
  void run() {
    loop.settle([] { return false; });
  }
  uint64_t counter(std::string_view name) const {
    for (const hw::NicCounter& counter : nic->counters()) {
      if (counter.name == name) return counter.value;
    }
    return ~uint64_t{0};
  }
  static std::vector<std::byte> frame(uint32_t bytes, unsigned value) {
    return {bytes, static_cast<std::byte>(value)};
  }

  hw::FramePool frames;
  tb::ExternalLoop loop{tb::Pace::kDemand};
  std::unique_ptr<hw::NicModel> nic;
  hw::Link link;
  FarEnd far;
  tb::CardHost host;
};

}  // namespace ringside::test
