// SPDX-License-Identifier: Apache-2.0
// See management_block.h.
#include "hw_model/management/management_block.h"

#include <span>

namespace ringside::hw {

namespace {

using Regs = ManagementRegs;

constexpr uint32_t low(uint64_t value) { return static_cast<uint32_t>(value); }
constexpr uint32_t high(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

/// The word at byte `at` of `bytes`, the first byte in bits 7:0; zeros behind them.
uint32_t word_of(std::span<const uint8_t> bytes, uint32_t at) {
  uint32_t word = 0;
  for (uint32_t i = 0; i < 4 && at + i < bytes.size(); ++i) {
    word |= static_cast<uint32_t>(bytes[at + i]) << (8 * i);
  }
  return word;
}

constexpr uint32_t place(uint32_t value, uint32_t shift, uint32_t mask) {
  return (value << shift) & mask;
}

}  // namespace

void ManagementBlock::post(const rs_event& event) {
  if (event.kind == RS_EVENT_POWER_ON) identity_ = event.identity;
  events_.push_back(event);
}

uint32_t ManagementBlock::read(uint32_t offset) {
  if (offset % 4 != 0) return 0;
  if (offset < Regs::kEventStatus) return read_identity(offset);
  if (CommandWindow::holds(offset)) return window_.read(offset);
  if (offset >= CommandWindow::kEnd || events_.empty()) return 0;
  if (offset == Regs::kEventStatus) return Regs::kEventStatusWaitingMask;
  return read_event(events_.front(), offset);
}

uint32_t ManagementBlock::read_identity(uint32_t offset) const {
  switch (offset) {
    case Regs::kMagic:
      return Regs::kMagicValue;
    case Regs::kVersion:
      return Regs::kVersionValue;
    case Regs::kQueues:
      return place(identity_.queue_pairs, Regs::kQueuesPairsShift, Regs::kQueuesPairsMask) |
             place(identity_.queue_size_max, Regs::kQueuesSizeMaxShift, Regs::kQueuesSizeMaxMask);
    case Regs::kFeaturesLo:
      return low(identity_.features);
    case Regs::kFeaturesHi:
      return high(identity_.features);
    case Regs::kMacLo:
      return word_of(identity_.mac, 0);
    case Regs::kMacHi:
      return word_of(identity_.mac, 4);
    case Regs::kMtu:
      return identity_.mtu;
    default:
      return 0;
  }
}

uint32_t ManagementBlock::read_event(const rs_event& event, uint32_t offset) {
  const rs_queue_context& context = event.context;
  switch (offset) {
    case Regs::kEventKind:
      return event.kind;
    case Regs::kEventSequence:
      return event.sequence;
    case Regs::kEventValue:
      return event.value;
    case Regs::kEventQueue:
      return place(event.queue, Regs::kEventQueueQueueShift, Regs::kEventQueueQueueMask) |
             (event.features_beyond != 0 ? Regs::kEventQueueFeaturesBeyondMask : 0);
    case Regs::kEventFeaturesLo:
      return low(event.driver_features);
    case Regs::kEventFeaturesHi:
      return high(event.driver_features);
    case Regs::kEventLinkSpeed:
      return event.link.speed_mbps;
    case Regs::kEventLink:
      return event.link.up != 0 ? Regs::kEventLinkUpMask : 0;
    case Regs::kEventDescLo:
      return low(context.desc);
    case Regs::kEventDescHi:
      return high(context.desc);
    case Regs::kEventDriverLo:
      return low(context.driver);
    case Regs::kEventDriverHi:
      return high(context.driver);
    case Regs::kEventDeviceLo:
      return low(context.device);
    case Regs::kEventDeviceHi:
      return high(context.device);
    case Regs::kEventRing:
      return place(context.size, Regs::kEventRingSizeShift, Regs::kEventRingSizeMask) |
             place(context.index, Regs::kEventRingIndexShift, Regs::kEventRingIndexMask);
    case Regs::kEventResumed:
      return context.resumed != 0 ? Regs::kEventResumedResumedMask : 0;
    default:
      break;
  }
  const uint32_t control = offset - Regs::kEventControl;
  return offset >= Regs::kEventControl ? word_of(event.control, control) : 0;
}

void ManagementBlock::write(uint32_t offset, uint32_t value) {
  if (offset == Regs::kEventPop) {
    if ((value & Regs::kEventPopPopMask) != 0 && !events_.empty()) events_.pop_front();
  } else if (CommandWindow::holds(offset)) {
    if (const auto command = window_.write(offset, value)) sink_.command(*command);
  }
}

}  // namespace ringside::hw
