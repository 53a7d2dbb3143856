// SPDX-License-Identifier: Apache-2.0
// What each kind of record makes the core do.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "hw_model/core/bar_layout.h"
#include "hw_model/diff/follower.h"
#include "hw_model/diff/follower_mutants.h"

namespace ringside::hw {

namespace {

/// What the core must not look at, because the card did not read it: a descriptor that is an error
/// in an indirect table, whatever came before it.
constexpr uint16_t kPoisonFlags = VIRTQ_DESC_F_INDIRECT;

/// Descriptors of the longest run.
constexpr uint32_t kMostRun = 16;

/// Of a register read, `frame`: it waits for firmware, and a second record says when it is
/// answered.
constexpr uint64_t kHeld = 1;

/// Of a register write, `frame`: a virtqueue that it resumes goes on where it is, because the card
/// is not done with it yet.
constexpr uint64_t kInPlace = 1;

Event write_of(EventKind kind, const TraceRecord& record) {
  Event event = Event::write(kind, record.address, static_cast<uint8_t>(record.size), record.value);
  event.ok = record.frame != kInPlace;
  return event;
}

/// A queue that is at rest for the core may not be for the card, whose writes take time to leave.
bool still_suspending(const TraceRecord& record, uint64_t reply) {
  const uint64_t at = record.address - BarLayout::kRingState;
  if (record.kind != TraceKind::kRegisterRead || at >= BarLayout::kRingStateBytes) return false;
  const unsigned shift = at % RingState::kSize == RingState::kSuspend ? 0 : 16;
  if (follower_mutant(FollowerMutant::kRestUnseen)) return true;
  return (reply >> shift & 0xFFFF) == RingState::kSuspended &&
         record.value ==
             reply - (uint64_t{RingState::kSuspended - RingState::kSuspending} << shift);
}

/// Whether it can be what a read for `purpose` brings that shows the error.
bool can_show(DeviceError error, Purpose purpose) {
  switch (error) {
    case DeviceError::kAvailIndexJump:
      return purpose == Purpose::kAvailIndex;
    case DeviceError::kHeadOutOfRange:
      return purpose == Purpose::kAvailEntries;
    default:
      return is_walk(purpose);
  }
}

}  // namespace

void Follower::follow(const TraceRecord& record) {
  if (record.queue != TraceRecord::kNoQueue && record.queue >= NicCore::kQueuesMax) {
    fail(fmt::format("a record of queue {}, which there is not", record.queue));
    return;
  }
  switch (record.kind) {
    // -- inputs
    case TraceKind::kDoorbell:
      step(Event::write(EventKind::kMemoryWrite,
                        BarLayout::kNotify + record.queue * BarLayout::kNotifyMultiplier, 4,
                        record.queue));
      expect_record(record);
      return;
    case TraceKind::kRegisterWrite:
      if (confirm(record)) return;  // through the window in configuration space
      stops_by_ps_ = kNever;
      // A command that was begun goes on when its queue is suspended.
      if (record.address - BarLayout::kRingState < BarLayout::kRingStateBytes && empty_command_ &&
          core_.queue_taking(empty_command_->queue)) {
        begin_empty_command();
      }
      step(write_of(EventKind::kMemoryWrite, record));
      // Of a doorbell for no virtqueue the core says nothing.
      if (record.address - BarLayout::kNotify >= BarLayout::kNotifyBytes) expect_record(record);
      return;
    case TraceKind::kConfigWrite:
      stops_by_ps_ = kNever;
      step(write_of(EventKind::kConfigWrite, record));
      return;
    case TraceKind::kRegisterRead:
      if (confirm(record)) return;  // one that was held, or through the window
      register_access(EventKind::kMemoryRead, record);
      return;
    case TraceKind::kConfigRead:
      register_access(EventKind::kConfigRead, record);
      return;
    case TraceKind::kFrameIn:
      arrival(record, false);
      return;
    case TraceKind::kFrameDropped:
      dropped(record);
      return;
    case TraceKind::kManagementCommand:
    case TraceKind::kManagementEvent:
      stops_by_ps_ = kNever;
      managed(record);
      return;
    // -- choices
    case TraceKind::kSampleAvail:
      // Asking for notifications includes a look at the index behind it.
      if (!confirm(record)) choice(EventKind::kSampleAvail, record);
      return;
    case TraceKind::kFetchIds:
      choice(EventKind::kFetchIds, record, record.size);
      return;
    case TraceKind::kFetchDescriptors:
      fetch_descriptors(record);
      return;
    case TraceKind::kStartCommand:
      // Nothing is read for an empty one: the core would tell firmware at once.
      if (record.size == 0) {
        empty_command_ = record;
        return;
      }
      choice(EventKind::kStartFrame, record);
      return;
    case TraceKind::kStartTransmit:
    case TraceKind::kStartReceive:
      choice(EventKind::kStartFrame, record);
      if (record.kind == TraceKind::kStartReceive) {
        chains_of_frames_[record.queue].push_back(static_cast<uint32_t>(record.value));
        rows_.begun(record.queue);
      }
      return;
    case TraceKind::kReturnUsed:
      return_used(record);
      return;
    case TraceKind::kReadSuppression:
      choice(EventKind::kReadSuppression, record);
      index_before_decision_[record.queue] = writes_.expected(Purpose::kUsedIndex, record.queue);
      return;
    case TraceKind::kArmNotify:
      choice(EventKind::kArmNotify, record);
      notify_before_sample_[record.queue] = writes_.expected(Purpose::kAvailEvent, record.queue);
      return;
    case TraceKind::kSuppressNotify:
      choice(EventKind::kSuppressNotify, record);
      return;
    // -- results
    case TraceKind::kAvailSampled:
      result(Purpose::kAvailIndex, record);
      return;
    case TraceKind::kIdsFetched:
      result(Purpose::kAvailEntries, record);
      return;
    case TraceKind::kInterruptDecision:
      result(Purpose::kUsedEvent, record);
      return;
    case TraceKind::kDescribed:
      walk_on(record);
      reads_.linked_end(record.queue, owner_of_next(record.chain));
      expect_record(record);
      return;
    case TraceKind::kDmaRead:
      walk_reads(record);
      return;
    case TraceKind::kDmaReadDone:
      if (record.purpose == Purpose::kPayload) payload_done(record);
      return;
    // -- effects that follow from what the core did already
    case TraceKind::kDeviceError:
      stops_by_ps_ = kNever;
      device_error(record);
      return;
    case TraceKind::kReset:
      pairs_changed_ps_ = now_;
      expect_record(record);
      reads_.give_up_all();
      reset_ps_ = now_;
      before_reset_ = std::exchange(pending_, {});
      table_pieces_.clear();
      breaking_.clear();
      empty_command_.reset();
      acks_unreturned_ += early_acks_.size();
      early_acks_.clear();
      for (auto& chains : chains_of_frames_) chains.clear();
      rows_.clear();
      forget_unfinished();
      return;
    case TraceKind::kQueueResumed:
      if (record.size != 0) reads_.give_up(record.queue);
      expect_record(record);
      return;
    case TraceKind::kFrameOut:
      whole(record.queue, record.chain);
      expect_record(record);
      return;
    case TraceKind::kMsix:
    case TraceKind::kIntx:
    case TraceKind::kQueueSuspended:
      expect_record(record);
      return;
    default:
      return;  // times and bytes, which are compared elsewhere
  }
}

void Follower::choice(EventKind kind, const TraceRecord& record, unsigned count) {
  if (record.kind == TraceKind::kStartTransmit) starts_.push_back(record.queue);
  step(Event::choice(kind, record.queue, static_cast<uint16_t>(count)));
  expect_record(record);
  if (record.kind != TraceKind::kStartTransmit || starts_.empty()) return;
  // A frame that is dropped at once never leaves: the core says so behind its start.
  const bool never_leaves =
      !awaited_.empty() && awaited_.back().record.kind == TraceKind::kFrameDropped &&
      awaited_.back().record.queue == record.queue && awaited_.back().record.chain == record.chain;
  if (never_leaves) starts_.pop_back();
}

void Follower::begin_empty_command() {
  if (empty_command_) choice(EventKind::kStartFrame, *std::exchange(empty_command_, {}));
}

/// A reset: of the frames that were begun, those that were whole still leave.
void Follower::forget_unfinished() {
  std::vector<std::size_t> whole;
  for (const auto& frames : frames_expected_) whole.push_back(frames.size());
  std::deque<uint16_t> kept;
  for (const uint16_t queue : starts_) {
    if (whole[queue] == 0) continue;
    --whole[queue];
    kept.push_back(queue);
  }
  starts_ = std::move(kept);
}

/// One by one, so that the core takes each descriptor when the card's walk does.
void Follower::fetch_descriptors(const TraceRecord& record) {
  const std::size_t before = pending_.size();
  heads_from_ = record.chain;
  for (uint32_t i = 0; i < record.size && !difference_.found(); ++i) {
    TraceRecord one = record;
    one.chain += i;
    one.size = 1;
    step(Event::choice(EventKind::kFetchDescriptors, record.queue, 1));
    expect_record(one);
  }
  heads_from_.reset();
  if (pending_.size() == before) return;
  const Pending& first = pending_[before];
  reads_.decided(first.purpose, record.queue, first.owner, first.address, first.size * record.size);
}

/// A read of the walk. That of heads was told of before, if the card tells of it again.
void Follower::walk_reads(const TraceRecord& record) {
  if (!is_walk(record.purpose)) return;
  const bool table = record.purpose == Purpose::kIndirectTable;
  if (!table && reads_.is_due(record.purpose, record.queue, owner_of_heads(record.chain))) return;
  const Run run = !table && record.size > sizeof(formats::VirtqDesc) ? Run::kYes : Run::kNo;
  if (run == Run::kYes && !core_.in_descriptor_table(record.queue, record.address, record.size) &&
      !follower_mutant(FollowerMutant::kRunPlace)) {
    fail(
        fmt::format("chain {} of queue {} reads {} bytes at {:#x}, which are not whole descriptors "
                    "of its table",
                    record.chain, record.queue, record.size, record.address));
    return;
  }
  if (run == Run::kYes && record.size > kMostRun * sizeof(formats::VirtqDesc) &&
      !follower_mutant(FollowerMutant::kRunLength)) {
    fail(fmt::format(
        "chain {} of queue {} reads {} bytes at {:#x}: more than a run of {} descriptors",
        record.chain, record.queue, record.size, record.address, kMostRun));
    return;
  }
  reads_.decided(record.purpose, record.queue, owner_of_next(record.chain), record.address,
                 record.size, run);
  if (table) table_pieces_.push_back({record.queue, record.chain, record.address, record.size});
}

void Follower::return_used(const TraceRecord& record) {
  uint32_t frames = record.size;
  const bool receive = !NicCore::is_transmit(record.queue) && !core_.is_control(record.queue);
  if (receive) {
    uint32_t chains = 0;
    auto& begun = chains_of_frames_[record.queue];
    for (frames = 0; chains < record.size && !begun.empty(); ++frames) {
      chains += begun.front();
      begun.pop_front();
    }
    if (chains != record.size) {
      fail(fmt::format("queue {} returns {} chains, which are no whole frames", record.queue,
                       record.size));
      return;
    }
  }
  choice(EventKind::kReturnUsed, record, frames);
  if (!core_.is_control(record.queue)) return;
  for (const EarlyAck& ack : early_acks_) {
    posted(Purpose::kPayload, record.queue, ack.address, {&ack.byte, 1});
  }
  early_acks_.clear();
}

/// `record` says what became of the oldest frame that arrived.
void Follower::arrival(const TraceRecord& record, bool was_dropped) {
  if (arrived_.empty()) {
    fail("the card says that a frame arrived, and none did");
    return;
  }
  const FramePtr frame = std::move(arrived_.front());
  arrived_.pop_front();
  Event event = Event::frame_in(frame);
  const auto size = static_cast<uint32_t>(frame->bytes.size());
  if (was_dropped && record.value == static_cast<uint64_t>(Counter::kRxDropBufferFull)) {
    if (!rows_.could_be_full(record.queue, size) &&
        !follower_mutant(FollowerMutant::kDropForRoom)) {
      fail(
          fmt::format("a frame of {} bytes is dropped for want of room, and the receive buffer "
                      "has room",
                      size));
      return;
    }
    event.ok = false;
    event.value = record.value;
  } else if (was_dropped && core_.queue_taking(record.queue) &&
             record.value == static_cast<uint64_t>(Counter::kRxDropNotReady)) {
    // The card stops a little before the record that says why.
    event.ok = false;
    event.value = record.value;
    stops_by_ps_ = std::min(stops_by_ps_, now_ + config_.effect_bound_ps);
  } else if (was_dropped && record.value == static_cast<uint64_t>(Counter::kRxDropInactive)) {
    event.ok = false;
    event.value = record.value;
  }
  step(event);
  expect_record(record);
  if (!was_dropped) rows_.taken(record.queue, size);
}

void Follower::dropped(const TraceRecord& record) {
  switch (static_cast<Counter>(record.value)) {
    case Counter::kRxDropFcs:
    case Counter::kRxDropShort:
    case Counter::kRxDropLong:
    case Counter::kRxDropNotReady:
    case Counter::kRxDropBufferFull:
    case Counter::kRxDropQueueShare:
      arrival(record, true);
      return;
    case Counter::kRxDropNoFit:
      choice(EventKind::kStartFrame, record);
      rows_.dropped(record.queue);
      return;
    case Counter::kRxDropChosen:
      choice(EventKind::kDropFrame, record);
      rows_.dropped(record.queue);
      return;
    case Counter::kRxDropReset:
      return;  // the core dropped it with the reset
    case Counter::kRxDropInactive:
      dropped_inactive(record);
      return;
    default:
      expect_record(record);  // of a start that the core followed
      return;
  }
}

/// It waited when its pair was switched off, which the core knows; or it was coming in when pairs
/// were switched on or off, and was begun for another queue than that of its flow now.
void Follower::dropped_inactive(const TraceRecord& record) {
  if (confirm(record)) {
    rows_.dropped(record.queue);
  } else if (pairs_changed_ps_ == kNever || now_ - pairs_changed_ps_ > config_.effect_bound_ps) {
    fail(
        fmt::format("a frame of {} bytes for queue {} is dropped as if pairs had been switched "
                    "off, and they have not",
                    record.size, record.queue));
  } else {
    arrival(record, true);
  }
}

/// The oldest read for which `wanted` holds, or kNone.
template <typename Wanted>
std::size_t Follower::first_pending(Wanted wanted) const {
  const auto found = std::find_if(pending_.begin(), pending_.end(), wanted);
  return found == pending_.end() ? kNone : static_cast<std::size_t>(found - pending_.begin());
}

std::size_t Follower::pending(Purpose purpose, const TraceRecord& record) const {
  const bool by_chain = purpose == Purpose::kAvailEntries;  // there may be several
  return first_pending([&](const Pending& pending) {
    return pending.purpose == purpose && pending.queue == record.queue &&
           (!by_chain || pending.chain == record.chain);
  });
}

std::size_t Follower::pending_of_chain(unsigned queue, uint32_t chain) const {
  return first_pending([&](const Pending& pending) {
    return is_walk(pending.purpose) && pending.queue == queue && pending.chain == chain;
  });
}

/// The first chain of the queue of which the core awaits a descriptor or a table.
uint32_t Follower::oldest_walked(unsigned queue) const {
  uint32_t oldest = kAnyChain;
  for (const Pending& pending : pending_) {
    if (is_walk(pending.purpose) && pending.queue == queue)
      oldest = std::min(oldest, pending.chain);
  }
  return oldest;
}

/// Gives the core what the card read for it. False if the card has not got it.
bool Follower::feed(std::size_t index) {
  const Pending read = pending_[index];
  if (read.purpose == Purpose::kIndirectTable) return feed_table(index);
  std::vector<std::byte> bytes;
  const ReadStore::Taken taken = take(read, bytes);
  if (taken == ReadStore::Taken::kMissing) return false;
  answer(index, taken, bytes);
  return true;
}

/// What the card read for the core's `read`.
ReadStore::Taken Follower::take(const Pending& read, std::vector<std::byte>& bytes) {
  const ReadStore::Taken taken =
      read.linked() ? reads_.take_linked(read.wanted(), bytes) : reads_.take(read.wanted(), bytes);
  if (taken != ReadStore::Taken::kMissing || !follower_mutant(FollowerMutant::kReadTooSoon)) {
    return taken;
  }
  bytes.assign(read.size, std::byte{0});
  return ReadStore::Taken::kWhole;
}

void Follower::answer(std::size_t index, ReadStore::Taken taken,
                      const std::vector<std::byte>& bytes) {
  const uint32_t tag = pending_[index].tag;
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
  step(taken == ReadStore::Taken::kFailed ? Event::dma_failed(tag) : Event::dma_done(tag, bytes));
}

/// A table is read in pieces, and perhaps not all of it: the rest is such that the core would find
/// an error in it.
bool Follower::feed_table(std::size_t index) {
  const Pending read = pending_[index];
  std::vector<std::byte> table(read.size);
  formats::VirtqDesc poison{};
  poison.flags = kPoisonFlags;
  for (std::size_t at = 0; at + sizeof poison <= table.size(); at += sizeof poison) {
    std::memcpy(table.data() + at, &poison, sizeof poison);
  }
  // Behind one that failed the card does not wait for the others.
  const bool fails = reads_.failed(read.wanted());
  bool failed = false;
  std::vector<std::byte> bytes;
  for (auto piece = table_pieces_.begin(); piece != table_pieces_.end();) {
    if (piece->queue != read.queue || piece->chain != read.chain) {
      ++piece;
      continue;
    }
    if (follower_mutant(FollowerMutant::kTablePlace) &&
        (piece->address < read.address || piece->address >= read.address + read.size)) {
      piece = table_pieces_.erase(piece);
      continue;
    }
    if (piece->address < read.address || piece->address + piece->size > read.address + read.size) {
      fail(fmt::format(
          "a read of {} bytes at {:#x} beyond the indirect table of chain {} of queue "
          "{} ({} bytes at {:#x})",
          piece->size, piece->address, read.chain, read.queue, read.size, read.address));
      return true;
    }
    switch (
        reads_.take({read.purpose, read.queue, read.owner, piece->address, piece->size}, bytes)) {
      case ReadStore::Taken::kMissing:
        if (!fails) return false;
        break;
      case ReadStore::Taken::kFailed:
        failed = true;
        break;
      case ReadStore::Taken::kWhole:
        std::memcpy(table.data() + (piece->address - read.address), bytes.data(), bytes.size());
        break;
    }
    piece = table_pieces_.erase(piece);
  }
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
  step(failed ? Event::dma_failed(read.tag) : Event::dma_done(read.tag, table));
  return true;
}

/// Whether the result of `read`, which the card used, shows an error; `bytes` are then such that
/// the core finds it, whatever comes in between.
bool Follower::breaks(const TraceRecord& record, const Pending& read,
                      std::vector<std::byte>& bytes) {
  const auto word = [&bytes](std::size_t at) {
    uint16_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  };
  if (read.purpose == Purpose::kAvailEntries) {
    for (std::size_t at = 0; at + 2 <= bytes.size(); at += 2) {
      if (word(at) >= core_.queue_size(read.queue)) return true;
    }
    return false;
  }
  if (read.purpose != Purpose::kAvailIndex || record.value != word(0)) return false;
  if (!core_.avail_index_jumps(read.queue, word(0))) return false;
  const auto behind = static_cast<uint16_t>(word(0) - record.size - 1);
  std::memcpy(bytes.data(), &behind, sizeof behind);
  return true;
}

/// The read whose result the card used.
void Follower::result(Purpose purpose, const TraceRecord& record) {
  const std::size_t index = pending(purpose, record);
  if (index == kNone) {
    fail(fmt::format("queue {} uses {} that it did not ask for", record.queue, name_of(purpose)));
    return;
  }
  const Pending read = pending_[index];
  std::vector<std::byte> bytes;
  const ReadStore::Taken taken = take(read, bytes);
  if (taken == ReadStore::Taken::kMissing) {
    fail(fmt::format("queue {} uses {} before they have come", record.queue, name_of(purpose)));
  } else if (taken == ReadStore::Taken::kWhole && breaks(record, read, bytes)) {
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
    breaking_.push_back({read.tag, read.purpose, read.queue, std::move(bytes)});
    stops_by_ps_ = std::min(stops_by_ps_, now_ + config_.effect_bound_ps);
  } else {
    answer(index, taken, bytes);
    expect_record(record);
  }
}

/// Everything that the walk of the record's chain has read.
void Follower::walk_on(const TraceRecord& record) {
  for (std::size_t index = pending_of_chain(record.queue, record.chain);
       index != kNone && !difference_.found();
       index = pending_of_chain(record.queue, record.chain)) {
    if (!feed(index)) {
      fail(fmt::format("chain {} of queue {} is taken for whole before {:#x} was read",
                       record.chain, record.queue, pending_[index].address));
    }
  }
}

/// A read of the record's chain has ended. What it brought counts when the card says what came of
/// it: one that is being stopped takes no notice.
void Follower::payload_done(const TraceRecord& record) {
  if (now_ == reset_ps_) return;  // it is forgotten at the end of the cycle
  if (core_.broken()) return;     // it does not count any more
  const bool known = std::any_of(pending_.begin(), pending_.end(), [&](const Pending& read) {
    return read.purpose == Purpose::kPayload && read.queue == record.queue &&
           read.chain == record.chain && read.size == record.size && reads_.has(read.wanted());
  });
  if (known || follower_mutant(FollowerMutant::kReadEnd)) return;
  fail(fmt::format("{} bytes of chain {} of queue {} are said to be read, and are not", record.size,
                   record.chain, record.queue));
}

/// What the card read of the frame that it sends, or the command that it gives to firmware.
void Follower::whole(unsigned queue, uint32_t chain) {
  for (std::size_t i = 0; i < pending_.size() && !difference_.found();) {
    const Pending& read = pending_[i];
    if (read.purpose != Purpose::kPayload || read.queue != queue ||
        (read.chain != chain && chain != kAnyChain) || !feed(i)) {
      ++i;
    } else {
      i = 0;
    }
  }
}

/// Nothing is under way, and what was done has been counted.
bool Follower::resting() const {
  return now_ > changed_ps_ + kCountedPs && awaited_.empty() && interrupts_.empty() &&
         arrived_.empty() && early_acks_.empty() && writes_.overdue(kNever).empty();
}

/// `record`, if it is a read of a counter, perhaps through the window in configuration space: the
/// core has just shown its own.
bool Follower::read_of_counter(const TraceRecord& record) {
  if (awaited_.empty() || !StatisticsCheck::covers(awaited_.back().record)) return false;
  TraceRecord own = std::exchange(awaited_.back().record, {});
  awaited_.pop_back();
  uint64_t expected = own.value;
  if (own.address == BarLayout::kStatistics + Statistics::kDmaWriteBytes) {
    expected += acks_unreturned_;
  }
  own.value = record.value;
  std::string wrong = statistics_.read(own, expected, resting());
  if (!wrong.empty()) {
    fail(std::move(wrong));
    return true;
  }
  awaited_.push_back({own, now_});
  if (record.kind == TraceKind::kRegisterRead) expect_record(record);
  return true;
}

void Follower::register_access(EventKind kind, const TraceRecord& record) {
  const bool config = kind == EventKind::kConfigRead;
  replied_ = false;
  step(Event::read(kind, record.address, static_cast<uint8_t>(record.size), 0));
  if (difference_.found()) return;
  const bool held = record.frame == kHeld;
  if (held == replied_ && !follower_mutant(FollowerMutant::kRegisterHeld)) {
    fail(fmt::format("a read of {} bytes at {:#x} is {}", record.size, record.address,
                     held ? "held that the core answers" : "answered that the core holds"));
  } else if (held || read_of_counter(record)) {
    return;
  } else if (still_suspending(record, reply_) ||
             (!config && follower_mutant(FollowerMutant::kRegisterValue))) {
    awaited_.back().record.value = record.value;
    expect_record(record);
  } else if (reply_ != record.value) {
    fail(fmt::format("a read of {} bytes at {:#x} of {} gives {:#x}, expected {:#x}", record.size,
                     record.address, config ? "configuration space" : "the BAR", record.value,
                     reply_));
  } else if (!config) {
    expect_record(record);
  }
}

/// The card found an error: in what a chain's walk, or a result, brought.
void Follower::device_error(const TraceRecord& record) {
  if (confirm(record)) return;
  const auto error = static_cast<DeviceError>(record.value);
  if (error == DeviceError::kManagementTimeout) {
    step(Event{EventKind::kHoldExpired});
    expect_record(record);
    return;
  }
  // What may show it goes to the core, oldest first, until it finds it too. What else the core sees
  // in that the card, which stops, no longer says.
  const std::size_t said = awaited_.size();
  const auto found_too = [&] {
    if (!confirm(record)) return false;
    empty_command_.reset();  // firmware will not hear of it
    const auto unsaid = [](const Awaited& awaited) {
      return awaited.record.kind == TraceKind::kAvailSampled ||
             awaited.record.kind == TraceKind::kIdsFetched ||
             awaited.record.kind == TraceKind::kDescribed;
    };
    const auto first = awaited_.begin() + static_cast<std::ptrdiff_t>(said);
    awaited_.erase(std::remove_if(first, awaited_.end(), unsaid), awaited_.end());
    return true;
  };
  for (auto breaking = breaking_.begin(); breaking != breaking_.end();) {
    if (breaking->queue != record.queue || !can_show(error, breaking->purpose)) {
      ++breaking;  // the card will say so behind this error
      continue;
    }
    const Breaking shows = std::move(*breaking);
    breaking = breaking_.erase(breaking);
    step(Event::dma_used_before(shows.tag, shows.bytes));
    if (found_too()) return;
  }
  const bool of_read = error == DeviceError::kDmaRead;
  for (std::size_t i = 0; i < pending_.size() && !difference_.found();) {
    const Pending& read = pending_[i];
    bool shows = can_show(error, read.purpose);
    if (of_read) {  // perhaps one that the core asks for only behind this
      shows = reads_.failed(read.wanted()) ||
              (is_walk(read.purpose) && reads_.failed(read.queue, owner_of_next(read.chain)));
    } else if (is_walk(read.purpose)) {  // chains are walked in the order of the ring
      shows = shows && read.chain == oldest_walked(read.queue);
    }
    if (read.queue != record.queue || !shows || !feed(i)) {
      ++i;
      continue;
    }
    if (found_too()) return;
    i = 0;
  }
  if (follower_mutant(FollowerMutant::kErrorUnseen)) return;
  fail(fmt::format("the card finds {} in queue {}; the core finds nothing wrong", error_name(error),
                   record.queue));
}

void Follower::managed(const TraceRecord& record) {
  if (record.kind == TraceKind::kManagementEvent) {
    if (confirm(record)) {
      events_.post();
      return;
    }
    if (record.value == RS_EVENT_POWER_ON && !powered_) {
      powered_ = true;
      step(Event::carrier(carrier_up_, carrier_speed_));
      step(Event{EventKind::kPowerOn});
    } else if (record.value == RS_EVENT_LINK) {
      step(Event::carrier(carrier_up_, carrier_speed_));
    } else if (record.value == RS_EVENT_CONTROL) {
      begin_empty_command();
      whole(record.queue, kAnyChain);
    }
    expect_record(record);
    events_.post();
    return;
  }
  if (commands_.empty()) {
    fail("the card carries out a command that firmware did not give");
    return;
  }
  const rs_command command = commands_.front();
  commands_.pop_front();
  if (command.kind == RS_COMMAND_ACTIVE_PAIRS) pairs_changed_ps_ = now_;
  step(Event::from_command(command));
  expect_record(record);
}

}  // namespace ringside::hw
