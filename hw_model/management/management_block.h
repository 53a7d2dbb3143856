// SPDX-License-Identifier: Apache-2.0
// The registers of the management block (management.toml) over events and commands as structures:
// the block of the models whose hardware is the functional core.
#pragma once

#include <cstdint>
#include <deque>

#include "hw_model/management/command_window.h"
#include "hw_model/management/management_bus.h"
#include "hw_model/registers/management_interface.h"

namespace ringside::hw {

/// Takes commands: the card's hardware.
class CommandSink {
 public:
  virtual ~CommandSink() = default;
  /// May post events.
  virtual void command(const rs_command& command) = 0;
};

/// Each access is immediate, and a command is executed when it is written. Its queue of events has
/// no end, because a model's registers have nothing to hold back with.
class ManagementBlock final : public ManagementBus {
 public:
  /// `sink` must outlive the block.
  explicit ManagementBlock(CommandSink& sink) : sink_(sink) {}
  /// The interrupt line to the management processor is high from now on until no event waits.
  /// What a power-on says of the card stays in the identity registers.
  void post(const rs_event& event);
  /// Those that wait, the oldest first.
  const std::deque<rs_event>& events() const { return events_; }

  uint32_t read(uint32_t offset) override;
  void write(uint32_t offset, uint32_t value) override;

 private:
  uint32_t read_identity(uint32_t offset) const;
  static uint32_t read_event(const rs_event& event, uint32_t offset);

  CommandSink& sink_;
  std::deque<rs_event> events_;
  rs_identity identity_{};
  CommandWindow window_;
};

}  // namespace ringside::hw
