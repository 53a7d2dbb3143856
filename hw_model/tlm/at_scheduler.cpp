// SPDX-License-Identifier: Apache-2.0
// The cycle-approximate card's choices: which queue does what next, and when a stage lets it.
#include <algorithm>
#include <bit>
#include <utility>

#include "hw_model/tlm/at_card.h"

namespace ringside::hw {

void AtCard::serve() {
  const TimePs now = sc_core::sc_time_stamp().value();
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
  // One choice of each queue in turn, beginning behind the queue that began last time.
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
    if (++first_queue_ >= core_.queues()) first_queue_ = 0;  // there may be fewer than before
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
  const bool started = NicCore::is_transmit(queue) ? start_transmit(queue, now_ps)
                       : core_.is_control(queue)   ? start_command(queue, now_ps)
                                                   : start_receive(queue, now_ps);
  return started || advance_ring(queue, now_ps) || return_used(queue, now_ps);
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

bool AtCard::start_transmit(unsigned queue, TimePs now_ps) {
  if (core_.transmit_blocked(queue)) {
    tx_buffer_.start(now_ps);
    if (in_flight_.empty()) {
      waits_for_frame_ |= uint64_t{1} << queue;
      return false;
    }
    // A good part of the buffer, so that one wake-up serves many frames.
    const uint64_t wanted =
        std::max<uint64_t>(config_.tx_buffer_bytes / 4, config_.mtu + kEthernetHeader + kVlanTag);
    wake(queue, in_flight_.time_of_room(wanted, now_ps));
    return false;
  }
  if (!core_.can_start_frame(queue)) return false;
  if (dma_.reads_waiting() != 0) {
    read_window_.start(now_ps);
    waits_for_reads_ |= uint64_t{1} << queue;
    return false;
  }
  const TimePs taken =
      std::max(cycles(config_.pipeline.tx_frame_cycles), beats(core_.next_frame_bytes(queue)));
  TimePs at;
  if (!reserve(tx_datapath_, queue, queues_[queue].chain_ps, taken, now_ps, &at)) return false;
  choose(EventKind::kStartFrame, queue, 0, at);
  return true;
}

/// Posted writes may pile up before the link as far as the write buffer goes.
bool AtCard::write_room(TimePs now_ps) {
  return up_.posted_waiting() == 0 && up_.free_at() <= now_ps + write_ahead_ps_;
}

bool AtCard::start_receive(unsigned queue, TimePs now_ps) {
  if (!core_.frame_waiting(queue) || !core_.can_start_frame(queue)) return false;
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
  QueueState& state = queues_[queue];
  const TimePs ready = std::max(state.chain_ps, state.arrivals.front());
  const TimePs taken =
      std::max(cycles(config_.pipeline.rx_frame_cycles), beats(core_.next_frame_bytes(queue)));
  TimePs at;
  if (!reserve(rx_datapath_, queue, ready, taken, now_ps, &at)) return false;
  state.arrivals.pop();
  choose(EventKind::kStartFrame, queue, 0, at);
  return true;
}

/// A control command goes past the datapaths: only its own fetches hold it up.
bool AtCard::start_command(unsigned queue, TimePs now_ps) {
  if (!core_.can_start_frame(queue)) return false;
  const TimePs ready = std::max(now_ps, queues_[queue].chain_ps);
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

/// One step towards more described chains, or towards the driver's next notification.
bool AtCard::advance_ring(unsigned queue, TimePs now_ps) {
  // A receive queue holds up to `prefetch` chains, more if a frame takes more; it is refilled in
  // larger pieces, or when half of them are gone.
  const bool receive = !NicCore::is_transmit(queue);
  const bool short_of_chains = core_.frame_waiting(queue) && !core_.can_start_frame(queue);
  const bool ahead_of_frames = receive && !short_of_chains;
  const uint32_t depth = ahead_of_frames ? config_.pipeline.prefetch : Queue::kWindow;
  const uint32_t ahead = core_.chains_ahead(queue);
  const uint32_t batch = std::min(config_.pipeline.fetch_batch, depth - std::min(depth, ahead));
  const bool low = !ahead_of_frames || ahead < (depth + 1) / 2;
  EventKind kind;
  unsigned count = 0;
  TimePs ready_ps = queues_[queue].ring_ps;
  if (core_.descriptors_fetchable(queue)) {
    kind = EventKind::kFetchDescriptors;
    count = config_.pipeline.fetch_batch;
  } else if (const uint32_t ids = std::min<uint32_t>(core_.ids_fetchable(queue), batch);
             ids != 0 && (low || ids >= config_.pipeline.fetch_batch / 2)) {
    kind = EventKind::kFetchIds;
    count = ids;
  } else if (ids == 0 && low && core_.kicked(queue) && core_.can_sample(queue)) {
    kind = EventKind::kSampleAvail;
    ready_ps = std::max(ready_ps, queues_[queue].kicked_ps);
  } else if (ids == 0 && low && !core_.armed(queue) && core_.can_arm(queue)) {
    kind = EventKind::kArmNotify;
  } else {
    return false;
  }
  TimePs at;
  if (!ring_slot(queue, ready_ps, now_ps, &at)) return false;
  choose(kind, queue, count, at);
  return true;
}

/// Used entries are written in batches; the last of a batch waits no longer than the time-out.
bool AtCard::return_used(unsigned queue, TimePs now_ps) {
  QueueState& state = queues_[queue];
  if (const uint32_t frames = core_.used_returnable(queue); frames != 0) {
    if (state.used_deadline_ps == kNever) {
      state.used_deadline_ps = now_ps + cycles(config_.pipeline.used_timeout_cycles);
    }
    if (frames >= config_.pipeline.used_batch || core_.window_full(queue) ||
        now_ps >= state.used_deadline_ps) {
      state.used_deadline_ps = kNever;
      choose(EventKind::kReturnUsed, queue, frames, now_ps);
      return true;
    }
    wake(queue, state.used_deadline_ps);
  } else {
    state.used_deadline_ps = kNever;
  }
  if (!core_.suppression_due(queue)) return false;
  TimePs at;
  if (!ring_slot(queue, state.ring_ps, now_ps, &at)) return false;
  choose(EventKind::kReadSuppression, queue, 0, at);
  return true;
}

/// Queues that waited for tags or reassembly go on once no read waits for either.
void AtCard::open_read_window(TimePs now_ps) {
  if (dma_.reads_waiting() != 0 || waits_for_reads_ == 0) return;
  read_window_.stop(now_ps);
  wanted_ |= std::exchange(waits_for_reads_, 0);
}

void AtCard::drain_transmit_buffer(TimePs now_ps) {
  const uint64_t bytes = in_flight_.drain(now_ps);
  if (bytes == 0) return;
  tx_buffer_.stop(now_ps);
  take(Event::frame_sent(bytes), now_ps);
}

}  // namespace ringside::hw
