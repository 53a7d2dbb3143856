// SPDX-License-Identifier: Apache-2.0
// The receive path: refill, poll, merging (virtio 1.4, "Setting Up Receive Buffers", "Processing of
// Incoming Packets").
#include "host_driver/receive_queue.h"

#include <algorithm>
#include <utility>

#include "formats/virtio.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {
namespace {

constexpr uint32_t kHeaderBytes = sizeof(formats::VirtioNetHdr);  // NRB-R-004
constexpr uint32_t kEthernetHeader = 14;
constexpr uint32_t kVlanTag = 4;
constexpr uint32_t kLeastUnmerged = 1526;  // NRB-R-002
constexpr uint16_t kMostRefillBatch = 32;

/// NRX-R-008, NRX-R-010, NRX-R-011: what a header says of tunnels must make sense, negotiated or
/// not. Other bits that were not negotiated mean nothing (NRX-R-001).
bool acceptable(const formats::VirtioNetHdr& header) {
  constexpr uint8_t kTunnels =
      VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4 | VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6;
  const uint8_t tunnel = header.gso_type & kTunnels;
  const bool needs_csum = (header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
  if (tunnel == 0) {
    return !needs_csum || (header.flags & VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM) == 0 ||
           mutant(Mutant::kTunnelChecksumWithoutTunnel);
  }
  if (mutant(Mutant::kTunnelsAccepted)) return true;
  return tunnel != kTunnels && needs_csum && (header.flags & VIRTIO_NET_HDR_F_DATA_VALID) == 0 &&
         (header.gso_type & ~kTunnels) != VIRTIO_NET_HDR_GSO_NONE;
}

}  // namespace

ReceiveQueue::ReceiveQueue(PciAccess& pci, Platform& platform, QueueOwner& owner,
                           const VirtioNetOptions& options, RxBufferId first_id)
    : pci_(pci),
      platform_(platform),
      owner_(owner),
      options_(options),
      first_id_(first_id),
      queue_(pci),
      pool_(pci),
      napi_(platform, &ReceiveQueue::poll, this),
      retry_timer_(platform.make_timer(
          [](void* self) { static_cast<ReceiveQueue*>(self)->napi_.schedule(); }, this)) {}

Status ReceiveQueue::prepare(uint64_t features, uint16_t size, uint32_t mtu) {
  mergeable_ = (features & formats::feature_bit(VIRTIO_NET_F_MRG_RXBUF)) != 0;
  most_frame_bytes_ = mtu + kEthernetHeader + kVlanTag;
  uint32_t buffer_bytes = options_.rx_buffer_bytes;  // NRB-R-003
  if (!mergeable_) {                                 // NRB-R-002, NCF-R-008
    buffer_bytes = std::max({buffer_bytes, kLeastUnmerged, kHeaderBytes + most_frame_bytes_});
  }
  const uint32_t buffers =
      options_.rx_pool_buffers != 0 ? options_.rx_pool_buffers : size + size / 2u;
  refill_batch_ = std::clamp<uint16_t>(static_cast<uint16_t>(size / 4), 1, kMostRefillBatch);
  // At rest the ring may lack almost a batch, and what it then holds has to do (NCF-R-008).
  const uint64_t posted = std::min({size + 1u - refill_batch_, buffers, kMostSegments});
  if (mergeable_ && buffer_bytes * posted < kHeaderBytes + most_frame_bytes_) {
    return Status::failure(
        "the receive ring holds less than one frame: raise ring_size, rx_buffer_bytes or "
        "rx_pool_buffers");
  }
  if (Status status = pool_.configure(buffers, buffer_bytes); !status.ok()) return status;
  SplitVirtqueue::Config config;
  config.size = size;
  config.event_idx = (features & formats::feature_bit(VIRTIO_F_EVENT_IDX)) != 0;
  if (Status status = queue_.allocate(config); !status.ok()) return status;
  posted_.assign(size, 0);
  last_num_buffers_ = 1;
  return Status::success();
}

Status ReceiveQueue::fill() {
  refill();
  if (queue_.outstanding() == 0) return Status::failure("no memory for receive buffers");
  return Status::success();
}

void ReceiveQueue::start(const Notifier& notifier, NetDeviceClient& client) {
  notifier_ = notifier;
  client_ = &client;
  watched_pending_ = false;
  queue_.ran_dry();
  napi_.enable();
  // The poll sends the notification for what fill() exposed, and arms the retry if that was short.
  napi_.schedule();
}

void ReceiveQueue::catch_up(uint64_t deadline_ns) {
  constexpr uint64_t kPauseNs = 1000;
  // For the device to notice new buffers, and to fill them.
  constexpr uint64_t kDryPauseNs = 20'000;
  for (;;) {
    ran_dry_ = false;
    behind_ = queue_.size();
    napi_.schedule();
    while (behind_ != 0 && platform_.now_ns() < deadline_ns) {
      platform_.sleep_until(platform_.now_ns() + kPauseNs);
    }
    if (!ran_dry_ || platform_.now_ns() >= deadline_ns) return;
    platform_.sleep_until(platform_.now_ns() + kDryPauseNs);
  }
}

bool ReceiveQueue::poll_if_missed() {
  const bool pending = queue_.used_pending();
  const bool missed = pending && watched_pending_ && watched_polls_ == counters_.polls;
  watched_pending_ = pending;
  watched_polls_ = counters_.polls;
  if (!missed) return false;
  ++counters_.missed_interrupts;
  napi_.schedule();
  return true;
}

void ReceiveQueue::pause() {
  napi_.disable();
  retry_timer_->cancel();
}

void ReceiveQueue::reclaim() {
  queue_.take_all([this](uint16_t head) { pool_.put(posted_[head]); });
}

void ReceiveQueue::release(RxBufferId id) {
  if (!pool_.give_back(id - first_id_)) {
    ++counters_.bad_releases;
    return;
  }
  if (starved_.load(std::memory_order_relaxed) && starved_.exchange(false)) napi_.schedule();
}

bool ReceiveQueue::refill() {
  unsigned added = 0;
  RxBufferId id = 0;
  bool complete = true;
  while (queue_.free_descriptors() != 0) {
    if (!pool_.take(&id)) {
      complete = false;
      break;
    }
    const BufferElement element{pool_.bus(id), pool_.buffer_bytes()};
    posted_[queue_.add({&element, 1}, true)] = id;
    ++added;
  }
  if (added != 0) platform_.charge(Cost::kReceiveRefill, added);
  queue_.publish();
  return complete;
}

void ReceiveQueue::refill_in_batches() {
  if (queue_.free_descriptors() >= refill_batch_) {
    starved_ = false;
    if (!refill()) {
      // A release may have come between the failed take and the flag: the timer covers that, and
      // memory that comes back without one.
      ++counters_.refill_failures;
      starved_ = true;
      retry_timer_->arm(platform_.now_ns() + options_.refill_retry_ns);
    }
  }
  if (queue_.kick_needed()) {
    ++counters_.kicks;
    notifier_.notify(pci_, queue_.avail_idx());
  }
}

void ReceiveQueue::poll() {
  platform_.charge(Cost::kNapiPoll);
  ++counters_.polls;
  SplitVirtqueue::Used used;
  SplitVirtqueue::Next next = SplitVirtqueue::Next::kNone;
  unsigned frames = 0;
  const uint32_t behind = behind_;  // a poll that began before catch_up() does not count
  while (frames < options_.napi_budget) {
    next = queue_.next_used(&used);
    if (next != SplitVirtqueue::Next::kUsed) break;
    receive_one(used);
    ++frames;
    if (queue_.free_descriptors() >= refill_batch_ && !starved_) refill_in_batches();
  }
  if (behind != 0) {
    if (queue_.ran_dry()) ran_dry_ = true;
    behind_ = next == SplitVirtqueue::Next::kUsed ? behind - std::min(behind, frames) : 0;
  }
  if (frames != 0) client_->receive_done();
  if (queue_.broken()) return owner_.queue_fault(queue_.fault());
  refill_in_batches();
  if (frames == options_.napi_budget) return napi_.schedule();
  const bool more = queue_.enable_interrupts();
  if (more && !mutant(Mutant::kNoRecheckAfterRearm)) {  // VQS-R-031
    queue_.disable_interrupts();
    napi_.schedule();
  }
}

void ReceiveQueue::drop(unsigned segments, uint64_t* reason) {
  for (unsigned i = 0; i < segments; ++i) pool_.put(segments_[i].buffer);
  ++*reason;
  ++counters_.drops;
}

void ReceiveQueue::receive_one(const SplitVirtqueue::Used& first) {
  const uint32_t buffer_bytes = pool_.buffer_bytes();
  platform_.charge(Cost::kReceiveFrame);
  RxBufferId id = posted_[first.head];
  std::byte* data = pool_.data(id);
  uint32_t used_bytes = first.size;
  if (mutant(Mutant::kUsedLengthIgnored)) {
    used_bytes = std::min(buffer_bytes, kHeaderBytes + most_frame_bytes_);
  }
  segments_[0] = {data + kHeaderBytes, used_bytes - kHeaderBytes, id};
  if (used_bytes > buffer_bytes) {
    queue_.mark_broken("a used length is larger than the buffer");
    return drop(1, &counters_.length_errors);
  }
  // What lies past the used length is not the device's (VQS-R-017): a short header is no header.
  if (used_bytes < kHeaderBytes) return drop(1, &counters_.length_errors);
  formats::VirtioNetHdr header;
  pci_.load(&header, data, sizeof header);
  unsigned num_buffers = 1;
  if (mergeable_) {
    num_buffers = header.num_buffers;
    if (mutant(Mutant::kStaleNumBuffers)) std::swap(last_num_buffers_, num_buffers);
  }
  uint32_t frame_bytes = segments_[0].size;
  unsigned count = 1;
  bool bad = num_buffers > kMostSegments;
  if (num_buffers == 0) ++counters_.merge_zeros;  // as 1: one buffer there is
  // All buffers of a frame are used in one step; one that is missing now is never waited for.
  for (unsigned i = 1; i < num_buffers; ++i) {
    SplitVirtqueue::Used used;
    if (queue_.next_used(&used) != SplitVirtqueue::Next::kUsed) {
      bad = true;
      break;
    }
    id = posted_[used.head];
    if (used.size > buffer_bytes) queue_.mark_broken("a used length is larger than the buffer");
    if (used.size == 0 || used.size > buffer_bytes) bad = true;
    if (count == kMostSegments || bad) {
      pool_.put(id);
    } else {
      segments_[count++] = {pool_.data(id), used.size, id};
      frame_bytes += used.size;
    }
  }
  if (bad) return drop(count, &counters_.merge_errors);
  if (!acceptable(header)) return drop(count, &counters_.header_errors);
  if (frame_bytes < kEthernetHeader || frame_bytes > most_frame_bytes_) {
    return drop(count, &counters_.length_errors);
  }
  ++counters_.packets;
  counters_.bytes += frame_bytes;
  for (unsigned i = 0; i < count; ++i) {
    pool_.hand_over(segments_[i].buffer);
    segments_[i].buffer += first_id_;
  }
  client_->receive({segments_, count});
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
