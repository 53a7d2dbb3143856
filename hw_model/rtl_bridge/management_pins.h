// SPDX-License-Identifier: Apache-2.0
// The management bus of the card: register accesses of firmware as cycles on the pins.
#pragma once

#include <functional>
#include <systemc>

#include "hw_model/diff/card_tap.h"
#include "hw_model/management/command_window.h"
#include "hw_model/management/management_bus.h"
#include "hw_model/rtl_bridge/card_pins.h"
#include "hw_model/rtl_bridge/pin_checks.h"

namespace ringside::hw {

/// One access at a time, each from a SystemC thread, which waits until the card has taken it; a
/// read for a cycle more.
class ManagementPins final : public ManagementBus {
 public:
  /// `wake` is called when an access begins. References outlive it.
  ManagementPins(const CardPins& pins, std::function<void()> wake, uint64_t taken_cycles,
                 const Complain& complain);
  uint32_t read(uint32_t offset) override;
  void write(uint32_t offset, uint32_t value) override;
  bool takes_time() const override { return true; }
  /// Called when the interrupt line of the block rises.
  void on_interrupt(std::function<void()> callback) { interrupt_ = std::move(callback); }
  bool pending() const { return state_ != State::kIdle; }
  /// Null: nobody.
  void tap(CardTap* tap) { tap_ = tap; }

  void drive(const ClockEdge& edge);
  void sample(const ClockEdge& edge);
  /// The edge has come: outputs are those behind it.
  void behind_edge();

 private:
  enum class State : uint8_t { kIdle, kAsked, kTaken };
  uint32_t access(bool write, uint32_t offset, uint32_t value);

  const CardPins& pins_;
  std::function<void()> wake_;
  std::function<void()> interrupt_;
  HangCheck hang_;
  State state_ = State::kIdle;
  bool write_ = false;
  uint32_t offset_ = 0;
  uint32_t value_ = 0;
  TimePs asked_ps_ = 0;
  bool shown_ = false;
  bool line_ = false;
  CommandWindow window_;  ///< as the card has it, for the tap
  CardTap* tap_ = nullptr;
  sc_core::sc_event done_;
};

}  // namespace ringside::hw
