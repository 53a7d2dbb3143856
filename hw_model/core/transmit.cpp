// SPDX-License-Identifier: Apache-2.0
// Transmit: gathering a chain into a frame (virtio 1.4, "Packet Transmission").
#include <algorithm>
#include <cstring>

#include "hw_model/core/nic_core.h"
#include "hw_model/registers/card_mutants.h"

namespace ringside::hw {

namespace {
constexpr uint32_t kHeader = sizeof(formats::VirtioNetHdr);
}

/// Counter::kCount if the chain's frame is to be sent.
Counter NicCore::transmit_drop(const Chain& chain) const {
  if (chain.readable_bytes < kHeader + kEthernetHeader) return Counter::kTxDropShort;
  const uint32_t less = rs_mutant(RS_MUTANT_DROPS_FULL_FRAMES) ? kVlanTag + 1 : 0;
  if (chain.readable_bytes > kHeader + frame_limit() - less) return Counter::kTxDropLong;
  return link_up_ ? Counter::kCount : Counter::kTxDropLinkDown;
}

bool NicCore::transmit_ready(const Queue& queue) const {
  if (!queue.next_described()) return false;
  const Chain& chain = queue.chain(queue.started);
  return transmit_drop(chain) != Counter::kCount ||
         tx_occupancy_ + chain.readable_bytes - kHeader <= config_.tx_buffer_bytes;
}

// NCF-D-006, VQS-D-001: how the frame is split over descriptors has no meaning. No field of
// virtio_net_hdr counts, because no offload is negotiated (NTX-D-001, NTX-D-002).
void NicCore::start_transmit(unsigned queue, ActionList& actions) {
  Queue& q = queues_[queue];
  const uint32_t position = q.started++;
  Chain& chain = q.chain(position);
  const Counter drop = transmit_drop(chain);
  if (drop != Counter::kCount) {
    ++counters_[drop];
    if (tracing()) {
      const auto bytes = static_cast<uint32_t>(std::max<uint64_t>(chain.readable_bytes, kHeader));
      note(TraceKind::kStartTransmit, queue, position, bytes - kHeader);
      note(TraceKind::kFrameDropped, queue, position, bytes - kHeader, static_cast<uint64_t>(drop));
    }
    chain.state = ChainState::kDone;
    chain_done(queue, actions);
    return;
  }
  chain.state = ChainState::kPayload;
  chain.frame_bytes = static_cast<uint32_t>(chain.readable_bytes) - kHeader;
  chain.frame = pool_.make();
  chain.outstanding = chain.readable;
  tx_occupancy_ += chain.frame_bytes;
  if (tracing()) {
    note(TraceKind::kStartTransmit, queue, position, chain.frame_bytes, 0, chain.frame->id);
  }
  uint32_t offset = 0;
  for (uint32_t i = 0; i < chain.readable; ++i) {
    const Segment& segment = chain.segments[i];
    read(ReadKind::kPayload, queue, position, segment.address, segment.size, actions, 0, offset);
    offset += segment.size;
  }
}

void NicCore::payload_read(const Read& read, ByteView data, ActionList& actions) {
  Chain& chain = queues_[read.queue].chain(read.position);
  std::vector<std::byte>& bytes = chain.frame->bytes;
  const uint32_t skip = read.offset < kHeader ? std::min(kHeader - read.offset, read.size) : 0;
  const ByteView part = data.subspan(skip);
  if (!part.empty()) {
    const uint32_t at = read.offset + skip - kHeader;
    if (at == bytes.size()) {
      bytes.insert(bytes.end(), part.begin(), part.end());
    } else {  // completions out of order
      if (bytes.size() < chain.frame_bytes) bytes.resize(chain.frame_bytes);
      std::memcpy(bytes.data() + at, part.data(), part.size());
    }
  }
  if (--chain.outstanding != 0) return;
  chain.state = ChainState::kDone;
  chain_done(read.queue, actions);
}

}  // namespace ringside::hw
