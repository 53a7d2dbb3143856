// SPDX-License-Identifier: Apache-2.0
// The available and used rings: sampling, fetching heads, returning used buffers, notification
// suppression both ways (virtio 1.4, "Split Virtqueues").
#include <cstring>

#include "hw_model/core/nic_core.h"
#include "hw_model/registers/card_mutants.h"

namespace ringside::hw {

using formats::SplitRing;

namespace {

uint16_t get16(ByteView data) {
  uint16_t value = 0;
  std::memcpy(&value, data.data(), sizeof value);
  return value;
}

}  // namespace

Purpose NicCore::purpose_of(ReadKind kind) {
  switch (kind) {
    case ReadKind::kAvail:
      return Purpose::kAvailIndex;
    case ReadKind::kIds:
      return Purpose::kAvailEntries;
    case ReadKind::kHeads:
    case ReadKind::kNext:
      return Purpose::kDescriptors;
    case ReadKind::kTable:
      return Purpose::kIndirectTable;
    case ReadKind::kSuppression:
      return Purpose::kUsedEvent;
    default:
      return Purpose::kPayload;
  }
}

inline void NicCore::issue(uint32_t tag, ActionList& actions) {
  const Read& read = reads_[tag];
  Action& action = actions.add(ActionKind::kDmaRead);
  action.purpose = purpose_of(read.kind);
  action.queue = read.queue;
  action.tag = tag;
  action.address = read.address;
  action.size = read.size;
  action.value = read.position;
  if (tracing()) note_read(action, read.position);
  ++counters_[Counter::kDmaReads];
  counters_[Counter::kDmaReadBytes] += read.size;
}

void NicCore::read(ReadKind kind, unsigned queue, uint32_t position, uint64_t address,
                   uint32_t size, ActionList& actions, uint16_t count, uint32_t offset) {
  uint32_t tag;
  if (free_reads_.empty()) {
    tag = static_cast<uint32_t>(reads_.size());
    reads_.emplace_back();
  } else {
    tag = free_reads_.back();
    free_reads_.pop_back();
  }
  reads_[tag] = {kind, false, static_cast<uint16_t>(queue), count, position, offset, size, address};
  if (pci_.bus_master()) {
    issue(tag, actions);
  } else {
    parked_.push_back(tag);
  }
}

// PCI Express Base 4.0, 7.5.1.1.3: no memory request while Bus Master Enable is clear. What a chain
// that was being walked then needs is asked for when it is set again.
void NicCore::issue_parked(ActionList& actions) {
  if (!active_ || parked_.empty()) return;
  for (const uint32_t tag : parked_) issue(tag, actions);
  parked_.clear();
}

void NicCore::forget_parked() {
  for (const uint32_t tag : parked_) {
    reads_[tag] = {};
    free_reads_.push_back(tag);
  }
  parked_.clear();
}

void NicCore::write(unsigned queue, Purpose purpose, uint64_t address, uint32_t place,
                    uint32_t size, ActionList& actions, uint32_t chain) {
  actions.add_write(static_cast<uint16_t>(queue), purpose, address, place, size, chain);
  if (tracing()) note_write(actions, chain);
  ++counters_[Counter::kDmaWrites];
  counters_[Counter::kDmaWriteBytes] += size;
}

void NicCore::write16(unsigned queue, Purpose purpose, uint64_t address, uint16_t value,
                      ActionList& actions) {
  const uint32_t place = actions.reserve_bytes(sizeof value);
  std::memcpy(actions.bytes(place), &value, sizeof value);
  write(queue, purpose, address, place, sizeof value, actions);
}

std::string_view NicCore::dma_done(const Event& event, ActionList& actions) {
  if (event.tag >= reads_.size() || reads_[event.tag].size == 0) return "no read has this tag";
  if (event.ok && event.data.size() != reads_[event.tag].size) {
    return "a completion of another size than its read";
  }
  const Read read = reads_[event.tag];
  const bool counts = awaits(event.tag, event.value != 0);
  reads_[event.tag] = {};
  free_reads_.push_back(event.tag);
  if (tracing()) note_read_done(read, event);
  if (!counts) return {};
  if (!event.ok) {
    device_error(DeviceError::kDmaRead, read.queue, actions);
    return {};
  }
  switch (read.kind) {
    case ReadKind::kAvail:
      avail_sampled(read.queue, get16(event.data), actions);
      break;
    case ReadKind::kIds:
      ids_fetched(read, event.data, actions);
      break;
    case ReadKind::kHeads:
      heads_fetched(read, event.data, actions);
      break;
    case ReadKind::kNext: {
      formats::VirtqDesc desc;
      std::memcpy(&desc, event.data.data(), sizeof desc);
      walk(read.queue, read.position, desc, actions);
      break;
    }
    case ReadKind::kTable:
      walk_table(read, event.data, actions);
      break;
    case ReadKind::kPayload:
      payload_read(read, event.data, actions);
      break;
    case ReadKind::kCommand:
      command_read(read, event.data, actions);
      break;
    default:
      suppression_read(read, get16(event.data), actions);
      break;
  }
  return {};
}

void NicCore::sample_avail(unsigned queue, ActionList& actions) {
  Queue& q = queues_[queue];
  q.sampling = true;
  kicked_ &= ~(1u << queue);
  if (tracing()) note(TraceKind::kSampleAvail, queue);
  read(ReadKind::kAvail, queue, 0, q.context.driver + SplitRing::kAvailIdx, 2, actions);
}

// A driver has at most the queue's size of buffers with the device; an index that says more, or
// that moved backwards (VQS-R-011), is an error.
bool NicCore::avail_index_jumps(unsigned queue, uint16_t index) const {
  const Queue& q = queues_[queue];
  const uint32_t moved = static_cast<uint16_t>(index - q.avail_seen);
  const uint32_t held = static_cast<uint16_t>(q.avail_seen - q.used_next);
  return moved + held > q.context.size;
}

void NicCore::avail_sampled(unsigned queue, uint16_t index, ActionList& actions) {
  Queue& q = queues_[queue];
  q.sampling = false;
  const uint32_t moved = static_cast<uint16_t>(index - q.avail_seen);
  if (tracing()) note(TraceKind::kAvailSampled, queue, 0, moved, index);
  if (avail_index_jumps(queue, index)) {
    device_error(DeviceError::kAvailIndexJump, queue, actions);
    return;
  }
  if (moved == 0 && rs_mutant(RS_MUTANT_SPURIOUS_KICK_IS_ERROR)) {
    device_error(DeviceError::kAvailIndexJump, queue, actions);
  }
  if (moved == 0) return;
  q.avail_seen = index;
  q.armed = !event_idx_ && !q.no_notify;
}

std::string_view NicCore::fetch_ids(unsigned queue, uint16_t count, ActionList& actions) {
  Queue& q = queues_[queue];
  if (count == 0 || count > ids_fetchable(queue)) return "more ids than are available in one piece";
  if (tracing()) note(TraceKind::kFetchIds, queue, q.allocated, count);
  const unsigned slot = q.avail_next % q.context.size;
  read(ReadKind::kIds, queue, q.allocated, q.context.driver + SplitRing::avail_entry(slot),
       2u * count, actions, count);
  for (uint16_t i = 0; i < count; ++i) q.chain(q.allocated + i).state = ChainState::kIdPending;
  q.allocated += count;
  q.avail_next = static_cast<uint16_t>(q.avail_next + count);
  return {};
}

void NicCore::ids_fetched(const Read& read, ByteView data, ActionList& actions) {
  Queue& q = queues_[read.queue];
  if (tracing()) note(TraceKind::kIdsFetched, read.queue, read.position, read.count);
  for (uint32_t i = 0; i < read.count; ++i) {
    const uint16_t id = get16(data.subspan(std::size_t{2} * i));
    if (id >= q.context.size) {
      device_error(DeviceError::kHeadOutOfRange, read.queue, actions);
      return;
    }
    Chain& chain = q.chain(read.position + i);
    chain.state = ChainState::kHasId;
    chain.id = id;
  }
}

// Moves `done` over finished chains in ring order; transmit frames leave in that order.
void NicCore::chain_done(unsigned queue, ActionList& actions) {
  Queue& q = queues_[queue];
  while (q.done != q.started && q.chain(q.done).state == ChainState::kDone) {
    Chain& chain = q.chain(q.done++);
    if (chain.frame_end) ++q.frames_done;
    if (!chain.frame) continue;
    ++counters_[Counter::kTxFrames];
    counters_[Counter::kTxBytes] += chain.frame_bytes;
    tx_leaving_ += chain.frame_bytes;
    if (tracing()) {
      note(TraceKind::kFrameOut, queue, q.done - 1, chain.frame_bytes, 0, chain.frame->id);
    }
    Action& action = actions.add_frame(std::move(chain.frame));
    action.queue = static_cast<uint16_t>(queue);
    action.size = chain.frame_bytes;
  }
}

// Acks of commands, entries, then the index, in posted order behind the payload. VQS-D-015,
// VQS-D-016, NRX-D-004.
std::string_view NicCore::return_used(unsigned queue, uint16_t frames, ActionList& actions) {
  Queue& q = queues_[queue];
  if (frames == 0) return "a return of nothing";
  if (frames > q.returnable()) return "fewer frames are done";
  uint32_t entries = 0;
  for (uint16_t seen = 0; seen < frames; ++entries) {
    if (q.chain(q.returned + entries).frame_end) ++seen;
  }
  if (tracing()) {
    note(TraceKind::kReturnUsed, queue, q.returned, entries,
         static_cast<uint16_t>(q.used_next + entries));
  }
  if (is_control(queue)) write_acks(queue, entries, actions);
  const uint32_t place = actions.reserve_bytes(8 * entries);
  for (uint32_t i = 0; i < entries; ++i) {
    const Chain& chain = q.chain(q.returned + i);
    const formats::VirtqUsedElem element{chain.id, chain.used_length};
    std::memcpy(actions.bytes(place + 8 * i), &element, sizeof element);
  }
  if (rs_mutant(RS_MUTANT_USED_INDEX_FIRST)) {
    write16(queue, Purpose::kUsedIndex, q.context.device + SplitRing::kUsedIdx,
            static_cast<uint16_t>(q.used_next + entries), actions);
  }
  if (rs_mutant(RS_MUTANT_WRITES_DESCRIPTOR)) {
    write16(queue, Purpose::kUsedEntries, q.context.desc + 12, 0, actions);
  }
  const uint32_t slot = q.used_next % q.context.size;
  const uint32_t to_end = q.context.size - slot;
  const uint32_t first = entries < to_end ? entries : to_end;
  const uint64_t ring = q.context.device;
  write(queue, Purpose::kUsedEntries, ring + SplitRing::used_entry(slot), place, 8 * first, actions,
        q.returned);
  if (first < entries) {
    write(queue, Purpose::kUsedEntries, ring + SplitRing::used_entry(0), place + 8 * first,
          8 * (entries - first), actions, q.returned + first);
  }
  q.returned += entries;
  q.frames_returned += frames;
  q.used_next = static_cast<uint16_t>(q.used_next + entries);
  write16(queue, Purpose::kUsedIndex, ring + SplitRing::kUsedIdx, q.used_next, actions);
  ++counters_[Counter::kUsedIndexWrites];
  return {};
}

void NicCore::read_suppression(unsigned queue, ActionList& actions) {
  Queue& q = queues_[queue];
  q.deciding = true;
  if (tracing()) note(TraceKind::kReadSuppression, queue);
  const uint64_t offset = rs_mutant(RS_MUTANT_USED_EVENT_UNASKED) ||
                                  (event_idx_ && !rs_mutant(RS_MUTANT_FLAGS_WITH_EVENT_IDX))
                              ? SplitRing::used_event(q.context.size)
                              : SplitRing::kAvailFlags;
  read(ReadKind::kSuppression, queue, 0, q.context.driver + offset, 2, actions, q.used_next);
}

// VQS-D-009 to VQS-D-014.
void NicCore::suppression_read(const Read& read, uint16_t value, ActionList& actions) {
  Queue& q = queues_[read.queue];
  q.deciding = false;
  bool wanted = event_idx_ ? formats::need_event(value, read.count, q.used_signalled)
                           : (value & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
  if (rs_mutant(event_idx_ ? RS_MUTANT_EVENT_IGNORED : RS_MUTANT_FLAG_IGNORED)) wanted = true;
  if (rs_mutant(RS_MUTANT_INTERRUPT_LOST) && !event_idx_) wanted = false;
  if (rs_mutant(RS_MUTANT_EVENT_OF_LAST_ONLY)) wanted = value == read.count - 1;
  q.used_signalled = read.count;
  if (tracing()) note(TraceKind::kInterruptDecision, read.queue, 0, 0, wanted);
  if (wanted) queue_interrupt(read.queue, actions);
}

// The write that asks for notifications, then a fresh look at the index: a buffer made available
// before the driver saw the request is found here. VQS-D-018 to VQS-D-021.
void NicCore::arm_notify(unsigned queue, ActionList& actions) {
  Queue& q = queues_[queue];
  if (tracing()) note(TraceKind::kArmNotify, queue, 0, 0, q.avail_seen);
  if (event_idx_) {
    write16(queue, Purpose::kAvailEvent, q.context.device + SplitRing::avail_event(q.context.size),
            static_cast<uint16_t>(q.avail_seen + rs_mutant(RS_MUTANT_AVAIL_EVENT_AHEAD)), actions);
    if (rs_mutant(RS_MUTANT_USED_FLAGS_WITH_EVENT_IDX)) {
      write16(queue, Purpose::kAvailEvent, q.context.device + SplitRing::kUsedFlags, 1, actions);
    }
  } else {
    write16(queue, Purpose::kAvailEvent, q.context.device + SplitRing::kUsedFlags, 0, actions);
    q.no_notify = false;
  }
  q.armed = true;
  sample_avail(queue, actions);
}

void NicCore::suppress_notify(unsigned queue, ActionList& actions) {
  Queue& q = queues_[queue];
  if (tracing()) note(TraceKind::kSuppressNotify, queue);
  write16(queue, Purpose::kAvailEvent, q.context.device + SplitRing::kUsedFlags,
          rs_mutant(RS_MUTANT_USED_FLAGS_2) ? 2 : VIRTQ_USED_F_NO_NOTIFY, actions);
  q.no_notify = true;
  q.armed = false;
}

}  // namespace ringside::hw
