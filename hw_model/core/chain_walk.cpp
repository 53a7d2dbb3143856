// SPDX-License-Identifier: Apache-2.0
// Descriptor chains: every descriptor is read once, and that copy is validated (virtio 1.4, "The
// Virtqueue Descriptor Table", "Indirect Descriptors").
#include <algorithm>
#include <cstring>

#include "hw_model/core/nic_core.h"
#include "hw_model/registers/card_mutants.h"

namespace ringside::hw {

using formats::VirtqDesc;

namespace {

/// Descriptors in one indirect table: the queue's size, or this if that is more. VQS-D-002.
constexpr uint32_t kTableLimit = 1024;
constexpr uint64_t kChainBytesLimit = uint64_t{1} << 32;  // VQS-R-004

bool wraps(uint64_t address, uint64_t bytes) { return address > ~uint64_t{0} - (bytes - 1); }

}  // namespace

void NicCore::fetch_descriptors(unsigned queue, uint16_t count, ActionList& actions) {
  Queue& q = queues_[queue];
  const uint32_t first = q.head;
  const uint16_t id = q.chain(first).id;
  uint16_t run = 0;  // heads that follow each other in the table, so that one read gets them all
  while (run < count && run < Queue::kBatch && first + run != q.allocated) {
    Chain& chain = q.chain(first + run);
    if (chain.state != ChainState::kHasId || chain.id != id + run) break;
    chain.state = ChainState::kWalking;
    chain.walked = 0;
    chain.readable = 0;
    chain.readable_bytes = chain.writable_bytes = 0;
    chain.used_length = 0;
    chain.frame_end = true;
    chain.segments.clear();
    ++run;
  }
  q.head += run;
  if (tracing()) note(TraceKind::kFetchDescriptors, queue, first, run);
  read(ReadKind::kHeads, queue, first, q.context.desc + uint64_t{16} * id, 16u * run, actions, run);
}

void NicCore::heads_fetched(const Read& read, ByteView data, ActionList& actions) {
  for (uint32_t i = 0; i < read.count && !broken_; ++i) {
    VirtqDesc desc;
    std::memcpy(&desc, data.data() + sizeof desc * i, sizeof desc);
    walk(read.queue, read.position + i, desc, actions);
  }
}

void NicCore::walk(unsigned queue, uint32_t position, const VirtqDesc& desc, ActionList& actions) {
  Queue& q = queues_[queue];
  Chain& chain = q.chain(position);
  if (++chain.walked > q.context.size) {  // VQS-R-008; a loop
    device_error(DeviceError::kChainTooLong, queue, actions);
    return;
  }
  if ((desc.flags & VIRTQ_DESC_F_INDIRECT) != 0) {  // WRITE is ignored here. VQS-D-007, VQS-D-008
    const uint32_t limit = std::max<uint32_t>(q.context.size, kTableLimit);
    const bool refused =
        (rs_mutant(RS_MUTANT_INDIRECT_WRITE_REFUSED) && (desc.flags & VIRTQ_DESC_F_WRITE) != 0) ||
        (rs_mutant(RS_MUTANT_INDIRECT_FIRST_ONLY) && chain.walked > 1);
    if (!has(VIRTIO_F_INDIRECT_DESC) || refused) {
      device_error(DeviceError::kIndirectNotNegotiated, queue, actions);
    } else if ((desc.flags & VIRTQ_DESC_F_NEXT) != 0) {  // VQS-R-009
      device_error(DeviceError::kIndirectWithNext, queue, actions);
    } else if (desc.len == 0 || desc.len % sizeof desc != 0 || desc.len / sizeof desc > limit) {
      device_error(DeviceError::kIndirectSize, queue, actions);
    } else if (wraps(desc.addr, desc.len)) {
      device_error(DeviceError::kAddressWraps, queue, actions);
    } else {
      read(ReadKind::kTable, queue, position, desc.addr, desc.len, actions);
    }
    return;
  }
  if (!add_segment(queue, chain, desc, actions)) return;
  if ((desc.flags & VIRTQ_DESC_F_NEXT) == 0) {
    described(queue, position, actions);
  } else if (desc.next >= q.context.size) {
    device_error(DeviceError::kNextOutOfRange, queue, actions);
  } else {
    read(ReadKind::kNext, queue, position, q.context.desc + uint64_t{16} * desc.next, sizeof desc,
         actions);
  }
}

void NicCore::walk_table(const Read& read, ByteView data, ActionList& actions) {
  Chain& chain = queues_[read.queue].chain(read.position);
  const std::size_t entries = data.size() / sizeof(VirtqDesc);
  std::size_t index = 0;
  for (std::size_t seen = 0; seen < entries; ++seen) {
    VirtqDesc desc;
    std::memcpy(&desc, data.data() + sizeof desc * index, sizeof desc);
    if ((desc.flags & VIRTQ_DESC_F_INDIRECT) != 0) {  // VQS-R-007
      device_error(DeviceError::kIndirectNested, read.queue, actions);
      return;
    }
    if (!add_segment(read.queue, chain, desc, actions)) return;
    if ((desc.flags & VIRTQ_DESC_F_NEXT) == 0) {
      described(read.queue, read.position, actions);
      return;
    }
    if (desc.next >= entries) {
      device_error(DeviceError::kNextOutOfRange, read.queue, actions);
      return;
    }
    index = desc.next;
  }
  device_error(DeviceError::kChainTooLong, read.queue, actions);
}

bool NicCore::add_segment(unsigned queue, Chain& chain, const VirtqDesc& desc,
                          ActionList& actions) {
  const bool writable = (desc.flags & VIRTQ_DESC_F_WRITE) != 0;
  if (desc.len == 0) {
    device_error(DeviceError::kZeroLength, queue, actions);
  } else if (wraps(desc.addr, desc.len)) {
    device_error(DeviceError::kAddressWraps, queue, actions);
  } else if (!writable && chain.readable != chain.segments.size()) {  // VQS-R-002
    device_error(DeviceError::kReadableAfterWritable, queue, actions);
  } else if (chain.readable_bytes + chain.writable_bytes + desc.len > kChainBytesLimit) {
    device_error(DeviceError::kChainTooLarge, queue, actions);
  } else {
    chain.segments.push_back({desc.addr, desc.len});
    if (writable) {
      chain.writable_bytes += desc.len;
    } else {
      ++chain.readable;
      chain.readable_bytes += desc.len;
    }
    return true;
  }
  return false;
}

void NicCore::described(unsigned queue, uint32_t position, ActionList& actions) {
  Chain& chain = queues_[queue].chain(position);
  // A command without room for its ack cannot be answered: usable bytes are the writable ones.
  const uint64_t usable = is_transmit(queue) ? chain.readable_bytes : chain.writable_bytes;
  if (usable == 0) {
    device_error(DeviceError::kNoUsableBuffer, queue, actions);
    return;
  }
  chain.state = ChainState::kDescribed;
  if (tracing()) note(TraceKind::kDescribed, queue, position, static_cast<uint32_t>(usable));
}

}  // namespace ringside::hw
