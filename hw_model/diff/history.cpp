// SPDX-License-Identifier: Apache-2.0
// See history.h.
#include "hw_model/diff/history.h"

#include <cstring>

namespace ringside::hw {

using Kind = HistoryEntry::Kind;

namespace {

std::vector<std::byte> little_endian(uint32_t value) {
  std::vector<std::byte> bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

}  // namespace

std::string_view name_of(HistoryEntry::Kind kind) {
  switch (kind) {
    case Kind::kRecord:
      return "record";
    case Kind::kCarrier:
      return "carrier";
    case Kind::kFrameIn:
      return "pins_frame_in";
    case Kind::kFrameOut:
      return "pins_frame_out";
    case Kind::kReadRequest:
      return "pins_read";
    case Kind::kCompletion:
      return "pins_completion";
    case Kind::kCommand:
      return "command";
    case Kind::kManagementRead:
      return "management_read";
    case Kind::kEventPopped:
      return "event_popped";
    case Kind::kWrite:
      return "pins_write";
    case Kind::kMsix:
      return "pins_msix";
    case Kind::kIntx:
      return "pins_intx";
  }
  return {};
}

/// The newest entry of a side, with nothing but its time.
HistoryEntry& History::add(HistoryRing& side, HistoryEntry::Kind kind, TimePs time_ps) {
  HistoryEntry& entry = side.add();
  entry.number = count_++;
  entry.kind = kind;
  entry.record = {};
  entry.record.time_ps = time_ps;
  entry.bytes.clear();
  return entry;
}

// -- of the card: noted before it is passed on, so that what it makes the core do comes behind it

void History::at(TimePs time_ps) {
  now_ = time_ps;
  next_.at(time_ps);
}

void History::carrier(bool up, uint32_t speed_mbps) {
  if (!frozen_) {
    HistoryEntry& entry = add_card(Kind::kCarrier);
    entry.record.value = up ? 1 : 0;
    entry.record.size = speed_mbps;
  }
  next_.carrier(up, speed_mbps);
}

void History::frame_in(const FramePtr& frame) {
  if (!frozen_) add_card(Kind::kFrameIn).bytes = frame->bytes;
  next_.frame_in(frame);
}

void History::read_completion(uint32_t tag, ByteView data, bool ok, bool last) {
  if (!frozen_) {
    HistoryEntry& entry = add_card(Kind::kCompletion);
    entry.record.id = tag;
    entry.record.value = ok ? 1 : 0;
    entry.record.chain = last ? 1 : 0;
    entry.bytes.assign(data.begin(), data.end());
  }
  next_.read_completion(tag, data, ok, last);
}

void History::command(const rs_command& command) {
  if (!frozen_) {
    HistoryEntry& entry = add_card(Kind::kCommand);
    entry.record.value = command.kind;
    entry.record.id = command.sequence;
  }
  next_.command(command);
}

void History::management_read(uint32_t offset, uint32_t value) {
  if (!frozen_) {
    TraceRecord& record = add_card(Kind::kManagementRead).record;
    record.address = offset;
    record.value = value;
  }
  next_.management_read(offset, value);
}

void History::event_popped() {
  if (!frozen_) add_card(Kind::kEventPopped);
  next_.event_popped();
}

void History::record(const TraceRecord& record) {
  if (!frozen_) add_card(Kind::kRecord).record = record;
  next_.record(record);
}

void History::read_request(uint32_t tag, Purpose purpose, unsigned queue, uint64_t address,
                           uint32_t size) {
  if (!frozen_) {
    TraceRecord& record = add_card(Kind::kReadRequest).record;
    record.id = tag;
    record.purpose = purpose;
    record.queue = static_cast<uint16_t>(queue);
    record.address = address;
    record.size = size;
  }
  next_.read_request(tag, purpose, queue, address, size);
}

void History::posted(Purpose purpose, unsigned queue, uint64_t address, ByteView data) {
  if (!frozen_) {
    HistoryEntry& entry = add_card(purpose == Purpose::kInterrupt ? Kind::kMsix : Kind::kWrite);
    entry.record.purpose = purpose;
    entry.record.queue = static_cast<uint16_t>(queue);
    entry.record.address = address;
    entry.bytes.assign(data.begin(), data.end());
  }
  next_.posted(purpose, queue, address, data);
}

void History::message(bool asserted) {
  if (!frozen_) add_card(Kind::kIntx).record.value = asserted ? 1 : 0;
  next_.message(asserted);
}

void History::frame_out(ByteView bytes) {
  if (!frozen_) add_card(Kind::kFrameOut).bytes.assign(bytes.begin(), bytes.end());
  next_.frame_out(bytes);
}

// -- of the core

void History::core_record(TimePs time_ps, const TraceRecord& record) {
  // Told by the actions, with their bytes.
  const bool told = record.kind == TraceKind::kDmaWrite || record.kind == TraceKind::kFrameSent;
  if (frozen_ || told) return;
  TraceRecord& noted = add(core_, Kind::kRecord, time_ps).record;
  noted = record;
  noted.time_ps = time_ps;
}

void History::core_action(TimePs time_ps, const Action& action, ByteView bytes) {
  if (frozen_) return;
  const auto add_core = [&](Kind kind) -> HistoryEntry& {
    HistoryEntry& entry = add(core_, kind, time_ps);
    entry.record.purpose = action.purpose;
    entry.record.queue = action.queue;
    entry.record.address = action.address;
    entry.bytes.assign(bytes.begin(), bytes.end());
    return entry;
  };
  switch (action.kind) {
    case ActionKind::kDmaWrite:
      add_core(Kind::kWrite).record.chain = action.tag;
      return;
    case ActionKind::kMsix:
      add_core(Kind::kMsix).bytes = little_endian(static_cast<uint32_t>(action.value));
      return;
    case ActionKind::kIntx:
      add_core(Kind::kIntx).record.value = action.value;
      return;
    case ActionKind::kFrameOut:
      add_core(Kind::kFrameOut);
      return;
    default:
      return;  // known from their records
  }
}

}  // namespace ringside::hw
