// SPDX-License-Identifier: Apache-2.0
// The cycle-approximate card's inputs and outputs: TLPs, frames, management.
#include "hw_model/tlm/at_card.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "hw_model/pcie/lane_clock.h"
#include "hw_model/pcie/pcie_payload.h"
#include "hw_model/tlm/debug_config.h"

namespace ringside::hw {

namespace {

DmaEngineConfig dma_config(const PipelineConfig& pipeline) {
  DmaEngineConfig config;
  config.tags = pipeline.read_tags;
  config.reassembly_bytes = pipeline.reassembly_bytes;
  config.completion_timeout_ps = pipeline.completion_timeout_ps;
  return config;
}

bool aligned_access(const Tlp& tlp, uint32_t widest) {
  return std::has_single_bit(tlp.length) && tlp.length <= widest && tlp.address % tlp.length == 0;
}

}  // namespace

AtCard::AtCard(const sc_core::sc_module_name& name, const NicConfig& config,
               std::unique_ptr<ControlPlane> control, FramePool& frames, PayloadPool& payloads,
               TlpChannel& up)
    : sc_core::sc_module(name),
      config_(config),
      cycle_ps_(kPsPerS % config.pipeline.clock_hz == 0 ? kPsPerS / config.pipeline.clock_hz : 0),
      beat_bytes_(config.pipeline.datapath_bits / 8),
      write_ahead_ps_(config.pipeline.write_buffer_bytes *
                      byte_ticks(config.pcie.generation, config.pcie.lanes) / kTicksPerPs),
      control_(std::move(control)),
      core_(core_config(config), frames),
      payloads_(payloads),
      up_(up),
      dma_(dma_config(config.pipeline), config.pcie, up, payloads, *this, ledger_) {
  control_->attach(management_);
  follow_configuration(0);
  up_.on_ready([this] {
    if (waits_for_writes_ == 0) return;
    write_window_.stop(sc_core::sc_time_stamp().value());
    wanted_ |= std::exchange(waits_for_writes_, 0);
    serve_now();
  });
  SC_METHOD(serve);
  sensitive << work_;
  dont_initialize();
  SC_METHOD(hold_expired);
  sensitive << hold_event_;
  dont_initialize();
  SC_METHOD(send_due_interrupts);
  sensitive << interrupt_event_;
  dont_initialize();
  SC_METHOD(expire_reads);
  sensitive << timeout_event_;
  dont_initialize();
}

void AtCard::connect(EthernetPort& port) {
  port_ = &port;
  port.attach(*this);
}

void AtCard::trace(TraceSink* sink) {
  stamp_.forward_to(sink);
  core_.trace(sink == nullptr ? nullptr : &stamp_);
}

void AtCard::start_of_simulation() {
  const bool up = port_ != nullptr && port_->carrier();
  take(Event::carrier(up, speed_mbps()), 0);
  take(Event{EventKind::kPowerOn}, 0);
}

uint32_t AtCard::speed_mbps() const {
  return port_ == nullptr ? VIRTIO_NET_SPEED_UNKNOWN
                          : static_cast<uint32_t>(port_->rate_bps() / 1'000'000);
}

std::vector<NicResource> AtCard::resources() const {
  const TimePs now = sc_core::sc_time_stamp().value();
  return {{"ring_engine", ring_engine_.busy_ps()},      {"tx_datapath", tx_datapath_.busy_ps()},
          {"rx_datapath", rx_datapath_.busy_ps()},      {"tx_buffer", tx_buffer_.total_ps(now)},
          {"ring_window", ring_window_.total_ps(now)},  {"read_window", read_window_.total_ps(now)},
          {"write_window", write_window_.total_ps(now)}};
}

// -- events into the core, actions out of it

void AtCard::take(const Event& event, TimePs at_ps) {
  stamp_.at(at_ps);
  const std::string_view refused = core_.step(event, actions_);
  if (!refused.empty()) SC_REPORT_FATAL(name(), std::string(refused).c_str());
  carry_out(at_ps);
  actions_.clear();
}

void AtCard::carry_out(TimePs at_ps) {
  for (std::size_t i = 0; i < actions_.size(); ++i) {
    const Action& action = actions_[i];
    switch (action.kind) {
      case ActionKind::kDmaRead: {
        if (action.tag >= fetches_.size()) fetches_.resize(action.tag + 1);
        const bool ring = action.purpose != Purpose::kPayload;
        fetches_[action.tag] = {action.queue, ring};
        if (ring) ++ring_fetches_;
        dma_.read(action.tag, action.purpose, action.address, action.size, at_ps);
        if (!timeout_armed_) {
          timeout_armed_ = true;
          timeout_event_.notify(
              sc_core::sc_time::from_value(config_.pipeline.completion_timeout_ps));
        }
        break;
      }
      case ActionKind::kDmaWrite:
        // Nobody may look at payload or entries before the index that follows them; avail_event is
        // followed by a read of the available index.
        dma_.write(action.purpose, action.address, actions_.payload(action), at_ps,
                   action.purpose != Purpose::kUsedIndex);
        break;
      case ActionKind::kMsix:
      case ActionKind::kIntx:
        interrupt(action, at_ps);
        break;
      case ActionKind::kFrameOut:
        transmit(action, at_ps);
        break;
      case ActionKind::kReadReply:
        answer(action.tag, action.value, at_ps);
        break;
      case ActionKind::kManagement:
        management_.post(actions_.management(action));
        control_->interrupt();
        break;
    }
  }
}

/// What is sent after it must not wait for an interrupt that is far off.
void AtCard::interrupt(const Action& action, TimePs at_ps) {
  const Message message{at_ps + cycles(config_.pipeline.interrupt_cycles),
                        core_.counters()[Counter::kDeviceResets], action};
  const TimePs now = sc_core::sc_time_stamp().value();
  if (interrupts_.empty() && message.at_ps <= now + kLookAheadPs) {
    send_interrupt(message);
    return;
  }
  interrupts_.push(message);
  if (interrupts_.size() == 1) {
    interrupt_event_.notify(
        sc_core::sc_time::from_value(message.at_ps - std::min(message.at_ps, now)));
  }
}

void AtCard::send_interrupt(const Message& message) {
  const Action& action = message.action;
  if (action.kind == ActionKind::kIntx) {
    dma_.message(action.value != 0 ? kMessageAssertIntA : kMessageDeassertIntA, message.at_ps);
    return;
  }
  if (message.resets != core_.counters()[Counter::kDeviceResets]) return;  // RST-D-002
  const auto data = static_cast<uint32_t>(action.value);
  dma_.write(Purpose::kInterrupt, action.address, std::as_bytes(std::span(&data, 1)),
             message.at_ps);
}

void AtCard::send_due_interrupts() {
  const TimePs now = sc_core::sc_time_stamp().value();
  while (!interrupts_.empty() && interrupts_.front().at_ps <= now) {
    const Message message = interrupts_.front();
    interrupts_.pop();
    const Action& action = message.action;
    // Masked since it was decided, or an MSI-X message, which is a memory write, without Bus Master
    // Enable.
    const bool held = action.kind == ActionKind::kMsix && !core_.may_interrupt(action.tag) &&
                      message.resets == core_.counters()[Counter::kDeviceResets];
    if (held) {
      take(Event::msix_held(action.tag), now);
    } else {
      send_interrupt(message);
    }
  }
  if (!interrupts_.empty()) {
    interrupt_event_.notify(sc_core::sc_time::from_value(interrupts_.front().at_ps - now));
  }
}

/// Configuration space was written: Device Control and Bus Master Enable count for what leaves.
void AtCard::follow_configuration(TimePs now_ps) {
  dma_.set_sizes(core_.pci().max_payload(), core_.pci().max_read_request());
  dma_.set_bus_master(core_.pci().bus_master(), now_ps);
}

/// What a reset leaves behind: frames that were dropped, reads that nobody has asked for yet.
void AtCard::follow_reset(TimePs now_ps) {
  forget_dropped();
  const uint64_t resets = core_.counters()[Counter::kDeviceResets];
  if (resets == resets_seen_) return;
  resets_seen_ = resets;
  dma_.cancel_waiting(now_ps);
}

unsigned AtCard::debug(tlm::tlm_generic_payload& request) {
  const TimePs now = sc_core::sc_time_stamp().value();
  const unsigned done =
      debug_config(core_, request, [this, now](const Event& event) { take(event, now); });
  if (request.is_write()) follow_configuration(now);
  return done;
}

void AtCard::transmit(const Action& action, TimePs at_ps) {
  const FramePtr frame = std::move(actions_.frame(action));
  const TimePs ready = at_ps + cycles(config_.pipeline.tx_latency_cycles);
  const TimePs start = std::max(ready, port_->free_at());
  const TimePs end = port_->transmit(frame, ready);
  in_flight_.push(end, action.size);
  wanted_ |= std::exchange(waits_for_frame_, 0);
  if (!stamp_.on()) return;
  stamp_.record({.time_ps = end,
                 .kind = TraceKind::kFrameSent,
                 .queue = action.queue,
                 .size = action.size,
                 .frame = frame->id,
                 .value = start});
}

void AtCard::receive_frame(const FramePtr& frame, TimePs, TimePs end_ps) {
  const uint32_t occupancy = core_.rx_occupancy();
  take(Event::frame_in(frame), end_ps);
  if (core_.rx_occupancy() == occupancy) return;  // dropped
  const unsigned queue = core_.steered_queue();
  QueueState& state = queues_[queue];
  if (state.arrivals.empty()) state.chain_ps = std::max(state.chain_ps, state.ring_ps);
  state.arrivals.push(end_ps + cycles(config_.pipeline.rx_latency_cycles));
  want(queue);
  serve_now();
}

void AtCard::carrier_change(bool up) {
  take(Event::carrier(up, speed_mbps()), sc_core::sc_time_stamp().value());
}

void AtCard::command(const rs_command& command) {
  const TimePs now = sc_core::sc_time_stamp().value();
  take(Event::from_command(command), now);
  follow_reset(now);
  wanted_ = ~uint64_t{0};
  serve_now();
}

// -- TLPs

void AtCard::receive_tlp(Tlp& tlp, TimePs arrival_ps) {
  switch (tlp.type) {
    case TlpType::kCompletion:
    case TlpType::kCompletionData:
      dma_.completion(tlp, arrival_ps);
      open_read_window(arrival_ps);
      break;
    case TlpType::kMemWrite:
    case TlpType::kConfigWrite:
      register_write(tlp, arrival_ps);
      break;
    case TlpType::kMemRead:
    case TlpType::kConfigRead:
      register_read(tlp, arrival_ps);
      break;
    case TlpType::kMessage:
      return;  // none is for a function without such a capability (2.2.8)
  }
  if (!tlp.more) serve_now();
}

/// What comes is used some cycles later at the earliest.
TimePs AtCard::tolerance_ps(FlowClass flow) const {
  const PipelineConfig& pipeline = config_.pipeline;
  switch (flow) {
    case FlowClass::kCompletion:
      return cycles(std::min(pipeline.ring_result_cycles, pipeline.tx_latency_cycles));
    case FlowClass::kPosted:
      return cycles(pipeline.doorbell_cycles);
    default:
      return cycles(pipeline.register_cycles);
  }
}

void AtCard::dma_read_done(uint32_t handle, ByteView data, bool ok, TimePs at_ps) {
  const Fetch fetch = fetches_[handle];
  const Event event = ok ? Event::dma_done(handle, data) : Event::dma_failed(handle);
  want(fetch.queue);
  if (!fetch.ring) {
    take(event, at_ps);
    return;
  }
  --ring_fetches_;
  ring_window_.stop(at_ps);
  wanted_ |= std::exchange(waits_for_ring_, 0);
  const TimePs usable = at_ps + cycles(config_.pipeline.ring_result_cycles);
  QueueState& state = queues_[fetch.queue];
  const bool could_start = core_.can_start_frame(fetch.queue);
  take(event, usable);
  state.ring_ps = std::max(state.ring_ps, usable);
  // What is described behind a chain that could start must not put that one off.
  if (!could_start) state.chain_ps = std::max(state.chain_ps, usable);
}

void AtCard::register_write(Tlp& tlp, TimePs arrival_ps) {
  const bool config = tlp.type == TlpType::kConfigWrite;
  uint64_t offset = tlp.address;
  const bool good = aligned_access(tlp, config ? 4 : 8) &&
                    (config ? tlp.address + tlp.length <= PciConfig::kBytes
                            : core_.decode(tlp.address, tlp.length, &offset));
  const bool doorbell = !config && good && offset - BarLayout::kNotify < BarLayout::kNotifyBytes;
  const Purpose purpose = config     ? Purpose::kConfig
                          : doorbell ? Purpose::kDoorbell
                                     : Purpose::kRegisterWrite;
  ledger_.add(BusDirection::kDown, purpose, tlp.length, link_bytes(tlp, config_.pcie.whole_dwords));
  const auto queue =
      static_cast<unsigned>((offset - BarLayout::kNotify) / BarLayout::kNotifyMultiplier);
  const bool rings = doorbell && queue < core_.queues();
  const bool rang = rings && core_.kicked(queue);
  if (tlp.poisoned) {  // 2.7.2.2: a register is not written with poison
    ++poisoned_writes_;
  } else if (good) {
    uint64_t value = 0;
    std::memcpy(&value, tlp.payload().data(), tlp.length);
    take(Event::write(config ? EventKind::kConfigWrite : EventKind::kMemoryWrite, offset,
                      static_cast<uint8_t>(tlp.length), value),
         arrival_ps);
  }
  if (config) {
    complete(
        tlp,
        good && !tlp.poisoned ? CompletionStatus::kSuccess : CompletionStatus::kUnsupportedRequest,
        arrival_ps + cycles(config_.pipeline.register_cycles));
  }
  if (!doorbell) {
    if (config) follow_configuration(arrival_ps);
    follow_reset(arrival_ps);
    wanted_ = ~uint64_t{0};
    return;
  }
  if (!rings) return;
  // Another one on the way must not put off what the first asked for.
  if (!rang) queues_[queue].kicked_ps = arrival_ps + cycles(config_.pipeline.doorbell_cycles);
  want(queue);
}

/// A reset, or a pair that is switched off, empties a queue's receive buffer.
void AtCard::forget_dropped() {
  for (unsigned queue = 0; queue < queues_.size(); queue += 2) {
    Fifo<TimePs>& arrivals = queues_[queue].arrivals;
    while (!arrivals.empty() && !core_.frame_waiting(queue)) arrivals.pop();
  }
}

void AtCard::register_read(Tlp& tlp, TimePs arrival_ps) {
  const bool config = tlp.type == TlpType::kConfigRead;
  const Purpose purpose = config ? Purpose::kConfig : Purpose::kRegisterRead;
  ledger_.add(BusDirection::kDown, purpose, 0, link_bytes(tlp, config_.pcie.whole_dwords));
  uint64_t offset = tlp.address;
  if (!aligned_access(tlp, config ? 4 : 8) ||
      (config ? tlp.address + tlp.length > PciConfig::kBytes
              : !core_.decode(tlp.address, tlp.length, &offset))) {
    complete(tlp, CompletionStatus::kUnsupportedRequest,
             arrival_ps + cycles(config_.pipeline.register_cycles));
    return;
  }
  uint32_t slot = 0;
  while (slot < register_reads_.size() && register_reads_[slot].busy) ++slot;
  if (slot == register_reads_.size()) register_reads_.emplace_back();
  register_reads_[slot] = {true,       config,      tlp.tag,
                           tlp.length, tlp.address, arrival_ps + config_.hold_bound_ps};
  take(Event::read(config ? EventKind::kConfigRead : EventKind::kMemoryRead, offset,
                   static_cast<uint8_t>(tlp.length), slot),
       arrival_ps);
  arm_hold(arrival_ps);
}

void AtCard::answer(uint32_t slot, uint64_t value, TimePs at_ps) {
  RegisterRead& read = register_reads_[slot];
  read.busy = false;
  Tlp tlp;
  tlp.type = TlpType::kCompletionData;
  tlp.tag = read.tag;
  tlp.length = read.length;
  tlp.byte_count = static_cast<uint16_t>(read.length);
  tlp.lower_address = static_cast<uint8_t>(read.config ? 0 : read.address & 0x7F);
  tlp.data = payloads_.make();
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  tlp.data->bytes.assign(bytes, bytes + read.length);
  send_completion(std::move(tlp), read.config ? Purpose::kConfig : Purpose::kRegisterRead,
                  at_ps + cycles(config_.pipeline.register_cycles));
}

void AtCard::complete(const Tlp& request, CompletionStatus status, TimePs at_ps) {
  Tlp tlp;
  tlp.type = TlpType::kCompletion;
  tlp.status = status;
  tlp.tag = request.tag;
  const bool config = request.type == TlpType::kConfigRead || request.type == TlpType::kConfigWrite;
  send_completion(std::move(tlp), config ? Purpose::kConfig : Purpose::kRegisterRead, at_ps);
}

void AtCard::send_completion(Tlp&& tlp, Purpose purpose, TimePs at_ps) {
  tlp.purpose = purpose;
  ledger_.add(BusDirection::kUp, purpose, tlp.has_data() ? tlp.length : 0,
              link_bytes(tlp, config_.pcie.whole_dwords));
  up_.send(std::move(tlp), at_ps);
}

/// Sets the timer for the oldest register read that the core holds.
void AtCard::arm_hold(TimePs now_ps) {
  TimePs first = kNever;
  for (const RegisterRead& read : register_reads_) {
    if (read.busy) first = std::min(first, read.deadline_ps);
  }
  hold_event_.cancel();
  if (first != kNever) {
    hold_event_.notify(sc_core::sc_time::from_value(first > now_ps ? first - now_ps : 0));
  }
}

void AtCard::hold_expired() {
  const TimePs now = sc_core::sc_time_stamp().value();
  const bool late =
      std::any_of(register_reads_.begin(), register_reads_.end(),
                  [now](const RegisterRead& read) { return read.busy && read.deadline_ps <= now; });
  if (late) take(Event{EventKind::kHoldExpired}, now);
  arm_hold(now);
}

void AtCard::expire_reads() {
  const TimePs now = sc_core::sc_time_stamp().value();
  dma_.expire(now);
  open_read_window(now);
  const TimePs deadline = dma_.next_deadline();
  timeout_armed_ = deadline != DmaEngine::kNoDeadline;
  if (timeout_armed_) timeout_event_.notify(sc_core::sc_time::from_value(deadline - now));
  serve_now();
}

// The time-out of a read that was answered stays where it is, which is cheaper than to cancel it.
void AtCard::drop_idle_timers() {
  if (!timeout_armed_ || dma_.next_deadline() != DmaEngine::kNoDeadline) return;
  timeout_event_.cancel();
  timeout_armed_ = false;
}

}  // namespace ringside::hw
