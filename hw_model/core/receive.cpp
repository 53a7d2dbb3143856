// SPDX-License-Identifier: Apache-2.0
// Receive: the card's frame buffer, and scattering a frame into the driver's buffers (virtio 1.4,
// "Processing of Incoming Packets").
#include <algorithm>
#include <cstring>

#include "hw_model/core/nic_core.h"
#include "hw_model/core/steering.h"
#include "hw_model/registers/card_mutants.h"

namespace ringside::hw {

namespace {

constexpr uint32_t kHeader = sizeof(formats::VirtioNetHdr);

bool vlan_tagged(const std::vector<std::byte>& bytes) {
  return bytes.size() >= kEthernetHeader + kVlanTag && bytes[12] == std::byte{0x81} &&
         bytes[13] == std::byte{0x00};
}

}  // namespace

// NMQ-D-001, NMQ-D-007. NCF-D-005: nothing longer than the MTU and its Ethernet header, with or
// without a tag.
void NicCore::frame_in(const FramePtr& frame, Counter refused) {
  const std::vector<std::byte>& bytes = frame->bytes;
  const uint64_t limit =
      config_.mtu + kEthernetHeader +
      (vlan_tagged(bytes) || rs_mutant(RS_MUTANT_DELIVERS_LONG_FRAMES) ? kVlanTag : 0);
  if (!frame->fcs_ok) {
    count_drop(Counter::kRxDropFcs, 0, *frame);
    return;
  }
  if (bytes.size() < kEthernetHeader || bytes.size() > limit) {
    count_drop(bytes.size() < kEthernetHeader ? Counter::kRxDropShort : Counter::kRxDropLong, 0,
               *frame);
    return;
  }
  const unsigned queue = active_pairs_ == 1 ? 0 : 2 * steer(bytes, active_pairs_);
  steered_queue_ = queue;
  const Counter refusal = refused != Counter::kCount ? refused
                          : queue_taking(queue) ? receive_buffer_.refusal(queue / 2, bytes.size())
                                                : Counter::kRxDropNotReady;
  if (refusal != Counter::kCount) {
    count_drop(refusal, queue, *frame);
  } else {
    if (tracing()) {
      note(TraceKind::kFrameIn, queue, 0, static_cast<uint32_t>(bytes.size()), 0, frame->id);
    }
    receive_buffer_.take(queue / 2, static_cast<uint32_t>(bytes.size()));
    waiting_ |= 1u << queue;
    receive_fifo_[queue / 2].push(frame);
  }
}

void NicCore::count_drop(Counter why, unsigned queue, const Frame& frame) {
  ++counters_[why];
  if (tracing()) {
    note(TraceKind::kFrameDropped, queue, 0, static_cast<uint32_t>(frame.bytes.size()),
         static_cast<uint64_t>(why), frame.id);
  }
}

void NicCore::drop_received(unsigned queue, Counter why) {
  count_drop(why, queue, *receive_fifo_[queue / 2].front());
  forget_front(queue);
}

/// Frees the receive buffer of the oldest frame for `queue`.
void NicCore::forget_front(unsigned queue) {
  FrameFifo& fifo = receive_fifo_[queue / 2];
  receive_buffer_.release(queue / 2, static_cast<uint32_t>(fifo.front()->bytes.size()));
  fifo.pop();
  if (fifo.empty()) waiting_ &= ~(1u << queue);
}

/// How many chains the oldest frame takes: 0 if buffers are still missing, kNeverFits if even all
/// that the card can hold at once would not do.
uint32_t NicCore::receive_chains(unsigned queue) const {
  const FrameFifo& fifo = receive_fifo_[queue / 2];
  const Queue& q = queues_[queue];
  if (fifo.empty() || !q.next_described()) return 0;
  const uint64_t wanted = kHeader + fifo.front()->bytes.size();
  const bool merging = has(VIRTIO_NET_F_MRG_RXBUF) || rs_mutant(RS_MUTANT_SPREADS_WITHOUT_MERGING);
  if (!merging) {  // NRB-D-002
    return q.chain(q.started).writable_bytes >= wanted ? 1 : kNeverFits;
  }
  uint64_t room = 0;
  uint32_t chains = 0;
  while (q.started + chains != q.head) {
    const Chain& chain = q.chain(q.started + chains);
    if (chain.state != ChainState::kDescribed) return 0;
    room += chain.writable_bytes;
    ++chains;
    if (room >= wanted) return chains;
  }
  return chains == std::min<uint32_t>(Queue::kWindow, q.context.size) ? kNeverFits : 0;
}

void NicCore::start_receive(unsigned queue, ActionList& actions) {
  const uint32_t chains = receive_chains(queue);
  if (chains == kNeverFits) {
    drop_received(queue, Counter::kRxDropNoFit);
  } else {
    scatter(queue, chains, actions);
  }
}

// NRB-D-001, NRX-D-001 to NRX-D-003: num_buffers says how many, all but the last are full.
// NRX-D-005, NRX-D-026: without offloads the other fields are 0.
void NicCore::scatter(unsigned queue, uint32_t chains, ActionList& actions) {
  Queue& q = queues_[queue];
  const FrameFifo& fifo = receive_fifo_[queue / 2];
  const std::vector<std::byte>& bytes = fifo.front()->bytes;
  const auto frame_bytes = static_cast<uint32_t>(bytes.size());
  formats::VirtioNetHdr header{};
  header.num_buffers = static_cast<uint16_t>(chains);
  if (rs_mutant(RS_MUTANT_NUM_BUFFERS_ONE)) header.num_buffers = 1;
  if (rs_mutant(RS_MUTANT_NUM_BUFFERS_ZERO) && chains == 1) header.num_buffers = 0;
  if (rs_mutant(RS_MUTANT_RX_FLAGS_SET)) header.flags = 0xFF;
  if (rs_mutant(RS_MUTANT_RX_GSO_TCPV4)) header.gso_type = 1;
  if (rs_mutant(RS_MUTANT_RX_TUNNEL_BIT)) header.gso_type = 0x20;
  if (tracing()) {
    note(TraceKind::kStartReceive, queue, q.started, frame_bytes, chains, fifo.front()->id);
  }
  uint32_t place = actions.reserve_bytes(kHeader + frame_bytes);
  std::memcpy(actions.bytes(place), &header, kHeader);
  std::memcpy(actions.bytes(place + kHeader), bytes.data(), frame_bytes);
  if (rs_mutant(RS_MUTANT_RX_CHECKSUM_CLEARED) && frame_bytes > 41) {
    std::memset(actions.bytes(place + kHeader + 40), 0, 2);  // of UDP behind IPv4
  }
  uint32_t left = kHeader + frame_bytes;
  for (uint32_t i = 0; i < chains; ++i) {
    const uint32_t position = q.started++;
    Chain& chain = q.chain(position);
    const std::size_t from = rs_mutant(RS_MUTANT_WRITES_READABLE) ? 0 : chain.readable;
    const uint32_t unused = rs_mutant(RS_MUTANT_BUFFERS_NOT_FILLED) ? 1 : 0;
    for (std::size_t at = from; at < chain.segments.size() && left != 0; ++at) {
      const uint32_t part = std::min(chain.segments[at].size - unused, left);
      write(queue, Purpose::kPayload, chain.segments[at].address, place, part, actions, position);
      place += part;
      left -= part;
      chain.used_length += part;
    }
    if (rs_mutant(RS_MUTANT_USED_LENGTH_OF_BUFFER)) {
      chain.used_length = static_cast<uint32_t>(chain.writable_bytes);
    }
    chain.frame_end = i + 1 == chains || rs_mutant(RS_MUTANT_MERGED_ONE_BY_ONE);
    chain.state = ChainState::kDone;
  }
  ++counters_[Counter::kRxFrames];
  counters_[Counter::kRxBytes] += frame_bytes;
  forget_front(queue);
  chain_done(queue, actions);
}

}  // namespace ringside::hw
