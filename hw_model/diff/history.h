// SPDX-License-Identifier: Apache-2.0
// What a followed card and the core that follows it did last, each in a ring of bounded size: the
// evidence where they disagree (docs/diff.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "formats/last_of.h"
#include "hw_model/diff/card_tap.h"
#include "hw_model/diff/core_watch.h"

namespace ringside::hw {

/// One thing that happened.
struct HistoryEntry {
  /// The comment says which fields of `record`, beside the time, and whether bytes count.
  enum class Kind : uint8_t {
    kRecord,          ///< all that count with the record's kind; the card's own numbers of frames
    kCarrier,         ///< `value` 1: up; `size` = Mbit/s
    kFrameIn,         ///< a frame at the pins, bytes
    kFrameOut,        ///< likewise; of the core: a frame that is to leave, `queue`
    kReadRequest,     ///< `id` = tag, `purpose`, `queue`, `address`, `size`
    kCompletion,      ///< of a read: `id` = tag, bytes; `value` 0: it failed; `chain` 1: the last
    kCommand,         ///< of firmware: `value` = rs_command_kind, `id` = sequence
    kManagementRead,  ///< by firmware: `value` of the register at `address`
    kEventPopped,     ///< by firmware
    kWrite,           ///< `purpose`, `queue`, `address`, bytes; of the core: one that is to come
    kMsix,            ///< likewise, to `address`, bytes
    kIntx,            ///< likewise; `value` 1: assert
  };
  /// Of all entries, of both sides, in the order in which they happened, from 0.
  uint64_t number = 0;
  Kind kind = Kind::kRecord;
  TraceRecord record;
  std::vector<std::byte> bytes;
};

std::string_view name_of(HistoryEntry::Kind kind);

using HistoryRing = formats::LastOf<HistoryEntry>;

/// Passes on what a card takes and gives, and keeps the last of it; likewise of the core. freeze()
/// ends that: what follows a difference does not push away what led to it.
class History final : public CardTap, public CoreWatch {
 public:
  static constexpr std::size_t kEntries = 2000;
  /// `next` outlives it.
  explicit History(CardTap& next, std::size_t entries = kEntries)
      : next_(next), card_(entries), core_(entries) {}
  void freeze() { frozen_ = true; }
  const HistoryRing& card() const { return card_; }
  const HistoryRing& core() const { return core_; }

  // CardTap
  void at(TimePs time_ps) override;
  void carrier(bool up, uint32_t speed_mbps) override;
  void frame_in(const FramePtr& frame) override;
  void read_completion(uint32_t tag, ByteView data, bool ok, bool last) override;
  void command(const rs_command& command) override;
  void management_read(uint32_t offset, uint32_t value) override;
  void event_popped() override;
  void record(const TraceRecord& record) override;
  void read_request(uint32_t tag, Purpose purpose, unsigned queue, uint64_t address,
                    uint32_t size) override;
  void posted(Purpose purpose, unsigned queue, uint64_t address, ByteView data) override;
  void message(bool asserted) override;
  void frame_out(ByteView bytes) override;
  // CoreWatch
  void core_record(TimePs time_ps, const TraceRecord& record) override;
  void core_action(TimePs time_ps, const Action& action, ByteView bytes) override;

 private:
  HistoryEntry& add(HistoryRing& side, HistoryEntry::Kind kind, TimePs time_ps);
  HistoryEntry& add_card(HistoryEntry::Kind kind) { return add(card_, kind, now_); }

  CardTap& next_;
  bool frozen_ = false;
  TimePs now_ = 0;
  uint64_t count_ = 0;
  HistoryRing card_, core_;
};

}  // namespace ringside::hw
