// SPDX-License-Identifier: Apache-2.0
// What goes into the functional core: requests, completions, frames, and the choices that hardware
// may make differently.
#pragma once

#include <cstddef>
#include <cstdint>

#include "formats/units.h"
#include "hw_model/registers/management_interface.h"
#include "hw_model/wire/frame.h"

namespace ringside::hw {

enum class EventKind : uint8_t {
  // -- what happens to the card
  kPowerOn,         ///< once, first
  kConfigRead,      ///< `address` in configuration space, `width`; answered by kReadReply `tag`
  kConfigWrite,     ///< `address`, `width`, `value`; not `ok`: a virtqueue that it resumes is not
                    ///< at rest for whoever decides, and goes on where it is
  kMemoryRead,      ///< `address` is the offset in the BAR; answered by kReadReply `tag`
  kMemoryWrite,     ///< likewise, `value`
  kHoldExpired,     ///< the bound on held reads has passed
  kDmaReadDone,     ///< answers kDmaRead `tag`: `data` (valid during the step), `ok`; `value` 1:
                    ///< it counts although an error stopped the card
  kDmaWriteFailed,  ///< a DMA write was refused
  kMsixHeld,        ///< the message of kMsix with vector `tag` has not left, and may not now: it is
                    ///< pending
  kFrameIn,         ///< `frame` arrived; not `ok`: it is dropped, and counted as
                    ///< Counter `value`
  kFrameSent,       ///< `value` bytes of frames have left the transmit buffer
  kCarrier,         ///< `ok`: up; `value`: speed in Mbit/s
  kCommand,         ///< `command` from the control plane
  // -- choices
  kSampleAvail,       ///< read the available index of `queue`
  kFetchIds,          ///< read the next `count` available ring entries of `queue`
  kFetchDescriptors,  ///< read up to `count` head descriptors of `queue` in one read
  kStartFrame,        ///< transmit: gather the next chain; receive: scatter the oldest
                      ///< frame; control: gather the next command for firmware
  kReturnUsed,        ///< write used entries for `count` whole frames, then the used index
  kReadSuppression,   ///< read used_event or flags afresh, then decide the interrupt
  kArmNotify,         ///< ask for notifications, then read the available index again
  kSuppressNotify,    ///< set NO_NOTIFY (without EVENT_IDX)
  kDropFrame,         ///< drop the oldest received frame that waits for `queue`
};

/// One input of NicCore::step. Fields that a kind does not name are ignored.
struct Event {
  EventKind kind;
  bool ok = true;
  uint8_t width = 0;
  uint16_t queue = 0;
  uint16_t count = 0;
  uint32_t tag = 0;
  uint64_t address = 0;
  uint64_t value = 0;
  ByteView data{};
  const FramePtr* frame = nullptr;
  const rs_command* command = nullptr;

  static Event choice(EventKind kind, uint16_t queue, uint16_t count = 0) {
    Event event{kind};
    event.queue = queue;
    event.count = count;
    return event;
  }
  static Event read(EventKind kind, uint64_t address, uint8_t width, uint32_t tag) {
    Event event{kind};
    event.address = address;
    event.width = width;
    event.tag = tag;
    return event;
  }
  static Event write(EventKind kind, uint64_t address, uint8_t width, uint64_t value) {
    Event event{kind};
    event.address = address;
    event.width = width;
    event.value = value;
    return event;
  }
  static Event dma_done(uint32_t tag, ByteView data) {
    Event event{EventKind::kDmaReadDone};
    event.tag = tag;
    event.data = data;
    return event;
  }
  /// What a card that is followed had used when another error stopped it.
  static Event dma_used_before(uint32_t tag, ByteView data) {
    Event event = dma_done(tag, data);
    event.value = 1;
    return event;
  }
  static Event dma_failed(uint32_t tag) {
    Event event{EventKind::kDmaReadDone};
    event.tag = tag;
    event.ok = false;
    return event;
  }
  static Event msix_held(uint32_t vector) {
    Event event{EventKind::kMsixHeld};
    event.tag = vector;
    return event;
  }
  static Event frame_in(const FramePtr& frame) {
    Event event{EventKind::kFrameIn};
    event.frame = &frame;
    return event;
  }
  static Event frame_sent(uint64_t bytes) {
    Event event{EventKind::kFrameSent};
    event.value = bytes;
    return event;
  }
  static Event carrier(bool up, uint32_t speed_mbps) {
    Event event{EventKind::kCarrier};
    event.ok = up;
    event.value = speed_mbps;
    return event;
  }
  static Event from_command(const rs_command& command) {
    Event event{EventKind::kCommand};
    event.command = &command;
    return event;
  }
};

}  // namespace ringside::hw
