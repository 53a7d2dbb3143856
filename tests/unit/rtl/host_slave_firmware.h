// SPDX-License-Identifier: Apache-2.0
// The control plane of firmware/ on the card's management bus, one bus access after the other.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "firmware/control_plane.h"
#include "formats/random.h"
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
  void inject(const rs_command& command) { issue(command); }

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
  uint64_t word64(uint32_t address) {
    return words_[address] | uint64_t{words_[address + 4]} << 32;
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
    event.kind = words_[Regs::kEventKind];
    event.sequence = words_[Regs::kEventSequence];
    event.value = words_[Regs::kEventValue];
    event.queue = static_cast<uint16_t>(words_[Regs::kEventQueue]);
    switch (event.kind) {
      case RS_EVENT_POWER_ON:
        event.identity.features = word64(Regs::kFeaturesLo);
        for (unsigned i = 0; i < 6; ++i) {
          event.identity.mac[i] =
              static_cast<uint8_t>(words_[Regs::kMacLo + i / 4 * 4] >> (8 * (i % 4)));
        }
        event.identity.mtu = static_cast<uint16_t>(words_[Regs::kMtu]);
        event.identity.queue_pairs = static_cast<uint16_t>(words_[Regs::kQueues]);
        event.identity.queue_size_max = static_cast<uint16_t>(words_[Regs::kQueues] >> 16);
        [[fallthrough]];
      case RS_EVENT_LINK:
        event.link.speed_mbps = words_[Regs::kEventLinkSpeed];
        event.link.up = words_[Regs::kEventLink] & 1;
        break;
      case RS_EVENT_STATUS_WRITE:
        event.features_beyond = (words_[Regs::kEventQueue] >> 16) & 1;
        event.driver_features = word64(Regs::kEventFeaturesLo);
        break;
      case RS_EVENT_QUEUE_ENABLE:
        event.context.desc = word64(Regs::kEventDescLo);
        event.context.driver = word64(Regs::kEventDriverLo);
        event.context.device = word64(Regs::kEventDeviceLo);
        event.context.size = static_cast<uint16_t>(words_[Regs::kEventRing]);
        event.context.index = static_cast<uint16_t>(words_[Regs::kEventRing] >> 16);
        event.context.resumed = words_[Regs::kEventResumed] & 1;
        break;
      case RS_EVENT_CONTROL:
        for (unsigned i = 0; i < RS_CONTROL_BYTES; ++i) {
          event.control[i] =
              static_cast<uint8_t>(words_[Regs::kEventControl + i / 4 * 4] >> (8 * (i % 4)));
        }
        break;
      default:
        break;
    }
    events.push_back(event);
    const bool pop_first = random_.below(2) != 0;
    if (pop_first) write(Regs::kEventPop, 1);
    rs_control_plane_step(&state_, &event, &BusFirmware::sink, this);
    if (!pop_first) write(Regs::kEventPop, 1);
    read(Regs::kEventStatus);  // the interrupt line has fallen if nothing waits
  }

  static void sink(void* context, const rs_command* command) {
    static_cast<BusFirmware*>(context)->issue(*command);
  }

  void issue(const rs_command& command) {
    commands.push_back(command);
    write(Regs::kCommandSequence, command.sequence);
    write(Regs::kCommandValue, command.value);
    write(Regs::kCommandQueue, command.queue);
    write(Regs::kCommandFeaturesLo, static_cast<uint32_t>(command.features));
    write(Regs::kCommandFeaturesHi, static_cast<uint32_t>(command.features >> 32));
    const rs_queue_context& ring = command.context;
    write(Regs::kCommandDescLo, static_cast<uint32_t>(ring.desc));
    write(Regs::kCommandDescHi, static_cast<uint32_t>(ring.desc >> 32));
    write(Regs::kCommandDriverLo, static_cast<uint32_t>(ring.driver));
    write(Regs::kCommandDriverHi, static_cast<uint32_t>(ring.driver >> 32));
    write(Regs::kCommandDeviceLo, static_cast<uint32_t>(ring.device));
    write(Regs::kCommandDeviceHi, static_cast<uint32_t>(ring.device >> 32));
    write(Regs::kCommandRing, ring.size | uint32_t{ring.index} << 16);
    write(Regs::kCommandResumed, ring.resumed != 0);
    if (command.kind == RS_COMMAND_DEVICE_CONFIG) {
      for (unsigned i = 0; i < Regs::kCommandConfigCount; ++i) {
        uint32_t word = 0;
        for (unsigned j = 0; j < 4; ++j) word |= uint32_t{command.config[4 * i + j]} << (8 * j);
        write(Regs::kCommandConfig + 4 * i, word);
      }
    }
    write(Regs::kCommandGo, command.kind);
    if (random_.below(3) == 0) read(Regs::kCommandGo);
  }

  Module& card_;
  SplitMix64& random_;
  rs_control_plane state_{};
  std::deque<Access> todo_;
  std::map<uint32_t, uint32_t> words_;
  bool reading_ = false;
  bool held_ = false;  ///< an access is on the bus
};

}  // namespace ringside::test
