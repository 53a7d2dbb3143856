// SPDX-License-Identifier: Apache-2.0
// Steps of the core, what they bring, and the comparison with what the card reports and does.
#include "hw_model/diff/follower.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "hw_model/diff/follower_mutants.h"
#include "hw_model/trace/trace_fields.h"
#include "hw_model/trace/trace_text.h"

namespace ringside::hw {

namespace {

/// The card's own buffer decides what it drops for want of room; the core's has no end.
CoreConfig without_bounds(CoreConfig config) {
  config.rx_buffer_bytes = 1u << 30;
  config.tx_buffer_bytes = 1u << 30;
  return config;
}

/// Records of the core that say the same as the comparison of bytes, or what only it knows.
bool told_otherwise(const TraceRecord& record) {
  switch (record.kind) {
    case TraceKind::kDmaRead:
    case TraceKind::kDmaReadDone:
    case TraceKind::kDmaWrite:
    case TraceKind::kFrameSent:
      return true;
    case TraceKind::kFrameDropped:
      return record.value == static_cast<uint64_t>(Counter::kRxDropReset);
    default:
      return false;
  }
}

/// Of a write or a frame.
ByteView bytes_of(ActionList& actions, const Action& action) {
  switch (action.kind) {
    case ActionKind::kDmaWrite:
      return actions.payload(action);
    case ActionKind::kFrameOut:
      return actions.frame(action)->bytes;
    default:
      return {};
  }
}

}  // namespace

Follower::Follower(const FollowerConfig& config)
    : config_(config),
      core_(without_bounds(config.core), frames_),
      rows_(config.receive_rows, config.row_bytes) {
  core_.trace(&core_trace_);
  chains_of_frames_.resize(NicCore::kQueuesMax);
  frames_expected_.resize(NicCore::kQueuesMax);
}

std::string Follower::say(const TraceRecord& record) {
  const std::string details = describe(record);
  const std::string queue =
      record.queue == TraceRecord::kNoQueue ? "" : fmt::format(" of queue {}", record.queue);
  return fmt::format("{}{}{}{}", name_of(record.kind), queue, details.empty() ? "" : ": ", details);
}

void Follower::fail(std::string what) {
  if (difference_.found()) return;
  difference_.report(now_, std::move(what));
  if (on_difference_) on_difference_(difference_.text());
}

void Follower::at(TimePs time_ps) {
  now_ = time_ps;
  rows_.at(time_ps);
  if (difference_.found() || time_ps < config_.effect_bound_ps) return;
  if (time_ps > stops_by_ps_ && !follower_mutant(FollowerMutant::kDropAsStopped)) {
    fail("frames are dropped as if the card had stopped, and it has not");
    return;
  }
  const TimePs before = time_ps - config_.effect_bound_ps;
  // What was decided may have to wait.
  if (!core_.pci().bus_master()) mastering_ps_ = time_ps;
  if (mastering_ps_ >= before) return;
  if (!awaited_.empty() && awaited_.front().time_ps < before &&
      !follower_mutant(FollowerMutant::kRecordLate)) {
    fail("the card does not do what follows: " + say(awaited_.front().record));
  } else if (!interrupts_.empty() && interrupts_.front().time_ps < before &&
             !follower_mutant(FollowerMutant::kMessageMissing)) {
    fail("an interrupt that was decided does not come");
  } else if (std::string late = writes_.overdue(before); !late.empty()) {
    fail(std::move(late));
  }
}

void Follower::step(const Event& event) {
  const std::string_view refused = core_.step(event, actions_);
  if (!refused.empty() && !follower_mutant(FollowerMutant::kChoiceRefused))
    fail("a choice that is not allowed: " + std::string(refused));
  take_actions();
  actions_.clear();
}

void Follower::take_actions() {
  for (std::size_t i = 0; i < actions_.size(); ++i) {
    const Action& action = actions_[i];
    if (watch_ != nullptr) watch_->core_action(now_, action, bytes_of(actions_, action));
    switch (action.kind) {
      case ActionKind::kDmaRead:
        break;  // known from its record
      case ActionKind::kManagement:
        events_.expect(actions_.management(action));
        break;
      case ActionKind::kDmaWrite:
        writes_.expect(now_, action.purpose, action.queue, action.address, actions_.payload(action),
                       action.tag);
        break;
      case ActionKind::kMsix:
        interrupts_.push_back({false, action.address, static_cast<uint32_t>(action.value), now_});
        break;
      case ActionKind::kIntx:
        interrupts_.push_back({true, 0, static_cast<uint32_t>(action.value), now_});
        break;
      case ActionKind::kFrameOut:
        frames_expected_[action.queue].push_back(std::move(actions_.frame(action)));
        break;
      case ActionKind::kReadReply:
        reply_ = action.value;
        replied_ = true;
        break;
    }
  }
}

/// What the core reports: reads to answer, and records that the card must report too.
void Follower::core_record(const TraceRecord& record) {
  if (watch_ != nullptr) watch_->core_record(now_, record);
  if (record.kind == TraceKind::kDmaRead) {
    const bool of_ring_engine = is_walk(record.purpose);
    const uint64_t owner = !of_ring_engine ? reads_asked_++
                           : heads_from_   ? owner_of_heads(*heads_from_)
                                           : owner_of_next(record.chain);
    pending_.push_back({record.id, record.purpose, record.queue, record.chain, record.address,
                        record.size, owner});
    if (!of_ring_engine) {
      reads_.decided(record.purpose, record.queue, owner, record.address, record.size);
    }
  }
  if (!told_otherwise(record)) awaited_.push_back({record, now_});
}

bool Follower::same(const TraceRecord& left, const TraceRecord& right) {
  unsigned fields = trace_fields(left.kind);
  // A card's register side does not know the position.
  if (left.kind == TraceKind::kQueueResumed) {
    fields = (fields & ~trace_field::kChain) | trace_field::kSize;
  }
  if (follower_mutant(FollowerMutant::kRecordChain)) fields &= ~trace_field::kChain;
  if (follower_mutant(FollowerMutant::kRecordSize)) fields &= ~trace_field::kSize;
  if (follower_mutant(FollowerMutant::kRecordValue)) fields &= ~trace_field::kValue;
  const auto equal = [&](unsigned field, auto a, auto b) {
    return (fields & field) == 0 || a == b;
  };
  return left.kind == right.kind && equal(trace_field::kQueue, left.queue, right.queue) &&
         equal(trace_field::kPurpose, left.purpose, right.purpose) &&
         equal(trace_field::kChain, left.chain, right.chain) &&
         equal(trace_field::kSize, left.size, right.size) &&
         equal(trace_field::kAddress, left.address, right.address) &&
         equal(trace_field::kValue, left.value, right.value);
}

/// True if the core has said the same already; then that is settled.
bool Follower::confirm(const TraceRecord& record) {
  const auto found =
      std::find_if(awaited_.begin(), awaited_.end(), [&record](const Awaited& awaited) {
        if (follower_mutant(FollowerMutant::kRecordOrder) && !same(awaited.record, record)) {
          return false;
        }
        const bool queued = (trace_fields(record.kind) & trace_field::kQueue) != 0;
        // Frames of one queue are dropped for reasons of before and of now.
        const bool dropped = record.kind == TraceKind::kFrameDropped;
        return awaited.record.kind == record.kind &&
               (!queued || awaited.record.queue == record.queue) &&
               (!dropped || awaited.record.value == record.value);
      });
  if (found == awaited_.end()) return false;
  if (!same(found->record, record)) {
    fail(fmt::format("the card says {}; the core says {}", say(record), say(found->record)));
  }
  awaited_.erase(found);
  return true;
}

/// After a step for `record`: the core must have said the same.
void Follower::expect_record(const TraceRecord& record) {
  if (difference_.found()) return;
  if (confirm(record) || follower_mutant(FollowerMutant::kRecordExtra)) return;
  fail(fmt::format("the card says {}; the core does not", say(record)));
}

// -- what goes in

void Follower::carrier(bool up, uint32_t speed_mbps) {
  carrier_up_ = up;
  carrier_speed_ = speed_mbps;
}

void Follower::frame_in(const FramePtr& frame) {
  changed_ps_ = now_;
  arrived_.push_back(frame);
}

void Follower::read_completion(uint32_t tag, ByteView data, bool ok, bool last) {
  reads_.completion(tag, data, ok, last);  // unexpected ones are the card's to drop
}

void Follower::command(const rs_command& command) { commands_.push_back(command); }

void Follower::management_read(uint32_t offset, uint32_t value) {
  if (difference_.found() || follower_mutant(FollowerMutant::kEventContent)) return;
  std::string wrong = events_.read(offset, value);
  if (!wrong.empty()) fail(std::move(wrong));
}

void Follower::record(const TraceRecord& record) {
  if (difference_.found()) return;
  ++records_;
  const bool reads =
      record.kind == TraceKind::kRegisterRead || record.kind == TraceKind::kConfigRead;
  if (!reads) changed_ps_ = now_;
  follow(record);
}

// -- what comes out

void Follower::read_request(uint32_t tag, Purpose purpose, unsigned queue, uint64_t address,
                            uint32_t size) {
  if (difference_.found()) return;
  // In the cycle of a reset the card may still ask for what it forgets at its end.
  const bool forgotten = now_ == reset_ps_;
  bool owned = !forgotten && reads_.request(tag, purpose, queue, address, size);
  // Descriptors are asked for before the core knows of them; they are checked when they are used.
  if (is_walk(purpose)) return;
  if (forgotten) {
    owned = std::ranges::any_of(before_reset_, [&](const Pending& pending) {
      return pending.purpose == purpose && pending.queue == queue && pending.address <= address &&
             address + size <= pending.address + pending.size;
    });
  }
  if (purpose == Purpose::kAvailIndex && !follower_mutant(FollowerMutant::kSampleBeforeRequest) &&
      writes_.written(Purpose::kAvailEvent, queue) < notify_before_sample_[queue]) {
    fail(
        fmt::format("queue {} looks at the available index before its request for notifications "
                    "was written",
                    queue));
  } else if (purpose == Purpose::kUsedEvent &&
             !follower_mutant(FollowerMutant::kDecisionBeforeIndex) &&
             writes_.written(Purpose::kUsedIndex, queue) < index_before_decision_[queue]) {
    fail(fmt::format("queue {} decides on an interrupt before its used index was written", queue));
  } else if (!owned && !follower_mutant(FollowerMutant::kReadUnasked)) {
    fail(fmt::format("a read of {} bytes of {} of queue {} at {:#x}, for which there is no reason",
                     size, name_of(purpose), queue, address));
  }
}

void Follower::posted(Purpose purpose, unsigned queue, uint64_t address, ByteView data) {
  if (difference_.found()) return;
  bytes_compared_ += data.size();
  changed_ps_ = now_;
  if (purpose == Purpose::kInterrupt) {
    uint32_t value = 0;
    if (data.size() == sizeof value) std::memcpy(&value, data.data(), sizeof value);
    if (interrupts_.empty() || interrupts_.front().message) {
      if (follower_mutant(FollowerMutant::kMessageUnasked)) return;
      fail(fmt::format("an MSI-X message to {:#x}, for which there is no reason", address));
    } else if ((interrupts_.front().address != address || interrupts_.front().value != value ||
                data.size() != sizeof value) &&
               !follower_mutant(FollowerMutant::kMessageContent)) {
      fail(fmt::format("an MSI-X message of {:#x} to {:#x}, expected {:#x} to {:#x}", value,
                       address, interrupts_.front().value, interrupts_.front().address));
    } else {
      interrupts_.pop_front();
    }
    return;
  }
  if (purpose == Purpose::kPayload && core_.is_control(queue) && data.size() == 1 &&
      writes_.done(purpose, queue)) {
    early_acks_.push_back({address, data[0]});
    return;
  }
  std::string wrong = writes_.posted(purpose, queue, address, data);
  if (!wrong.empty()) fail(std::move(wrong));
  if (purpose == Purpose::kPayload) rows_.written(queue, data.size());
}

void Follower::message(bool asserted) {
  if (difference_.found()) return;
  if (interrupts_.empty() || !interrupts_.front().message ||
      ((interrupts_.front().value != 0) != asserted && !follower_mutant(FollowerMutant::kLevel))) {
    fail(fmt::format("an INTx message to {}, for which there is no reason",
                     asserted ? "assert" : "deassert"));
    return;
  }
  interrupts_.pop_front();
}

void Follower::frame_out(ByteView bytes) {
  if (difference_.found()) return;
  changed_ps_ = now_;
  if (starts_.empty()) {
    fail(fmt::format("a frame of {} bytes that was never begun", bytes.size()));
    return;
  }
  const unsigned queue = starts_.front();
  starts_.pop_front();
  if (frames_expected_[queue].empty()) {
    fail(fmt::format("a frame of queue {} that is not whole yet", queue));
    return;
  }
  const FramePtr frame = std::move(frames_expected_[queue].front());
  frames_expected_[queue].pop_front();
  ++frames_compared_;
  bytes_compared_ += bytes.size();
  const auto [sent, expected] =
      std::mismatch(bytes.begin(), bytes.end(), frame->bytes.begin(), frame->bytes.end());
  if (sent == bytes.end() && expected == frame->bytes.end()) return;
  if (sent == bytes.end() && follower_mutant(FollowerMutant::kFrameSize)) return;
  if (sent != bytes.end() && follower_mutant(FollowerMutant::kFrameBytes)) return;
  const auto offset = sent - bytes.begin();
  if (sent == bytes.end() || expected == frame->bytes.end()) {
    fail(fmt::format("a sent frame of queue {} with {} bytes, expected {}", queue, bytes.size(),
                     frame->bytes.size()));
    return;
  }
  fail(fmt::format("byte {} of a sent frame of queue {} is {:#04x}, expected {:#04x}", offset,
                   queue, std::to_integer<unsigned>(*sent), std::to_integer<unsigned>(*expected)));
}

void Follower::at_rest() {
  if (difference_.found()) return;
  if (!awaited_.empty() && !follower_mutant(FollowerMutant::kRecordMissing)) {
    fail("the card is at rest and has not done: " + say(awaited_.front().record));
  } else if (!interrupts_.empty() && !follower_mutant(FollowerMutant::kMessageMissing)) {
    fail("the card is at rest and has not sent an MSI-X or INTx message that was decided");
  } else if (std::string late = writes_.overdue(~TimePs{0}); !late.empty()) {
    fail("the card is at rest: " + late);
  } else if (!arrived_.empty() && !follower_mutant(FollowerMutant::kFrameUnsaid)) {
    fail(fmt::format("the card is at rest and has not said what became of {} frames that arrived",
                     arrived_.size()));
  } else if (std::string left = reads_.left_over(); !left.empty() && core_.active()) {
    fail("the card read what it does not use: " + left);
  }
}

}  // namespace ringside::hw
