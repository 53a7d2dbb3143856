// SPDX-License-Identifier: Apache-2.0
// The card's memory for received frames that wait for buffers, and how receive queues share it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "hw_model/core/counters.h"
#include "hw_model/registers/card_mutants.h"
#include "hw_model/registers/management_interface.h"

namespace ringside::hw {

/// Accounts for the bytes of waiting frames; the frames are elsewhere. All sizes in bytes.
///
/// The rule of sharing: of n queue pairs that are switched on each has a part of its own, which is
/// 1/2n of the buffer or the largest frame, whichever is more; the rest is for all. A frame is
/// taken if the buffer then holds what every pair has or is promised: if the sum over the pairs of
/// max(held, part) is at most the capacity. With one pair that is the whole buffer. It is sharing
/// with minimum allocation (Kamoun and Kleinrock, IEEE Trans. Commun. 28(7), 1980). A threshold
/// that follows the free space (Choudhury and Hahne, 1998) would not do, because a queue whose
/// driver gives no buffers never drains: each further one would leave half of what is left.
class ReceiveBuffer {
 public:
  /// `capacity` is at least `largest_frame` for each pair that can be switched on.
  ReceiveBuffer(uint32_t capacity, uint32_t largest_frame)
      : capacity_(capacity), largest_frame_(largest_frame) {
    divide(1);
  }
  /// `pairs` are on, 1 to RS_MAX_QUEUE_PAIRS. The caller drops frames of the others, and then of
  /// fullest() while overcommitted().
  void divide(unsigned pairs) {
    pairs_ = pairs;
    part_ = pairs == 1 ? 0 : std::max(capacity_ / (2 * pairs), largest_frame_);
  }
  /// Why a frame of `bytes` for `pair` cannot be taken; Counter::kCount if it can.
  Counter refusal(unsigned pair, uint64_t bytes) const {
    if (occupancy_ + bytes > capacity_) return Counter::kRxDropBufferFull;
    if (pairs_ == 1 || rs_mutant(RS_MUTANT_RECEIVE_QUEUE_TAKES_ALL)) return Counter::kCount;
    const uint64_t before = std::max(held_[pair], part_);
    const uint64_t after = std::max<uint64_t>(held_[pair] + bytes, part_);
    return committed() - before + after > capacity_ ? Counter::kRxDropQueueShare : Counter::kCount;
  }
  void take(unsigned pair, uint32_t bytes) {
    held_[pair] += bytes;
    occupancy_ += bytes;
  }
  void release(unsigned pair, uint32_t bytes) {
    held_[pair] -= bytes;
    occupancy_ -= bytes;
  }
  /// A pair holds what is now part of another.
  bool overcommitted() const { return committed() > capacity_; }
  unsigned fullest() const {
    return static_cast<unsigned>(std::max_element(held_.begin(), held_.end()) - held_.begin());
  }
  uint32_t occupancy() const { return occupancy_; }

 private:
  uint64_t committed() const {
    uint64_t sum = 0;
    for (unsigned pair = 0; pair < pairs_; ++pair) sum += std::max(held_[pair], part_);
    return sum;
  }
  uint32_t capacity_, largest_frame_;
  unsigned pairs_ = 1;
  uint32_t part_ = 0;
  uint32_t occupancy_ = 0;
  std::array<uint32_t, RS_MAX_QUEUE_PAIRS> held_{};
};

}  // namespace ringside::hw
