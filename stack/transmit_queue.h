// SPDX-License-Identifier: Apache-2.0
// TransmitQueue: frames between the interface and the driver, first in, first out, bounded.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "host_driver/net_device.h"

namespace ringside::stack {

/// A frame of lwIP's from the time it is queued until the driver gives it back.
struct TransmitFrame {
  static constexpr unsigned kMaxFragments = 16;
  void* frame = nullptr;  ///< lwIP's; null if `copy` holds the bytes
  void* copy = nullptr;   ///< the pool's
  TransmitFrame* next = nullptr;
  uint32_t bytes = 0;
  unsigned fragment_count = 0;
  std::array<driver::TxFragment, kMaxFragments> fragments;
};

class TransmitQueue {
 public:
  uint32_t size() const { return size_; }
  TransmitFrame* front() const { return head_; }

  void push(TransmitFrame* frame) {
    frame->next = nullptr;
    *end_ = frame;
    end_ = &frame->next;
    ++size_;
  }

  void push_front(TransmitFrame* frame) {
    frame->next = head_;
    if (head_ == nullptr) end_ = &frame->next;
    head_ = frame;
    ++size_;
  }

  TransmitFrame* pop() {
    TransmitFrame* frame = head_;
    head_ = frame->next;
    if (head_ == nullptr) end_ = &head_;
    --size_;
    return frame;
  }

  /// A frame to fill; the queue owns its memory.
  TransmitFrame* take() {
    if (free_ == nullptr) {
      blocks_.push_back(std::make_unique<Block>());
      for (TransmitFrame& frame : *blocks_.back()) give(&frame);
    }
    TransmitFrame* frame = free_;
    free_ = frame->next;
    return frame;
  }

  void give(TransmitFrame* frame) {
    frame->next = free_;
    free_ = frame;
  }

 private:
  using Block = std::array<TransmitFrame, 64>;
  std::vector<std::unique_ptr<Block>> blocks_;
  TransmitFrame* free_ = nullptr;
  TransmitFrame* head_ = nullptr;
  TransmitFrame** end_ = &head_;
  uint32_t size_ = 0;
};

}  // namespace ringside::stack
