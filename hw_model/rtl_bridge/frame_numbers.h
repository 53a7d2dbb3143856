// SPDX-License-Identifier: Apache-2.0
// Which frame is meant where the card's trace counts: it knows the numbers of its own alone.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "hw_model/wire/frame.h"

namespace ringside::hw {

/// Received and sent frames are counted from 0 by the card, each on its own.
class FrameNumbers {
 public:
  /// What the trace has for a frame that the card drops before it is one.
  static constexpr uint32_t kNone = ~uint32_t{0};
  /// `pool` outlives it.
  explicit FrameNumbers(FramePool& pool) : pool_(pool), received_(kHeld), sent_(kHeld) {}

  /// The MAC gave the next frame to the card.
  void received(const Frame& frame) { received_[next_received_++ % kHeld] = frame.id; }
  uint64_t id_of_received(uint32_t number) const { return received_[number % kHeld]; }

  /// The card began frame `number` to send: it gets a name before it is whole. A frame of that
  /// number that was begun before was given up.
  uint64_t begin_sent(uint32_t number, uint16_t queue) {
    Slot& slot = sent_[number % kHeld];
    slot.frame = pool_.make();
    slot.id = slot.frame->id;
    slot.number = number;
    slot.queue = queue;
    return slot.id;
  }
  uint64_t id_of_sent(uint32_t number) const {
    const Slot& slot = sent_[number % kHeld];
    return slot.number == number ? slot.id : 0;
  }
  /// The queue of the frame that take_sent() gave last.
  uint16_t queue_of_last_sent() const { return sent_[(next_sent_ - 1) % kHeld].queue; }
  /// The next frame that goes to the MAC, empty.
  FramePtr take_sent() {
    const uint32_t number = next_sent_++;
    Slot& slot = sent_[number % kHeld];
    if (slot.number != number || !slot.frame) return pool_.make();
    // Its name stays: records may still come.
    return std::exchange(slot.frame, {});
  }

 private:
  /// Frames that the card's trace can still mean: more than its buffers hold.
  static constexpr uint32_t kHeld = 16384;
  struct Slot {
    FramePtr frame;
    uint64_t id = 0;
    uint32_t number = 0;
    uint16_t queue = 0;
  };
  FramePool& pool_;
  std::vector<uint64_t> received_;
  std::vector<Slot> sent_;
  uint32_t next_received_ = 0;
  uint32_t next_sent_ = 0;
};

}  // namespace ringside::hw
