// SPDX-License-Identifier: Apache-2.0
// The functional core of the card: behaviour without time and without SystemC, as a resumable state
// machine in which every choice that hardware may make differently is an input.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "formats/virtio.h"
#include "hw_model/core/action.h"
#include "hw_model/core/bar_layout.h"
#include "hw_model/core/core_config.h"
#include "hw_model/core/counters.h"
#include "hw_model/core/event.h"
#include "hw_model/core/msix.h"
#include "hw_model/core/pci_config.h"
#include "hw_model/core/queue.h"
#include "hw_model/core/receive_buffer.h"
#include "hw_model/trace/nic_trace.h"

namespace ringside::hw {

/// One card. `step` takes one event and appends the actions that follow from it; a scheduler picks
/// choices with the queries below. The core refuses choices that are not legal now: nothing is used
/// before its payload is written, no index ahead of its entries, no interrupt without used_event or
/// flags read after the used index was posted, no DMA and no interrupt unless DRIVER_OK.
class NicCore {
 public:
  static constexpr unsigned kQueuesMax = RS_MAX_QUEUES;

  /// `pool` gives the frames that the card sends and must outlive everything that holds them.
  NicCore(const CoreConfig& config, FramePool& pool);
  NicCore(const NicCore&) = delete;
  NicCore& operator=(const NicCore&) = delete;

  /// Takes `event`, appends to `actions`. Empty if the event was legal; else why not, and nothing
  /// has changed.
  std::string_view step(const Event& event, ActionList& actions);

  // -- what is ready; all cheap
  /// Virtqueues that there are now: receiveq at 2k, transmitq at 2k + 1 and, behind the last of
  /// them, with CTRL_VQ the control virtqueue. Without MQ there is one pair; until features are
  /// negotiated, all that might be.
  unsigned queues() const { return queue_count_; }
  static bool is_transmit(unsigned queue) { return (queue & 1) != 0; }
  bool is_control(unsigned queue) const { return queue == control_queue_; }
  /// Pairs among which received frames are spread.
  unsigned active_pairs() const { return active_pairs_; }
  /// DMA and interrupts are allowed: DRIVER_OK, no error, no reset under way, Bus Master Enable.
  bool active() const { return active_; }
  bool queue_active(unsigned queue) const { return active_ && queues_[queue].enabled; }
  /// An error stopped the data plane: until a reset nothing that reads bring counts.
  bool broken() const { return broken_; }
  /// What the read `tag`, which has not ended, brings still counts; `used_before`: also if an error
  /// stopped the data plane since.
  bool awaits(uint32_t tag, bool used_before = false) const {
    return !reads_[tag].stale && !quiesced_ && (!broken_ || used_before);
  }
  /// Active and not suspended: the card may take buffers.
  bool queue_taking(unsigned queue) const { return active_ && queues_[queue].taking; }
  /// The driver notified the queue since its available index was last sampled.
  bool kicked(unsigned queue) const { return ((kicked_ >> queue) & 1) != 0; }
  /// Bit q is kicked(q).
  uint32_t kicked_mask() const { return kicked_; }
  /// The driver will notify the card of the next buffer.
  bool armed(unsigned queue) const { return queues_[queue].armed; }
  /// An available index by which more buffers would be with the device than the ring holds is an
  /// error. VQS-R-011.
  bool avail_index_jumps(unsigned queue, uint16_t index) const;
  uint16_t queue_size(unsigned queue) const { return queues_[queue].context.size; }
  /// `size` bytes from `address` on are whole descriptors of the queue's table.
  bool in_descriptor_table(unsigned queue, uint64_t address, uint32_t size) const {
    const rs_queue_context& context = queues_[queue].context;
    const uint64_t offset = address - context.desc;
    const uint64_t end = uint64_t{16} * context.size;
    return offset % 16 == 0 && size % 16 == 0 && offset <= end && size <= end - offset;
  }
  bool can_sample(unsigned queue) const { return queue_taking(queue) && !queues_[queue].sampling; }
  /// The most that kFetchIds may ask for now.
  uint16_t ids_fetchable(unsigned queue) const {
    return queue_taking(queue) ? queues_[queue].ids_fetchable() : uint16_t{0};
  }
  bool descriptors_fetchable(unsigned queue) const {
    return queue_taking(queue) && queues_[queue].head_fetchable();
  }
  bool can_start_frame(unsigned queue) const {
    if (!queue_taking(queue)) return false;
    if (is_transmit(queue)) return transmit_ready(queues_[queue]);
    return is_control(queue) ? !command_.under_way && queues_[queue].next_described()
                             : receive_chains(queue) != 0;
  }
  /// A chain waits only for room in the transmit buffer.
  bool transmit_blocked(unsigned queue) const {
    return queue_taking(queue) && queues_[queue].next_described() &&
           !transmit_ready(queues_[queue]);
  }
  /// Entries that are announced and not fetched.
  uint16_t ids_known(unsigned queue) const {
    return static_cast<uint16_t>(queues_[queue].avail_seen - queues_[queue].avail_next);
  }
  /// Chains between the available and the used ring.
  uint32_t chains_held(unsigned queue) const {
    return queues_[queue].allocated - queues_[queue].returned;
  }
  /// Positions of the next chain to be fetched, and of the next that a frame takes.
  uint32_t next_chain(unsigned queue) const { return queues_[queue].allocated; }
  uint32_t next_start(unsigned queue) const { return queues_[queue].started; }
  /// Chains that the oldest frame of a receive queue would take now; 0 if it cannot start, 1 if it
  /// would be dropped.
  uint32_t next_frame_chains(unsigned queue) const {
    if (!queue_taking(queue)) return 0;
    const uint32_t chains = receive_chains(queue);
    return chains == kNeverFits ? 1 : chains;
  }
  /// Bytes, with virtio_net_hdr, of the frame or control command that kStartFrame would take now;
  /// of a transmitted frame that it would drop, whose payload nobody reads, 0.
  uint64_t next_frame_bytes(unsigned queue) const {
    if (!is_transmit(queue) && !is_control(queue)) {
      return sizeof(formats::VirtioNetHdr) + receive_fifo_[queue / 2].front()->bytes.size();
    }
    const Chain& chain = queues_[queue].chain(queues_[queue].started);
    const bool dropped = is_transmit(queue) && transmit_drop(chain) != Counter::kCount;
    return dropped ? 0 : chain.readable_bytes;
  }
  /// Always false for the control virtqueue.
  bool frame_waiting(unsigned queue) const { return ((waiting_ >> queue) & 1) != 0; }
  /// Bit q is frame_waiting(q).
  uint32_t waiting_mask() const { return waiting_; }
  /// The receive queue to which the last frame that was not malformed was steered.
  unsigned steered_queue() const { return steered_queue_; }
  /// The most frames that kReturnUsed may name now.
  uint32_t used_returnable(unsigned queue) const {
    return queue_active(queue) ? queues_[queue].returnable() : 0;
  }
  /// More buffers are announced than the card can hold chains: return used ones first.
  bool window_full(unsigned queue) const {
    return queue_taking(queue) && queues_[queue].window_full();
  }
  bool suppression_due(unsigned queue) const {
    const Queue& q = queues_[queue];
    return queue_active(queue) && !q.deciding && q.used_next != q.used_signalled;
  }
  bool can_arm(unsigned queue) const {
    return can_sample(queue) && (event_idx_ || queues_[queue].no_notify);
  }
  /// A message of this vector may leave now; else the vector is, or would be, pending.
  bool may_interrupt(unsigned vector) const {
    return vector < msix_.vectors() && pci_.msix_enabled() && !pci_.msix_masked() &&
           !msix_.masked(vector) && pci_.bus_master();
  }
  /// Register reads that wait for firmware: the adapter bounds the wait with kHoldExpired.
  bool holding() const { return !held_.empty(); }

  // -- registers, for adapters and tests
  const PciConfig& pci() const { return pci_; }
  /// True if [address, address + size) lies in the enabled memory BAR; sets `offset`.
  bool decode(uint64_t address, uint64_t size, uint64_t* offset) const;
  uint8_t device_status() const { return status_; }
  uint64_t negotiated() const { return negotiated_; }
  /// Bytes in the transmit buffer, and those of them that went to the port (kFrameSent frees them).
  uint32_t tx_occupancy() const { return tx_occupancy_; }
  uint32_t tx_leaving() const { return tx_leaving_; }
  uint32_t rx_occupancy() const { return receive_buffer_.occupancy(); }
  const Counters& counters() const { return counters_; }
  /// Reports choices and effects to `sink`, with time 0: who knows the time puts it in. Null: not.
  void trace(TraceSink* sink) {
    trace_ = sink;
    trace_dma_ = sink != nullptr && sink->wants_dma();
  }

 private:
  enum class ReadKind : uint8_t {
    kAvail,
    kIds,
    kHeads,
    kNext,
    kTable,
    kPayload,
    kCommand,
    kSuppression
  };
  struct Read {
    ReadKind kind = ReadKind::kAvail;
    bool stale = false;  ///< asked for before a reset: the answer means nothing
    uint16_t queue = 0;
    uint16_t count = 0;     ///< ids or heads; for kSuppression the used index at issue
    uint32_t position = 0;  ///< chain
    uint32_t offset = 0;    ///< kPayload: of its first byte from the start of virtio_net_hdr;
                            ///< kCommand: from the start of the command
    uint32_t size = 0;
    uint64_t address = 0;
  };
  struct HeldRead {
    uint32_t tag;
    uint32_t offset;
    uint8_t width;
  };

  /// The control command that firmware works on, or that is being read for it.
  struct Command {
    bool under_way = false;
    uint32_t sequence = 0;  ///< of its event; 0 until it is posted
    std::array<uint8_t, RS_CONTROL_BYTES> bytes{};
  };

  // nic_core.cpp
  std::string_view dispatch_choice(const Event& event, ActionList& actions);
  std::string_view command(const rs_command& command, ActionList& actions);
  void power_on(ActionList& actions);
  void carrier(const Event& event, ActionList& actions);
  void reset_device();
  void update_active();
  void place_queues();
  void set_active_pairs(unsigned pairs);
  uint32_t post(rs_event event, ActionList& actions);
  void device_error(DeviceError error, unsigned queue, ActionList& actions);
  bool has(unsigned feature) const { return (negotiated_ & formats::feature_bit(feature)) != 0; }

  bool offers(unsigned feature) const { return (offered_ & formats::feature_bit(feature)) != 0; }

  // statistics.cpp
  uint64_t read_statistics(uint32_t offset, unsigned width);

  // trace.cpp; cold, so that a run without a trace pays a branch that is never taken
  bool tracing() const { return trace_ != nullptr; }
  [[gnu::cold]] void note(TraceKind kind, unsigned queue, uint32_t chain = 0, uint32_t size = 0,
                          uint64_t value = 0, uint64_t frame = 0);
  [[gnu::cold]] void note_read(const Action& action, uint32_t chain);
  [[gnu::cold]] void note_read_done(const Read& read, const Event& event);
  [[gnu::cold]] void note_write(ActionList& actions, uint32_t chain);
  [[gnu::cold]] void note_register(TraceKind kind, uint32_t offset, unsigned width, uint64_t value);
  [[gnu::cold]] void note_management(TraceKind kind, uint32_t what, uint32_t sequence,
                                     uint16_t queue);

  // interrupts.cpp
  void queue_interrupt(unsigned queue, ActionList& actions);
  void config_interrupt(ActionList& actions);
  void send_msix(uint16_t vector, uint16_t queue, ActionList& actions);
  void flush_msix(ActionList& actions);
  std::string_view msix_held(uint32_t vector);
  void update_intx(ActionList& actions);
  void send_intx(bool level, ActionList& actions);

  // registers.cpp
  void config_read(const Event& event, ActionList& actions);
  void config_write(const Event& event, ActionList& actions);
  void register_read(uint32_t offset, uint8_t width, uint32_t tag, ActionList& actions);
  void register_write(uint32_t offset, uint8_t width, uint64_t value, ActionList& actions);
  bool must_hold(uint32_t offset, unsigned width) const;
  uint64_t read_now(uint32_t offset, unsigned width, ActionList& actions);
  std::array<uint8_t, BarLayout::kCommonBytes> common_image() const;
  void common_write(uint32_t offset, unsigned width, uint64_t value, ActionList& actions);
  void status_write(uint8_t value, ActionList& actions);
  void queue_write(uint32_t field, uint64_t value, ActionList& actions);
  bool at_rest(unsigned queue) const;
  uint32_t ring_state(unsigned queue) const;
  void ring_state_write(uint32_t offset, unsigned width, uint64_t value);
  void suspend(unsigned queue, bool on);
  void notify(uint32_t offset);
  void release_held(ActionList& actions);
  void hold_expired(ActionList& actions);
  void reply(uint32_t tag, uint64_t value, ActionList& actions);
  void register_reply(const HeldRead& read, uint64_t value, ActionList& actions);
  Queue* selected_queue() { return queue_select_ < queues() ? &queues_[queue_select_] : nullptr; }
  uint16_t valid_vector(uint64_t vector) const {
    return vector < msix_.vectors() ? static_cast<uint16_t>(vector) : kNoVector;
  }

  // ring.cpp
  static Purpose purpose_of(ReadKind kind);
  void read(ReadKind kind, unsigned queue, uint32_t position, uint64_t address, uint32_t size,
            ActionList& actions, uint16_t count = 0, uint32_t offset = 0);
  [[gnu::always_inline]] void issue(uint32_t tag, ActionList& actions);  // ring.cpp alone
  void issue_parked(ActionList& actions);
  void forget_parked();
  void write(unsigned queue, Purpose purpose, uint64_t address, uint32_t place, uint32_t size,
             ActionList& actions, uint32_t chain = 0);
  void write16(unsigned queue, Purpose purpose, uint64_t address, uint16_t value,
               ActionList& actions);
  std::string_view dma_done(const Event& event, ActionList& actions);
  void sample_avail(unsigned queue, ActionList& actions);
  void avail_sampled(unsigned queue, uint16_t index, ActionList& actions);
  std::string_view fetch_ids(unsigned queue, uint16_t count, ActionList& actions);
  void ids_fetched(const Read& read, ByteView data, ActionList& actions);
  std::string_view return_used(unsigned queue, uint16_t frames, ActionList& actions);
  void read_suppression(unsigned queue, ActionList& actions);
  void suppression_read(const Read& read, uint16_t value, ActionList& actions);
  void arm_notify(unsigned queue, ActionList& actions);
  void suppress_notify(unsigned queue, ActionList& actions);
  void chain_done(unsigned queue, ActionList& actions);

  // chain_walk.cpp
  void fetch_descriptors(unsigned queue, uint16_t count, ActionList& actions);
  void heads_fetched(const Read& read, ByteView data, ActionList& actions);
  void walk(unsigned queue, uint32_t position, const formats::VirtqDesc& desc, ActionList& actions);
  void walk_table(const Read& read, ByteView data, ActionList& actions);
  bool add_segment(unsigned queue, Chain& chain, const formats::VirtqDesc& desc,
                   ActionList& actions);
  void described(unsigned queue, uint32_t position, ActionList& actions);

  // control.cpp
  static uint32_t command_bytes(const Chain& chain);
  void start_command(unsigned queue, ActionList& actions);
  void command_read(const Read& read, ByteView data, ActionList& actions);
  void post_command(unsigned queue, ActionList& actions);
  std::string_view control_reply(const rs_command& reply);
  void write_acks(unsigned queue, uint32_t entries, ActionList& actions);

  // transmit.cpp
  uint32_t frame_limit() const { return config_.mtu + kEthernetHeader + kVlanTag; }
  Counter transmit_drop(const Chain& chain) const;
  bool transmit_ready(const Queue& queue) const;
  void start_transmit(unsigned queue, ActionList& actions);
  void payload_read(const Read& read, ByteView data, ActionList& actions);

  // receive.cpp
  static constexpr uint32_t kNeverFits = ~uint32_t{0};
  uint32_t receive_chains(unsigned queue) const;
  void frame_in(const FramePtr& frame, Counter refused);
  void start_receive(unsigned queue, ActionList& actions);
  void scatter(unsigned queue, uint32_t chains, ActionList& actions);
  void count_drop(Counter why, unsigned queue, const Frame& frame);
  void drop_received(unsigned queue, Counter why);
  void forget_front(unsigned queue);

  CoreConfig config_;
  TraceSink* trace_ = nullptr;
  bool trace_dma_ = false;
  FramePool& pool_;
  PciConfig pci_;
  MsixTable msix_;
  Counters counters_;
  uint32_t statistics_index_ = ~uint32_t{0};  ///< of the counter that is kept
  uint64_t statistics_value_ = 0;

  // -- device state
  bool active_ = false;
  bool event_idx_ = false;
  bool broken_ = false;            ///< an error stopped the data plane
  bool resumes_in_place_ = false;  ///< of the register write under way: Event::ok
  bool quiesced_ = true;           ///< a reset is under way
  bool link_up_ = false;
  bool intx_level_ = false;
  bool status_pending_ = false;
  uint8_t status_ = 0;
  uint8_t isr_ = 0;
  uint8_t config_generation_ = 0;
  uint16_t config_vector_ = kNoVector;
  uint32_t sequence_ = 0;         ///< of the last management event
  uint32_t status_sequence_ = 0;  ///< of the last device_status write
  uint32_t reset_sequence_ = 0;   ///< of the last reset: older answers are ignored
  uint64_t offered_ = 0;
  uint64_t driver_features_ = 0;
  uint64_t negotiated_ = 0;
  bool features_beyond_ = false;
  uint32_t device_feature_select_ = 0;
  uint32_t driver_feature_select_ = 0;
  uint16_t queue_select_ = 0;
  uint32_t link_speed_ = VIRTIO_NET_SPEED_UNKNOWN;
  std::array<uint8_t, BarLayout::kDeviceBytes> device_config_{};
  std::vector<HeldRead> held_;

  // -- data plane
  std::array<Queue, kQueuesMax> queues_;
  std::array<FrameFifo, RS_MAX_QUEUE_PAIRS> receive_fifo_;
  ReceiveBuffer receive_buffer_;
  static constexpr unsigned kNone = ~0u;
  unsigned queue_count_ = 0;
  unsigned control_queue_ = kNone;
  unsigned active_pairs_ = 1;
  unsigned steered_queue_ = 0;
  uint32_t kicked_ = 0;   ///< by queue: notified since its available index was sampled
  uint32_t waiting_ = 0;  ///< by queue: its receive_fifo_ is not empty
  Command command_;
  uint32_t tx_occupancy_ = 0;
  uint32_t tx_leaving_ = 0;
  std::vector<Read> reads_;           ///< by tag
  std::vector<uint32_t> free_reads_;  ///< tags to reuse
  std::vector<uint32_t> parked_;      ///< tags of reads that wait for Bus Master Enable
};

}  // namespace ringside::hw
