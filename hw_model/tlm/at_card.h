// SPDX-License-Identifier: Apache-2.0
// The cycle-approximate card behind the TLP channels: the functional core inside pipeline stages
// with occupancy, windows and buffers.
//
// Stages and link are reservations. Whenever something happens, every choice whose stage is free
// within kLookAheadPs is made at once, with its own later time. Not later, because the link takes
// TLPs in the order in which it is given them: what is decided behind them would wait for them.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <systemc>
#include <vector>

#include "hw_model/core/nic_core.h"
#include "hw_model/management/control_plane.h"
#include "hw_model/management/management_block.h"
#include "hw_model/pcie/dma_engine.h"
#include "hw_model/pcie/fifo.h"
#include "hw_model/pcie/tlp_channel.h"
#include "hw_model/tlm/clock_edges.h"
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
  static constexpr TimePs kLookAheadPs = 16'000;
  /// Messages that are due so soon are sent at once.
  static constexpr TimePs kMessageAheadPs = 64'000;
  /// Completions that pass the datapath so soon are taken at once.
  static constexpr TimePs kArrivedAheadPs = 100'000;
  /// Between two writes of a received frame that are offered to the writer.
  static constexpr uint32_t kSegmentCycles = 2;
  static constexpr TimePs kNever = ~TimePs{0};
  static constexpr uint64_t kPsPerS = 1'000'000'000'000;

  /// A read of the core that is on the bus.
  enum class FetchFor : uint8_t { kIndex, kEntries, kHeads, kAhead, kWalk, kSuppression, kPayload };
  struct Fetch {
    uint16_t queue = 0;
    FetchFor purpose = FetchFor::kPayload;
    bool buffer = false;  ///< its chain has one of the buffers for what follows
    bool linked = false;  ///< a run of linked descriptors
    uint32_t chain = 0;   ///< the first
    uint32_t size = 0;    ///< bytes
    uint64_t address = 0;
    uint64_t turn = 0;  ///< of its chain, if that has a buffer: in which chains are walked
    /// Of the ring engine.
    bool ring() const { return purpose < FetchFor::kSuppression; }
  };
  /// Who has the grant of the reads, and of the writes.
  enum class ReadClient : uint8_t { kRing, kTransmit, kControl, kSuppression };
  enum class WriteClient : uint8_t { kReceive, kUsed, kNotify, kControl, kInterrupt };
  /// Frames that are done and not returned.
  struct Finished {
    TimePs at_ps = 0;
    uint32_t chains = 0;
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
  /// A completion that waits for the datapath; its last beat passes at `last_ps`.
  struct Arrived {
    Tlp tlp;
    TimePs last_ps = 0;
  };
  /// What the ring engine does next for a queue.
  struct RingStep {
    TimePs at_ps = kNever;
    EventKind kind = EventKind::kFetchIds;
    uint32_t count = 0;
  };
  /// What follows in a chain, which waits for a buffer, and when it was looked at.
  struct Ahead {
    Action action{};
    TimePs at_ps = 0;
  };
  /// What follows in a chain, which has come before its turn.
  struct Landed {
    uint64_t turn = 0;
    uint32_t handle = 0;
    bool ok = false;
    bool cancelled = false;  ///< by a reset, before it was asked for
    TimePs at_ps = 0;
    std::vector<std::byte> bytes;
  };
  /// Linked descriptors of a queue: how many one read asks for, and those of the chain that is
  /// walked.
  struct Run {
    uint32_t count = 1;
    uint32_t chain = ~uint32_t{0};  ///< the last that it follows from
    uint32_t streak = 0, longest = 0, descriptors = 0;
    uint64_t address = 0;  ///< of the last descriptor
  };
  struct QueueState {
    TimePs wake_ps = kNever;  ///< when to look again
    // From when what is known counts:
    TimePs kicked_ps = 0;                               ///< a doorbell that is not yet followed
    TimePs ring_ps = 0;                                 ///< index, and the last decision
    TimePs entries_ps = 0;                              ///< entries
    TimePs room_ps = 0;                                 ///< room in the window
    std::array<TimePs, Queue::kWindow> described_ps{};  ///< chains, by position
    TimePs walk_from_ps = 0, walked_ps = 0;  ///< the first and last of those walked in one go
    uint32_t entry_fetches = 0;              ///< of the available ring, in flight
    uint32_t ahead = 0;                      ///< chains with a buffer for what follows
    Fifo<Ahead> ahead_waiting;
    uint64_t turn = 0,
             next_turn = 0;  ///< of the chain that is walked, and of the next that goes on
    std::vector<Landed> landed;
    TimePs long_ps = 0;  ///< the last chain with several linked descriptors was walked
    Run run;
    uint32_t fetches = 0;   ///< of its ring on the bus
    TimePs rest_ps = 0;     ///< since when there is none
    TimePs start_ps = 0;    ///< of the last frame
    TimePs written_ps = 0;  ///< receive: when its write was taken by the writer
    Fifo<TimePs> arrivals;  ///< receive: when each frame that waits was whole in the buffer
    Fifo<Finished> finished;
    TimePs used_due_ps = kNever;  ///< when the oldest of them is returned at last
    TimePs used_free_ps = 0;      ///< when the next return can begin
    TimePs index_left_ps = 0;     ///< the last used index is on the link
    TimePs decided_ps = 0;        ///< the last decision on an interrupt
  };

  // at_card.cpp
  void start_of_simulation() override;
  TimePs now_ps() const { return simcontext()->time_stamp().value(); }
  uint32_t speed_mbps() const;
  /// Whole picoseconds also where a cycle is none (322.265625 MHz).
  TimePs cycles(uint64_t count) const {
    return cycle_ps_ != 0 ? count * cycle_ps_ : count * kPsPerS / config_.pipeline.clock_hz;
  }
  /// Time that `bytes` take on the datapath, one beat at least.
  TimePs beats(uint64_t bytes) const {
    return cycles(std::max<uint64_t>(1, (bytes + beat_bytes_ - 1) / beat_bytes_));
  }
  /// The first clock edge behind `time_ps`: what comes is seen there.
  TimePs edge_behind(TimePs time_ps) const { return edges_.time_of(edges_.last_at(time_ps) + 1); }
  void take(const Event& event, TimePs at_ps) { take(event, at_ps, at_ps); }
  void take(const Event& event, TimePs at_ps, TimePs offered_ps);
  void carry_out(TimePs at_ps, TimePs offered_ps);
  void read(const Action& action, TimePs decided_ps);
  void look_ahead(const Action& action);
  void free_ahead(QueueState& state, TimePs at_ps);
  void ask(const Action& action, ReadClient client, TimePs decided_ps);
  uint32_t run_of(const Action& action);
  static void shorten(Run& run, uint32_t chain);
  void goes_on(Run& run, uint64_t address);
  void followers_come(uint32_t handle, ByteView data, bool ok, TimePs at_ps);
  void walk(uint32_t handle, ByteView data, bool ok, TimePs at_ps);
  void chain_walked(QueueState& state, uint32_t chain, TimePs at_ps);
  TimePs write(const Action& action, TimePs offered_ps);
  TimePs granted(WriteClient client, TimePs offered_ps);
  TimePs payload_leaves(unsigned queue, TimePs taken_ps, TimePs* last_ps) const;
  void describe(QueueState& state, uint32_t chain, TimePs at_ps);
  void finish(unsigned queue, TimePs at_ps, uint32_t chains = 1);
  void transmit(const Action& action, TimePs at_ps);
  void interrupt(const Action& action, TimePs at_ps);
  void send_interrupt(const Message& message);
  void send_due_interrupts();
  void follow_configuration(TimePs now_ps);
  void follow_reset(TimePs now_ps);
  void receive_completion(Tlp& tlp, TimePs arrival_ps);
  void wake_for_arrived();
  void take_arrived();
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
  void wait_for_room(unsigned queue, TimePs now_ps);
  bool start_transmit(unsigned queue, TimePs before_ps, TimePs now_ps);
  bool start_receive(unsigned queue, TimePs now_ps, bool* first);
  bool start_command(unsigned queue, TimePs now_ps);
  TimePs behind_results(const QueueState& state, TimePs at_ps) const;
  void next_ring_step(unsigned queue, RingStep* step) const;
  bool advance_ring(unsigned queue, const RingStep& step, TimePs now_ps);
  bool return_used(unsigned queue, TimePs now_ps);
  TimePs return_due(unsigned queue, bool* ready) const;
  bool read_suppression(unsigned queue, TimePs now_ps);
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
  const ClockEdges edges_;
  const TimePs cycle_ps_;  ///< 0: no whole number
  const uint32_t beat_bytes_;
  const TimePs write_ahead_ps_;  ///< what write_buffer_bytes take on the link
  const TimePs piece_link_ps_;   ///< a write of Max_Payload_Size on it, with DLLPs between
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

  Stage ring_engine_, scanner_, look_ahead_, tx_starts_;
  Stage requests_;                   ///< for reads, one a cycle
  Stage tx_datapath_;                ///< beats of completions
  Stage rx_datapath_;                ///< beats of writes
  Stage rx_port_, tx_port_;          ///< beats from and to the MAC
  std::array<TimePs, 2> sent_ps_{};  ///< when the last two frames began on the wire
  ReadClient read_client_ = ReadClient::kRing;
  WriteClient write_client_ = WriteClient::kReceive;
  EventKind choice_ = EventKind::kPowerOn;  ///< the event whose actions are carried out
  TimePs payload_ps_ = 0;                   ///< when a received frame's writes go to the link
  // Of the heads that have come, while the core sees them: when the first is looked at.
  bool heads_come_ = false;
  uint32_t looked_chain_ = 0;
  TimePs looked_ps_ = 0;
  bool walk_buffer_ = false;  ///< of the chain that is walked, and that has not gone on
  // Of the run that is walked: its bytes, the next descriptor's address if it is one of them, and
  // the core's read of that.
  std::vector<std::byte> run_bytes_;
  std::optional<uint64_t> run_next_;
  std::optional<uint32_t> run_tag_;
  BlockedTime ring_window_, read_window_, write_window_, tx_buffer_;
  std::vector<Fetch> fetches_;  ///< by the core's tag
  uint32_t ring_fetches_ = 0;   ///< in flight
  std::array<QueueState, NicCore::kQueuesMax> queues_{};
  uint64_t wanted_ = 0;            ///< queues to look at
  uint64_t sleeping_ = 0;          ///< queues that wait for their wake_ps
  uint64_t waits_for_ring_ = 0;    ///< queues that ring_fetches_max holds back
  uint64_t waits_for_reads_ = 0;   ///< queues that a full read window holds back
  uint64_t waits_for_writes_ = 0;  ///< queues that a stalled link holds back
  uint64_t waits_for_room_ = 0;    ///< queues that a full transmit buffer holds back
  uint64_t waits_for_frame_ = 0;   ///< queues for whose buffer no frame is on the wire yet
  unsigned first_queue_ = 0;       ///< round robin: behind the last that began a frame
  bool serving_ = false;
  TimePs scheduled_ps_ = kNever;  ///< what work_ is notified for
  sc_core::sc_event work_, hold_event_, timeout_event_, interrupt_event_, arrived_event_;
  Fifo<Arrived> arrived_;
  Fifo<Message> interrupts_;  ///< that are not due within kMessageAheadPs
  uint64_t resets_seen_ = 0;
  bool timeout_armed_ = false;
  FramesInFlight in_flight_;
  std::vector<RegisterRead> register_reads_;
  uint64_t poisoned_writes_ = 0;
};

}  // namespace ringside::hw
