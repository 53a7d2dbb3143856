// SPDX-License-Identifier: Apache-2.0
// The follower of host_slave's trace, and what surrounds the module.
#include "tests/unit/rtl/host_slave_world.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ringside::test {

using hw::ActionKind;
using hw::BarLayout;
using hw::Counter;
using hw::DeviceError;
using hw::Event;
using hw::EventKind;
using hw::PciConfig;
using hw::TraceKind;
using hw::TraceRecord;

namespace {

constexpr uint64_t kMac = 0x020406080A0C;
constexpr uint8_t kWriteMessage = 2;
constexpr uint64_t kAssertIntA = 0x20, kDeassertIntA = 0x24;
constexpr uint32_t kHeadersAndFrame = 12 + 60;

hw::CoreConfig core_config() {
  hw::CoreConfig config;
  for (unsigned i = 0; i < 6; ++i) config.mac[i] = static_cast<uint8_t>(kMac >> (8 * (5 - i)));
  config.mtu = 1800;
  config.queue_size_max = 256;
  config.max_payload_bytes = 512;
  config.queue_pairs = HostSlaveWorld::kPairs;
  return config;
}

uint64_t low_bytes(uint64_t value, uint32_t bytes) {
  return bytes >= 8 ? value : value & ((uint64_t{1} << (8 * bytes)) - 1);
}

bool in_statistics(const Vhost_slave_bench& card) {
  return card.trace_address - BarLayout::kStatistics < BarLayout::kStatisticsBytes;
}

/// A read of a counter of the data plane, which is not there: the bench counts nothing of it.
bool counts_data(const Vhost_slave_bench& card) {
  if (card.trace_kind != static_cast<uint8_t>(TraceKind::kRegisterRead) || !in_statistics(card)) {
    return false;
  }
  const uint64_t counter = (card.trace_address - BarLayout::kStatistics) & ~uint64_t{7};
  return counter < hw::Statistics::kMsixMessages || counter == hw::Statistics::kUsedIndexWrites;
}

bool of_registers(TraceKind kind) {
  return kind == TraceKind::kDoorbell || kind == TraceKind::kRegisterRead ||
         kind == TraceKind::kRegisterWrite;
}

bool of_events(TraceKind kind) {
  switch (kind) {
    case TraceKind::kMsix:
    case TraceKind::kIntx:
    case TraceKind::kManagementEvent:
    case TraceKind::kManagementCommand:
    case TraceKind::kDeviceError:
    case TraceKind::kReset:
    case TraceKind::kQueueSuspended:
    case TraceKind::kQueueResumed:
      return true;
    default:
      return false;
  }
}

}  // namespace

HostSlaveWorld::HostSlaveWorld(int seed, bool stops_clock)
    : random(static_cast<uint64_t>(seed)),
      card(seed),
      firmware(*card, random),
      core_(core_config(), pool_),
      memory_(kArenaOfQueue * kQueues),
      stops_clock_(stops_clock) {
  core_.trace(this);
  card->strap_features = ~uint64_t{0};
  card->strap_mac = kMac;
  card->strap_mtu = 1800;
  card->strap_queue_size_max = 511;  // no power of two
  card->strap_max_payload = 2;
  card->strap_hold_bound = kHoldBound;
  card->settled = ~0u;
  // Inputs start unknown too.
  card->request_valid = card->management_read = card->management_write = 0;
  card->completion_ready = card->write_ready = card->data_busy = 0;
  card->error_valid = card->interrupt_valid = card->command_valid = 0;
  card->returned = card->written = 0;
  card->carrier = carrier_;
  card->speed_mbps = speed_;
  card.reset();
}

// -- the host

uint16_t HostSlaveWorld::request(HostKind kind, uint64_t address, uint32_t length, uint64_t data,
                                 bool poisoned) {
  HostRequest request{kind, address, length, data, poisoned, 0};
  do {
    next_tag_ = (next_tag_ + 1) % 1024;
  } while (outstanding.contains(next_tag_));
  request.tag = next_tag_;
  if (!request.write() || request.config()) outstanding[request.tag] = request;
  to_send_.push_back(request);
  return request.tag;
}

uint64_t HostSlaveWorld::read(HostKind kind, uint64_t address, uint32_t length) {
  const uint16_t tag = request(kind, address, length);
  for (unsigned i = 0; i < 100000 && outstanding.contains(tag); ++i) cycle();
  EXPECT_FALSE(outstanding.contains(tag)) << "no answer from " << std::hex << address;
  return answers[tag];
}

void HostSlaveWorld::enable_pci(bool msix) {
  set_config(PciConfig::kBar0, 4, 0);
  set_config(PciConfig::kBar0 + 4, 4, kBar >> 32);
  set_config(PciConfig::kCommand, 2, 0x6);
  for (unsigned vector = 0; vector < kQueues + 1; ++vector) {
    const uint32_t entry = BarLayout::kMsixTable + 16 * vector;
    set_bar(entry, 8, 0xFEE00000 + 4 * vector);
    set_bar(entry + 8, 4, 0x40 + vector);
    set_bar(entry + 12, 4, 0);
  }
  set_config(PciConfig::kMsixCap + 2, 2, msix ? 0x8000 : 0);
}

void HostSlaveWorld::bring_up(uint64_t features, bool msix) {
  using C = formats::CommonCfg;
  set_bar(C::kDeviceStatus, 1, 0);
  (void)bar(C::kDeviceStatus, 1);
  set_bar(C::kDeviceStatus, 1, 1);
  set_bar(C::kDeviceStatus, 1, 3);
  for (unsigned word = 0; word < 2; ++word) {
    set_bar(C::kDriverFeatureSelect, 4, word);
    set_bar(C::kDriverFeature, 4, features >> (32 * word));
  }
  set_bar(C::kDeviceStatus, 1, 11);
  EXPECT_EQ(bar(C::kDeviceStatus, 1), 11u);
  if (msix) set_bar(C::kConfigMsixVector, 2, 0);
  const unsigned queues = core_.queues();
  for (unsigned queue = 0; queue < queues; ++queue) {
    set_bar(C::kQueueSelect, 2, queue);
    set_bar(C::kQueueSize, 2, 16);
    if (msix) set_bar(C::kQueueMsixVector, 2, queue + 1);
    set_bar(C::kQueueDesc, 8, place_of_ring(queue));
    set_bar(C::kQueueDriver, 4, place_of_ring(queue) + 0x8000);
    set_bar(C::kQueueDriver + 4, 4, 0);
    set_bar(C::kQueueDevice, 8, place_of_ring(queue) + 0xA000);
    set_bar(C::kQueueEnable, 2, 1);
    EXPECT_EQ(bar(C::kQueueEnable, 2), 1u);
  }
  set_bar(C::kDeviceStatus, 1, 15);
  EXPECT_EQ(bar(C::kDeviceStatus, 1), 15u);
}

// -- time

void HostSlaveWorld::drive() {
  card->now = now;
  card->carrier = carrier_;
  card->speed_mbps = speed_;
  if (card->request_valid == 0 && !to_send_.empty() && random.below(3) != 0) {
    const HostRequest& request = to_send_.front();
    card->request_valid = 1;
    card->request_kind = static_cast<uint8_t>(request.kind);
    card->request_address = request.address;
    card->request_length = static_cast<uint16_t>(request.length);
    card->request_tag = request.tag;
    card->request_poisoned = request.poisoned;
    card->request_data = request.data;
  }
  card->completion_ready = !manual_completions && (!patient || random.below(4) != 0);
  card->write_ready = !blocked_writes && (!patient || random.below(3) != 0);
  card->data_busy = busy_cycles != 0;
  card->written = leaving_ != 0 && random.below(8) == 0;
  firmware.drive();
}

void HostSlaveWorld::cycle() {
  drive();
  card.settle();
  const bool changes = card->idle == 0 || now >= card->deadline || card->returned != 0;
  if (stops_clock_ && !changes) {
    if (busy_cycles != 0) --busy_cycles;
    ++now;
    ++stopped;
    return;
  }
  const bool management_ready = card->management_ready != 0;
  const bool sent = card->request_valid != 0 && card->request_ready != 0;
  const bool taken = card->interrupt_valid != 0 && card->interrupt_ready != 0;
  if (card->completion_valid != 0 && card->completion_ready != 0) take_completion();
  if (card->write_valid != 0 && card->write_ready != 0) take_write();
  const bool command_taken = card->command_valid != 0 && card->command_ready != 0;
  if (busy_cycles != 0) --busy_cycles;
  if (card->written != 0) {
    --leaving_;
    ++left_;
  }
  card.tick();
  ++now;
  card->error_valid = 0;
  if (command_taken) card->command_valid = 0;
  if (taken) card->interrupt_valid = 0;
  if (sent) {
    card->request_valid = 0;
    in_order_.push_back(to_send_.front());
    to_send_.pop_front();
  }
  firmware.clocked(management_ready);
  follow();
  finish_returns();
}

bool HostSlaveWorld::quiet() {
  if (!to_send_.empty() || card->request_valid != 0 || !outstanding.empty() || firmware.busy() ||
      leaving_ != 0 || card->interrupt_valid != 0 || card->idle == 0) {
    return false;
  }
  while (following_ && !in_order_.empty()) skip_front();
  return true;
}

bool HostSlaveWorld::settle(unsigned bound) {
  for (unsigned i = 0; i < bound; ++i) {
    cycle();
    drive();
    card.settle();
    if (quiet()) return true;
  }
  return false;
}

// -- what the card did

void HostSlaveWorld::record(const TraceRecord& record) {
  if (of_registers(record.kind)) registers_.push_back(record);
  if (of_events(record.kind)) events_.push_back(record);
  if (record.kind == TraceKind::kInterruptDecision) decision_ = record.value != 0;
}

void HostSlaveWorld::step(const Event& event) {
  hw::ActionList actions;
  EXPECT_EQ(core_.step(event, actions), "") << "event " << static_cast<int>(event.kind);
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const hw::Action action = actions[i];
    switch (action.kind) {
      case ActionKind::kReadReply:
        held_[static_cast<uint16_t>(action.tag)] = action.value;
        break;
      case ActionKind::kMsix:
        ++decided_;
        expected_messages_.push_back({false, action.address, static_cast<uint32_t>(action.value)});
        break;
      case ActionKind::kIntx:
        ++decided_;
        expected_messages_.push_back({true, action.value != 0 ? kAssertIntA : kDeassertIntA, 0});
        break;
      case ActionKind::kManagement: {
        const rs_event& posted = actions.management(action);
        expected_events_.push_back(posted);
        if (posted.kind == RS_EVENT_POWER_ON ||
            (posted.kind == RS_EVENT_STATUS_WRITE && posted.value == 0)) {
          reset_number_ = posted.sequence;
        }
        break;
      }
      case ActionKind::kDmaRead:
        reads_.push_back(action);
        break;
      case ActionKind::kDmaWrite:
        if (std::byte* to = at(action.address, action.size)) {
          std::memcpy(to, actions.payload(action).data(), action.size);
        }
        break;
      case ActionKind::kFrameOut: {
        const Event gone = Event::frame_sent(action.size);
        hw::ActionList none;
        EXPECT_EQ(core_.step(gone, none), "");
        break;
      }
    }
  }
}

bool HostSlaveWorld::refused(const HostRequest& request) const {
  const uint32_t widest = request.config() ? 4 : 8;
  if (!std::has_single_bit(request.length) || request.length > widest ||
      request.address % request.length != 0 || (request.write() && request.poisoned)) {
    return true;
  }
  uint64_t offset = 0;
  return request.config() ? request.address + request.length > PciConfig::kBytes
                          : !core_.decode(request.address, request.length, &offset);
}

bool HostSlaveWorld::through_window(const HostRequest& request) const {
  if (!request.config() || request.address != PciConfig::kPciCfgData) return false;
  const PciConfig& pci = core_.pci();
  const uint32_t length = pci.window_length();
  return pci.window_bar() == 0 && (length == 1 || length == 2 || length == 4) &&
         pci.window_offset() % length == 0 && pci.window_offset() <= BarLayout::kSize - length &&
         (!request.write() || length <= request.length);
}

/// The oldest request left no record: it must be one that has no effect.
void HostSlaveWorld::skip_front() {
  const HostRequest request = in_order_.front();
  in_order_.pop_front();
  if (request.poisoned && request.write()) ++poisoned_;
  if (refused(request)) {
    ++refusals;
    if (!request.write() || request.config()) refused_.insert(request.tag);
    return;
  }
  FAIL() << "no record of a request for " << std::hex << request.address;
}

void HostSlaveWorld::skip_until(uint16_t tag) {
  while (!in_order_.empty() && in_order_.front().tag != tag) skip_front();
}

void HostSlaveWorld::step_request(const HostRequest& request) {
  EXPECT_FALSE(refused(request));
  uint64_t offset = request.address;
  if (!request.config()) core_.decode(request.address, request.length, &offset);
  const auto width = static_cast<uint8_t>(request.length);
  if (request.write()) {
    step(Event::write(request.config() ? EventKind::kConfigWrite : EventKind::kMemoryWrite, offset,
                      width, low_bytes(request.data, width)));
  } else {
    step(Event::read(request.config() ? EventKind::kConfigRead : EventKind::kMemoryRead, offset,
                     width, request.tag));
  }
}

TraceRecord HostSlaveWorld::next(std::deque<TraceRecord>& records) {
  TraceRecord record;
  record.kind = TraceKind::kCount;
  if (!records.empty()) {
    record = records.front();
    records.pop_front();
  }
  return record;
}

void HostSlaveWorld::follow_register() {
  const auto tag = static_cast<uint16_t>(card->trace_id);
  const auto kind = static_cast<TraceKind>(card->trace_kind);
  ++records[kind];
  if (card->trace_frame == 2) {  // the answer to a held read
    const TraceRecord expected = next(registers_);
    EXPECT_EQ(expected.kind, TraceKind::kRegisterRead) << "cycle " << now;
    EXPECT_EQ(kind, TraceKind::kRegisterRead);
    EXPECT_EQ(expected.address, card->trace_address);
    EXPECT_EQ(expected.size, card->trace_size);
    EXPECT_EQ(expected.value, card->trace_value) << "held " << std::hex << expected.address;
    EXPECT_TRUE(held_.contains(tag)) << "the core still holds it";
    // An interrupt may wait behind the command that set it free.
    due_[tag] = {held_[tag], records[TraceKind::kMsix] + records[TraceKind::kIntx]};
    held_.erase(tag);
    return;
  }
  skip_until(tag);
  ASSERT_FALSE(in_order_.empty()) << "a record of no request";
  const HostRequest request = in_order_.front();
  in_order_.pop_front();
  const bool window = through_window(request);
  EXPECT_EQ(request.config(), card->trace_purpose == static_cast<uint8_t>(hw::Purpose::kConfig));
  TraceRecord own{};
  own.kind = request.write() ? TraceKind::kRegisterWrite : TraceKind::kRegisterRead;
  own.address = request.address;
  own.size = request.length;
  own.value = low_bytes(request.data, request.length);
  const std::size_t before = registers_.size();
  EXPECT_EQ(before, 0u);
  step_request(request);
  const bool of_data = counts_data(*card);
  counters_read += kind == TraceKind::kRegisterRead && in_statistics(*card) ? 1 : 0;
  if (!request.write()) {
    const bool held = !held_.contains(tag);
    EXPECT_EQ(held, card->trace_frame == 1) << "address " << std::hex << request.address;
    if (held) {
      ++replies_held;
      return;
    }
    own.value = of_data ? 0 : held_[tag];
    due_[tag] = {own.value, decided_};
    held_.erase(tag);
  } else if (request.config()) {
    due_[tag] = {0, decided_};
  }
  const bool no_doorbell = request.write() && kind == TraceKind::kRegisterWrite &&
                           registers_.empty() &&
                           (card->trace_address & ~uint64_t{0xFFF}) == BarLayout::kNotify;
  if (no_doorbell) {
    own.address = card->trace_address;
    own.size = card->trace_size;
    own.value = low_bytes(request.data, own.size);
  } else if (!request.config() || window) {
    own = next(registers_);
    if (of_data) own.value = 0;
  }
  EXPECT_EQ(own.kind, kind) << "address " << std::hex << request.address;
  if (kind == TraceKind::kDoorbell) {
    EXPECT_EQ(own.queue, card->trace_queue);
    pulses_doorbell_ |= 1u << place(own.queue);
    return;
  }
  EXPECT_EQ(own.address, card->trace_address);
  EXPECT_EQ(own.size, card->trace_size) << std::hex << own.address;
  EXPECT_EQ(own.value, card->trace_value)
      << std::hex << own.address << " width " << own.size << " cycle " << now;
}

void HostSlaveWorld::follow_event() {
  const auto kind = static_cast<TraceKind>(card->event_trace_kind);
  ++records[kind];
  const bool was_resting = events_.empty();
  switch (kind) {
    case TraceKind::kManagementEvent:
      if (card->event_trace_value == RS_EVENT_LINK ||
          (card->event_trace_value == RS_EVENT_POWER_ON && !powered_)) {
        step(Event::carrier(card->event_trace_chain != 0, card->event_trace_size));
        if (!powered_) step(Event{EventKind::kPowerOn});
        powered_ = true;
      } else if (card->event_trace_value == RS_EVENT_CONTROL) {
        answer_dma(control_reads_);
        pulse_taken_ = true;
        ++control_commands;
      }
      break;
    case TraceKind::kManagementCommand: {
      ASSERT_FALSE(firmware.commands.empty());
      const rs_command command = firmware.commands.front();
      firmware.commands.pop_front();
      check_enabled(command);
      if (command.kind == RS_COMMAND_CONTROL_REPLY && command.sequence >= reset_number_) {
        pulse_reply_ = true;
        pulse_ack_ = static_cast<uint8_t>(command.value);
        for (unsigned queue = 0; queue < kQueues; ++queue) {
          if (core_.is_control(queue)) work_[queue].replied = true;
        }
      }
      if (command.kind <= RS_COMMAND_ACTIVE_PAIRS) {
        step(Event::from_command(command));
      } else {
        hw::ActionList none;
        core_.step(Event::from_command(command), none);  // refused, unless a reset overtook it
      }
      ++commands;
      break;
    }
    case TraceKind::kDeviceError:
      error_untold_ = false;
      if (card->event_trace_value == static_cast<uint64_t>(DeviceError::kManagementTimeout)) {
        if (card->event_trace_size == 1) {
          following_ = false;
          return;
        }
        EXPECT_TRUE(core_.holding());
        step(Event{EventKind::kHoldExpired});
      } else {
        Event failed{EventKind::kDmaWriteFailed};
        failed.queue = card->event_trace_queue;
        step(failed);
      }
      break;
    default:
      EXPECT_FALSE(was_resting) << "kind " << static_cast<int>(kind) << " cycle " << now;
      break;
  }
  const TraceRecord expected = next(events_);
  EXPECT_EQ(expected.kind, kind) << "cycle " << now;
  EXPECT_EQ(expected.queue, card->event_trace_queue) << "kind " << static_cast<int>(kind);
  if (kind == TraceKind::kReset) {
    forget_work();
    pulse_flush_ = true;
  } else if (kind == TraceKind::kQueueResumed) {
    if (enabled_[expected.queue] && !work_[expected.queue].under_way) {
      pulses_resume_ |= 1u << place(expected.queue);
      EXPECT_EQ(expected.value, card->event_trace_value);
    }
  } else {
    EXPECT_EQ(expected.value, card->event_trace_value) << "kind " << static_cast<int>(kind);
    EXPECT_EQ(expected.id, card->event_trace_id) << "kind " << static_cast<int>(kind);
  }
}

void HostSlaveWorld::check_enabled(const rs_command& command) {
  if (command.kind != RS_COMMAND_QUEUE_CONTEXT || command.sequence < reset_number_) return;
  const unsigned queue = command.queue;
  if (queue >= core_.queues() || enabled_[queue]) return;
  enabled_[queue] = true;
  const rs_queue_context& ring = command.context;
  const uint64_t home = place_of_ring(queue);
  usable_[queue] = ring.desc == home && ring.driver == home + 0x8000 &&
                   ring.device == home + 0xA000 && ring.size >= 2;
  work_[queue].available = ring.index;
  work_[queue].size = ring.size;
  pulses_enable_ |= 1u << place(queue);
  card->context_place = static_cast<uint8_t>(place(queue));
  card.settle();
  EXPECT_EQ(card->context_enabled, 1u);
  EXPECT_EQ(1u << card->context_size_log2, ring.size);
  EXPECT_EQ(card->context_desc, ring.desc);
  EXPECT_EQ(card->context_driver, ring.driver);
  EXPECT_EQ(card->context_device, ring.device);
  EXPECT_EQ(card->context_index, ring.index);
  EXPECT_EQ(card->context_resumed, ring.resumed);
}

void HostSlaveWorld::check_events() {
  while (!firmware.events.empty()) {
    const rs_event got = firmware.events.front();
    firmware.events.pop_front();
    ASSERT_FALSE(expected_events_.empty());
    const rs_event want = expected_events_.front();
    expected_events_.pop_front();
    EXPECT_EQ(got.kind, want.kind);
    EXPECT_EQ(got.sequence, want.sequence);
    EXPECT_EQ(got.value, want.value);
    EXPECT_EQ(got.queue, want.queue);
    EXPECT_EQ(got.features_beyond != 0, want.features_beyond != 0);
    EXPECT_EQ(got.driver_features, want.driver_features);
    EXPECT_EQ(got.context.desc, want.context.desc);
    EXPECT_EQ(got.context.driver, want.context.driver);
    EXPECT_EQ(got.context.device, want.context.device);
    EXPECT_EQ(got.context.size, want.context.size);
    EXPECT_EQ(got.context.index, want.context.index);
    EXPECT_EQ(got.context.resumed != 0, want.context.resumed != 0);
    EXPECT_EQ(got.identity.features, want.identity.features);
    EXPECT_EQ(std::memcmp(got.identity.mac, want.identity.mac, 6), 0);
    EXPECT_EQ(got.identity.mtu, want.identity.mtu);
    EXPECT_EQ(got.identity.queue_size_max, want.identity.queue_size_max);
    EXPECT_EQ(got.identity.queue_pairs, want.identity.queue_pairs);
    EXPECT_EQ(got.link.speed_mbps, want.link.speed_mbps);
    EXPECT_EQ(got.link.up, want.link.up);
    EXPECT_EQ(std::memcmp(got.control, want.control, RS_CONTROL_BYTES), 0);
  }
}

void HostSlaveWorld::check_pulses() {
  EXPECT_EQ(card->enable, std::exchange(pulses_enable_, 0)) << "cycle " << now;
  EXPECT_EQ(card->resume, std::exchange(pulses_resume_, 0)) << "cycle " << now;
  EXPECT_EQ(card->doorbell, std::exchange(pulses_doorbell_, 0)) << "cycle " << now;
  EXPECT_EQ(card->flush != 0, std::exchange(pulse_flush_, false)) << "cycle " << now;
  EXPECT_EQ(card->command_ready != 0, std::exchange(pulse_taken_, false)) << "cycle " << now;
  EXPECT_EQ(card->reply_valid != 0, std::exchange(pulse_reply_, false)) << "cycle " << now;
  EXPECT_TRUE(card->reply_valid == 0 || card->reply == pulse_ack_);
  EXPECT_FALSE(card->active != 0 && !core_.active()) << "cycle " << now;
  // What was fetched is still there, and may not be begun.
  EXPECT_FALSE(card->active != 0 && card->resume != 0) << "cycle " << now;
  // Frames are taken until the card is no longer what the driver made it; an error tells of itself
  // a little later.
  if (!error_untold_) {
    EXPECT_EQ(card->receives != 0, core_.active()) << "cycle " << now;
  }
  EXPECT_TRUE(card->flush == 0 || card->data_busy == 0);
}

void HostSlaveWorld::follow() {
  if (!following_) return;
  if (card->trace_valid != 0) follow_register();
  if (card->event_trace_valid != 0) follow_event();
  check_events();
  check_pulses();
}

void HostSlaveWorld::take_completion() {
  const uint16_t tag = card->completion_tag;
  ASSERT_TRUE(outstanding.contains(tag)) << "a completion that nobody asked for";
  const HostRequest request = outstanding[tag];
  outstanding.erase(tag);
  statuses[tag] = card->completion_status;
  if (!following_) {
    answers[tag] = low_bytes(card->completion_data, request.length);
    return;
  }
  EXPECT_EQ(card->completion_configuration != 0, request.config());
  if (card->completion_status != 0) {
    EXPECT_EQ(card->completion_status, 1u);
    EXPECT_EQ(card->completion_has_data, 0u);
    answers[tag] = ~uint64_t{0};
    if (!refused_.contains(tag)) {
      skip_until(tag);
      ASSERT_FALSE(in_order_.empty());
      skip_front();
    }
    EXPECT_EQ(refused_.erase(tag), 1u);
    return;
  }
  ASSERT_TRUE(due_.contains(tag)) << "cycle " << now;
  EXPECT_GE(left_, due_[tag].messages) << "a completion passed a message";
  EXPECT_EQ(card->completion_has_data != 0, !request.write());
  if (!request.write()) {
    EXPECT_EQ(card->completion_length, request.length);
    EXPECT_EQ(card->completion_lower_address, request.config() ? 0 : request.address & 0x7F);
    answers[tag] = low_bytes(card->completion_data, request.length);
    EXPECT_EQ(answers[tag], low_bytes(due_[tag].value, request.length));
  }
  due_.erase(tag);
}

void HostSlaveWorld::take_write() {
  if (!following_) {
    ++leaving_;
    return;
  }
  ASSERT_FALSE(expected_messages_.empty()) << "cycle " << now;
  const Message want = expected_messages_.front();
  expected_messages_.pop_front();
  EXPECT_EQ(card->write_notify, 1u);
  ++leaving_;
  EXPECT_EQ(card->write_source == kWriteMessage, want.intx);
  EXPECT_EQ(card->write_address, want.address);
  if (want.intx) {
    EXPECT_EQ(card->write_length, 0u);
    ++messages;
  } else {
    EXPECT_EQ(card->write_source, 0u);
    EXPECT_EQ(card->write_length, 4u);
    EXPECT_EQ(card->write_data, want.value);
    ++interrupts;
  }
}

// -- the data plane

std::byte* HostSlaveWorld::at(uint64_t address, uint64_t size) {
  if (address < kArena || size > memory_.size() || address - kArena > memory_.size() - size) {
    return nullptr;
  }
  return memory_.data() + (address - kArena);
}

void HostSlaveWorld::answer_dma(std::deque<hw::Action>& reads) {
  while (!reads.empty()) {
    const hw::Action read = reads.front();
    reads.pop_front();
    const std::byte* data = at(read.address, read.size);
    ASSERT_NE(data, nullptr);
    step(Event::dma_done(read.tag, {data, read.size}));
  }
}

bool HostSlaveWorld::begin(unsigned queue) {
  Work& work = work_[queue];
  const bool control = core_.is_control(queue);
  const bool transmit = hw::NicCore::is_transmit(queue);
  if (queue >= core_.queues() || !core_.queue_taking(queue) || card->active == 0 ||
      !usable_[queue] || work.under_way || (!control && !transmit && queue != 0) ||
      (control && card->command_valid != 0)) {
    return false;
  }
  const uint64_t home = place_of_ring(queue), buffer = home + 0xF000;
  const auto slot = static_cast<uint16_t>(work.available % work.size);
  if (control) {
    store(home, formats::VirtqDesc{buffer, 2, VIRTQ_DESC_F_NEXT, 1});
    store(home + 16, formats::VirtqDesc{buffer + 16, 1, VIRTQ_DESC_F_WRITE, 0});
    store(buffer, static_cast<uint16_t>(random.next()));
  } else {
    const uint16_t flags = transmit ? 0 : VIRTQ_DESC_F_WRITE;
    store(home, formats::VirtqDesc{buffer, transmit ? kHeadersAndFrame : 2000, flags, 0});
  }
  store(home + 0x8000 + formats::SplitRing::avail_entry(slot), uint16_t{0});
  store(home + 0x8000 + formats::SplitRing::kAvailIdx, ++work.available);
  step_choice(EventKind::kSampleAvail, queue);
  answer_dma(reads_);
  step_choice(EventKind::kFetchIds, queue, 1);
  answer_dma(reads_);
  step_choice(EventKind::kFetchDescriptors, queue, 1);
  answer_dma(reads_);
  if (!control && !transmit) {
    hw::FramePtr frame = pool_.make();
    frame->bytes.resize(60);
    step(Event::frame_in(frame));
  }
  step_choice(EventKind::kStartFrame, queue);
  work.under_way = true;
  work.replied = !control;
  card->settled &= ~(1u << place(queue));
  if (control) {  // posted when hardware takes it
    control_reads_.swap(reads_);
    uint16_t bytes = 0;
    std::memcpy(&bytes, at(buffer, 2), 2);
    card->command_valid = 1;
    card->command_length = 2;
    card->command_start = bytes;
  } else {
    answer_dma(reads_);
  }
  return true;
}

bool HostSlaveWorld::finish(unsigned queue) {
  Work& work = work_[queue];
  if (!work.under_way || !work.replied || work.returning || card->active == 0 ||
      core_.used_returnable(queue) == 0 || card->interrupt_valid != 0 || card->returned != 0) {
    return false;
  }
  work.returning = true;
  card->returned = 1u << place(queue);
  return true;
}

/// The used index counts from the edge on at which hardware shows it.
void HostSlaveWorld::finish_returns() {
  card->returned = 0;
  for (unsigned queue = 0; queue < kQueues; ++queue) {
    Work& work = work_[queue];
    if (!work.returning) continue;
    const uint64_t home = place_of_ring(queue);
    const auto event = static_cast<uint16_t>(work.available - 1 - (random.below(4) == 0 ? 5 : 0));
    store(home + 0x8000, static_cast<uint16_t>(random.below(4) == 0));  // NO_INTERRUPT
    store(home + 0x8000 + formats::SplitRing::used_event(work.size), event);
    work.returning = work.under_way = false;
    step_choice(EventKind::kReturnUsed, queue, 1);
    decision_ = false;
    step_choice(EventKind::kReadSuppression, queue);
    answer_dma(reads_);
    if (decision_) {
      card->interrupt_valid = 1;
      card->interrupt_place = static_cast<uint8_t>(place(queue));
    }
    card->settled |= 1u << place(queue);
  }
}

void HostSlaveWorld::fail(unsigned queue) {
  card->error_valid = 1;
  error_untold_ = true;
  card->error_code = static_cast<uint8_t>(DeviceError::kDmaWrite);
  card->error_place = static_cast<uint8_t>(place(queue));
}

void HostSlaveWorld::forget_work() {
  work_ = {};
  enabled_ = {};
  usable_ = {};
  card->command_valid = 0;
  card->settled = ~0u;
  answer_dma(control_reads_);  // stale
}

void HostSlaveWorld::check_end() {
  EXPECT_TRUE(registers_.empty());
  EXPECT_TRUE(events_.empty());
  EXPECT_TRUE(expected_messages_.empty());
  EXPECT_TRUE(expected_events_.empty());
  EXPECT_TRUE(held_.empty());
  const hw::Counters& counters = core_.counters();
  EXPECT_EQ(card->doorbells, counters[Counter::kDoorbells]);
  EXPECT_EQ(card->msix_messages, counters[Counter::kMsixMessages]);
  EXPECT_EQ(card->intx_asserts, counters[Counter::kIntxAsserts]);
  EXPECT_EQ(card->device_resets, counters[Counter::kDeviceResets]);
  EXPECT_EQ(card->function_resets, counters[Counter::kFunctionResets]);
  EXPECT_EQ(card->holds_expired, counters[Counter::kHoldsExpired]);
  EXPECT_EQ(card->poisoned_writes, poisoned_);
  for (unsigned error = 0; error < static_cast<unsigned>(DeviceError::kCount); ++error) {
    card->counted_error = static_cast<uint8_t>(error);
    card.settle();
    EXPECT_EQ(card->errors, counters[static_cast<DeviceError>(error)])
        << hw::error_name(static_cast<DeviceError>(error));
  }
  EXPECT_EQ(card->active != 0, core_.active());
}

}  // namespace ringside::test
