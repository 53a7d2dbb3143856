// SPDX-License-Identifier: Apache-2.0
// See management_pins.h.
#include "hw_model/rtl_bridge/management_pins.h"

#include <utility>

namespace ringside::hw {

ManagementPins::ManagementPins(const CardPins& pins, std::function<void()> wake,
                               uint64_t taken_cycles, const Complain& complain)
    : pins_(pins), wake_(std::move(wake)), hang_("management access", taken_cycles, complain) {}

uint32_t ManagementPins::read(uint32_t offset) { return access(false, offset, 0); }

void ManagementPins::write(uint32_t offset, uint32_t value) { access(true, offset, value); }

uint32_t ManagementPins::access(bool write, uint32_t offset, uint32_t value) {
  write_ = write;
  offset_ = offset;
  value_ = value;
  asked_ps_ = sc_core::sc_time_stamp().value();
  state_ = State::kAsked;
  wake_();
  sc_core::wait(done_);
  return value_;
}

void ManagementPins::drive(const ClockEdge& edge) {
  shown_ = state_ == State::kAsked && asked_ps_ < edge.time_ps;
  *pins_.management_read = shown_ && !write_ ? 1 : 0;
  *pins_.management_write = shown_ && write_ ? 1 : 0;
  if (!shown_) return;
  *pins_.management_address = static_cast<uint16_t>(offset_);
  *pins_.management_write_data = value_;
}

void ManagementPins::sample(const ClockEdge& edge) {
  const bool ready = *pins_.management_ready != 0;
  hang_.look(edge.cycle, shown_, ready);
  if (!shown_ || !ready) return;
  state_ = State::kTaken;
  if (tap_ == nullptr || !write_) return;
  if (offset_ == ManagementRegs::kEventPop && (value_ & ManagementRegs::kEventPopPopMask) != 0) {
    tap_->event_popped();
  }
  if (!CommandWindow::holds(offset_)) return;
  if (const auto command = window_.write(offset_, value_)) tap_->command(*command);
}

void ManagementPins::behind_edge() {
  if (state_ == State::kTaken) {
    if (!write_) value_ = *pins_.management_read_data;
    if (!write_ && tap_ != nullptr) tap_->management_read(offset_, value_);
    state_ = State::kIdle;
    done_.notify(sc_core::SC_ZERO_TIME);
  }
  const bool line = *pins_.management_interrupt != 0;
  if (line && !line_ && interrupt_) interrupt_();
  line_ = line;
}

}  // namespace ringside::hw
