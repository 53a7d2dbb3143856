// SPDX-License-Identifier: Apache-2.0
// The functional core as the follower of another card: it gets the same inputs, takes choices from
// the card's trace and nothing else, and says where the two disagree first (docs/diff.md).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hw_model/core/nic_core.h"
#include "hw_model/diff/card_tap.h"
#include "hw_model/diff/core_watch.h"
#include "hw_model/diff/difference.h"
#include "hw_model/diff/event_check.h"
#include "hw_model/diff/evidence.h"
#include "hw_model/diff/read_store.h"
#include "hw_model/diff/receive_rows.h"
#include "hw_model/diff/statistics_check.h"
#include "hw_model/diff/write_check.h"

namespace ringside::hw {

struct FollowerConfig {
  CoreConfig core;
  /// Rows of the receive buffer that each receive queue has, and their size: a drop for want of
  /// room is justified only if the frames that it holds can fill them.
  uint32_t receive_rows = 4096;
  uint32_t row_bytes = 64;
  /// How late an effect may be that was decided.
  TimePs effect_bound_ps = 100'000'000;
};

class Follower final : public CardTap {
 public:
  explicit Follower(const FollowerConfig& config);

  const Difference& difference() const { return difference_; }
  /// Called once, with the first difference.
  void on_difference(std::function<void(const std::string&)> callback) {
    on_difference_ = std::move(callback);
  }
  /// Sees what the core does from now on; outlives it. Null: nobody.
  void watch(CoreWatch* watch) { watch_ = watch; }
  /// What the core did and the card has not, oldest first as far as it is known, and what the card
  /// did that the core has not come to.
  std::vector<Demand> demands() const;
  const NicCore& core() const { return core_; }
  uint64_t records() const { return records_; }
  uint64_t frames_compared() const { return frames_compared_; }
  uint64_t bytes_compared() const { return bytes_compared_; }
  /// Acks of control commands, a byte each, that the card wrote before a reset and the core did
  /// not.
  uint64_t acks_unreturned() const { return acks_unreturned_; }
  /// Nothing is under way: what is still missing, or was read for nothing, is a difference.
  void at_rest();

  // CardTap
  void at(TimePs time_ps) override;
  void carrier(bool up, uint32_t speed_mbps) override;
  void frame_in(const FramePtr& frame) override;
  void read_completion(uint32_t tag, ByteView data, bool ok, bool last) override;
  void command(const rs_command& command) override;
  void management_read(uint32_t offset, uint32_t value) override;
  void event_popped() override { events_.pop(); }
  void record(const TraceRecord& record) override;
  void read_request(uint32_t tag, Purpose purpose, unsigned queue, uint64_t address,
                    uint32_t size) override;
  void posted(Purpose purpose, unsigned queue, uint64_t address, ByteView data) override;
  void message(bool asserted) override;
  void frame_out(ByteView bytes) override;

 private:
  /// A read that the core asked for.
  struct Pending {
    uint32_t tag;
    Purpose purpose;
    uint16_t queue;
    uint32_t chain;
    uint64_t address;
    uint32_t size;
    uint64_t owner;  ///< by which ReadStore knows it
    bool linked() const {
      return purpose == Purpose::kDescriptors && owner == owner_of_next(chain);
    }
    ReadStore::Wanted wanted() const { return {purpose, queue, owner, address, size}; }
  };
  /// A part of an indirect table that the card read.
  struct TablePiece {
    uint16_t queue;
    uint32_t chain;
    uint64_t address;
    uint32_t size;
  };
  struct Interrupt {
    bool message = false;
    uint64_t address = 0;
    uint32_t value = 0;
    TimePs time_ps = 0;
  };
  /// A record that the core produced and the card has not reported.
  struct Awaited {
    TraceRecord record;
    TimePs time_ps;
  };

  // follower.cpp: steps of the core and what they bring
  static std::string say(const TraceRecord& record);
  void fail(std::string what);
  void step(const Event& event);
  void take_actions();
  bool confirm(const TraceRecord& record);
  void expect_record(const TraceRecord& record);
  static bool same(const TraceRecord& left, const TraceRecord& right);

  // follower_steps.cpp: what each kind of record makes the core do
  void follow(const TraceRecord& record);
  void choice(EventKind kind, const TraceRecord& record, unsigned count = 0);
  void fetch_descriptors(const TraceRecord& record);
  void walk_reads(const TraceRecord& record);
  void begin_empty_command();
  void forget_unfinished();
  void return_used(const TraceRecord& record);
  void arrival(const TraceRecord& record, bool dropped);
  void dropped(const TraceRecord& record);
  void dropped_inactive(const TraceRecord& record);
  void result(Purpose purpose, const TraceRecord& record);
  void walk_on(const TraceRecord& record);
  void payload_done(const TraceRecord& record);
  void whole(unsigned queue, uint32_t chain);
  void register_access(EventKind kind, const TraceRecord& record);
  bool read_of_counter(const TraceRecord& record);
  bool resting() const;
  void device_error(const TraceRecord& record);
  void managed(const TraceRecord& record);
  bool feed(std::size_t index);
  ReadStore::Taken take(const Pending& read, std::vector<std::byte>& bytes);
  void answer(std::size_t index, ReadStore::Taken taken, const std::vector<std::byte>& bytes);
  bool breaks(const TraceRecord& record, const Pending& read, std::vector<std::byte>& bytes);
  bool feed_table(std::size_t index);
  template <typename Wanted>
  std::size_t first_pending(Wanted wanted) const;
  std::size_t pending(Purpose purpose, const TraceRecord& record) const;
  std::size_t pending_of_chain(unsigned queue, uint32_t chain) const;
  uint32_t oldest_walked(unsigned queue) const;

  // TraceSink of the core
  class CoreTrace final : public TraceSink {
   public:
    explicit CoreTrace(Follower& follower) : follower_(follower) {}
    void record(const TraceRecord& record) override { follower_.core_record(record); }

   private:
    Follower& follower_;
  };
  void core_record(const TraceRecord& record);

  static constexpr std::size_t kNone = ~std::size_t{0};
  static constexpr uint32_t kAnyChain = ~uint32_t{0};
  static constexpr TimePs kNever = ~TimePs{0};
  /// So long after the last thing that it did, a card has counted it.
  static constexpr TimePs kCountedPs = 1'000'000;
  /// An ack of a control command that was written before its buffer is returned, which is when the
  /// core writes it.
  struct EarlyAck {
    uint64_t address;
    std::byte byte;
  };

  FollowerConfig config_;
  FramePool frames_;
  NicCore core_;
  CoreTrace core_trace_{*this};
  ActionList actions_;
  Difference difference_;
  std::function<void(const std::string&)> on_difference_;
  CoreWatch* watch_ = nullptr;
  TimePs now_ = 0;
  TimePs changed_ps_ = 0;              ///< the card last did something else than answer a read
  TimePs mastering_ps_ = 0;            ///< Bus Master Enable was clear until then
  TimePs reset_ps_ = kNever;           ///< the cycle of the last reset
  std::vector<Pending> before_reset_;  ///< asked for, and forgotten with it
  uint64_t records_ = 0, frames_compared_ = 0, bytes_compared_ = 0;

  bool powered_ = false;
  bool carrier_up_ = false;
  uint32_t carrier_speed_ = 0;
  std::deque<FramePtr> arrived_;  ///< that no record named yet
  std::deque<rs_command> commands_;
  EventCheck events_;
  uint64_t reply_ = 0;
  bool replied_ = false;

  // What the ring engine reads is known by its chain, before the core asks for it; heads by the
  // first of those that are read together. The rest is numbered as the core asks.
  static uint64_t owner_of_heads(uint32_t first) { return uint64_t{2} * first; }
  static uint64_t owner_of_next(uint32_t chain) { return uint64_t{2} * chain + 1; }
  ReadStore reads_;
  std::optional<uint32_t> heads_from_;  ///< first of the heads that are being fetched
  uint64_t reads_asked_ = 0;
  std::vector<Pending> pending_;
  /// What the card read that shows an error, of which its record is still to come: until then the
  /// card does what it had begun, and the core must not know yet.
  struct Breaking {
    uint32_t tag;
    Purpose purpose;
    uint16_t queue;
    std::vector<std::byte> bytes;
  };
  std::vector<Breaking> breaking_;
  std::optional<TraceRecord> empty_command_;  ///< that the card began and firmware does not know
  std::deque<TablePiece> table_pieces_;
  WriteCheck writes_;
  // By queue: how many writes of the kind must have left before the read that was decided.
  std::array<uint64_t, NicCore::kQueuesMax> index_before_decision_{};
  std::array<uint64_t, NicCore::kQueuesMax> notify_before_sample_{};
  std::deque<Awaited> awaited_;
  std::deque<Interrupt> interrupts_;
  std::vector<std::deque<uint32_t>> chains_of_frames_;  ///< by receive queue, begun, not returned
  std::deque<uint16_t> starts_;                         ///< queues, in the order of begun frames
  std::vector<std::deque<FramePtr>> frames_expected_;   ///< by transmit queue
  ReceiveRows rows_;
  StatisticsCheck statistics_;
  std::vector<EarlyAck> early_acks_;
  uint64_t acks_unreturned_ = 0;
  TimePs pairs_changed_ps_ = kNever;  ///< pairs were last switched on or off
  TimePs stops_by_ps_ = kNever;       ///< a record that says why the card stopped must come
};

}  // namespace ringside::hw
