// SPDX-License-Identifier: Apache-2.0
// One split virtqueue as the card sees it: the driver's registers, the context that firmware
// programmed, ring positions, and the window of chains in work (virtio 1.4, "Split Virtqueues").
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "formats/virtio.h"
#include "hw_model/registers/management_interface.h"
#include "hw_model/wire/frame.h"

namespace ringside::hw {

/// An event that is mapped to no MSI-X vector.
inline constexpr uint16_t kNoVector = VIRTIO_MSI_NO_VECTOR;

/// Part of a chain in host memory.
struct Segment {
  uint64_t address;
  uint32_t size;
};

enum class ChainState : uint8_t {
  kIdPending,  ///< its available ring entry is being read
  kHasId,      ///< head known, descriptor not asked for
  kWalking,    ///< descriptors are being read
  kDescribed,  ///< whole and valid
  kPayload,    ///< payload is being read; control: or firmware is at it
  kDone,       ///< to be returned in the used ring
};

/// A descriptor chain in work, from the available ring to the used ring.
struct Chain {
  ChainState state = ChainState::kIdPending;
  bool frame_end = true;     ///< the last chain of its frame
  uint8_t ack = 0;           ///< control: firmware's answer
  uint16_t id = 0;           ///< head descriptor
  uint32_t walked = 0;       ///< descriptors seen
  uint32_t readable = 0;     ///< segments that the device reads; the others it writes
  uint32_t outstanding = 0;  ///< payload reads not answered
  uint32_t frame_bytes = 0;  ///< transmit: of `frame`, once whole
  uint32_t used_length = 0;
  uint64_t readable_bytes = 0;
  uint64_t writable_bytes = 0;
  std::vector<Segment> segments;
  FramePtr frame;  ///< transmit: the frame being gathered; null if it is dropped
};

struct Queue {
  /// Chains in work at once.
  static constexpr uint32_t kWindow = 64;
  /// Available ring entries and descriptors in one read.
  static constexpr uint16_t kBatch = 32;

  // -- what the driver wrote
  uint16_t size_register = 0;
  uint16_t vector = kNoVector;
  bool enable_pending = false;  ///< a write to queue_enable awaits its acknowledgement
  uint32_t enable_sequence = 0;
  uint64_t desc_register = 0, driver_register = 0, device_register = 0;
  uint16_t index_register = 0;  ///< RingState::kIndex
  bool index_written = false;
  bool suspended = false;

  // -- what firmware programmed
  bool enabled = false;
  bool taking = false;  ///< enabled and not suspended
  rs_queue_context context{};

  // -- positions, free-running
  uint16_t avail_seen = 0;      ///< available index last sampled
  uint16_t avail_next = 0;      ///< next available entry to fetch
  uint16_t used_next = 0;       ///< used index last written
  uint16_t used_signalled = 0;  ///< used index at the last interrupt decision
  bool sampling = false;        ///< a read of the available index is under way
  bool deciding = false;        ///< a read of used_event or flags is under way
  bool armed = true;            ///< the driver will notify of the next buffer
  bool no_notify = false;       ///< NO_NOTIFY is set

  // -- chains: positions that only grow; slot is position modulo kWindow.
  //    returned <= done <= started <= head <= allocated
  uint32_t returned = 0, done = 0, started = 0, head = 0, allocated = 0;
  std::array<Chain, kWindow> chains;
  uint32_t frames_done = 0, frames_returned = 0;

  Chain& chain(uint32_t position) { return chains[position % kWindow]; }
  const Chain& chain(uint32_t position) const { return chains[position % kWindow]; }

  /// Available entries that one kFetchIds may read: announced, with room, up to the ring's end.
  uint16_t ids_fetchable() const {
    const uint32_t known = static_cast<uint16_t>(avail_seen - avail_next);
    const uint32_t room = kWindow - (allocated - returned);
    const uint32_t to_end = context.size - avail_next % context.size;
    return static_cast<uint16_t>(std::min({known, room, to_end, uint32_t{kBatch}}));
  }
  bool head_fetchable() const {
    return head != allocated && chain(head).state == ChainState::kHasId;
  }
  bool next_described() const {
    return started != head && chain(started).state == ChainState::kDescribed;
  }
  uint32_t returnable() const { return frames_done - frames_returned; }
  /// Announced buffers wait for room in the window.
  bool window_full() const { return allocated - returned == kWindow && avail_seen != avail_next; }

  /// What was begun is returned, and whether the driver is told is decided.
  bool settled() const { return started == returned && used_next == used_signalled; }
  /// Gives up what was fetched and not begun: it will be fetched again.
  void rewind() {
    returned = done = started = head = allocated;
    avail_seen = avail_next = used_next;
  }
  /// Begins with the rings of `context`.
  void enable(const rs_queue_context& from, bool event_idx) {
    context = from;
    enabled = true;
    taking = !suspended;
    avail_seen = avail_next = used_next = used_signalled = from.index;
    if (from.resumed != 0) forget_notification(event_idx);
  }
  /// What the driver was last told about notifications is not known.
  void forget_notification(bool event_idx) {
    armed = false;
    no_notify = !event_idx;
  }

  /// Forgets ring, chains and registers; `size_max` is what the driver may set again.
  void reset(uint16_t size_max) {
    size_register = size_max;
    vector = kNoVector;
    enable_pending = false;
    desc_register = driver_register = device_register = 0;
    index_register = 0;
    index_written = suspended = enabled = taking = false;
    context = {};
    avail_seen = avail_next = used_next = used_signalled = 0;
    sampling = deciding = no_notify = false;
    armed = true;
    for (; returned != allocated; ++returned) chain(returned).frame = FramePtr();
    returned = done = started = head = allocated = 0;
    frames_done = frames_returned = 0;
  }
};

/// Frames in order of arrival; grows to what it once held and then allocates no more.
class FrameFifo {
 public:
  bool empty() const { return head_ == tail_; }
  const FramePtr& front() const { return slots_[head_ & mask()]; }
  void push(const FramePtr& frame) {
    if (tail_ - head_ == slots_.size()) grow();
    slots_[tail_++ & mask()] = frame;
  }
  void pop() { slots_[head_++ & mask()] = FramePtr(); }

 private:
  std::size_t mask() const { return slots_.size() - 1; }
  void grow() {
    std::vector<FramePtr> larger(2 * slots_.size());
    for (std::size_t i = head_; i != tail_; ++i) {
      larger[i & (larger.size() - 1)] = std::move(slots_[i & mask()]);
    }
    slots_ = std::move(larger);
  }
  std::vector<FramePtr> slots_{16};
  std::size_t head_ = 0, tail_ = 0;
};

}  // namespace ringside::hw
