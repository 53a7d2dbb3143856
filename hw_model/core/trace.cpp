// SPDX-License-Identifier: Apache-2.0
// Records of nic_trace from the core; called only if somebody listens.
#include "formats/digest.h"
#include "hw_model/core/nic_core.h"

namespace ringside::hw {

void NicCore::note(TraceKind kind, unsigned queue, uint32_t chain, uint32_t size, uint64_t value,
                   uint64_t frame) {
  trace_->record({.kind = kind,
                  .queue = static_cast<uint16_t>(queue),
                  .chain = chain,
                  .size = size,
                  .frame = frame,
                  .value = value});
}

void NicCore::note_read(const Action& action, uint32_t chain) {
  if (!trace_dma_) return;
  trace_->record({.kind = TraceKind::kDmaRead,
                  .purpose = action.purpose,
                  .queue = action.queue,
                  .id = action.tag,
                  .chain = chain,
                  .size = action.size,
                  .address = action.address});
}

void NicCore::note_read_done(const Read& read, const Event& event) {
  if (!trace_dma_) return;
  trace_->record({.kind = TraceKind::kDmaReadDone,
                  .purpose = purpose_of(read.kind),
                  .queue = read.queue,
                  .id = event.tag,
                  .chain = read.position,
                  .size = read.size,
                  .value = event.ok});
}

/// The last action is the write.
void NicCore::note_write(ActionList& actions, uint32_t chain) {
  const Action& action = actions[actions.size() - 1];
  const bool used =
      action.purpose == Purpose::kUsedEntries || action.purpose == Purpose::kUsedIndex;
  if (!trace_dma_ && !used) return;
  trace_->record({.kind = TraceKind::kDmaWrite,
                  .purpose = action.purpose,
                  .queue = action.queue,
                  .chain = chain,
                  .size = action.size,
                  .address = action.address,
                  .value = trace_dma_ ? formats::hash64(actions.payload(action)) : 0});
}

void NicCore::note_register(TraceKind kind, uint32_t offset, unsigned width, uint64_t value) {
  trace_->record({.kind = kind,
                  .queue = TraceRecord::kNoQueue,
                  .size = width,
                  .address = offset,
                  .value = value});
}

void NicCore::note_management(TraceKind kind, uint32_t what, uint32_t sequence, uint16_t queue) {
  trace_->record({.kind = kind, .queue = queue, .id = sequence, .value = what});
}

}  // namespace ringside::hw
