// SPDX-License-Identifier: Apache-2.0
// See frame_follower.h.
#include "testbench/trace/frame_follower.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace ringside::tb {

using hw::Purpose;
using hw::TimePs;
using hw::TraceKind;
using hw::TraceRecord;

std::string_view name_of(FrameStage stage) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(FrameStage::kCount)>
      kNames{"doorbell_to_sampled",  "sampled_to_fetched",  "fetched_to_described",
             "described_to_started", "started_to_whole",    "whole_to_sent",
             "whole_to_used",        "used_to_interrupt",   "doorbell_to_sent",
             "arrived_to_started",   "started_to_used",     "used_to_indexed",
             "indexed_to_interrupt", "arrived_to_interrupt"};
  return kNames[static_cast<std::size_t>(stage)];
}

FrameFollower::Queue* FrameFollower::queue(const TraceRecord& record) {
  if (record.queue >= kQueuesMax) return nullptr;
  if (record.queue >= queues_.size()) queues_.resize(record.queue + 1u);
  return &queues_[record.queue];
}

/// Null unless the driver has announced it and it is not returned.
FrameFollower::Chain* FrameFollower::chain(Queue& queue, uint32_t position) {
  if (position - queue.oldest >= queue.announced - queue.oldest) return nullptr;
  return &queue.chains[position & (queue.chains.size() - 1)];
}

void FrameFollower::record(const TraceRecord& record) {
  if (record.kind == TraceKind::kReset) {
    forget(record.time_ps);
    return;
  }
  if (record.kind == TraceKind::kFrameSent) {
    frame_sent(record);
    return;
  }
  Queue* const q = queue(record);
  if (q == nullptr) return;
  switch (record.kind) {
    case TraceKind::kDoorbell:
      if (q->doorbell_ps == kNever) q->doorbell_ps = record.time_ps;
      break;
    case TraceKind::kAvailSampled:
      announce(*q, record);
      break;
    case TraceKind::kIdsFetched:
      advance(*q, record.chain, record.size, record, Point::kSampled, Point::kFetched,
              FrameStage::kSampledToFetched);
      break;
    case TraceKind::kDescribed:
      advance(*q, record.chain, 1, record, Point::kFetched, Point::kDescribed,
              FrameStage::kFetchedToDescribed);
      break;
    case TraceKind::kStartTransmit:
      start_transmit(*q, record);
      break;
    case TraceKind::kFrameOut:
      frame_out(*q, record);
      break;
    case TraceKind::kFrameIn:
      q->arrived.push({record.frame, record.time_ps});
      break;
    case TraceKind::kFrameDropped:
      dropped(*q, record);
      break;
    case TraceKind::kStartReceive:
      start_receive(*q, record);
      break;
    case TraceKind::kReturnUsed:
      q->return_first = record.chain;
      q->return_size = record.size;
      break;
    case TraceKind::kDmaWrite:
      if (record.purpose == Purpose::kUsedEntries) q->used_ps = record.time_ps;
      if (record.purpose == Purpose::kUsedIndex) used_index_written(*q, record);
      break;
    case TraceKind::kReadSuppression:
      q->decision_covers = q->returned.size();
      break;
    case TraceKind::kInterruptDecision:
      decided(*q, record);
      break;
    case TraceKind::kQueueResumed:
      forget_announced(record.queue, record.chain, record.time_ps);
      break;
    default:
      break;
  }
}

/// The driver's index moved: chains of a transmit queue begin here.
void FrameFollower::announce(Queue& q, const TraceRecord& record) {
  const TimePs doorbell_ps = std::exchange(q.doorbell_ps, kNever);
  const bool transmit = (record.queue & 1) != 0;
  if (!transmit || record.size > kChainsMax) return;
  const uint32_t wanted = q.announced - q.oldest + record.size;
  if (wanted > q.chains.size()) {
    if (wanted > kChainsMax) return;
    std::vector<Chain> larger(std::max<std::size_t>(64, std::bit_ceil(wanted)));
    for (uint32_t at = q.oldest; at != q.announced; ++at) {
      larger[at & (larger.size() - 1)] = q.chains[at & (q.chains.size() - 1)];
    }
    q.chains = std::move(larger);
  }
  const bool rung = doorbell_ps != kNever;
  const TimePs from_ps = rung ? std::min(doorbell_ps, record.time_ps) : record.time_ps;
  for (uint32_t i = 0; i < record.size; ++i) {
    const uint32_t position = q.announced++;
    Chain& chain = q.chains[position & (q.chains.size() - 1)];
    chain = {rung ? from_ps : kNever, record.time_ps, 0, 0, Point::kSampled};
    const FollowedFrame frame{record.queue, position, 0, 0};
    listener_.transmit_begins(frame, from_ps);
    if (rung) {
      listener_.stage(FrameStage::kDoorbellToSampled, frame, from_ps, record.time_ps);
    }
  }
}

/// `count` chains from `position` on are a point further, those of them that were at `from`.
void FrameFollower::advance(Queue& q, uint32_t position, uint64_t count, const TraceRecord& record,
                            Point from, Point to, FrameStage stage) {
  for (uint32_t i = 0; i < count && i < kChainsMax; ++i) {
    Chain* const c = chain(q, position + i);
    if (c == nullptr) return;
    if (c->point != from) continue;
    const TimePs now_ps = std::max(record.time_ps, c->last_ps);
    listener_.stage(stage, {record.queue, position + i, c->size, c->frame}, c->last_ps, now_ps);
    c->last_ps = now_ps;
    c->point = to;
  }
}

void FrameFollower::start_transmit(Queue& q, const TraceRecord& record) {
  Chain* const c = chain(q, record.chain);
  if (c == nullptr) return;
  c->frame = record.frame;
  c->size = record.size;
  advance(q, record.chain, 1, record, Point::kDescribed, Point::kStarted,
          FrameStage::kDescribedToStarted);
}

void FrameFollower::frame_out(Queue& q, const TraceRecord& record) {
  Chain* const c = chain(q, record.chain);
  if (c == nullptr || c->point != Point::kStarted) return;
  advance(q, record.chain, 1, record, Point::kStarted, Point::kWhole, FrameStage::kStartedToWhole);
  if (leaving_.size() == kChainsMax) {
    listener_.transmit_ends(leaving_.front().frame, record.time_ps);
    leaving_.pop_front();
  }
  leaving_.push(
      {{record.queue, record.chain, record.size, record.frame}, c->doorbell_ps, c->last_ps});
}

void FrameFollower::frame_sent(const TraceRecord& record) {
  // Frames leave in order, except with several ports or a record that is missing.
  std::size_t at = 0;
  while (at < leaving_.size() && leaving_[at].frame.frame != record.frame) ++at;
  if (at == leaving_.size()) return;
  const Leaving sent = leaving_[at];
  for (; at != 0; --at) leaving_[at] = leaving_[at - 1];
  leaving_.pop_front();
  const TimePs now_ps = std::max(record.time_ps, sent.whole_ps);
  listener_.stage(FrameStage::kWholeToSent, sent.frame, sent.whole_ps, now_ps);
  if (sent.doorbell_ps != kNever) {
    listener_.stage(FrameStage::kDoorbellToSent, sent.frame, sent.doorbell_ps, now_ps);
  }
  listener_.transmit_ends(sent.frame, now_ps);
}

void FrameFollower::dropped(Queue& q, const TraceRecord& record) {
  if ((record.queue & 1) == 0) {
    // Frames are dropped as they arrive, then nothing is known of them, or from the front.
    if (!q.arrived.empty() && q.arrived.front().frame == record.frame) q.arrived.pop_front();
    return;
  }
  Chain* const c = chain(q, record.chain);
  if (c == nullptr || c->point >= Point::kWhole) return;
  c->point = Point::kGone;
  listener_.transmit_ends({record.queue, record.chain, record.size, record.frame}, record.time_ps);
}

void FrameFollower::start_receive(Queue& q, const TraceRecord& record) {
  std::size_t at = 0;
  while (at < q.arrived.size() && q.arrived[at].frame != record.frame) ++at;
  if (at == q.arrived.size()) return;
  const Arrived arrived = q.arrived[at];
  for (; at != 0; --at) q.arrived[at] = q.arrived[at - 1];
  q.arrived.pop_front();
  const FollowedFrame frame{record.queue, record.chain, record.size, record.frame};
  const TimePs now_ps = std::max(record.time_ps, arrived.arrived_ps);
  listener_.stage(FrameStage::kArrivedToStarted, frame, arrived.arrived_ps, now_ps);
  if (q.started.size() == kChainsMax) q.started.pop_front();
  q.started.push(
      {frame, record.chain + static_cast<uint32_t>(record.value), arrived.arrived_ps, now_ps});
}

/// The batch that kReturnUsed named is the driver's.
void FrameFollower::used_index_written(Queue& q, const TraceRecord& record) {
  const uint32_t end = q.return_first + std::exchange(q.return_size, 0);
  const TimePs entries_ps = std::exchange(q.used_ps, kNever);
  const TimePs used_ps = std::min(entries_ps, record.time_ps);
  const bool known = chain(q, q.return_first) != nullptr && chain(q, end - 1) != nullptr;
  for (; known && q.oldest != end; ++q.oldest) {
    const Chain& c = *chain(q, q.oldest);
    const FollowedFrame frame{record.queue, q.oldest, c.size, c.frame};
    const TimePs now_ps = std::max(used_ps, c.last_ps);
    if (c.point < Point::kWhole) listener_.transmit_ends(frame, now_ps);
    if (c.point != Point::kWhole) continue;
    listener_.stage(FrameStage::kWholeToUsed, frame, c.last_ps, now_ps);
    await_decision(q, {frame, kNever, now_ps});
  }
  // Receive: positions wrap, hence the sign.
  while (!q.started.empty() && static_cast<int32_t>(end - q.started.front().end) >= 0) {
    const Started done = q.started.front();
    q.started.pop_front();
    const TimePs written_ps = std::max(used_ps, done.started_ps);
    const TimePs indexed_ps = std::max(record.time_ps, written_ps);
    listener_.stage(FrameStage::kStartedToUsed, done.frame, done.started_ps, written_ps);
    listener_.stage(FrameStage::kUsedToIndexed, done.frame, written_ps, indexed_ps);
    await_decision(q, {done.frame, done.arrived_ps, indexed_ps});
  }
}

void FrameFollower::await_decision(Queue& q, const Returned& returned) {
  if (q.returned.size() == kChainsMax) {
    q.returned.pop_front();
    if (q.decision_covers != 0) --q.decision_covers;
  }
  q.returned.push(returned);
}

/// What was returned before used_event or the flags were asked for is decided on.
void FrameFollower::decided(Queue& q, const TraceRecord& record) {
  for (; q.decision_covers != 0; --q.decision_covers) {
    const Returned done = q.returned.front();
    q.returned.pop_front();
    if (record.value == 0) continue;
    const TimePs now_ps = std::max(record.time_ps, done.returned_ps);
    if (done.arrived_ps == kNever) {
      listener_.stage(FrameStage::kUsedToInterrupt, done.frame, done.returned_ps, now_ps);
      continue;
    }
    listener_.stage(FrameStage::kIndexedToInterrupt, done.frame, done.returned_ps, now_ps);
    listener_.stage(FrameStage::kArrivedToInterrupt, done.frame, done.arrived_ps, now_ps);
  }
}

/// A reset: frames that the port has still leave.
void FrameFollower::forget_announced(std::size_t index, uint32_t next, TimePs now_ps) {
  Queue& q = queues_[index];
  for (uint32_t at = q.oldest; at != q.announced; ++at) {
    const Chain& c = q.chains[at & (q.chains.size() - 1)];
    if (c.point >= Point::kWhole) continue;
    listener_.transmit_ends({static_cast<uint16_t>(index), at, c.size, c.frame},
                            std::max(now_ps, c.last_ps));
  }
  q.oldest = q.announced = next;
}

void FrameFollower::forget(TimePs now_ps) {
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    forget_announced(i, 0, now_ps);
    Queue& q = queues_[i];
    q.doorbell_ps = q.used_ps = kNever;
    q.return_size = 0;
    q.decision_covers = 0;
    q.arrived.clear();
    q.started.clear();
    q.returned.clear();
  }
}

void FrameFollower::finish(TimePs now_ps) {
  forget(now_ps);
  for (; !leaving_.empty(); leaving_.pop_front()) {
    listener_.transmit_ends(leaving_.front().frame, std::max(now_ps, leaving_.front().whole_ps));
  }
}

}  // namespace ringside::tb
