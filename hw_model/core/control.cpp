// SPDX-License-Identifier: Apache-2.0
// The control virtqueue: a command is gathered for firmware, whose answer goes back as the ack byte
// (virtio 1.4, "Control Virtqueue").
#include <algorithm>
#include <cstring>

#include "hw_model/core/nic_core.h"

namespace ringside::hw {

/// The length that firmware is told.
uint32_t NicCore::command_bytes(const Chain& chain) {
  return static_cast<uint32_t>(std::min<uint64_t>(chain.readable_bytes, UINT32_MAX));
}

// VQS-D-001: how the command is split over descriptors has no meaning.
void NicCore::start_command(unsigned queue, ActionList& actions) {
  Queue& q = queues_[queue];
  const uint32_t position = q.started++;
  Chain& chain = q.chain(position);
  if (tracing()) note(TraceKind::kStartCommand, queue, position, command_bytes(chain));
  chain.state = ChainState::kPayload;
  chain.outstanding = 0;
  command_ = {};
  command_.under_way = true;
  uint32_t offset = 0;
  uint32_t left = std::min<uint32_t>(command_bytes(chain), RS_CONTROL_BYTES);
  for (uint32_t i = 0; left != 0; ++i) {
    const uint32_t part = std::min(chain.segments[i].size, left);
    read(ReadKind::kCommand, queue, position, chain.segments[i].address, part, actions, 0, offset);
    ++chain.outstanding;
    offset += part;
    left -= part;
  }
  if (chain.outstanding == 0) post_command(queue, actions);
}

void NicCore::command_read(const Read& read, ByteView data, ActionList& actions) {
  std::memcpy(command_.bytes.data() + read.offset, data.data(), data.size());
  if (--queues_[read.queue].chain(read.position).outstanding == 0) {
    post_command(read.queue, actions);
  }
}

void NicCore::post_command(unsigned queue, ActionList& actions) {
  const Queue& q = queues_[queue];
  rs_event event{};
  event.kind = RS_EVENT_CONTROL;
  event.queue = static_cast<uint16_t>(queue);
  event.value = command_bytes(q.chain(q.started - 1));
  std::copy(command_.bytes.begin(), command_.bytes.end(), event.control);
  command_.sequence = post(event, actions);
}

// The ack byte is written when the buffer is returned, which is when DMA is certainly allowed: not
// with Bus Master Enable off, and not after an error.
std::string_view NicCore::control_reply(const rs_command& reply) {
  if (!command_.under_way || reply.sequence != command_.sequence) {
    return "a reply to no control command";
  }
  command_.under_way = false;
  Queue& q = queues_[control_queue_];
  Chain& chain = q.chain(q.started - 1);
  chain.ack = static_cast<uint8_t>(reply.value);
  chain.used_length = 1;
  chain.state = ChainState::kDone;
  q.done = q.started;
  ++q.frames_done;
  return {};
}

void NicCore::write_acks(unsigned queue, uint32_t entries, ActionList& actions) {
  const Queue& q = queues_[queue];
  for (uint32_t i = 0; i < entries; ++i) {
    const Chain& chain = q.chain(q.returned + i);
    const uint32_t place = actions.reserve_bytes(1);
    *actions.bytes(place) = std::byte{chain.ack};
    write(queue, Purpose::kPayload, chain.segments[chain.readable].address, place, 1, actions,
          q.returned + i);
  }
}

}  // namespace ringside::hw
