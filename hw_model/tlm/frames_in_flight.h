// SPDX-License-Identifier: Apache-2.0
// Frames given to the port whose last bit has not left: they still fill the transmit buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// Oldest first; grows to what it once held and then allocates no more.
class FramesInFlight {
 public:
  bool empty() const { return head_ == tail_; }
  void push(TimePs end_ps, uint32_t bytes) {
    if (tail_ - head_ == slots_.size()) grow();
    slots_[tail_++ & mask()] = {end_ps, bytes};
  }
  /// Forgets the frames whose last bit has left by `now_ps`; returns their bytes.
  uint64_t drain(TimePs now_ps) {
    uint64_t bytes = 0;
    while (!empty() && slots_[head_ & mask()].end_ps <= now_ps) {
      bytes += slots_[head_++ & mask()].bytes;
    }
    return bytes;
  }
  /// When `bytes` of what is held, or all of it, will have left; `now_ps` if nothing is held.
  TimePs time_of_room(uint64_t bytes, TimePs now_ps) const {
    uint64_t freed = 0;
    TimePs at_ps = now_ps;
    for (std::size_t i = head_; i != tail_ && freed < bytes; ++i) {
      freed += slots_[i & mask()].bytes;
      at_ps = slots_[i & mask()].end_ps;
    }
    return at_ps;
  }

 private:
  struct Entry {
    TimePs end_ps;
    uint32_t bytes;
  };
  std::size_t mask() const { return slots_.size() - 1; }
  void grow() {
    std::vector<Entry> larger(2 * slots_.size());
    for (std::size_t i = head_; i != tail_; ++i)
      larger[i & (larger.size() - 1)] = slots_[i & mask()];
    slots_ = std::move(larger);
  }
  std::vector<Entry> slots_{256};
  std::size_t head_ = 0, tail_ = 0;
};

}  // namespace ringside::hw
