// SPDX-License-Identifier: Apache-2.0
// What firmware reads of management events at a followed card, against those that the core posted.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "hw_model/management/management_block.h"
#include "hw_model/registers/management_interface.h"

namespace ringside::hw {

/// Events go from the core to the card's registers when the card says that it posts one.
class EventCheck final : private CommandSink {
 public:
  /// The core posted one.
  void expect(const rs_event& event) { coming_.push_back(event); }
  /// The card posts the oldest one of the core's.
  void post();
  /// Firmware is done with the oldest one of the card's.
  void pop();
  /// What is wrong with `value` as the content of the register at `offset`, in words; empty if it
  /// is right, or means nothing in the event that waits.
  std::string read(uint32_t offset, uint32_t value);

 private:
  void command(const rs_command&) override {}  // the card's are taken elsewhere
  std::deque<rs_event> coming_;
  ManagementBlock block_{*this};
};

}  // namespace ringside::hw
