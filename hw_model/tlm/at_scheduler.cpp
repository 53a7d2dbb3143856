// SPDX-License-Identifier: Apache-2.0
// The cycle-approximate card's choices: which queue does what next, and when a stage lets it.
#include <algorithm>
#include <bit>
#include <utility>

#include "hw_model/tlm/at_card.h"

namespace ringside::hw {

void AtCard::serve() {
  const TimePs now = now_ps();
  if (scheduled_ps_ <= now) scheduled_ps_ = kNever;
  if (!core_.active()) {
    wanted_ = sleeping_ = 0;
    for (BlockedTime* blocked : {&ring_window_, &read_window_, &write_window_, &tx_buffer_}) {
      blocked->stop(now);
    }
    return;
  }
  serving_ = true;
  drain_transmit_buffer(now);
  wake_due(now);
  wanted_ &= (uint64_t{1} << core_.queues()) - 1;
  // One choice of each queue in turn, beginning behind the queue that last began a frame.
  for (uint64_t round = wanted_; round != 0; round = wanted_) {
    wanted_ = 0;
    const uint64_t behind = round & (~uint64_t{0} << first_queue_);
    for (uint64_t left : {behind, round & ~behind}) {
      for (; left != 0; left &= left - 1) {
        const auto queue = static_cast<unsigned>(std::countr_zero(left));
        sleeping_ &= ~(uint64_t{1} << queue);
        if (serve_queue(queue, now)) want(queue);
      }
    }
    if (first_queue_ >= core_.queues()) first_queue_ = 0;  // there may be fewer than before
  }
  serving_ = false;
  schedule(now);
}

/// Queues whose time has come are looked at again.
void AtCard::wake_due(TimePs now_ps) {
  for (uint64_t left = sleeping_; left != 0; left &= left - 1) {
    const auto queue = static_cast<unsigned>(std::countr_zero(left));
    if (queues_[queue].wake_ps <= now_ps) want(queue);
  }
}

void AtCard::wake(unsigned queue, TimePs at_ps) {
  const uint64_t bit = uint64_t{1} << queue;
  TimePs& wake_ps = queues_[queue].wake_ps;
  if ((sleeping_ & bit) == 0 || at_ps < wake_ps) wake_ps = at_ps;
  sleeping_ |= bit;
}

/// Sets the event for the queue that sleeps shortest.
void AtCard::schedule(TimePs now_ps) {
  TimePs next = kNever;
  for (uint64_t left = sleeping_; left != 0; left &= left - 1) {
    next = std::min(next, queues_[static_cast<unsigned>(std::countr_zero(left))].wake_ps);
  }
  if (next >= scheduled_ps_) return;
  scheduled_ps_ = next;
  work_.cancel();
  work_.notify(sc_core::sc_time::from_value(next - now_ps));
}

/// One choice; false if there is none now. A queue that waits for a time asks for it with wake().
bool AtCard::serve_queue(unsigned queue, TimePs now_ps) {
  if (!core_.queue_active(queue)) return false;
  RingStep step;
  bool held = false;  // a return behind a frame that begins before it
  if (NicCore::is_transmit(queue)) {
    next_ring_step(queue, &step);
    const bool may_fetch = ring_fetches_ < config_.pipeline.ring_fetches_max;
    if (start_transmit(queue, may_fetch ? step.at_ps : kNever, now_ps)) return true;
  } else {
    if (core_.is_control(queue) ? start_command(queue, now_ps)
                                : start_receive(queue, now_ps, &held)) {
      return true;
    }
    next_ring_step(queue, &step);
  }
  return advance_ring(queue, step, now_ps) || (!held && return_used(queue, now_ps)) ||
         read_suppression(queue, now_ps);
}

/// Takes `stage` for what of `queue` is ready at `ready_ps`, from `at_ps` on; false if that is
/// beyond the look-ahead, and then the queue sleeps until it is not.
bool AtCard::reserve(Stage& stage, unsigned queue, TimePs ready_ps, TimePs taken_ps, TimePs now_ps,
                     TimePs* at_ps) {
  const TimePs ready = std::max(now_ps, ready_ps);
  const TimePs slot = stage.slot(ready);
  if (slot > now_ps + kLookAheadPs) {
    wake(queue, slot);
    return false;
  }
  *at_ps = stage.reserve(ready, taken_ps);
  return true;
}

/// A queue whose next frame has no room in the transmit buffer is looked at again when it has.
void AtCard::wait_for_room(unsigned queue, TimePs now_ps) {
  tx_buffer_.start(now_ps);
  waits_for_room_ |= uint64_t{1} << queue;
  if (in_flight_.empty()) {
    waits_for_frame_ |= uint64_t{1} << queue;
    return;
  }
  // A good part of the buffer, so that one wake-up serves many frames.
  const uint64_t wanted =
      std::max<uint64_t>(config_.tx_buffer_bytes / 4, config_.mtu + kEthernetHeader + kVlanTag);
  wake(queue, in_flight_.time_of_room(wanted, now_ps));
}

/// `before_ps`: when the ring engine asks for something of the queue, which goes before what begins
/// later: completions come in the order of requests.
bool AtCard::start_transmit(unsigned queue, TimePs before_ps, TimePs now_ps) {
  if (!core_.can_start_frame(queue)) {
    if (core_.transmit_blocked(queue)) wait_for_room(queue, now_ps);
    return false;
  }
  if (dma_.payload_waiting() != 0) {
    read_window_.start(now_ps);
    waits_for_reads_ |= uint64_t{1} << queue;
    return false;
  }
  const TimePs ready = queues_[queue].described_ps[core_.next_start(queue) % Queue::kWindow] +
                       cycles(config_.pipeline.tx_start_cycles);
  if (before_ps < tx_starts_.slot(ready) + cycles(config_.pipeline.tx_gather_cycles)) return false;
  TimePs at;
  if (!reserve(tx_starts_, queue, ready, cycles(config_.pipeline.tx_frame_cycles), now_ps, &at)) {
    return false;
  }
  choose(EventKind::kStartFrame, queue, 0, at);
  finish(queue, at);  // it may have been dropped
  first_queue_ = queue + 1;
  return true;
}

/// Posted writes may pile up before the link as far as the write buffer goes.
bool AtCard::write_room(TimePs now_ps) {
  return up_.posted_waiting() == 0 && up_.free_at() <= now_ps + write_ahead_ps_;
}

/// `first`: a frame begins before what is done is returned, but not yet.
bool AtCard::start_receive(unsigned queue, TimePs now_ps, bool* first) {
  if (!core_.frame_waiting(queue)) return false;
  const uint32_t chains = core_.next_frame_chains(queue);
  if (chains == 0) return false;
  if (!write_room(now_ps)) {
    write_window_.start(now_ps);
    if (up_.posted_waiting() != 0) {
      waits_for_writes_ |= uint64_t{1} << queue;
    } else {
      wake(queue, up_.free_at() - write_ahead_ps_ / 2);
    }
    return false;
  }
  write_window_.stop(now_ps);
  const PipelineConfig& pipeline = config_.pipeline;
  QueueState& state = queues_[queue];
  const TimePs last_chain =
      state.described_ps[(core_.next_start(queue) + chains - 1) % Queue::kWindow];
  const TimePs start =
      std::max({state.arrivals.front() + cycles(pipeline.rx_latency_cycles + chains),
                last_chain + cycles(pipeline.rx_latency_cycles + 1),
                state.start_ps + cycles(pipeline.rx_frame_cycles + chains)});
  TimePs taken = start + cycles(pipeline.rx_write_cycles);
  if (write_client_ != WriteClient::kReceive) taken += cycles(pipeline.grant_cycles);
  taken = std::max(taken, state.written_ps + cycles(kSegmentCycles));
  // What is returned before it is written before it.
  bool ready = false;
  const TimePs due = return_due(queue, &ready);
  if (due < taken - cycles(pipeline.used_cycles + pipeline.used_write_cycles + 1)) return false;
  TimePs last = 0;
  const TimePs leaves = payload_leaves(queue, taken, &last);
  if (leaves > now_ps + kLookAheadPs) {
    wake(queue, leaves);
    *first = true;
    return false;
  }
  state.arrivals.pop();
  state.start_ps = start;
  state.written_ps = taken + cycles(uint64_t{kSegmentCycles} * (chains - 1));
  write_client_ = WriteClient::kReceive;
  payload_ps_ = std::max(leaves, now_ps);
  take(Event::choice(EventKind::kStartFrame, static_cast<uint16_t>(queue), 0), start, taken);
  finish(queue, state.written_ps + cycles(1), chains);
  first_queue_ = queue + 1;
  return true;
}

/// A control command goes past the datapaths: only its own fetches hold it up.
bool AtCard::start_command(unsigned queue, TimePs now_ps) {
  if (!core_.can_start_frame(queue)) return false;
  const TimePs ready =
      std::max(now_ps, queues_[queue].described_ps[core_.next_start(queue) % Queue::kWindow] +
                           cycles(config_.pipeline.tx_start_cycles));
  if (ready > now_ps + kLookAheadPs) {
    wake(queue, ready);
    return false;
  }
  choose(EventKind::kStartFrame, queue, 0, ready);
  return true;
}

/// When the ring engine starts a fetch for `queue` that can be asked for from `ready_ps`; false if
/// not now.
bool AtCard::ring_slot(unsigned queue, TimePs ready_ps, TimePs now_ps, TimePs* at_ps) {
  if (ring_fetches_ >= config_.pipeline.ring_fetches_max) {
    ring_window_.start(now_ps);
    waits_for_ring_ |= uint64_t{1} << queue;
    return false;
  }
  return reserve(ring_engine_, queue, ready_ps, cycles(config_.pipeline.ring_fetch_cycles), now_ps,
                 at_ps);
}

/// The next step towards more described chains, or towards the driver's next notification.
void AtCard::next_ring_step(unsigned queue, RingStep* step) const {
  const PipelineConfig& pipeline = config_.pipeline;
  const QueueState& state = queues_[queue];
  // A receive queue holds up to `prefetch` chains, more if a frame takes more; it is refilled when
  // half of them are gone, or in larger pieces, or when nothing of it is under way.
  const bool receive = !NicCore::is_transmit(queue);
  const bool short_of_chains = core_.frame_waiting(queue) && core_.next_frame_chains(queue) == 0;
  const bool ahead_of_frames = receive && !short_of_chains;
  const uint32_t depth = ahead_of_frames ? pipeline.prefetch : Queue::kWindow;
  const uint32_t held = core_.chains_held(queue);
  const uint32_t known = core_.ids_known(queue);
  const bool heads = core_.descriptors_fetchable(queue);
  const bool half = !ahead_of_frames || held < (depth + 1) / 2;
  const bool many = known >= pipeline.fetch_batch / 2 && held + pipeline.fetch_batch / 2 <= depth;
  const bool low = half || (state.fetches == 0 && !heads);
  TimePs ready = kNever;
  if (known != 0) {
    const uint32_t to_wrap = Queue::kWindow - core_.next_chain(queue) % Queue::kWindow;
    step->kind = EventKind::kFetchIds;
    step->count = std::min({uint32_t{core_.ids_fetchable(queue)}, depth - std::min(depth, held),
                            pipeline.fetch_batch, to_wrap});
    if (step->count != 0 && (low || many) && state.entry_fetches < pipeline.entry_fetches) {
      ready = std::max(state.ring_ps, state.room_ps);
    }
  } else if (low && core_.kicked(queue) && core_.can_sample(queue)) {
    step->kind = EventKind::kSampleAvail;
    ready = std::max(state.ring_ps, state.kicked_ps);
  } else if (low && !core_.armed(queue) && core_.can_arm(queue)) {
    step->kind = EventKind::kArmNotify;
    ready = state.ring_ps;
  }
  if (ready != kNever && !half && !many) ready = std::max(ready, state.rest_ps);
  // Descriptors first, unless something else is wanted before they can be.
  if (const TimePs known_ps = std::max(state.ring_ps, state.entries_ps);
      heads && known_ps <= ready) {
    step->kind = EventKind::kFetchDescriptors;
    step->count = pipeline.fetch_batch;
    ready = known_ps;
  }
  step->at_ps =
      ready == kNever ? kNever : behind_results(state, ready + cycles(pipeline.ring_choice_cycles));
}

/// In a cycle in which a chain of the queue turns out whole, or its entries good, the ring engine
/// decides nothing.
TimePs AtCard::behind_results(const QueueState& state, TimePs at_ps) const {
  const TimePs period = cycles(config_.pipeline.walk_chain_cycles);
  const auto walked = [&] {
    return at_ps <= state.walked_ps && at_ps + period > state.walk_from_ps &&
           (state.walked_ps - at_ps) % period == 0;
  };
  while (walked() || at_ps == state.entries_ps) at_ps += cycles(1);
  return at_ps;
}

bool AtCard::advance_ring(unsigned queue, const RingStep& step, TimePs now_ps) {
  TimePs at;
  if (step.at_ps == kNever || !ring_slot(queue, step.at_ps, now_ps, &at)) return false;
  queues_[queue].ring_ps = at;
  choose(step.kind, queue, step.count, at);
  return true;
}

/// When the next return of `queue` begins; kNever if nothing makes it. `ready`: not only because
/// time is over.
TimePs AtCard::return_due(unsigned queue, bool* ready) const {
  const QueueState& state = queues_[queue];
  // The driver's word about the last one is asked for first.
  if (state.finished.empty() || core_.suppression_due(queue)) return kNever;
  TimePs due = state.used_due_ps;
  uint32_t chains = 0;
  *ready = core_.window_full(queue);
  if (*ready) due = std::min(due, state.finished.front().at_ps + cycles(1));
  for (std::size_t i = 0; i < state.finished.size(); ++i) {
    chains += state.finished[i].chains;
    if (chains < config_.pipeline.used_batch) continue;
    *ready = true;
    due = std::min(due, state.finished[i].at_ps + cycles(1));
    break;
  }
  return std::max(due, state.used_free_ps);
}

/// Used entries are written in batches; the last of a batch waits no longer than the time-out.
bool AtCard::return_used(unsigned queue, TimePs now_ps) {
  finish(queue, now_ps);
  bool ready = false;
  const TimePs due = return_due(queue, &ready);
  if (due == kNever) return false;
  if (due > now_ps + (ready ? kLookAheadPs : 0)) {
    wake(queue, due);
    return false;
  }
  QueueState& state = queues_[queue];
  uint32_t frames = 0;
  uint32_t chains = 0;
  while (!state.finished.empty() && state.finished.front().at_ps <= due) {
    chains += state.finished.front().chains;
    if (frames != 0 && chains > config_.pipeline.used_batch) break;
    state.finished.pop();
    ++frames;
  }
  const TimePs at = due + cycles(config_.pipeline.used_cycles);
  if (!state.finished.empty()) {
    state.used_due_ps =
        std::max(at, state.finished.front().at_ps) + cycles(config_.pipeline.used_timeout_cycles);
  }
  state.room_ps = at + cycles(1);
  choose(EventKind::kReturnUsed, queue, frames, at);
  return true;
}

/// Behind the index, and one at a time.
bool AtCard::read_suppression(unsigned queue, TimePs now_ps) {
  if (!core_.suppression_due(queue)) return false;
  QueueState& state = queues_[queue];
  const TimePs at = std::max(state.index_left_ps + cycles(config_.pipeline.written_cycles),
                             state.decided_ps + cycles(1));
  if (at > now_ps + kLookAheadPs) {
    wake(queue, at);
    return false;
  }
  state.used_free_ps = std::max(state.used_free_ps, at + cycles(1));
  choose(EventKind::kReadSuppression, queue, 0, at);
  return true;
}

/// Queues that waited for tags or reassembly go on once no read of payload waits for either.
void AtCard::open_read_window(TimePs now_ps) {
  if (dma_.payload_waiting() != 0 || waits_for_reads_ == 0) return;
  read_window_.stop(now_ps);
  wanted_ |= std::exchange(waits_for_reads_, 0);
}

void AtCard::drain_transmit_buffer(TimePs now_ps) {
  const uint64_t bytes = in_flight_.drain(now_ps);
  if (bytes == 0) return;
  tx_buffer_.stop(now_ps);
  // All of them, so that the one whose turn it is gets the room.
  wanted_ |= std::exchange(waits_for_room_, 0);
  take(Event::frame_sent(bytes), now_ps);
}

}  // namespace ringside::hw
