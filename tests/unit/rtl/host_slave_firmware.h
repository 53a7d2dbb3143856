// SPDX-License-Identifier: Apache-2.0
// The control plane of firmware/ on the card's management bus, one bus access after the other.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "firmware/control_plane.h"
#include "firmware/window.h"
#include "formats/random.h"
#include "hw_model/management/command_window.h"
#include "hw_model/registers/management_regs.hpp"
#include "tests/support/gtest.h"

namespace ringside::test {

/// Reads an event when there is one, lets the control plane answer, writes its commands. `Module`
/// has the ports of the bus.
template <typename Module>
class BusFirmware {
  using Regs = hw::ManagementRegs;

 public:
  BusFirmware(Module& card, SplitMix64& random) : card_(card), random_(random) {}

  /// It stands still.
  bool dead = false;
  /// Events as read, and commands in the order in which hardware will take them.
  std::deque<rs_event> events;
  std::deque<rs_command> commands;
  /// One access in so many cycles.
  unsigned pace = 1;
  bool busy() const { return !todo_.empty() || reading_ || card_.management_interrupt != 0; }
  /// Gives hardware a command that no event asked for.
  void inject(const rs_command& command) { rs_write_command(&bus_, &command); }
  /// Accesses of the bus in their turn; what look() read is there when busy() is false again.
  void look(uint32_t offset) { read(offset); }
  void poke(uint32_t offset, uint32_t value) { put(offset, value); }
  uint32_t seen(uint32_t offset) { return words_[offset]; }
  /// What the command window holds.
  uint32_t window(uint32_t offset) const { return window_.read(offset); }

  /// Sets the bus before an edge.
  void drive() {
    card_.management_read = 0;
    card_.management_write = 0;
    if (todo_.empty() && !reading_ && !dead && card_.management_interrupt != 0) begin();
    if (todo_.empty() || (!held_ && (dead || random_.below(pace) != 0))) return;
    const Access& access = todo_.front();
    card_.management_address = access.address;
    card_.management_write_data = access.data;
    (access.write ? card_.management_write : card_.management_read) = 1;
    held_ = true;
  }
  /// `ready` is what management_ready was before the edge.
  void clocked(bool ready) {
    if (held_ && ready) {
      const Access access = todo_.front();
      todo_.pop_front();
      held_ = false;
      // Outputs are those behind the edge: the word is there.
      if (!access.write) words_[access.address] = card_.management_read_data;
    }
    if (reading_ && todo_.empty()) answer();
  }

 private:
  struct Access {
    bool write;
    uint16_t address;
    uint32_t data;
  };

  void read(uint32_t address) { todo_.push_back({false, static_cast<uint16_t>(address), 0}); }
  void write(uint32_t address, uint32_t data) {
    todo_.push_back({true, static_cast<uint16_t>(address), data});
  }
  void begin() {
    reading_ = true;
    for (uint32_t at = 0; at < 0x20; at += 4) read(at);
    for (uint32_t at = Regs::kEventStatus; at < Regs::kEventPop; at += 4) read(at);
  }

  void answer() {
    reading_ = false;
    rs_event event{};
    EXPECT_EQ(words_[Regs::kMagic], Regs::kMagicValue);
    EXPECT_EQ(words_[Regs::kVersion], Regs::kVersionValue);
    EXPECT_EQ(words_[Regs::kEventStatus], 1u);
    EXPECT_EQ(rs_read_event(&bus_, &event), 1);
    events.push_back(event);
    pop_first_ = random_.below(2) != 0;
    if (pop_first_) write(Regs::kEventPop, 1);
    EXPECT_EQ(rs_control_plane_step(&state_, &bus_), 1);
    read(Regs::kEventStatus);  // the interrupt line has fallen if nothing waits
  }

  // -- the bus as the control plane has it: of what was read before, for what is yet to be written
  static uint32_t word(void* context, uint32_t offset) {
    return static_cast<BusFirmware*>(context)->words_[offset];
  }
  static void put(void* context, uint32_t offset, uint32_t value) {
    static_cast<BusFirmware*>(context)->put(offset, value);
  }
  void put(uint32_t offset, uint32_t value) {
    if (offset == Regs::kEventPop && pop_first_) return;
    write(offset, value);
    if (!hw::CommandWindow::holds(offset)) return;
    const auto command = window_.write(offset, value);
    if (offset != Regs::kCommandGo) return;
    // Hardware takes an unknown one too, and does nothing with it.
    rs_command unknown{};
    unknown.kind = value;
    unknown.sequence = window_.read(Regs::kCommandSequence);
    commands.push_back(command.value_or(unknown));
    if (random_.below(3) == 0) read(Regs::kCommandGo);
  }

  Module& card_;
  SplitMix64& random_;
  rs_control_plane state_{};
  std::deque<Access> todo_;
  std::map<uint32_t, uint32_t> words_;
  hw::CommandWindow window_;
  const rs_bus bus_{&BusFirmware::word, &BusFirmware::put, this};
  bool pop_first_ = false;
  bool reading_ = false;
  bool held_ = false;  ///< an access is on the bus
};

}  // namespace ringside::test
