// SPDX-License-Identifier: Apache-2.0
// See event_check.h.
#include "hw_model/diff/event_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace ringside::hw {

namespace {

using Regs = ManagementRegs;

constexpr uint32_t kAll = ~uint32_t{0};

/// Whether a control command has bytes in the register.
bool has_control(const rs_event& event, uint32_t offset) {
  const uint32_t bytes = std::min<uint32_t>(event.value, RS_CONTROL_BYTES);
  return offset >= Regs::kEventControl && offset < Regs::kEventControl + bytes;
}

/// Bits of the register at `offset` that mean something in `event` (management.toml).
uint32_t meaning(const rs_event& event, uint32_t offset) {
  if (offset == Regs::kEventKind || offset == Regs::kEventSequence) return kAll;
  const bool link = offset == Regs::kEventLinkSpeed || offset == Regs::kEventLink;
  switch (event.kind) {
    case RS_EVENT_POWER_ON:  // what a card can do, it knows itself
    case RS_EVENT_LINK:
      return link ? kAll : 0;
    case RS_EVENT_STATUS_WRITE:
      if (offset == Regs::kEventQueue) return Regs::kEventQueueFeaturesBeyondMask;
      return offset == Regs::kEventValue || offset == Regs::kEventFeaturesLo ||
                     offset == Regs::kEventFeaturesHi
                 ? kAll
                 : 0;
    case RS_EVENT_QUEUE_ENABLE:
    case RS_EVENT_DEVICE_ERROR:
    case RS_EVENT_CONTROL:
      break;
    default:
      return 0;
  }
  if (offset == Regs::kEventValue) return kAll;
  if (offset == Regs::kEventQueue) return Regs::kEventQueueQueueMask;
  if (event.kind == RS_EVENT_CONTROL) return has_control(event, offset) ? kAll : 0;
  const bool context = offset >= Regs::kEventDescLo && offset <= Regs::kEventResumed;
  return event.kind == RS_EVENT_QUEUE_ENABLE && context ? kAll : 0;
}

}  // namespace

void EventCheck::post() {
  if (coming_.empty()) return;
  block_.post(coming_.front());
  coming_.pop_front();
}

void EventCheck::pop() { block_.write(Regs::kEventPop, Regs::kEventPopPopMask); }

std::string EventCheck::read(uint32_t offset, uint32_t value) {
  if (block_.events().empty()) {
    if (offset != Regs::kEventKind || value == RS_EVENT_NONE) return {};
    return fmt::format("firmware sees an event of kind {}, which was not posted", value);
  }
  const rs_event& event = block_.events().front();
  const uint32_t expected = block_.read(offset);
  if (((value ^ expected) & meaning(event, offset)) == 0) return {};
  return fmt::format(
      "firmware reads {:#x} from management register {:#05x} in event {} of kind {}, expected "
      "{:#x}",
      value, offset, event.sequence, event.kind, expected);
}

}  // namespace ringside::hw
