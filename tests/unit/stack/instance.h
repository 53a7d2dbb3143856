// SPDX-License-Identifier: Apache-2.0
// Instance: lwIP alone, called through its table of operations.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include "stack/lwip_instance.h"
#include "tests/support/gtest.h"

namespace ringside::test {

/// One instance of lwIP with its memory, and another that works inside its callback.
struct Instance {
  std::unique_ptr<stack::LwipInstance> instance;
  LwipShared shared{};
  std::set<void*> memory;
  Instance* other = nullptr;
  uint64_t others_deadline_ns = 0;  ///< when its callback returned
  unsigned frames = 0;
  unsigned large = 0;          ///< pieces of memory that it got of 2048 bytes or more
  bool large_refused = false;  ///< it gets no more of them
  bool busy = false;

  ~Instance() {
    for (void* left : memory) std::free(left);
  }
  const LwipOperations& lwip() { return instance->operations(); }
  void run_timers() {
    busy = true;
    shared.now_ns = shared.next_deadline_ns;
    lwip().timers();
    busy = false;
  }
  /// Loads it into the object that `first` has; false if instances share none.
  bool load_beside(Instance& first) {
    const LwipOperations* const object = &first.lwip();
    std::string error;
    for (int attempts = 0; attempts < 100; ++attempts) {
      instance = stack::LwipInstance::load(&error);
      if (instance == nullptr) return false;
      if (&lwip() == object) return true;
    }
    return false;
  }
  void* allocate(std::size_t size) {
    if (size >= 2048) {
      if (large_refused) return nullptr;
      ++large;
    }
    return *memory.insert(std::calloc(1, size)).first;
  }
  int transmit(void* frame) {
    ++frames;
    lwip().frame_free(frame);
    if (other != nullptr && !other->busy) other->run_timers();
    if (other != nullptr) others_deadline_ns = other->shared.next_deadline_ns;
    return kLwipOk;
  }
  void start(uint8_t number) {
    LwipCallbacks callbacks{};
    callbacks.context = this;
    callbacks.alloc = [](void* self, size_t size) {
      return static_cast<Instance*>(self)->allocate(size);
    };
    callbacks.free = [](void* self, void* given) {
      const bool own = static_cast<Instance*>(self)->memory.erase(given) == 1;
      EXPECT_TRUE(own) << "memory of another instance";
      if (own) std::free(given);
    };
    callbacks.random = [](void*) { return uint32_t{7}; };
    callbacks.transmit = stack::restoring<[](void* self, void* frame, const LwipSlice*, unsigned) {
      return static_cast<Instance*>(self)->transmit(frame);
    }>;
    LwipSettings settings{};
    settings.tcp_window_bytes = settings.tcp_send_bytes = 65536;
    settings.tcp_timer_ms = 5;
    ASSERT_EQ(lwip().init(&callbacks, &settings, &shared), kLwipOk);
    LwipInterface interface {};
    interface.mac[0] = 2;
    interface.mac[5] = number;
    interface.mtu = 1500;
    interface.v4 = {4, {10, 0, 0, number}, 0};
    interface.v4_prefix_bits = 24;
    interface.hostname = "host";
    ASSERT_EQ(lwip().interface_add(&interface), kLwipOk);
    lwip().interface_set_up(1, 1);
  }
};

}  // namespace ringside::test
