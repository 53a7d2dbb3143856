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

DmaEngineConfig dma_config(const NicConfig& card) {
  const PipelineConfig& pipeline = card.pipeline;
  DmaEngineConfig config;
  config.tags = pipeline.read_tags;
  config.operations =
      card.queue_pairs > 1 ? pipeline.read_operations_several : pipeline.read_operations;
  config.reassembly_bytes = pipeline.reassembly_bytes;
  config.reuse_ps = pipeline.cycles(pipeline.read_result_cycles + pipeline.read_request_cycles);
  config.completion_timeout_ps = pipeline.completion_timeout_ps;
  return config;
}

/// Of the ring's structures, in bytes.
constexpr uint32_t kEntryBytes = 2, kDescriptorBytes = 16, kUsedBytes = 8;
/// Of a memory write on the link, beside its payload.
constexpr uint32_t kWriteOverheadBytes = 16 + kTlpFramingBytes;

/// ACKs and UpdateFCs are as many as each other.
TimePs piece_link_ps(const PcieLinkConfig& link) {
  const uint32_t interval = dllp_interval_bytes(link.generation, link.lanes, link.mps);
  const uint64_t bytes = link.mps + kWriteOverheadBytes;
  return bytes * (interval + 2 * kDllpBytes) / interval * byte_ticks(link.generation, link.lanes) /
         kTicksPerPs;
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
      edges_(config.pipeline.clock_hz),
      cycle_ps_(kPsPerS % config.pipeline.clock_hz == 0 ? kPsPerS / config.pipeline.clock_hz : 0),
      beat_bytes_(config.pipeline.datapath_bits / 8),
      write_ahead_ps_(config.pipeline.write_buffer_bytes *
                      byte_ticks(config.pcie.generation, config.pcie.lanes) / kTicksPerPs),
      piece_link_ps_(piece_link_ps(config.pcie)),
      control_(std::move(control)),
      core_(core_config(config), frames),
      payloads_(payloads),
      up_(up),
      dma_(dma_config(config), config.pcie, up, payloads, *this, ledger_) {
  control_->attach(management_);
  follow_configuration(0);
  up_.on_ready([this] {
    if (waits_for_writes_ == 0) return;
    write_window_.stop(now_ps());
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
  SC_METHOD(take_arrived);
  sensitive << arrived_event_;
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
  const TimePs now = now_ps();
  return {{"ring_engine", ring_engine_.busy_ps(now)},   {"tx_datapath", tx_datapath_.busy_ps(now)},
          {"rx_datapath", rx_datapath_.busy_ps(now)},   {"tx_buffer", tx_buffer_.total_ps(now)},
          {"ring_window", ring_window_.total_ps(now)},  {"read_window", read_window_.total_ps(now)},
          {"write_window", write_window_.total_ps(now)}};
}

// -- events into the core, actions out of it

/// What follows is offered to reader and writer from `offered_ps` on.
void AtCard::take(const Event& event, TimePs at_ps, TimePs offered_ps) {
  stamp_.at(at_ps);
  choice_ = event.kind;
  const std::string_view refused = core_.step(event, actions_);
  if (!refused.empty()) SC_REPORT_FATAL(name(), std::string(refused).c_str());
  carry_out(at_ps, offered_ps);
  actions_.clear();
}

void AtCard::carry_out(TimePs at_ps, TimePs offered_ps) {
  for (std::size_t i = 0; i < actions_.size(); ++i) {
    const Action& action = actions_[i];
    switch (action.kind) {
      case ActionKind::kDmaRead:
        read(action, offered_ps);
        break;
      case ActionKind::kDmaWrite:
        offered_ps = write(action, offered_ps);
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

void AtCard::read(const Action& action, TimePs decided_ps) {
  if (action.tag >= fetches_.size()) fetches_.resize(action.tag + 1);
  Fetch& fetch = fetches_[action.tag];
  fetch = {action.queue, FetchFor::kPayload, false, false, static_cast<uint32_t>(action.value),
           action.size,  action.address};
  ReadClient client = ReadClient::kRing;
  switch (action.purpose) {
    case Purpose::kAvailIndex:
      fetch.purpose = FetchFor::kIndex;
      break;
    case Purpose::kAvailEntries:
      fetch.purpose = FetchFor::kEntries;
      ++queues_[action.queue].entry_fetches;
      break;
    case Purpose::kUsedEvent:
      fetch.purpose = FetchFor::kSuppression;
      client = ReadClient::kSuppression;
      break;
    case Purpose::kPayload:
      client = core_.is_control(action.queue) ? ReadClient::kControl : ReadClient::kTransmit;
      decided_ps += cycles(config_.pipeline.tx_gather_cycles);
      break;
    default:
      if (choice_ == EventKind::kFetchDescriptors) {
        fetch.purpose = FetchFor::kHeads;
      } else if (heads_come_) {
        fetch.purpose = FetchFor::kAhead;
        fetch.buffer = true;
        fetch.linked = action.purpose == Purpose::kDescriptors;
        look_ahead(action);
        return;
      } else {
        fetch.purpose = FetchFor::kWalk;
        fetch.buffer = std::exchange(walk_buffer_, false);
        fetch.linked = action.purpose == Purpose::kDescriptors;
        QueueState& state = queues_[action.queue];
        fetch.turn = state.turn;
        if (fetch.buffer && fetch.linked) goes_on(state.run, action.address);
        if (run_next_ == action.address && fetch.linked) {
          run_tag_ = action.tag;
          return;
        }
      }
  }
  ask(action, client, decided_ps);
}

/// A head says that its chain goes on: what follows is asked for when a buffer is free for it.
void AtCard::look_ahead(const Action& action) {
  QueueState& state = queues_[action.queue];
  fetches_[action.tag].turn = state.next_turn++;
  const uint64_t behind = static_cast<uint32_t>(action.value) - looked_chain_;
  const TimePs looked = looked_ps_ + cycles(behind * config_.pipeline.look_chain_cycles);
  if (state.ahead < config_.pipeline.look_buffers) {
    ++state.ahead;
    ask(action, ReadClient::kRing, looked);
  } else {
    state.ahead_waiting.push({action, looked});
  }
}

/// The buffer of a chain that is whole is the next one's.
void AtCard::free_ahead(QueueState& state, TimePs at_ps) {
  if (state.ahead_waiting.empty()) {
    --state.ahead;
    return;
  }
  const Ahead next = state.ahead_waiting.front();
  state.ahead_waiting.pop();
  ask(next.action, ReadClient::kRing,
      std::max(next.at_ps, at_ps + cycles(config_.pipeline.look_chain_cycles)));
}

/// Linked descriptors that `action` reads: as many as the longest run of the queue's last chains
/// had, up to the table's end.
uint32_t AtCard::run_of(const Action& action) {
  const Fetch& fetch = fetches_[action.tag];
  QueueState& state = queues_[action.queue];
  // All between the last chain that went on and this one have one descriptor.
  if (fetch.purpose == FetchFor::kAhead && fetch.turn == state.turn) {
    shorten(state.run, fetch.chain - 1);
  }
  uint32_t count = state.run.count;
  while (count > 1 &&
         !core_.in_descriptor_table(action.queue, action.address, count * kDescriptorBytes)) {
    --count;
  }
  return count;
}

/// A run is one less with each chain since the last, up to `chain`.
void AtCard::shorten(Run& run, uint32_t chain) {
  const uint32_t shorter = chain - run.chain;  // large behind a reset
  run.count = std::max(run.count - std::min(run.count, shorter), 1u);
  run.chain = chain;
}

/// A read of the core, decided at `decided_ps`, goes to the readers.
void AtCard::ask(const Action& asked, ReadClient client, TimePs decided_ps) {
  Action action = asked;
  Fetch& fetch = fetches_[action.tag];
  if (fetch.linked) {
    fetch.size = action.size = run_of(action) * kDescriptorBytes;
    dma_.count_beyond(action.size - asked.size);
  }
  if (fetch.ring()) {
    ++queues_[action.queue].fetches;
    ++ring_fetches_;
  }
  if (client != read_client_) decided_ps += cycles(config_.pipeline.grant_cycles);
  read_client_ = client;
  const uint32_t most = std::min(config_.pcie.mrrs, core_.pci().max_read_request());
  const TimePs leaves = requests_.reserve(decided_ps + cycles(config_.pipeline.read_request_cycles),
                                          cycles((action.size + most - 1) / most));
  dma_.read(action.tag, action.purpose, action.address, action.size, leaves);
  if (timeout_armed_) return;
  timeout_armed_ = true;
  timeout_event_.notify(sc_core::sc_time::from_value(config_.pipeline.completion_timeout_ps));
}

/// When the writer takes what `client` offers from `offered_ps` on.
TimePs AtCard::granted(WriteClient client, TimePs offered_ps) {
  if (client == write_client_) return offered_ps;
  write_client_ = client;
  return offered_ps + cycles(config_.pipeline.grant_cycles);
}

/// When the writes of a queue's oldest received frame go to the link, if the writer takes the first
/// at `taken_ps`: all together so that the last leaves when its last beat does, at `last_ps`. Sent
/// earlier they would keep the link from whoever comes between them.
TimePs AtCard::payload_leaves(unsigned queue, TimePs taken_ps, TimePs* last_ps) const {
  const uint64_t bytes = core_.next_frame_bytes(queue);
  const uint32_t piece = config_.pcie.mps;
  const TimePs first = rx_datapath_.slot(taken_ps + cycles(config_.pipeline.write_cycles));
  *last_ps = first + beats(bytes) - cycles(1);
  const TimePs on_link = (bytes - 1) / piece * piece_link_ps_;  // of all but the last TLP
  const TimePs piece_ps = first + beats(std::min<uint64_t>(bytes, piece)) - cycles(1);
  return std::max(piece_ps, *last_ps - std::min(*last_ps, on_link));
}

/// A posted write that is offered to the writer from `offered_ps` on; returns when the next one of
/// the same decision is, or what waits until it has left.
TimePs AtCard::write(const Action& action, TimePs offered_ps) {
  const PipelineConfig& pipeline = config_.pipeline;
  QueueState& state = queues_[action.queue];
  WriteClient client = WriteClient::kControl;
  switch (action.purpose) {
    case Purpose::kPayload:
      if (choice_ != EventKind::kStartFrame) break;
      client = WriteClient::kReceive;
      break;
    case Purpose::kUsedEntries:
      client = WriteClient::kUsed;
      offered_ps += cycles(pipeline.used_write_cycles + action.size / kUsedBytes);
      break;
    case Purpose::kUsedIndex:
      client = WriteClient::kUsed;
      offered_ps += cycles(1);
      break;
    default:
      client = WriteClient::kNotify;
      offered_ps += cycles(1);
  }
  const TimePs taken_ps = granted(client, offered_ps);
  const TimePs time = beats(action.size + (action.address & 3));
  const bool payload = client == WriteClient::kReceive;
  const TimePs ready = taken_ps + cycles(pipeline.write_cycles);
  // Payload that is offered before a used entry may be decided behind it.
  const TimePs first =
      payload ? rx_datapath_.reserve(ready, time) : rx_datapath_.put_between(ready, time);
  const TimePs last = first + time - cycles(1);
  // Nobody may look at payload or entries before the index that follows them; avail_event is
  // followed by a read of the available index.
  dma_.write(action.purpose, action.address, actions_.payload(action), payload ? payload_ps_ : last,
             action.purpose != Purpose::kUsedIndex);
  if (action.purpose == Purpose::kUsedIndex) {
    state.used_free_ps = taken_ps + cycles(1);
    state.index_left_ps = last;
  }
  if (client == WriteClient::kNotify) return last + cycles(pipeline.written_cycles);
  return payload ? taken_ps + cycles(kSegmentCycles) : taken_ps;
}

/// What is sent after it must not wait for an interrupt that is far off.
void AtCard::interrupt(const Action& action, TimePs at_ps) {
  const PipelineConfig& pipeline = config_.pipeline;
  const Message message{at_ps + cycles(pipeline.interrupt_cycles + pipeline.write_cycles),
                        core_.counters()[Counter::kDeviceResets], action};
  const TimePs now = now_ps();
  if (interrupts_.empty() && message.at_ps <= now + kMessageAheadPs) {
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
  const TimePs now = now_ps();
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
  for (QueueState& state : queues_) {
    state.run = {};
    while (!state.ahead_waiting.empty()) {
      const Action action = state.ahead_waiting.front().action;
      state.ahead_waiting.pop();
      state.landed.push_back({fetches_[action.tag].turn, action.tag, false, true, now_ps, {}});
      dma_.count_cancelled(action.size);
      take(Event::dma_failed(action.tag), now_ps);
    }
  }
  dma_.cancel_waiting(now_ps);
}

unsigned AtCard::debug(tlm::tlm_generic_payload& request) {
  const TimePs now = now_ps();
  const unsigned done =
      debug_config(core_, request, [this, now](const Event& event) { take(event, now); });
  if (request.is_write()) follow_configuration(now);
  return done;
}

void AtCard::transmit(const Action& action, TimePs at_ps) {
  const FramePtr frame = std::move(actions_.frame(action));
  // The frame goes to the MAC a beat a cycle, and from there to the wire when it is whole. The MAC
  // takes it when all but one of those before it have begun to leave.
  const TimePs time = beats(action.size);
  const TimePs first = tx_port_.reserve(
      std::max(at_ps + cycles(config_.pipeline.tx_latency_cycles), sent_ps_[0]), time);
  const TimePs last = first + time - cycles(1);
  const TimePs start = std::max(last, port_->free_at());
  const TimePs end = port_->transmit(frame, last);
  sent_ps_ = {sent_ps_[1], start};
  in_flight_.push(last, action.size);
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
  // The MAC gives it a beat a cycle; the verdict comes with the last one.
  const TimePs time = beats(frame->bytes.size());
  const TimePs whole = rx_port_.reserve(edge_behind(end_ps), time) + time - cycles(1);
  const uint32_t occupancy = core_.rx_occupancy();
  take(Event::frame_in(frame), whole);
  if (core_.rx_occupancy() == occupancy) return;  // dropped
  const unsigned queue = core_.steered_queue();
  queues_[queue].arrivals.push(whole);
  want(queue);
  serve_now();
}

void AtCard::carrier_change(bool up) { take(Event::carrier(up, speed_mbps()), now_ps()); }

void AtCard::command(const rs_command& command) {
  const TimePs now = now_ps();
  take(Event::from_command(command), now);
  follow_reset(now);
  wanted_ = ~uint64_t{0};
  serve_now();
}

// -- TLPs

void AtCard::receive_tlp(Tlp& tlp, TimePs arrival_ps) {
  const bool more = tlp.more;
  switch (tlp.type) {
    case TlpType::kCompletion:
    case TlpType::kCompletionData:
      receive_completion(tlp, arrival_ps);
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
  if (!more) serve_now();
}

/// The datapath may be behind the link: then it waits, as do those behind it.
void AtCard::receive_completion(Tlp& tlp, TimePs arrival_ps) {
  const TimePs time = beats(tlp.has_data() ? tlp.length + (tlp.lower_address & 3U) : 0);
  const TimePs last = tx_datapath_.reserve(edge_behind(arrival_ps), time) + time - cycles(1);
  if (arrived_.empty() && last <= now_ps() + kArrivedAheadPs) {
    dma_.completion(tlp, last);
    open_read_window(last);
    return;
  }
  Arrived& arrived = arrived_.push_slot();
  arrived.tlp = std::move(tlp);
  arrived.last_ps = last;
  if (arrived_.size() == 1) wake_for_arrived();
}

void AtCard::wake_for_arrived() {
  if (arrived_.empty()) return;
  std::size_t i = 0;
  while (i + 1 < arrived_.size() && !dma_.ends_read(arrived_[i].tlp)) ++i;
  arrived_event_.notify(sc_core::sc_time::from_value(arrived_[i].last_ps - now_ps()));
}

void AtCard::take_arrived() {
  const TimePs until = now_ps() + kArrivedAheadPs;
  while (!arrived_.empty() && arrived_.front().last_ps <= until) {
    Tlp tlp = std::move(arrived_.front().tlp);
    const TimePs last = arrived_.front().last_ps;
    arrived_.pop();
    dma_.completion(tlp, last);
    open_read_window(last);
  }
  wake_for_arrived();
  serve_now();
}

/// What comes is used some cycles later at the earliest.
TimePs AtCard::tolerance_ps(FlowClass flow) const {
  const PipelineConfig& pipeline = config_.pipeline;
  switch (flow) {
    case FlowClass::kCompletion:
      return cycles(pipeline.read_result_cycles +
                    std::min(pipeline.ring_result_cycles, pipeline.tx_done_cycles));
    case FlowClass::kPosted:
      return cycles(pipeline.doorbell_cycles + pipeline.ring_choice_cycles);
    default:
      return cycles(pipeline.register_cycles);
  }
}

/// `at_ps`: of the last beat.
void AtCard::dma_read_done(uint32_t handle, ByteView data, bool ok, TimePs at_ps) {
  const PipelineConfig& pipeline = config_.pipeline;
  const Fetch fetch = fetches_[handle];
  const Event event = ok ? Event::dma_done(handle, data) : Event::dma_failed(handle);
  QueueState& state = queues_[fetch.queue];
  const TimePs here = at_ps + cycles(pipeline.read_result_cycles);
  want(fetch.queue);
  if (fetch.ring()) {
    --ring_fetches_;
    if (--state.fetches == 0) state.rest_ps = here + cycles(1);
    ring_window_.stop(at_ps);
    wanted_ |= std::exchange(waits_for_ring_, 0);
  }
  switch (fetch.purpose) {
    case FetchFor::kPayload: {
      const TimePs done = here + cycles(pipeline.tx_done_cycles);
      take(event, done);
      finish(fetch.queue, done);
      break;
    }
    case FetchFor::kIndex:
      state.ring_ps = std::max(state.ring_ps, here + cycles(pipeline.ring_result_cycles));
      take(event, here + cycles(pipeline.ring_result_cycles));
      break;
    case FetchFor::kEntries: {
      --state.entry_fetches;
      const uint32_t count = fetch.size / kEntryBytes + pipeline.scan_cycles;
      const TimePs known = scanner_.reserve(here, cycles(count)) + cycles(count);
      state.entries_ps = std::max(state.entries_ps, known);
      take(event, known);
      break;
    }
    case FetchFor::kHeads: {
      const uint32_t count = fetch.size / kDescriptorBytes;
      const TimePs first = here + cycles(pipeline.walk_cycles);
      for (uint32_t i = 0; i < count; ++i) describe(state, fetch.chain + i, first);
      looked_chain_ = fetch.chain;
      looked_ps_ = look_ahead_.reserve(here + cycles(pipeline.look_cycles),
                                       cycles(uint64_t{count} * pipeline.look_chain_cycles));
      heads_come_ = true;
      take(event, state.described_ps[fetch.chain % Queue::kWindow]);
      heads_come_ = false;
      break;
    }
    case FetchFor::kAhead:
    case FetchFor::kWalk:
      followers_come(handle, data, ok, here);
      break;
    case FetchFor::kSuppression:
      state.decided_ps = here + cycles(pipeline.decide_cycles);
      take(event, state.decided_ps);
      break;
  }
}

/// What follows in a chain has come. Chains are walked in turn; one that went on while the bus was
/// not the card's has none.
void AtCard::followers_come(uint32_t handle, ByteView data, bool ok, TimePs at_ps) {
  const Fetch fetch = fetches_[handle];
  QueueState& state = queues_[fetch.queue];
  if (fetch.buffer && fetch.turn != state.turn) {
    state.landed.push_back({fetch.turn, handle, ok, false, at_ps, {data.begin(), data.end()}});
    return;
  }
  walk(handle, data, ok, at_ps);
  for (;;) {
    const auto next = std::ranges::find(state.landed, state.turn, &Landed::turn);
    if (next == state.landed.end()) return;
    const Landed landed = std::move(*next);
    state.landed.erase(next);
    if (landed.cancelled) {
      ++state.turn;
    } else {
      walk(landed.handle, landed.bytes, landed.ok, std::max(at_ps, landed.at_ps));
    }
  }
}

/// As far as what has come goes: the whole of a table, or the descriptors of a run that the chain
/// comes to.
void AtCard::walk(uint32_t handle, ByteView data, bool ok, TimePs at_ps) {
  const PipelineConfig& pipeline = config_.pipeline;
  const Fetch fetch = fetches_[handle];
  QueueState& state = queues_[fetch.queue];
  const TimePs from = std::max(at_ps, state.long_ps + cycles(pipeline.walk_descriptor_cycles - 1));
  const auto take_at = [&](const Event& event, TimePs walked) {
    TimePs& described = state.described_ps[fetch.chain % Queue::kWindow];
    described = std::max(described, walked);
    state.walked_ps = std::max(state.walked_ps, walked);
    walk_buffer_ = fetch.buffer;
    take(event, walked);
  };
  if (fetch.purpose == FetchFor::kAhead) {
    state.run.streak = state.run.longest = state.run.descriptors = 0;
    if (fetch.linked) goes_on(state.run, fetch.address);
  }
  const uint32_t count = fetch.size / kDescriptorBytes;
  TimePs walked = from + cycles(1 + uint64_t{count} * pipeline.walk_descriptor_cycles);
  if (!fetch.linked) {
    take_at(ok ? Event::dma_done(handle, data) : Event::dma_failed(handle), walked);
  } else if (!ok && count > 1 && core_.awaits(handle)) {
    // Perhaps what failed is not needed: the one that is, by itself.
    Action again{};
    again.purpose = Purpose::kDescriptors;
    again.queue = fetch.queue;
    again.tag = handle;
    again.address = fetch.address;
    again.size = kDescriptorBytes;
    fetches_[handle].linked = false;
    fetches_[handle].size = kDescriptorBytes;
    dma_.count_beyond(kDescriptorBytes);
    ask(again, ReadClient::kRing, from);
    return;
  } else {
    run_bytes_.assign(data.begin(), data.end());  // what is taken may bring reads
    uint32_t tag = handle;
    for (uint32_t i = 0;; ++i) {
      run_tag_.reset();
      run_next_.reset();
      if (i + 1 < count) run_next_ = fetch.address + uint64_t{i + 1} * kDescriptorBytes;
      walked = from + cycles(1 + uint64_t{i + 1} * pipeline.walk_descriptor_cycles);
      const ByteView one =
          ok ? ByteView(run_bytes_).subspan(std::size_t{i} * kDescriptorBytes, kDescriptorBytes)
             : ByteView();
      take_at(ok ? Event::dma_done(tag, one) : Event::dma_failed(tag), walked);
      if (!run_tag_) break;
      tag = *run_tag_;
      dma_.count_beyond(-int64_t{kDescriptorBytes});
    }
    run_next_.reset();
  }
  if (std::exchange(walk_buffer_, false)) chain_walked(state, fetch.chain, walked);
}

/// The chain that is walked names the descriptor at `address`.
void AtCard::goes_on(Run& run, uint64_t address) {
  const bool behind = run.descriptors != 0 && address == run.address + kDescriptorBytes;
  run.streak = behind ? std::min(run.streak + 1, config_.pipeline.run_most) : 1;
  run.longest = std::max(run.longest, run.streak);
  run.address = address;
  ++run.descriptors;
}

/// Its buffer is the next one's. A run is as long as the longest of the last chains: one less with
/// each that had less, also those of one descriptor.
void AtCard::chain_walked(QueueState& state, uint32_t chain, TimePs at_ps) {
  free_ahead(state, at_ps);
  ++state.turn;
  Run& run = state.run;
  if (run.descriptors > 1) state.long_ps = at_ps;
  shorten(run, chain);
  run.count = std::max(run.count, run.longest);
}

/// A chain whose descriptors are here can be used from `at_ps` on, and when those before it are
/// walked.
void AtCard::describe(QueueState& state, uint32_t chain, TimePs at_ps) {
  const TimePs next = state.walked_ps + cycles(config_.pipeline.walk_chain_cycles);
  if (at_ps > next) state.walk_from_ps = at_ps;
  state.walked_ps = std::max(at_ps, next);
  state.described_ps[chain % Queue::kWindow] = state.walked_ps;
}

/// Frames of `queue`, of `chains` each, that are done since the last time can be returned from
/// `at_ps` on.
void AtCard::finish(unsigned queue, TimePs at_ps, uint32_t chains) {
  QueueState& state = queues_[queue];
  const std::size_t done = core_.used_returnable(queue);
  while (state.finished.size() > done) state.finished.pop();  // of before a reset
  while (state.finished.size() < done) {
    if (state.finished.empty()) {
      state.used_due_ps = at_ps + cycles(config_.pipeline.used_timeout_cycles);
    }
    state.finished.push({at_ps, chains});
  }
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
  if (!rang) {
    queues_[queue].kicked_ps = edge_behind(arrival_ps) + cycles(config_.pipeline.doorbell_cycles);
  }
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
  const TimePs now = now_ps();
  const bool late =
      std::any_of(register_reads_.begin(), register_reads_.end(),
                  [now](const RegisterRead& read) { return read.busy && read.deadline_ps <= now; });
  if (late) take(Event{EventKind::kHoldExpired}, now);
  arm_hold(now);
}

void AtCard::expire_reads() {
  const TimePs now = now_ps();
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
