// SPDX-License-Identifier: Apache-2.0
// The loosely timed card: carries out the core's actions at once and chooses greedily.
#include "hw_model/tlm/lt_nic.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "hw_model/core/nic_core.h"
#include "hw_model/management/management_block.h"
#include "hw_model/pcie/dma_reader.h"
#include "hw_model/tlm/core_counters.h"
#include "hw_model/tlm/debug_config.h"
#include "hw_model/tlm/frames_in_flight.h"
#include "hw_model/tlm/trace_stamp.h"

namespace ringside::hw {

namespace {

constexpr uint32_t kTransmitQueues = 0xAAAAAAAA;
/// Frames that a transmit queue may send before the next one's turn.
constexpr unsigned kTurnFrames = 8;

class LtNic final : public NicModel,
                    public tlm::tlm_fw_transport_if<>,
                    public tlm::tlm_bw_transport_if<>,
                    public CommandSink {
 public:
  SC_HAS_PROCESS(LtNic);
  LtNic(const sc_core::sc_module_name& name, const NicConfig& config,
        std::unique_ptr<ControlPlane> control, FramePool& pool)
      : NicModel(name),
        config_(config),
        control_(std::move(control)),
        core_(core_config(config), pool),
        reader_(initiator_) {
    target_.bind(*this);
    initiator_.bind(*this);
    control_->attach(management_);
    write_payload_.set_extension(&write_extension_);
    SC_METHOD(serve);
    sensitive << work_;
    dont_initialize();
  }
  ~LtNic() override { write_payload_.clear_extension(&write_extension_); }

  tlm::tlm_target_socket<>& pcie_target() override { return target_; }
  tlm::tlm_initiator_socket<>& pcie_initiator() override { return initiator_; }
  void connect(EthernetPort& port) override {
    port_ = &port;
    port.attach(*this);
  }
  const PcieLinkConfig& link_config() const override { return config_.pcie; }
  std::vector<NicCounter> counters() const override {
    std::vector<NicCounter> result = core_counters(core_.counters());
    result.push_back({"pcie_unsupported_requests", refused_});
    return result;
  }
  void trace(TraceSink* sink) override {
    stamp_.forward_to(sink);
    core_.trace(sink == nullptr ? nullptr : &stamp_);
  }

  void report_to(Horizon& horizon) override {
    due_ = horizon.add_source();
    control_->report_to(horizon);
  }

  // EthernetReceiver
  void receive_frame(const FramePtr& frame, TimePs, TimePs) override {
    take(Event::frame_in(frame));
    const unsigned queue = core_.steered_queue();
    if (serving_) {
      pending_ |= 1u << queue;
      schedule();
      return;
    }
    serving_ = true;
    serve_receive(queue);
    serving_ = false;
  }
  void carrier_change(bool up) override { take(Event::carrier(up, speed_mbps())); }

  // CommandSink
  void command(const rs_command& command) override {
    take(Event::from_command(command));
    look_at_all();
  }

 private:
  /// A register read under way: answered at once, or held.
  struct Reply {
    bool done = true;
    uint64_t value = 0;
    sc_core::sc_event event;
  };

  void start_of_simulation() override {
    const bool up = port_ != nullptr && port_->carrier();
    take(Event::carrier(up, speed_mbps()));
    take(Event{EventKind::kPowerOn});
  }
  uint32_t speed_mbps() const {
    return port_ == nullptr ? VIRTIO_NET_SPEED_UNKNOWN
                            : static_cast<uint32_t>(port_->rate_bps() / 1'000'000);
  }

  // -- requests from the root complex
  void b_transport(tlm::tlm_generic_payload& request, sc_core::sc_time& delay) override;
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& request, tlm::tlm_phase&,
                                     sc_core::sc_time&) override {
    request.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return tlm::TLM_COMPLETED;
  }
  bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
  unsigned transport_dbg(tlm::tlm_generic_payload& request) override;
  uint64_t read_register(EventKind kind, uint64_t address, uint8_t width);

  // -- the initiator socket's way back
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&,
                                     sc_core::sc_time&) override {
    return tlm::TLM_COMPLETED;
  }
  void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override {
    reader_.invalidate(first, last);
  }

  // -- events into the core, actions out of it
  void take(const Event& event);
  void carry_out(ActionList& actions);
  void dma_read(const Action& action, ActionList& actions);
  bool posted_write(uint64_t address, const std::byte* data, uint32_t size, PcieSpace space);
  [[gnu::cold]] void note_sent(const Frame& frame, uint16_t queue, TimePs free_at, TimePs end);
  void choose(EventKind kind, unsigned queue, unsigned count = 0) {
    take(Event::choice(kind, static_cast<uint16_t>(queue), static_cast<uint16_t>(count)));
  }

  // -- the greedy scheduler
  void schedule() {
    if (scheduled_) return;
    scheduled_ = true;
    work_.notify(sc_core::SC_ZERO_TIME);
    due_.at(sc_core::sc_time_stamp().value());
  }
  /// Something may have changed for any queue.
  void look_at_all() {
    pending_ = ~0u;
    schedule();
  }
  void serve();
  void serve_transmit(uint32_t queues);
  void serve_receive(unsigned queue);
  void serve_control(unsigned queue);
  enum class Turn : uint8_t { kOver, kEmpty, kBlocked };
  Turn take_turn(unsigned queue);
  bool advance_ring(unsigned queue);
  void return_used(unsigned queue);
  void drain_transmit_buffer();
  void wake_when_room();

  NicConfig config_;
  std::unique_ptr<ControlPlane> control_;
  ManagementBlock management_{*this};
  NicCore core_;
  tlm::tlm_target_socket<> target_{"pcie_target"};
  tlm::tlm_initiator_socket<> initiator_{"pcie_initiator"};
  DmaReader reader_;
  EthernetPort* port_ = nullptr;
  TraceStamp stamp_;
  tlm::tlm_generic_payload write_payload_;
  PcieExtension write_extension_;
  sc_core::sc_event work_;
  DueTime due_;  ///< of work_
  /// Queues to look at beside those that are kicked; bits of queues that do not exist mean nothing.
  uint32_t pending_ = 0;
  unsigned turn_queue_ = 0;  ///< transmit queue whose turn it is, and frames left of the turn
  unsigned turn_left_ = 0;
  uint64_t refused_ = 0;  ///< the card's requests that nobody took
  bool scheduled_ = false;
  bool serving_ = false;
  FramesInFlight in_flight_;
  std::vector<std::unique_ptr<ActionList>> lists_;  ///< one for each level of nested events
  std::size_t depth_ = 0;
  std::vector<std::unique_ptr<Reply>> replies_;  ///< by tag
};

void LtNic::take(const Event& event) {
  if (depth_ == lists_.size()) lists_.push_back(std::make_unique<ActionList>());
  ActionList& actions = *lists_[depth_++];
  const std::string_view refused = core_.step(event, actions);
  if (!refused.empty()) SC_REPORT_FATAL(name(), std::string(refused).c_str());
  carry_out(actions);
  actions.clear();
  --depth_;
}

void LtNic::carry_out(ActionList& actions) {
  for (std::size_t i = 0; i < actions.size(); ++i) {  // completions append to the list
    switch (actions[i].kind) {
      case ActionKind::kDmaRead:
        dma_read(actions[i], actions);
        break;
      case ActionKind::kDmaWrite: {
        const ByteView bytes = actions.payload(actions[i]);
        if (!posted_write(actions[i].address, bytes.data(), actions[i].size, PcieSpace::kMemory)) {
          Event failed{EventKind::kDmaWriteFailed};
          failed.queue = actions[i].queue;
          core_.step(failed, actions);
        }
        break;
      }
      case ActionKind::kMsix: {
        const auto data = static_cast<uint32_t>(actions[i].value);
        posted_write(actions[i].address, reinterpret_cast<const std::byte*>(&data), sizeof data,
                     PcieSpace::kMemory);
        break;
      }
      case ActionKind::kIntx:
        posted_write(actions[i].value != 0 ? kMessageAssertIntA : kMessageDeassertIntA, nullptr, 0,
                     PcieSpace::kMessage);
        break;
      case ActionKind::kFrameOut: {
        const FramePtr frame = std::move(actions.frame(actions[i]));
        const uint32_t bytes = actions[i].size;
        const TimePs free_at = stamp_.on() ? port_->free_at() : 0;
        const TimePs end = port_->transmit(frame);
        in_flight_.push(end, bytes);
        if (stamp_.on()) note_sent(*frame, actions[i].queue, free_at, end);
        break;
      }
      case ActionKind::kReadReply: {
        Reply& reply = *replies_[actions[i].tag];
        reply.value = actions[i].value;
        reply.done = true;
        reply.event.notify(sc_core::SC_ZERO_TIME);
        break;
      }
      case ActionKind::kManagement:
        management_.post(actions.management(actions[i]));
        control_->interrupt();
        break;
    }
  }
}

void LtNic::note_sent(const Frame& frame, uint16_t queue, TimePs free_at, TimePs end) {
  stamp_.record({.time_ps = end,
                 .kind = TraceKind::kFrameSent,
                 .queue = queue,
                 .size = static_cast<uint32_t>(frame.bytes.size()),
                 .frame = frame.id,
                 .value = std::max<TimePs>(free_at, sc_core::sc_time_stamp().value())});
}

void LtNic::dma_read(const Action& action, ActionList& actions) {
  ByteView data;
  const uint32_t tag = action.tag;
  const bool ok = reader_.read(action.address, action.size, &data);
  if (!ok) ++refused_;
  core_.step(ok ? Event::dma_done(tag, data) : Event::dma_failed(tag), actions);
}

bool LtNic::posted_write(uint64_t address, const std::byte* data, uint32_t size, PcieSpace space) {
  write_extension_.space = space;
  write_payload_.set_command(tlm::TLM_WRITE_COMMAND);
  write_payload_.set_address(address);
  write_payload_.set_data_ptr(
      const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(data)));
  write_payload_.set_data_length(size);
  write_payload_.set_streaming_width(size);
  write_payload_.set_byte_enable_ptr(nullptr);
  write_payload_.set_dmi_allowed(false);
  write_payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay;
  initiator_->b_transport(write_payload_, delay);
  if (!write_payload_.is_response_ok()) ++refused_;
  return write_payload_.is_response_ok();
}

uint64_t LtNic::read_register(EventKind kind, uint64_t address, uint8_t width) {
  uint32_t tag = 0;
  while (tag < replies_.size() && !replies_[tag]->done) ++tag;
  if (tag == replies_.size()) replies_.push_back(std::make_unique<Reply>());
  Reply& reply = *replies_[tag];
  reply.done = false;
  take(Event::read(kind, address, width, tag));
  // The event may still carry the notification of an earlier answer, hence the loop.
  const sc_core::sc_time bound =
      sc_core::sc_time_stamp() + sc_core::sc_time::from_value(config_.hold_bound_ps);
  while (!reply.done && sc_core::sc_time_stamp() < bound) {
    sc_core::wait(bound - sc_core::sc_time_stamp(), reply.event);
  }
  if (!reply.done) take(Event{EventKind::kHoldExpired});
  return reply.value;
}

unsigned LtNic::transport_dbg(tlm::tlm_generic_payload& request) {
  return debug_config(core_, request, [this](const Event& event) { take(event); });
}

void LtNic::b_transport(tlm::tlm_generic_payload& request, sc_core::sc_time&) {
  const auto* extension = request.get_extension<PcieExtension>();
  const PcieSpace space = extension == nullptr ? PcieSpace::kMemory : extension->space;
  const unsigned width = request.get_data_length();
  const bool config = space == PcieSpace::kConfig;
  uint64_t address = request.get_address();
  if (!std::has_single_bit(width) || width > (config ? 4u : 8u) || address % width != 0 ||
      request.get_byte_enable_ptr() != nullptr || space == PcieSpace::kMessage ||
      (config && address + width > PciConfig::kBytes) ||
      (!config && !core_.decode(address, width, &address))) {
    request.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  if (request.is_read()) {
    const uint64_t value = read_register(config ? EventKind::kConfigRead : EventKind::kMemoryRead,
                                         address, static_cast<uint8_t>(width));
    std::memcpy(request.get_data_ptr(), &value, width);
  } else {
    uint64_t value = 0;
    std::memcpy(&value, request.get_data_ptr(), width);
    take(Event::write(config ? EventKind::kConfigWrite : EventKind::kMemoryWrite, address,
                      static_cast<uint8_t>(width), value));
    // A doorbell says which queue to look at.
    if (config || address - BarLayout::kNotify >= BarLayout::kNotifyBytes) pending_ = ~0u;
    schedule();
  }
  request.set_response_status(tlm::TLM_OK_RESPONSE);
}

void LtNic::serve() {
  scheduled_ = false;
  due_.never();
  if (!core_.active()) return;
  serving_ = true;
  drain_transmit_buffer();
  const uint32_t kicked = core_.kicked_mask();
  const uint32_t pending = std::exchange(pending_, 0) & ((1u << core_.queues()) - 1);
  // A receive queue in which buffers arrive has nothing to do until a frame comes.
  const uint32_t receive = ((kicked & core_.waiting_mask()) | pending) & ~kTransmitQueues;
  for (uint32_t left = receive; left != 0; left &= left - 1) {
    serve_receive(static_cast<unsigned>(std::countr_zero(left)));
  }
  const unsigned last = core_.queues() - 1;
  if (core_.is_control(last) && (((kicked | pending) >> last) & 1) != 0) serve_control(last);
  serve_transmit((kicked | pending) & kTransmitQueues);
  serving_ = false;
}

/// One step towards more described chains; false if the driver has nothing more for the card and
/// will tell when it has.
bool LtNic::advance_ring(unsigned queue) {
  if (core_.descriptors_fetchable(queue)) {
    choose(EventKind::kFetchDescriptors, queue, Queue::kBatch);
  } else if (const unsigned ids = core_.ids_fetchable(queue); ids != 0) {
    choose(EventKind::kFetchIds, queue, ids);
  } else if (core_.window_full(queue) && core_.used_returnable(queue) != 0) {
    return_used(queue);
  } else if (core_.kicked(queue) && core_.can_sample(queue)) {
    choose(EventKind::kSampleAvail, queue);
  } else if (!core_.armed(queue) && core_.can_arm(queue)) {
    choose(EventKind::kArmNotify, queue);
  } else {
    return false;
  }
  return true;
}

LtNic::Turn LtNic::take_turn(unsigned queue) {
  for (;;) {
    if (core_.can_start_frame(queue)) {
      if (turn_left_ == 0) return Turn::kOver;
      --turn_left_;
      choose(EventKind::kStartFrame, queue);
    } else if (core_.transmit_blocked(queue)) {
      return Turn::kBlocked;
    } else if (!advance_ring(queue)) {
      return Turn::kEmpty;
    }
  }
}

/// Round robin over `queues`. A turn that the full buffer interrupts goes on when there is room, so
/// that no queue gets more than its share of a slow wire.
void LtNic::serve_transmit(uint32_t queues) {
  uint32_t left = queues;
  while (left != 0) {
    const uint32_t behind = left & (~0u << turn_queue_);
    const auto queue = static_cast<unsigned>(std::countr_zero(behind != 0 ? behind : left));
    if (queue != turn_queue_) {
      turn_queue_ = queue;
      turn_left_ = kTurnFrames;
    }
    const Turn turn = take_turn(queue);
    if (turn == Turn::kBlocked) {
      pending_ |= left;
      wake_when_room();
      break;
    }
    if (turn == Turn::kEmpty) left &= ~(1u << queue);
    turn_queue_ = (queue + 1) % 32;
    turn_left_ = kTurnFrames;
  }
  for (; queues != 0; queues &= queues - 1) {
    return_used(static_cast<unsigned>(std::countr_zero(queues)));
  }
}

void LtNic::serve_control(unsigned queue) {
  for (;;) {
    if (core_.can_start_frame(queue)) {
      choose(EventKind::kStartFrame, queue);
    } else if (!advance_ring(queue)) {
      break;
    }
  }
  return_used(queue);
}

void LtNic::serve_receive(unsigned queue) {
  while (core_.frame_waiting(queue)) {
    if (core_.can_start_frame(queue)) {
      choose(EventKind::kStartFrame, queue);
    } else if (!advance_ring(queue)) {
      break;
    }
  }
  return_used(queue);
}

void LtNic::return_used(unsigned queue) {
  if (const uint32_t frames = core_.used_returnable(queue); frames != 0) {
    choose(EventKind::kReturnUsed, queue, frames);
  }
  if (core_.suppression_due(queue)) choose(EventKind::kReadSuppression, queue);
}

void LtNic::drain_transmit_buffer() {
  const uint64_t bytes = in_flight_.drain(sc_core::sc_time_stamp().value());
  if (bytes != 0) take(Event::frame_sent(bytes));
}

/// Sleeps until a good part of the buffer is free, so that one wake-up serves many frames.
void LtNic::wake_when_room() {
  const uint64_t wanted =
      std::max<uint64_t>(config_.tx_buffer_bytes / 4, config_.mtu + kEthernetHeader + kVlanTag);
  const TimePs now = sc_core::sc_time_stamp().value();
  const TimePs room = in_flight_.time_of_room(wanted, now);
  work_.notify(sc_core::sc_time::from_value(room - now));
  due_.also_at(room);
}

}  // namespace

std::unique_ptr<NicModel> make_lt_nic(const char* name, const NicConfig& config,
                                      std::unique_ptr<ControlPlane> control, FramePool& pool) {
  return std::make_unique<LtNic>(name, config, std::move(control), pool);
}

}  // namespace ringside::hw
