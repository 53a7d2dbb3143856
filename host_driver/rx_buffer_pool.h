// SPDX-License-Identifier: Apache-2.0
// Receive buffers: allocated and mapped once, then moving between the pool, the ring and the
// client.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "host_driver/mutants.h"
#include "host_driver/net_device.h"
#include "host_driver/pci_access.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

/// take() and put() belong to one context, the receive poll; give_back() may come from any.
class RxBufferPool {
 public:
  explicit RxBufferPool(PciAccess& pci) : pci_(pci) {}
  RxBufferPool(const RxBufferPool&) = delete;
  RxBufferPool& operator=(const RxBufferPool&) = delete;
  ~RxBufferPool() { free_all(); }

  /// Sets the number of buffers and their size; memory is taken when buffers are first needed.
  /// Keeps what it has if that is the same; else fails while the client holds any.
  Status configure(uint32_t count, uint32_t buffer_bytes);

  uint32_t buffer_bytes() const { return buffer_bytes_; }
  std::byte* data(RxBufferId id) const { return buffers_[id].data; }
  BusAddress bus(RxBufferId id) const { return buffers_[id].bus; }

  /// A buffer to post; false if the client holds too many or memory is short.
  bool take(RxBufferId* id);
  /// A buffer comes back from the ring without reaching the client.
  void put(RxBufferId id);
  /// The client owns the buffer now.
  void hand_over(RxBufferId id);
  /// The client is done with the buffer. False, and nothing happens, if it never had it.
  bool give_back(RxBufferId id);

 private:
  enum class Owner : uint8_t { kNobody, kPool, kRing, kClient };
  struct Buffer {
    std::byte* data = nullptr;
    BusAddress bus = 0;
    std::atomic<Owner> owner{Owner::kNobody};
    uint32_t next = kNone;  ///< in the list of returned buffers
  };
  static constexpr uint32_t kNone = ~uint32_t{0};

  bool grow();
  void free_all();

  PciAccess& pci_;
  uint32_t count_ = 0;
  uint32_t buffer_bytes_ = 0;
  uint32_t allocated_ = 0;
  std::unique_ptr<Buffer[]> buffers_;
  std::vector<RxBufferId> free_;
  /// Head of the list of buffers that came back: many push, the poll takes all at once.
  std::atomic<uint32_t> returned_{kNone};
};

inline bool RxBufferPool::take(RxBufferId* id) {
  if (free_.empty()) {
    for (uint32_t i = returned_.exchange(kNone, std::memory_order_acquire); i != kNone;
         i = buffers_[i].next) {
      free_.push_back(i);
    }
    if (free_.empty() && !grow()) return false;
  }
  *id = free_.back();
  free_.pop_back();
  buffers_[*id].owner.store(Owner::kRing, std::memory_order_relaxed);
  return true;
}

inline void RxBufferPool::put(RxBufferId id) {
  buffers_[id].owner.store(Owner::kPool, std::memory_order_relaxed);
  free_.push_back(id);
}

inline void RxBufferPool::hand_over(RxBufferId id) {
  if (mutant(Mutant::kReceiveBufferRepostedEarly)) return put(id);
  buffers_[id].owner.store(Owner::kClient, std::memory_order_relaxed);
}

inline bool RxBufferPool::give_back(RxBufferId id) {
  if (id >= count_) return false;
  if (buffers_[id].owner.load(std::memory_order_relaxed) != Owner::kClient) {
    return mutant(Mutant::kReceiveBufferRepostedEarly);
  }
  buffers_[id].owner.store(Owner::kPool, std::memory_order_relaxed);
  uint32_t head = returned_.load(std::memory_order_relaxed);
  do {
    buffers_[id].next = head;
  } while (!returned_.compare_exchange_weak(head, id, std::memory_order_release,
                                            std::memory_order_relaxed));
  return true;
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
