// SPDX-License-Identifier: Apache-2.0
// An Ethernet frame in flight: bytes from destination address to the end of payload, without FCS.
// Reference-counted and pooled, so that a hop costs no allocation and no copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "formats/units.h"

namespace ringside::hw {

class FramePool;

/// Use through FramePtr. Immutable once handed to a port.
class Frame {
 public:
  std::vector<std::byte> bytes;
  /// False: the FCS on the wire does not match (link impairment); the MAC drops and counts it.
  bool fcs_ok = true;
  /// True: a link flipped bit `altered_bit` (bit 0: the lowest of the first byte), and the FCS
  /// matches nevertheless. For reports; nothing that receives it may look.
  bool altered = false;
  uint32_t altered_bit = 0;
  /// Which frame it is, for traces: unique in its pool, never 0. A copy that stands for the same
  /// frame (padding) carries the same.
  uint64_t id = 0;

 private:
  friend class FramePtr;
  friend class FramePool;
  uint32_t references_ = 0;
  FramePool* pool_ = nullptr;
  Frame* next_free_ = nullptr;
};

/// Counted pointer to a frame. Not thread-safe: one simulation, one thread.
class FramePtr {
 public:
  FramePtr() = default;
  explicit FramePtr(Frame* frame) : frame_(frame) { retain(); }
  FramePtr(const FramePtr& other) : frame_(other.frame_) { retain(); }
  FramePtr(FramePtr&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  FramePtr& operator=(FramePtr other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~FramePtr() { release(); }
  Frame* operator->() const { return frame_; }
  Frame& operator*() const { return *frame_; }
  explicit operator bool() const { return frame_ != nullptr; }

 private:
  void retain() {
    if (frame_ != nullptr) ++frame_->references_;
  }
  inline void release();
  Frame* frame_ = nullptr;
};

/// Owns frames and reuses them. Must outlive every FramePtr taken from it.
class FramePool {
 public:
  FramePool() = default;
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool() {
    for (Frame* frame : all_) delete frame;
  }
  /// An empty frame with fcs_ok set, not altered.
  FramePtr make() {
    if (free_ == nullptr) add();
    Frame* frame = std::exchange(free_, free_->next_free_);
    frame->bytes.clear();
    frame->fcs_ok = true;
    frame->altered = false;
    frame->id = ++made_;
    return FramePtr(frame);
  }

 private:
  friend class FramePtr;
  [[gnu::noinline]] void add() {
    free_ = new Frame;
    free_->pool_ = this;
    all_.push_back(free_);
  }
  std::vector<Frame*> all_;
  Frame* free_ = nullptr;  ///< the last that came back; each knows the one before it
  uint64_t made_ = 0;
};

void FramePtr::release() {
  if (frame_ == nullptr || --frame_->references_ != 0) return;
  frame_->next_free_ = std::exchange(frame_->pool_->free_, frame_);
}

}  // namespace ringside::hw
