// SPDX-License-Identifier: Apache-2.0
// See trace_pins.h.
#include "hw_model/rtl_bridge/trace_pins.h"

#include <fmt/format.h>

namespace ringside::hw {

void TracePins::take(const ClockEdge& edge) {
  for (unsigned port = 0; port < kTracePorts; ++port) {
    if ((*pins_.trace_valid >> port & 1) != 0)
      take(edge, pins_.trace_record + std::size_t{port} * kTraceWords);
  }
}

/// The last field of trace_t is in the lowest word.
void TracePins::take(const ClockEdge& edge, const uint32_t* words) {
  const auto wide = [words](unsigned at) {
    return static_cast<uint64_t>(words[at + 1]) << 32 | words[at];
  };
  const unsigned kind = words[8] >> 24;
  const unsigned purpose = words[8] >> 16 & 0xFF;
  if (kind >= static_cast<unsigned>(TraceKind::kCount) ||
      purpose >= static_cast<unsigned>(Purpose::kCount)) {
    complain_(edge.cycle, fmt::format("a trace record of kind {}, purpose {}", kind, purpose));
    return;
  }
  TraceRecord record;
  record.time_ps = edge.time_ps;
  record.kind = static_cast<TraceKind>(kind);
  record.purpose = static_cast<Purpose>(purpose);
  if (record.purpose == Purpose::kConfig && words[6] != 0) {
    record.kind =
        record.kind == TraceKind::kRegisterWrite ? TraceKind::kConfigWrite : TraceKind::kConfigRead;
  }
  record.queue = static_cast<uint16_t>(words[8]);
  record.id = words[7];
  record.chain = words[6];
  record.size = words[5];
  record.address = wide(2);
  record.value = wide(0);
  if (tap_ != nullptr) {
    record.frame = words[4];
    tap_->record(record);
    record.frame = 0;
  }
  name_frame(&record, words[4]);
  if (sink_ != nullptr && wanted(record)) sink_->record(record);
}

bool TracePins::wanted(const TraceRecord& record) const {
  switch (record.kind) {
    case TraceKind::kDmaRead:
    case TraceKind::kDmaReadDone:
      return dma_;
    case TraceKind::kDmaWrite:
      return dma_ || record.purpose == Purpose::kUsedEntries ||
             record.purpose == Purpose::kUsedIndex;
    default:
      return true;
  }
}

/// Transmit queues have odd numbers. Frames that are dropped at once are none for the MAC.
void TracePins::name_frame(TraceRecord* record, uint32_t number) {
  const bool transmit = record->queue != TraceRecord::kNoQueue && record->queue % 2 != 0;
  switch (record->kind) {
    case TraceKind::kFrameIn:
    case TraceKind::kStartReceive:
      record->frame = numbers_.id_of_received(number);
      break;
    case TraceKind::kFrameDropped:
      if (!transmit) record->frame = numbers_.id_of_received(number);
      break;
    case TraceKind::kStartTransmit:
      if (number != FrameNumbers::kNone) record->frame = numbers_.begin_sent(number, record->queue);
      break;
    case TraceKind::kFrameOut:
    case TraceKind::kFrameSent:
      record->frame = numbers_.id_of_sent(number);
      break;
    default:
      break;
  }
}

}  // namespace ringside::hw
