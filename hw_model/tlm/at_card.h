// SPDX-License-Identifier: Apache-2.0
// The cycle-approximate card behind the TLP channels: the functional core inside pipeline stages
// with occupancy, windows and buffers.
//
// Stages and link are reservations. Whenever something happens, every choice whose stage is free
// within kLookAheadPs is made at once, with its own later time; so an event serves many frames.
#pragma once

#include <array>
#include <memory>
#include <systemc>
#include <vector>

#include "hw_model/core/nic_core.h"
#include "hw_model/management/control_plane.h"
#include "hw_model/management/management_block.h"
#include "hw_model/pcie/dma_engine.h"
#include "hw_model/pcie/fifo.h"
#include "hw_model/pcie/tlp_channel.h"
#include "hw_model/tlm/frames_in_flight.h"
#include "hw_model/tlm/nic_model.h"
#include "hw_model/tlm/stage.h"
#include "hw_model/tlm/trace_stamp.h"

namespace ringside::hw {

/// `up` and `down` are the link as the card sees it: it sends on `up`, and the owner attaches it to
/// `down`. All references outlive it.
class AtCard : public sc_core::sc_module,
               public TlpReceiver,
               public EthernetReceiver,
               public CommandSink,
               private DmaClient {
 public:
  SC_HAS_PROCESS(AtCard);
  AtCard(const sc_core::sc_module_name& name, const NicConfig& config,
         std::unique_ptr<ControlPlane> control, FramePool& frames, PayloadPool& payloads,
         TlpChannel& up);

  void connect(EthernetPort& port);
  void trace(TraceSink* sink);
  const NicCore& core() const { return core_; }
  const DmaEngine& dma() const { return dma_; }
  const PcieLedger& ledger() const { return ledger_; }
  /// Stages and windows; the link's own directions are the owner's to add.
  std::vector<NicResource> resources() const;
  /// A debug access of the host (debug_config.h).
  unsigned debug(tlm::tlm_generic_payload& request);
  /// As of NicModel.
  void drop_idle_timers();
  uint64_t poisoned_writes() const { return poisoned_writes_; }

  // TlpReceiver
  void receive_tlp(Tlp& tlp, TimePs arrival_ps) override;
  TimePs tolerance_ps(FlowClass flow) const override;
  // EthernetReceiver
  void receive_frame(const FramePtr& frame, TimePs start_ps, TimePs end_ps) override;
  void carrier_change(bool up) override;
  // CommandSink
  void command(const rs_command& command) override;

 private:
  static constexpr TimePs kLookAheadPs = 64'000;
  static constexpr TimePs kNever = ~TimePs{0};
  static constexpr uint64_t kPsPerS = 1'000'000'000'000;

  /// A read of the core that is on the bus.
  struct Fetch {
    uint16_t queue = 0;
    bool ring = false;  ///< not payload
  };
  /// A register read whose completion has not left.
  struct RegisterRead {
    bool busy = false;
    bool config = false;
    uint16_t tag = 0;
    uint32_t length = 0;
    uint64_t address = 0;
    TimePs deadline_ps = 0;
  };
  /// An interrupt that has been decided and not sent.
  struct Message {
    TimePs at_ps = 0;
    uint64_t resets = 0;  ///< of the device when it was decided
    Action action{};
  };
  struct QueueState {
    TimePs wake_ps = kNever;           ///< when to look again
    TimePs kicked_ps = 0;              ///< when the doorbell gets there that is not yet followed
    TimePs ring_ps = 0;                ///< what the last ring fetch brought can be used from
    TimePs chain_ps = 0;               ///< likewise the chains of the next frame
    Fifo<TimePs> arrivals;             ///< receive: when each frame that waits can be written
    TimePs used_deadline_ps = kNever;  ///< when the oldest finished frame is returned at last
  };

  // at_card.cpp
  void start_of_simulation() override;
  uint32_t speed_mbps() const;
  /// Whole picoseconds also where a cycle is none (322.265625 MHz).
  TimePs cycles(uint64_t count) const {
    return cycle_ps_ != 0 ? count * cycle_ps_ : count * kPsPerS / config_.pipeline.clock_hz;
  }
  /// Time that `bytes` take on the datapath.
  TimePs beats(uint64_t bytes) const { return cycles((bytes + beat_bytes_ - 1) / beat_bytes_); }
  void take(const Event& event, TimePs at_ps);
  void carry_out(TimePs at_ps);
  void transmit(const Action& action, TimePs at_ps);
  void interrupt(const Action& action, TimePs at_ps);
  void send_interrupt(const Message& message);
  void send_due_interrupts();
  void follow_configuration(TimePs now_ps);
  void follow_reset(TimePs now_ps);
  void register_write(Tlp& tlp, TimePs arrival_ps);
  void register_read(Tlp& tlp, TimePs arrival_ps);
  void answer(uint32_t slot, uint64_t value, TimePs at_ps);
  void complete(const Tlp& request, CompletionStatus status, TimePs at_ps);
  void send_completion(Tlp&& tlp, Purpose purpose, TimePs at_ps);
  void dma_read_done(uint32_t handle, ByteView data, bool ok, TimePs at_ps) override;
  void forget_dropped();
  void arm_hold(TimePs now_ps);
  void hold_expired();
  void expire_reads();

  // at_scheduler.cpp
  void want(unsigned queue) { wanted_ |= uint64_t{1} << queue; }
  void choose(EventKind kind, unsigned queue, unsigned count, TimePs at_ps) {
    take(Event::choice(kind, static_cast<uint16_t>(queue), static_cast<uint16_t>(count)), at_ps);
  }
  void serve();
  void serve_now() {
    if (!serving_ && wanted_ != 0) serve();
  }
  bool serve_queue(unsigned queue, TimePs now_ps);
  bool start_transmit(unsigned queue, TimePs now_ps);
  bool start_receive(unsigned queue, TimePs now_ps);
  bool start_command(unsigned queue, TimePs now_ps);
  bool advance_ring(unsigned queue, TimePs now_ps);
  bool return_used(unsigned queue, TimePs now_ps);
  bool reserve(Stage& stage, unsigned queue, TimePs ready_ps, TimePs taken_ps, TimePs now_ps,
               TimePs* at_ps);
  bool ring_slot(unsigned queue, TimePs ready_ps, TimePs now_ps, TimePs* at_ps);
  bool write_room(TimePs now_ps);
  void drain_transmit_buffer(TimePs now_ps);
  void open_read_window(TimePs now_ps);
  /// `queue` is to be looked at again at `at_ps`.
  void wake(unsigned queue, TimePs at_ps);
  void wake_due(TimePs now_ps);
  void schedule(TimePs now_ps);

  NicConfig config_;
  const TimePs cycle_ps_;  ///< 0: no whole number
  const uint32_t beat_bytes_;
  const TimePs write_ahead_ps_;  ///< what write_buffer_bytes take on the link
  std::unique_ptr<ControlPlane> control_;
  ManagementBlock management_{*this};
  NicCore core_;
  PayloadPool& payloads_;
  TlpChannel& up_;
  PcieLedger ledger_;
  DmaEngine dma_;
  EthernetPort* port_ = nullptr;
  TraceStamp stamp_;
  ActionList actions_;

  Stage ring_engine_, tx_datapath_, rx_datapath_;
  BlockedTime ring_window_, read_window_, write_window_, tx_buffer_;
  std::vector<Fetch> fetches_;  ///< by the core's tag
  uint32_t ring_fetches_ = 0;   ///< in flight
  std::array<QueueState, NicCore::kQueuesMax> queues_{};
  uint64_t wanted_ = 0;            ///< queues to look at
  uint64_t sleeping_ = 0;          ///< queues that wait for their wake_ps
  uint64_t waits_for_ring_ = 0;    ///< queues that ring_fetches_max holds back
  uint64_t waits_for_reads_ = 0;   ///< queues that a full read window holds back
  uint64_t waits_for_writes_ = 0;  ///< queues that a stalled link holds back
  uint64_t waits_for_frame_ = 0;   ///< queues for whose buffer no frame is on the wire yet
  unsigned first_queue_ = 0;       ///< round robin
  bool serving_ = false;
  TimePs scheduled_ps_ = kNever;  ///< what work_ is notified for
  sc_core::sc_event work_, hold_event_, timeout_event_, interrupt_event_;
  Fifo<Message> interrupts_;  ///< that are not due within kLookAheadPs
  uint64_t resets_seen_ = 0;
  bool timeout_armed_ = false;
  FramesInFlight in_flight_;
  std::vector<RegisterRead> register_reads_;
  uint64_t poisoned_writes_ = 0;
};

}  // namespace ringside::hw
