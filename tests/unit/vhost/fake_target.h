// SPDX-License-Identifier: Apache-2.0
// A card that checks what a session promises to a target, and remembers what it was told.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "formats/virtio.h"
#include "testbench/vhost/vhost_target.h"

namespace ringside::test {

class FakeTarget final : public tb::VhostTarget {
 public:
  static constexpr uint64_t kFeatures =
      formats::feature_bit(VIRTIO_F_VERSION_1) | formats::feature_bit(VIRTIO_NET_F_MRG_RXBUF) |
      formats::feature_bit(VIRTIO_F_EVENT_IDX) | formats::feature_bit(VIRTIO_NET_F_MQ);
  struct Queue {
    bool running = false, enabled = false;
    uint64_t kicks = 0;
    tb::VhostQueue setup;
  };

  uint64_t features() const override { return kFeatures; }
  unsigned queue_pairs() const override { return 2; }
  uint16_t queue_size_max() const override { return 1024; }
  uint16_t mtu() const override { return 9000; }

  void attach(tb::VhostPeer* attached) override {
    note(attached != nullptr ? "attach" : "detach");
    expect((attached != nullptr) != (peer != nullptr), "attach and detach take turns");
    peer = attached;
    work_ = 1000;
    if (attached != nullptr) return;
    touch_memory();
    for (Queue& queue : queues) queue = Queue{};
    memory.clear();
  }
  Status set_memory(const std::vector<tb::VhostRegion>& regions) override {
    note("memory " + std::to_string(regions.size()));
    touch_memory();  // what goes is there until this returns
    if (refuse == "memory") return Status::failure("no such memory");
    memory = regions;
    touch_memory();
    for (const Queue& queue : queues) {
      if (queue.running) check_rings(queue.setup);
    }
    return Status::success();
  }
  Status set_features(uint64_t features) override {
    note("features");
    expect((features & ~kFeatures) == 0, "features were offered");
    for (const Queue& queue : queues) expect(!queue.running, "no queue runs at set_features");
    if (refuse == "features") return Status::failure("VERSION_1 is needed");
    acknowledged = features;
    return Status::success();
  }
  Status start(unsigned index, const tb::VhostQueue& setup) override {
    note("start " + std::to_string(index) + " size " + std::to_string(setup.size) + " base " +
         std::to_string(setup.base));
    if (refuse == "start") return Status::failure("the card refuses it");
    Queue& queue = at(index);
    expect(!queue.running, "a queue that runs is not started");
    expect(
        setup.size != 0 && (setup.size & (setup.size - 1)) == 0 && setup.size <= queue_size_max(),
        "the size is possible");
    check_rings(setup);
    queue = Queue{true, false, 0, setup};
    return Status::success();
  }
  uint16_t stop(unsigned index) override {
    note("stop " + std::to_string(index));
    Queue& queue = at(index);
    expect(queue.running, "a queue that does not run is not stopped");
    queue.running = false;
    return static_cast<uint16_t>(queue.setup.base + queue.kicks);
  }
  void enable(unsigned index, bool enabled) override {
    note(std::string(enabled ? "enable " : "disable ") + std::to_string(index));
    expect(at(index).running, "a queue that does not run is not enabled");
    at(index).enabled = enabled;
  }
  void kick(unsigned index) override {
    expect(at(index).running, "a queue that does not run is not kicked");
    ++at(index).kicks;
    touch_rings(at(index).setup);
    // One descriptor may be kick and call: a card without work calls no more.
    if (echo && peer != nullptr && work_ != 0) {
      --work_;
      peer->call(index);
    }
    if (break_on_kick && peer != nullptr) peer->broken("DEVICE_NEEDS_RESET");
  }

  /// Everything since the last call of this.
  std::vector<std::string> take_log() { return std::exchange(log_, {}); }
  /// Promises that were broken.
  std::vector<std::string> wrongs;

  std::byte* find(uint64_t bus, std::size_t size) const {
    for (const tb::VhostRegion& region : memory) {
      if (bus >= region.bus && bus - region.bus <= region.size &&
          size <= region.size - (bus - region.bus)) {
        return region.data + (bus - region.bus);
      }
    }
    return nullptr;
  }

  tb::VhostPeer* peer = nullptr;
  std::vector<tb::VhostRegion> memory;
  uint64_t acknowledged = 0;
  Queue queues[4];
  std::string refuse;  ///< what fails: memory, features, start
  bool echo = false;   ///< a kick is answered by a call
  bool break_on_kick = false;

 private:
  Queue& at(unsigned index) {
    expect(index < 4, "the queue exists");
    return queues[index % 4];
  }
  void note(std::string what) { log_.push_back(std::move(what)); }
  void expect(bool holds, const char* what) {
    if (!holds) wrongs.emplace_back(what);
  }
  void check_rings(const tb::VhostQueue& setup) {
    using formats::SplitRing;
    expect(find(setup.descriptors, SplitRing::desc_bytes(setup.size)) != nullptr &&
               find(setup.available, SplitRing::avail_bytes(setup.size)) != nullptr &&
               find(setup.used, SplitRing::used_bytes(setup.size)) != nullptr,
           "rings lie in memory");
    expect(setup.descriptors % SplitRing::kDescAlign == 0 &&
               setup.available % SplitRing::kAvailAlign == 0 &&
               setup.used % SplitRing::kUsedAlign == 0,
           "rings are aligned");
  }
  static void touch(volatile std::byte* at) { *at = *at; }
  /// First and last byte of all that is mapped: as DMA would.
  void touch_memory() {
    for (const tb::VhostRegion& region : memory) {
      touch(region.data);
      touch(region.data + region.size - 1);
    }
  }
  void touch_rings(const tb::VhostQueue& setup) {
    using formats::SplitRing;
    if (std::byte* used = find(setup.used, SplitRing::used_bytes(setup.size))) touch(used);
    if (std::byte* table = find(setup.descriptors, SplitRing::desc_bytes(setup.size))) touch(table);
  }

  unsigned work_ = 0;
  std::vector<std::string> log_;
};

}  // namespace ringside::test
