// SPDX-License-Identifier: Apache-2.0
// See core_host.h.
#include "tests/hostile/core_host.h"

#include <bit>
#include <span>
#include <utility>

namespace ringside::hostile {

using hw::ActionKind;
using hw::Event;
using hw::EventKind;
using hw::NicCore;

CoreHost::CoreHost(const hw::CoreConfig& config, std::size_t memory_bytes, Draw draw)
    : RawHost(memory_bytes), draw_(std::move(draw)), config_(config), core_(config, pool_) {
  take(Event::carrier(true, 100'000));
  take(Event{EventKind::kPowerOn});
}

void CoreHost::take(const Event& event) {
  if (depth_ == lists_.size()) lists_.push_back(std::make_unique<hw::ActionList>());
  hw::ActionList& actions = *lists_[depth_++];
  const bool was_stopped = stopped();
  const std::string_view refused = core_.step(event, actions);
  for (std::size_t i = 0; was_stopped && stopped() && i < actions.size(); ++i) {
    if (actions[i].kind == ActionKind::kDmaRead || actions[i].kind == ActionKind::kDmaWrite) {
      fault("DMA after an error that stops the card");
    }
  }
  if (!refused.empty()) {
    fault("the core refuses what it offered: " + std::string(refused));
    if (!actions.empty()) fault("a refused event has actions");
  }
  carry_out(actions);
  actions.clear();
  --depth_;
}

/// An error was counted since the last reset.
bool CoreHost::stopped() {
  const hw::Counters& counters = core_.counters();
  if (resets_ != counters[hw::Counter::kDeviceResets]) {
    resets_ = counters[hw::Counter::kDeviceResets];
    errors_forgiven_ = counters[hw::Counter::kDeviceErrors];
  }
  return counters[hw::Counter::kDeviceErrors] != errors_forgiven_;
}

bool CoreHost::write(uint64_t address, ByteView bytes) {
  if (address - kMsiWindow < kMsiWindowSize && bytes.size() == 4) {
    uint32_t data = 0;
    std::memcpy(&data, bytes.data(), sizeof data);
    ++messages[data % kVectors];
    return true;
  }
  if (memory.device_write(address, bytes)) return true;
  ++refused_;
  return false;
}

void CoreHost::carry_out(hw::ActionList& actions) {
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const hw::Action action = actions[i];
    if (!core_.pci().bus_master() &&
        (action.kind == ActionKind::kDmaRead || action.kind == ActionKind::kMsix)) {
      fault("a memory request while Bus Master Enable is clear");
    }
    switch (action.kind) {
      case ActionKind::kDmaRead:
        reads_.push_back({action.tag, action.size, action.address});
        break;
      case ActionKind::kDmaWrite:
        if (!write(action.address, actions.payload(action))) {
          Event failed{EventKind::kDmaWriteFailed};
          failed.queue = action.queue;
          take(failed);
        }
        break;
      case ActionKind::kMsix: {
        const auto data = static_cast<uint32_t>(action.value);
        write(action.address, std::as_bytes(std::span(&data, 1)));
        break;
      }
      case ActionKind::kIntx:
        intx = action.value != 0;
        break;
      case ActionKind::kFrameOut:
        ++frames_from_card;
        last_frame = actions.frame(action)->bytes;
        leaving_ += action.size;
        break;
      case ActionKind::kReadReply:
        reply_ = action.value;
        replied_ = true;
        break;
      case ActionKind::kManagement:
        management_.post(actions.management(action));
        break;
    }
  }
}

void CoreHost::command(const rs_command& command) { take(Event::from_command(command)); }

void CoreHost::answer_event() {
  const rs_bus bus = hw::firmware_bus(management_);
  rs_control_plane_step(&firmware_, &bus);
}

void CoreHost::answer_read(std::size_t index) {
  const Read read = reads_[index];
  reads_[index] = reads_.back();
  reads_.pop_back();
  const std::byte* data = memory.translate(read.address, read.size);
  if (data == nullptr) ++refused_;
  take(data != nullptr ? Event::dma_done(read.tag, {data, read.size})
                       : Event::dma_failed(read.tag));
}

uint64_t CoreHost::read_register(EventKind kind, uint64_t address, unsigned width) {
  replied_ = false;
  take(Event::read(kind, address, static_cast<uint8_t>(width), 0));
  while (!replied_ && !management_.events().empty()) answer_event();
  if (!replied_) take(Event{EventKind::kHoldExpired});
  if (!replied_) fault("a register read was never answered");
  return reply_;
}

namespace {
bool natural(uint64_t address, unsigned width, unsigned widest) {
  return std::has_single_bit(width) && width <= widest && address % width == 0;
}
uint64_t ones(unsigned width) { return ~uint64_t{0} >> (64 - 8 * width); }
}  // namespace

uint32_t CoreHost::config_read(uint32_t offset, unsigned width) {
  if (!natural(offset, width, 4) || offset >= hw::PciConfig::kBytes) {
    return static_cast<uint32_t>(ones(width));
  }
  return static_cast<uint32_t>(read_register(EventKind::kConfigRead, offset, width) & ones(width));
}

void CoreHost::config_write(uint32_t offset, unsigned width, uint32_t value) {
  if (!natural(offset, width, 4) || offset >= hw::PciConfig::kBytes) return;
  take(Event::write(EventKind::kConfigWrite, offset, static_cast<uint8_t>(width), value));
}

uint64_t CoreHost::memory_read(uint64_t address, unsigned width) {
  uint64_t offset = 0;
  // What adapters refuse is given to the core too: it must cope with any width and offset.
  if (!core_.decode(address, width, &offset)) return ones(width);
  return read_register(EventKind::kMemoryRead, offset, width) & ones(width);
}

void CoreHost::memory_write(uint64_t address, unsigned width, uint64_t value) {
  uint64_t offset = 0;
  if (!core_.decode(address, width, &offset)) return;
  take(Event::write(EventKind::kMemoryWrite, offset, static_cast<uint8_t>(width),
                    value & ones(width)));
}

void CoreHost::send_to_card(ByteView frame) {
  const hw::FramePtr copy = pool_.make();
  copy->bytes.assign(frame.begin(), frame.end());
  take(Event::frame_in(copy));
}

/// What a sensible scheduler could do now: it samples only what was kicked, and arms only when
/// nothing else is to be done with the queue.
void CoreHost::choices(std::vector<Choice>* out) {
  out->clear();
  const auto queues = static_cast<uint16_t>(core_.queues());
  for (uint16_t queue = 0; queue < queues; ++queue) {
    const auto add = [&](EventKind kind, uint32_t count = 0) {
      out->push_back({kind, queue, static_cast<uint16_t>(count)});
    };
    if (core_.descriptors_fetchable(queue)) {
      add(EventKind::kFetchDescriptors, 1 + draw_(hw::Queue::kBatch));
    }
    const uint16_t ids = core_.ids_fetchable(queue);
    if (ids != 0) add(EventKind::kFetchIds, 1 + draw_(ids));
    if (core_.can_start_frame(queue)) add(EventKind::kStartFrame);
    const uint32_t frames = core_.used_returnable(queue);
    if (frames != 0) add(EventKind::kReturnUsed, 1 + draw_(frames));
    if (core_.suppression_due(queue)) add(EventKind::kReadSuppression);
    if (ids == 0 && core_.kicked(queue) && core_.can_sample(queue)) add(EventKind::kSampleAvail);
    if (ids == 0 && !core_.kicked(queue) && !core_.armed(queue) && core_.can_arm(queue)) {
      add(EventKind::kArmNotify);
    }
  }
}

bool CoreHost::step() {
  choices(&choices_);
  const std::size_t options = reads_.size() + choices_.size() +
                              (management_.events().empty() ? 0 : 1) + (leaving_ != 0 ? 1 : 0);
  if (options == 0) return false;
  std::size_t pick = draw_(options);
  if (pick < reads_.size()) {
    answer_read(pick);
    return true;
  }
  pick -= reads_.size();
  if (pick < choices_.size()) {
    const Choice choice = choices_[pick];
    take(Event::choice(choice.kind, choice.queue, choice.count));
    return true;
  }
  pick -= choices_.size();
  if (pick == 0 && !management_.events().empty()) {
    answer_event();
  } else {
    take(Event::frame_sent(std::exchange(leaving_, 0)));
  }
  return true;
}

bool CoreHost::settle() {
  for (uint64_t steps = 0; steps < kMostSteps; ++steps) {
    if (!step()) return true;
  }
  return false;
}

void CoreHost::advance(unsigned amount) {
  for (unsigned i = 0; i < amount && step(); ++i) {
  }
}

uint64_t CoreHost::counter(std::string_view name) const {
  const hw::Counters& counters = core_.counters();
  for (unsigned i = 0; i < static_cast<unsigned>(hw::Counter::kCount); ++i) {
    if (hw::counter_name(static_cast<hw::Counter>(i)) == name) return counters.values[i];
  }
  for (unsigned i = 0; i < static_cast<unsigned>(hw::DeviceError::kCount); ++i) {
    if (hw::error_name(static_cast<hw::DeviceError>(i)) == name) return counters.errors[i];
  }
  return name == "pcie_unsupported_requests" ? refused_ : 0;
}

std::string CoreHost::audit() {
  if (core_.tx_occupancy() > config_.tx_buffer_bytes)
    fault("more in the transmit buffer than fits");
  if (core_.rx_occupancy() > config_.rx_buffer_bytes) fault("more in the receive buffer than fits");
  if (core_.tx_leaving() > core_.tx_occupancy()) fault("more leaves the buffer than is in it");
  if (core_.tx_leaving() != leaving_) fault("what leaves is not what went to the port");
  if (core_.queues() > NicCore::kQueuesMax) fault("more queues than there can be");
  constexpr uint8_t kRunning = VIRTIO_STATUS_DRIVER_OK;
  if (core_.active() &&
      ((core_.device_status() & (kRunning | VIRTIO_STATUS_DEVICE_NEEDS_RESET)) != kRunning ||
       !core_.pci().bus_master())) {
    fault("active without DRIVER_OK or Bus Master Enable, or with DEVICE_NEEDS_RESET");
  }
  // What the queries deny is refused, and changes nothing.
  const hw::Counters before = core_.counters();
  hw::ActionList actions;
  for (unsigned queue = 0; queue < core_.queues(); ++queue) {
    const auto deny = [&](EventKind kind, unsigned count) {
      const auto event =
          Event::choice(kind, static_cast<uint16_t>(queue), static_cast<uint16_t>(count));
      if (core_.step(event, actions).empty()) fault("a choice that the queries deny is taken");
    };
    if (!core_.can_start_frame(queue)) deny(EventKind::kStartFrame, 0);
    if (!core_.descriptors_fetchable(queue)) deny(EventKind::kFetchDescriptors, 1);
    if (!core_.suppression_due(queue)) deny(EventKind::kReadSuppression, 0);
    if (!core_.can_sample(queue)) deny(EventKind::kSampleAvail, 0);
    deny(EventKind::kFetchIds, core_.ids_fetchable(queue) + 1u);
    deny(EventKind::kReturnUsed, core_.used_returnable(queue) + 1u);
    if (core_.queue_active(queue) && !core_.active())
      fault("a queue is active and the card is not");
  }
  if (!actions.empty()) fault("a refused choice has actions");
  if (before.values != core_.counters().values || before.errors != core_.counters().errors) {
    fault("a refused choice is counted");
  }
  return fault_;
}

}  // namespace ringside::hostile
