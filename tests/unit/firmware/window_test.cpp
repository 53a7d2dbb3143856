// SPDX-License-Identifier: Apache-2.0
// The registers of the management block, from the model's side and from the firmware's: every part
// of every event and command gets through, and what a kind does not have is 0.
#include "firmware/window.h"

#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "hw_model/management/management_block.h"
#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

using Regs = hw::ManagementRegs;

struct Commands : hw::CommandSink {
  void command(const rs_command& command) override { got.push_back(command); }
  std::vector<rs_command> got;
};

struct Block {
  Commands commands;
  hw::ManagementBlock block{commands};
  rs_bus bus = hw::firmware_bus(block);
};

uint64_t draw64(std::mt19937& random) {
  const uint64_t high = random();
  return high << 32 | random();
}

rs_queue_context draw_context(std::mt19937& random) {
  return {draw64(random),
          draw64(random),
          draw64(random),
          static_cast<uint16_t>(random()),
          static_cast<uint16_t>(random()),
          static_cast<uint16_t>(random() % 2)};
}

template <typename Bytes>
void draw_bytes(Bytes& bytes, std::mt19937& random) {
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
}

bool operator==(const rs_queue_context& a, const rs_queue_context& b) {
  return a.desc == b.desc && a.driver == b.driver && a.device == b.device && a.size == b.size &&
         a.index == b.index && a.resumed == b.resumed;
}

void expect_equal(const rs_event& got, const rs_event& want) {
  EXPECT_EQ(got.kind, want.kind);
  EXPECT_EQ(got.sequence, want.sequence);
  EXPECT_EQ(got.value, want.value);
  EXPECT_EQ(got.queue, want.queue);
  EXPECT_EQ(got.features_beyond, want.features_beyond);
  EXPECT_EQ(got.driver_features, want.driver_features);
  EXPECT_TRUE(got.context == want.context);
  EXPECT_EQ(got.identity.features, want.identity.features);
  EXPECT_EQ(std::memcmp(got.identity.mac, want.identity.mac, sizeof want.identity.mac), 0);
  EXPECT_EQ(got.identity.mtu, want.identity.mtu);
  EXPECT_EQ(got.identity.queue_size_max, want.identity.queue_size_max);
  EXPECT_EQ(got.identity.queue_pairs, want.identity.queue_pairs);
  EXPECT_EQ(got.link.speed_mbps, want.link.speed_mbps);
  EXPECT_EQ(got.link.up, want.link.up);
  EXPECT_EQ(std::memcmp(got.control, want.control, sizeof want.control), 0);
}

void expect_equal(const rs_command& got, const rs_command& want) {
  EXPECT_EQ(got.kind, want.kind);
  EXPECT_EQ(got.sequence, want.sequence);
  EXPECT_EQ(got.value, want.value);
  EXPECT_EQ(got.queue, want.queue);
  EXPECT_EQ(got.features, want.features);
  EXPECT_TRUE(got.context == want.context);
  EXPECT_EQ(std::memcmp(got.config, want.config, sizeof want.config), 0);
}

/// Anything in every part.
rs_event draw_event(uint32_t kind, std::mt19937& random) {
  rs_event event{};
  event.kind = kind;
  event.sequence = static_cast<uint32_t>(random());
  event.value = static_cast<uint32_t>(random());
  if (kind == RS_EVENT_CONTROL) event.value %= RS_CONTROL_BYTES + 20;
  event.queue = static_cast<uint16_t>(random());
  event.features_beyond = static_cast<uint16_t>(random() % 2);
  event.driver_features = draw64(random);
  event.context = draw_context(random);
  event.identity.features = draw64(random);
  draw_bytes(event.identity.mac, random);
  event.identity.mtu = static_cast<uint16_t>(random());
  event.identity.queue_size_max = static_cast<uint16_t>(random());
  event.identity.queue_pairs = static_cast<uint16_t>(random());
  event.link = {static_cast<uint32_t>(random()), static_cast<uint8_t>(random() % 2)};
  draw_bytes(event.control, random);
  for (uint32_t i = event.value; kind == RS_EVENT_CONTROL && i < RS_CONTROL_BYTES; ++i) {
    event.control[i] = 0;
  }
  return event;
}

/// The parts of `event` that its kind has, as management.toml says.
rs_event parts_of(const rs_event& event) {
  rs_event parts{};
  parts.kind = event.kind;
  parts.sequence = event.sequence;
  const std::set<uint32_t> with_value{RS_EVENT_STATUS_WRITE, RS_EVENT_QUEUE_ENABLE,
                                      RS_EVENT_DEVICE_ERROR, RS_EVENT_CONTROL};
  const std::set<uint32_t> with_queue{RS_EVENT_QUEUE_ENABLE, RS_EVENT_DEVICE_ERROR,
                                      RS_EVENT_CONTROL};
  if (with_value.count(event.kind) != 0) parts.value = event.value;
  if (with_queue.count(event.kind) != 0) parts.queue = event.queue;
  if (event.kind == RS_EVENT_STATUS_WRITE) {
    parts.features_beyond = event.features_beyond;
    parts.driver_features = event.driver_features;
  }
  if (event.kind == RS_EVENT_QUEUE_ENABLE) parts.context = event.context;
  if (event.kind == RS_EVENT_POWER_ON) parts.identity = event.identity;
  if (event.kind == RS_EVENT_POWER_ON || event.kind == RS_EVENT_LINK) parts.link = event.link;
  if (event.kind == RS_EVENT_CONTROL) {
    std::memcpy(parts.control, event.control, sizeof parts.control);
  }
  return parts;
}

TEST(ManagementWindow, EveryPartOfEveryEventGetsThrough) {
  std::mt19937 random(1);
  for (unsigned round = 0; round < 200; ++round) {
    for (uint32_t kind = RS_EVENT_POWER_ON; kind <= RS_EVENT_CONTROL; ++kind) {
      SCOPED_TRACE(kind);
      Block b;
      const rs_event event = draw_event(kind, random);
      b.block.post(event);
      rs_event got{};
      ASSERT_EQ(rs_read_event(&b.bus, &got), 1);
      expect_equal(got, parts_of(event));
    }
  }
}

rs_command draw_command(uint32_t kind, std::mt19937& random) {
  rs_command command{};
  command.kind = kind;
  command.sequence = static_cast<uint32_t>(random());
  command.value = static_cast<uint32_t>(random());
  command.queue = static_cast<uint16_t>(random());
  command.features = draw64(random);
  command.context = draw_context(random);
  draw_bytes(command.config, random);
  return command;
}

rs_command parts_of(const rs_command& command) {
  rs_command parts{};
  parts.kind = command.kind;
  parts.sequence = command.sequence;
  const std::set<uint32_t> with_value{RS_COMMAND_STATUS, RS_COMMAND_CONTROL_REPLY,
                                      RS_COMMAND_ACTIVE_PAIRS};
  const std::set<uint32_t> with_queue{RS_COMMAND_QUEUE_CONTEXT, RS_COMMAND_QUEUE_ACKNOWLEDGE};
  if (with_value.count(command.kind) != 0) parts.value = command.value;
  if (with_queue.count(command.kind) != 0) parts.queue = command.queue;
  if (command.kind == RS_COMMAND_OFFER || command.kind == RS_COMMAND_NEGOTIATED) {
    parts.features = command.features;
  }
  if (command.kind == RS_COMMAND_QUEUE_CONTEXT) parts.context = command.context;
  if (command.kind == RS_COMMAND_DEVICE_CONFIG) {
    std::memcpy(parts.config, command.config, sizeof parts.config);
  }
  return parts;
}

// In any order through one window: nothing of an earlier command shows in a later one.
TEST(ManagementWindow, EveryPartOfEveryCommandGetsThrough) {
  std::mt19937 random(2);
  Block b;
  for (unsigned round = 0; round < 2000; ++round) {
    const rs_command command =
        draw_command(RS_COMMAND_OFFER + static_cast<uint32_t>(random() % 10), random);
    SCOPED_TRACE(command.kind);
    rs_write_command(&b.bus, &command);
    ASSERT_EQ(b.commands.got.size(), 1u);
    expect_equal(b.commands.got[0], parts_of(command));
    EXPECT_EQ(b.block.read(Regs::kCommandGo), 0u);
    b.commands.got.clear();
  }
}

TEST(ManagementWindow, EventsAreShownInOrderUntilTheyAreDropped) {
  Block b;
  rs_event got{};
  EXPECT_EQ(b.block.read(Regs::kEventStatus), 0u);
  EXPECT_EQ(rs_read_event(&b.bus, &got), 0);
  rs_pop_event(&b.bus);
  for (const uint32_t sequence : {7u, 8u, 9u}) {
    rs_event event{};
    event.kind = RS_EVENT_STATUS_WRITE;
    event.sequence = sequence;
    b.block.post(event);
  }
  for (const uint32_t sequence : {7u, 8u, 9u}) {
    for (unsigned again = 0; again < 2; ++again) {
      EXPECT_EQ(b.block.read(Regs::kEventStatus), 1u);
      ASSERT_EQ(rs_read_event(&b.bus, &got), 1);
      EXPECT_EQ(got.sequence, sequence);
    }
    b.block.write(Regs::kEventPop, 0);
    b.block.write(Regs::kEventPop, 2);
    EXPECT_EQ(b.block.read(Regs::kEventSequence), sequence);
    rs_pop_event(&b.bus);
  }
  EXPECT_EQ(b.block.read(Regs::kEventStatus), 0u);
  EXPECT_EQ(b.block.read(Regs::kEventKind), 0u);
  EXPECT_EQ(b.block.read(Regs::kEventSequence), 0u);
}

/// Registers by offset, with the bits that can be written. As management.toml has them.
std::map<uint32_t, uint32_t> command_registers() {
  std::map<uint32_t, uint32_t> registers;
  for (const uint32_t offset :
       {Regs::kCommandSequence, Regs::kCommandValue, Regs::kCommandFeaturesLo,
        Regs::kCommandFeaturesHi, Regs::kCommandDescLo, Regs::kCommandDescHi,
        Regs::kCommandDriverLo, Regs::kCommandDriverHi, Regs::kCommandDeviceLo,
        Regs::kCommandDeviceHi}) {
    registers[offset] = 0xFFFFFFFF;
  }
  registers[Regs::kCommandQueue] = Regs::kCommandQueueQueueMask;
  registers[Regs::kCommandRing] = Regs::kCommandRingSizeMask | Regs::kCommandRingIndexMask;
  registers[Regs::kCommandResumed] = Regs::kCommandResumedResumedMask;
  for (uint32_t i = 0; i < Regs::kCommandConfigCount; ++i) {
    registers[Regs::kCommandConfig + 4 * i] = 0xFFFFFFFF;
  }
  return registers;
}

// The identity and the event window cannot be written, the command window reads back what it
// holds, and all else, also what is not aligned, reads 0.
TEST(ManagementWindow, WhatCanBeWrittenAndRead) {
  std::mt19937 random(3);
  const auto registers = command_registers();
  Block b;
  rs_event power_on = draw_event(RS_EVENT_POWER_ON, random);
  b.block.post(power_on);
  rs_event before{};
  ASSERT_EQ(rs_read_event(&b.bus, &before), 1);
  for (uint32_t offset = 0; offset < 2 * Regs::kSize; ++offset) {
    if (offset == Regs::kEventPop || offset == Regs::kCommandGo) continue;
    b.block.write(offset, 0xFFFFFFFF);
  }
  EXPECT_TRUE(b.commands.got.empty());
  for (uint32_t offset = Regs::kCommandGo; offset < 2 * Regs::kSize; ++offset) {
    const auto found = registers.find(offset);
    EXPECT_EQ(b.block.read(offset), found == registers.end() ? 0 : found->second) << offset;
  }
  rs_event after{};
  ASSERT_EQ(rs_read_event(&b.bus, &after), 1);
  expect_equal(after, before);
  for (uint32_t offset = 1; offset < Regs::kSize; ++offset) {
    EXPECT_EQ(offset % 4 == 0 ? 0 : b.block.read(offset), 0u) << offset;
  }
  EXPECT_EQ(b.block.read(Regs::kMagic), 0x52534D42u);
  EXPECT_EQ(b.block.read(Regs::kVersion), 1u);
}

// The identity outlives the event that brought it.
TEST(ManagementWindow, IdentityStays) {
  std::mt19937 random(4);
  Block b;
  const rs_event power_on = draw_event(RS_EVENT_POWER_ON, random);
  b.block.post(power_on);
  rs_pop_event(&b.bus);
  EXPECT_EQ(b.block.read(Regs::kMtu), power_on.identity.mtu);
  EXPECT_EQ(b.block.read(Regs::kQueues), static_cast<uint32_t>(power_on.identity.queue_size_max)
                                                 << 16 |
                                             power_on.identity.queue_pairs);
  EXPECT_EQ(b.block.read(Regs::kMacHi),
            power_on.identity.mac[4] | static_cast<uint32_t>(power_on.identity.mac[5]) << 8);
}

TEST(ManagementWindow, UnknownCommandsDoNothing) {
  Block b;
  for (const uint32_t kind : {0u, 11u, 99u, 0xFFFFFFFFu}) {
    b.block.write(Regs::kCommandGo, kind);
    EXPECT_EQ(b.block.read(Regs::kCommandGo), 0u);
  }
  EXPECT_TRUE(b.commands.got.empty());
}

// A command may post an event, which comes behind the one that is being handled.
TEST(ManagementWindow, EventsMayBePostedByCommands) {
  struct Sink : hw::CommandSink {
    void command(const rs_command&) override {
      rs_event event{};
      event.kind = RS_EVENT_LINK;
      event.sequence = ++sequence;
      block->post(event);
    }
    hw::ManagementBlock* block = nullptr;
    uint32_t sequence = 1;
  } sink;
  hw::ManagementBlock block(sink);
  sink.block = &block;
  rs_event first{};
  first.kind = RS_EVENT_LINK;
  first.sequence = 1;
  block.post(first);
  for (unsigned i = 0; i < 100; ++i) block.write(Regs::kCommandGo, RS_COMMAND_RESET);
  for (uint32_t sequence = 1; sequence <= 101; ++sequence) {
    EXPECT_EQ(block.read(Regs::kEventSequence), sequence);
    block.write(Regs::kEventPop, 1);
  }
  EXPECT_EQ(block.read(Regs::kEventStatus), 0u);
}

}  // namespace
}  // namespace ringside::test
