// SPDX-License-Identifier: Apache-2.0
// Transmit: gathering a chain into a frame (virtio 1.4, "Packet Transmission").
#include <algorithm>
#include <cstring>

#include "formats/checksum.h"
#include "hw_model/core/nic_core.h"
#include "hw_model/registers/card_mutants.h"

namespace ringside::hw {

namespace {
constexpr uint32_t kHeader = sizeof(formats::VirtioNetHdr);
}

/// Counter::kCount if the chain's frame is to be sent.
Counter NicCore::transmit_drop(const Chain& chain) const {
  if (chain.readable_bytes < kHeader + kEthernetHeader) return Counter::kTxDropShort;
  if (rs_mutant(RS_MUTANT_SPLIT_HEADERS_DROPPED) && chain.segments[0].size < kHeader) {
    return Counter::kTxDropShort;
  }
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
  const bool all = rs_mutant(RS_MUTANT_READS_WRITABLE);
  const auto reads = all ? static_cast<uint32_t>(chain.segments.size()) : chain.readable;
  chain.outstanding = reads;
  tx_occupancy_ += chain.frame_bytes;
  if (tracing()) {
    note(TraceKind::kStartTransmit, queue, position, chain.frame_bytes, 0, chain.frame->id);
  }
  uint32_t offset = 0;
  for (uint32_t i = 0; i < reads; ++i) {
    const Segment& segment = chain.segments[i];
    read(ReadKind::kPayload, queue, position, segment.address, segment.size, actions, 0, offset);
    offset += segment.size;
  }
}

void NicCore::payload_read(const Read& read, ByteView data, ActionList& actions) {
  Chain& chain = queues_[read.queue].chain(read.position);
  std::vector<std::byte>& bytes = chain.frame->bytes;
  const uint32_t header = rs_mutant(RS_MUTANT_TX_HEADER_OF_20_BYTES) ? 20 : kHeader;
  const uint32_t skip = read.offset < header ? std::min(header - read.offset, read.size) : 0;
  const ByteView part = data.subspan(skip);
  if (!part.empty()) {
    const uint32_t at = read.offset + skip - header;
    if (at == bytes.size()) {
      bytes.insert(bytes.end(), part.begin(), part.end());
    } else {  // completions out of order
      if (bytes.size() < chain.frame_bytes) bytes.resize(chain.frame_bytes);
      std::memcpy(bytes.data() + at, part.data(), part.size());
    }
  }
  if (read.offset == 0 && data[0] != std::byte{0} && rs_mutant(RS_MUTANT_TX_FLAGS_REFUSED)) {
    device_error(DeviceError::kNoUsableBuffer, read.queue, actions);
  }
  if (read.offset == 0 && data.size() > kHeader && rs_mutant(RS_MUTANT_TX_CSUM_WITHOUT_FLAG)) {
    bytes[static_cast<uint8_t>(data[6]) % bytes.size()] ^= data[6];  // csum_start
  }
  if (--chain.outstanding != 0) return;
  if (rs_mutant(RS_MUTANT_TX_CHECKSUM_DEMANDED) && bytes.size() >= 34 &&
      formats::internet_checksum(ByteView(bytes).subspan(14, 20)) != 0) {
    bytes.clear();
  }
  chain.state = ChainState::kDone;
  chain_done(read.queue, actions);
}

}  // namespace ringside::hw
