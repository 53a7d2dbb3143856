// SPDX-License-Identifier: Apache-2.0
// See card_tracks.h.
#include "testbench/trace/card_tracks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "hw_model/core/counters.h"
#include "hw_model/trace/trace_text.h"

namespace ringside::tb {

using hw::Purpose;
using hw::TlpType;
using hw::TraceKind;
using hw::TraceRecord;

namespace {

/// Idle time on the bus that ends a burst.
constexpr TimePs kBurstGapPs = 1'000;
constexpr uint32_t kBurstTlpsMax = 64;
constexpr std::size_t kReceptionsMax = 65536;
constexpr uint32_t kReadIdsMax = 1 << 20;

uint64_t async_id(const FollowedFrame& frame) { return uint64_t{frame.queue} << 32 | frame.chain; }

std::string_view name_of(TlpType type) {
  switch (type) {
    case TlpType::kMemRead:
    case TlpType::kConfigRead:
      return "read";
    case TlpType::kMemWrite:
    case TlpType::kConfigWrite:
      return "write";
    case TlpType::kMessage:
      return "message";
    default:
      return "completion";
  }
}

/// The frame was in the receive buffer when it was dropped.
bool was_buffered(uint64_t counter) {
  return counter == static_cast<uint64_t>(hw::Counter::kRxDropNoFit) ||
         counter == static_cast<uint64_t>(hw::Counter::kRxDropChosen) ||
         counter == static_cast<uint64_t>(hw::Counter::kRxDropReset) ||
         counter == static_cast<uint64_t>(hw::Counter::kRxDropInactive);
}

}  // namespace

CardTracks::CardTracks(PerfettoWriter& writer, FramePaths& paths, unsigned process,
                       hw::TraceCard card, std::function<TimePs()> now)
    : writer_(writer),
      paths_(paths),
      process_(process),
      card_(std::move(card)),
      now_(std::move(now)),
      follower_(*this),
      tx_buffer_(writer, process, "tx buffer, bytes"),
      rx_buffer_(writer, process, "rx buffer, bytes") {
  writer_.name_process(process_, "nic " + card_.name);
  writer_.name_thread(track(kEvents), "events");
  writer_.name_thread(track(kPort), "port: frames sent");
}

CardTracks::QueueTracks& CardTracks::queue(uint16_t number) {
  const auto it = queues_.find(number);
  if (it != queues_.end()) return it->second;
  const TraceRecord record{.kind = TraceKind::kDoorbell, .queue = number};
  const std::string name = hw::queue_name(card_, record);
  return queues_
      .emplace(number,
               QueueTracks{name, LevelCounter(writer_, process_, name + " ring, buffers"), 0, {}})
      .first->second;
}

void CardTracks::record(const TraceRecord& record) {
  if (!writer_.is_open()) return;
  follower_.record(record);
  levels(record);
  dma(record);
  mark(record);
}

/// How full rings and buffers are.
void CardTracks::levels(const TraceRecord& record) {
  const TimePs now_ps = now_();
  const auto change = [&](LevelCounter& level, int64_t by) {
    level.change(record.time_ps, by, now_ps);
  };
  switch (record.kind) {
    case TraceKind::kAvailSampled:
      if (record.size != 0) change(queue(record.queue).ring, record.size);
      break;
    case TraceKind::kReturnUsed:
      queue(record.queue).returning += record.size;
      break;
    case TraceKind::kDmaWrite:
      if (record.purpose == Purpose::kUsedIndex) {
        QueueTracks& q = queue(record.queue);
        change(q.ring, -int64_t{std::exchange(q.returning, 0)});
      }
      break;
    case TraceKind::kStartTransmit:
      if (record.frame != 0) change(tx_buffer_, record.size);
      break;
    case TraceKind::kFrameOut:
      leaving_bytes_ += record.size;
      break;
    case TraceKind::kFrameSent:
      leaving_bytes_ -= std::min<uint64_t>(leaving_bytes_, record.size);
      change(tx_buffer_, -int64_t{record.size});
      break;
    case TraceKind::kFrameIn:
      change(rx_buffer_, record.size);
      break;
    case TraceKind::kStartReceive:
      change(rx_buffer_, -int64_t{record.size});
      break;
    case TraceKind::kFrameDropped:
      if (was_buffered(record.value)) change(rx_buffer_, -int64_t{record.size});
      break;
    case TraceKind::kReset:
      for (auto& [number, q] : queues_) {
        change(q.ring, -static_cast<int64_t>(q.ring.final_level()));
        q.returning = 0;
      }
      change(rx_buffer_, -static_cast<int64_t>(rx_buffer_.final_level()));
      change(tx_buffer_,
             static_cast<int64_t>(leaving_bytes_) - static_cast<int64_t>(tx_buffer_.final_level()));
      break;
    default:
      break;
  }
}

void CardTracks::dma(const TraceRecord& record) {
  if (record.kind == TraceKind::kDmaRead && record.id < kReadIdsMax) {
    if (record.id >= dma_reads_.size()) dma_reads_.resize(record.id + 1);
    dma_reads_[record.id] = {record.time_ps, true};
  } else if (record.kind == TraceKind::kDmaReadDone && record.id < dma_reads_.size()) {
    DmaRead& read = dma_reads_[record.id];
    if (std::exchange(read.open, false) && record.time_ps > read.start_ps) {
      const std::string_view name = hw::name_of(record.purpose);
      writer_.async_begin(
          process_, "dma_read", record.id, name, read.start_ps,
          fmt::format("\"queue\":\"{}\",\"bytes\":{}", queue(record.queue).name, record.size));
      writer_.async_end(process_, "dma_read", record.id, name, record.time_ps);
    }
  }
}

/// What is a point in time, and frames at the port.
void CardTracks::mark(const TraceRecord& record) {
  switch (record.kind) {
    case TraceKind::kFrameSent:
      writer_.slice(track(kPort), "frame", record.value, std::max(record.time_ps, record.value),
                    fmt::format("\"frame\":{},\"bytes\":{}", record.frame, record.size));
      paths_.sent(record.frame, track(kPort), record.value);
      break;
    case TraceKind::kFrameDropped:
      if ((record.queue & 1) == 0) paths_.lost(record.frame);
      [[fallthrough]];
    case TraceKind::kDoorbell:
    case TraceKind::kMsix:
    case TraceKind::kIntx:
    case TraceKind::kManagementEvent:
    case TraceKind::kManagementCommand:
    case TraceKind::kDeviceError: {
      const std::string name = hw::queue_name(card_, record);
      writer_.instant(
          track(kEvents),
          fmt::format("{}{}{}", name, name.empty() ? "" : " ", hw::name_of(record.kind)),
          record.time_ps, fmt::format("\"what\":\"{}\"", hw::describe(record)));
      break;
    }
    case TraceKind::kReset:
      receptions_.clear();
      writer_.instant(track(kEvents), hw::name_of(record.kind), record.time_ps);
      break;
    default:
      break;
  }
}

void CardTracks::transmit_begins(const FollowedFrame& frame, TimePs at_ps) {
  const QueueTracks& q = queue(frame.queue);
  writer_.async_begin(process_, q.name, async_id(frame), q.name + " frame", at_ps);
}

void CardTracks::transmit_ends(const FollowedFrame& frame, TimePs at_ps) {
  const QueueTracks& q = queue(frame.queue);
  writer_.async_end(process_, q.name, async_id(frame), q.name + " frame", at_ps);
}

void CardTracks::stage(FrameStage stage, const FollowedFrame& frame, TimePs from_ps, TimePs to_ps) {
  switch (stage) {
    case FrameStage::kArrivedToStarted:
      if (receptions_.size() == kReceptionsMax) receptions_.erase(receptions_.begin());
      receptions_[frame.frame] = {from_ps, to_ps, to_ps};
      break;
    case FrameStage::kStartedToUsed:
      if (const auto it = receptions_.find(frame.frame); it != receptions_.end()) {
        it->second.used_ps = to_ps;
      }
      break;
    case FrameStage::kUsedToIndexed:
      if (const auto it = receptions_.find(frame.frame); it != receptions_.end()) {
        const Reception at = it->second;
        receptions_.erase(it);
        received(frame, at, to_ps);
      }
      break;
    case FrameStage::kWholeToUsed:
    case FrameStage::kUsedToInterrupt:
    case FrameStage::kIndexedToInterrupt:
    case FrameStage::kDoorbellToSent:
    case FrameStage::kArrivedToInterrupt:
      break;  // beside the frame's way to the wire, after it is the driver's, or a total
    default: {
      if (from_ps == to_ps) break;
      const QueueTracks& q = queue(frame.queue);
      const std::string_view name = tb::name_of(stage);
      writer_.async_begin(
          process_, q.name, async_id(frame), name, from_ps,
          frame.frame == 0 ? std::string() : fmt::format("\"frame\":{}", frame.frame));
      writer_.async_end(process_, q.name, async_id(frame), name, to_ps);
    }
  }
}

/// Row for [start_ps, end_ps]; none if there are too many at once.
std::optional<unsigned> CardTracks::lane(uint16_t number, TimePs start_ps, TimePs end_ps) {
  QueueTracks& q = queue(number);
  for (Lane& lane : q.lanes) {
    if (lane.free_ps > start_ps) continue;
    lane.free_ps = end_ps;
    return lane.thread;
  }
  if (q.lanes.size() == kLanesMax) return std::nullopt;
  const auto row = static_cast<unsigned>(q.lanes.size());
  const unsigned thread = kFirstLane + number * kLanesMax + row;
  writer_.name_thread(track(thread), fmt::format("{} frames, row {}", q.name, row + 1));
  q.lanes.push_back({thread, end_ps});
  return thread;
}

void CardTracks::received(const FollowedFrame& frame, const Reception& at, TimePs indexed_ps) {
  const std::optional<unsigned> thread = lane(frame.queue, at.arrived_ps, indexed_ps);
  if (!thread) {
    paths_.lost(frame.frame);
    return;
  }
  writer_.slice(track(*thread), "frame", at.arrived_ps, indexed_ps,
                fmt::format("\"frame\":{},\"bytes\":{}", frame.frame, frame.size));
  const auto part = [&](FrameStage stage, TimePs from_ps, TimePs to_ps) {
    if (to_ps > from_ps) writer_.slice(track(*thread), tb::name_of(stage), from_ps, to_ps);
  };
  part(FrameStage::kArrivedToStarted, at.arrived_ps, at.started_ps);
  part(FrameStage::kStartedToUsed, at.started_ps, at.used_ps);
  part(FrameStage::kUsedToIndexed, at.used_ps, indexed_ps);
  paths_.received(frame.frame, track(*thread), at.arrived_ps);
}

void CardTracks::tlp_sent(hw::BusDirection direction, const hw::Tlp& tlp, TimePs start_ps,
                          TimePs end_ps) {
  if (!writer_.is_open()) return;
  if (!std::exchange(bus_named_, true)) {
    writer_.name_thread(track(kBusUp), "PCIe, card to host");
    writer_.name_thread(track(kBusDown), "PCIe, host to card");
  }
  const auto which = static_cast<std::size_t>(direction);
  std::optional<Burst>& burst = bursts_[which];
  const uint32_t bytes = tlp.has_data() ? tlp.length : 0;
  if (burst && burst->purpose == tlp.purpose && name_of(burst->type) == name_of(tlp.type) &&
      start_ps <= burst->end_ps + kBurstGapPs && burst->tlps < kBurstTlpsMax) {
    ++burst->tlps;
    burst->bytes += bytes;
    burst->end_ps = end_ps;
    return;
  }
  write_burst(which);
  burst = Burst{tlp.purpose, tlp.type, 1, bytes, start_ps, end_ps};
}

void CardTracks::write_burst(std::size_t direction) {
  if (!bursts_[direction]) return;
  const Burst& burst = *bursts_[direction];
  writer_.slice(track(direction == 0 ? kBusUp : kBusDown),
                fmt::format("{} {}", hw::name_of(burst.purpose), name_of(burst.type)),
                burst.start_ps, burst.end_ps,
                fmt::format("\"tlps\":{},\"bytes\":{}", burst.tlps, burst.bytes));
  bursts_[direction].reset();
}

void CardTracks::finish() {
  follower_.finish(now_());
  for (std::size_t direction = 0; direction < 2; ++direction) write_burst(direction);
  constexpr TimePs kEnd = ~TimePs{0};
  tx_buffer_.settle(kEnd);
  rx_buffer_.settle(kEnd);
  for (auto& [number, q] : queues_) q.ring.settle(kEnd);
}

}  // namespace ringside::tb
