// SPDX-License-Identifier: Apache-2.0
// The transmit path: descriptors, doorbell, stop and wake, completion (virtio 1.4, "Packet
// Transmission").
#include "host_driver/transmit_queue.h"

#include <algorithm>

#include "formats/virtio.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {
namespace {

constexpr uint32_t kHeaderBytes = sizeof(formats::VirtioNetHdr);  // NTX-R-001
constexpr std::size_t kHeaderStride = 16;
constexpr uint32_t kEthernetHeader = 14;
constexpr uint32_t kVlanTag = 4;
constexpr unsigned kMostElements = 1 + 64;

}  // namespace

TransmitQueue::TransmitQueue(PciAccess& pci, Platform& platform, QueueOwner& owner,
                             const VirtioNetOptions& options)
    : pci_(pci),
      platform_(platform),
      owner_(owner),
      options_(options),
      queue_(pci),
      napi_(platform, &TransmitQueue::poll, this),
      lock_(platform.make_lock()),
      timer_(platform.make_timer(
          [](void* context) {
            auto* self = static_cast<TransmitQueue*>(context);
            {
              LockGuard guard(*self->lock_);
              self->timer_armed_ = false;
              ++self->counters_.timer_polls;
            }
            self->napi_.schedule();
          },
          this)) {}

TransmitQueue::~TransmitQueue() {
  if (headers_) pci_.free_coherent(headers_);
}

Status TransmitQueue::prepare(uint64_t features, uint16_t size, uint32_t mtu) {
  most_frame_bytes_ = mtu + kEthernetHeader + kVlanTag;  // NCF-R-009
  // A chain or table is never longer than the queue: VQS-R-008.
  most_fragments_ =
      std::min<unsigned>({options_.max_tx_fragments,
                          size - (mutant(Mutant::kChainBeyondQueue) ? 0u : 1u), kMostElements - 1});
  SplitVirtqueue::Config config;
  config.size = size;
  config.event_idx = (features & formats::feature_bit(VIRTIO_F_EVENT_IDX)) != 0;
  if ((features & formats::feature_bit(VIRTIO_F_INDIRECT_DESC)) != 0) {  // VQS-R-006
    config.indirect_elements = static_cast<uint16_t>(1 + most_fragments_);
    config.indirect_threshold = static_cast<uint16_t>(options_.indirect_threshold);
  }
  if (Status status = queue_.allocate(config); !status.ok()) return status;
  room_ = 1;
  for (unsigned elements = 2; elements <= 1 + most_fragments_; ++elements) {
    room_ = std::max(room_, queue_.descriptors_for(elements));
  }
  wake_room_ = static_cast<uint16_t>(std::max<unsigned>(room_, size / 4));
  // The headers stay as they are, all zero: no flags, GSO_NONE, num_buffers 0
  // (NTX-R-002, NTX-R-003, NTX-R-031).
  if (headers_.size < size * kHeaderStride) {
    if (headers_) pci_.free_coherent(headers_);
    headers_ = pci_.alloc_coherent(size * kHeaderStride, kHeaderStride);
    if (!headers_) return Status::failure("no memory for transmit headers");
  }
  for (uint32_t i = 0; mutant(Mutant::kHeaderNotCleared) && i < size; ++i) {
    pci_.store16(headers_.data + i * kHeaderStride, VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM | 1 << 8);
  }
  cookies_.assign(size, nullptr);
  orphans_.reserve(size);
  timer_ns_ = options_.tx_reclaim_timeout_ns != 0 ? options_.tx_reclaim_timeout_ns
                                                  : options_.tx_stall_timeout_ns;
  return Status::success();
}

void TransmitQueue::start(const Notifier& notifier, NetDeviceClient& client) {
  LockGuard guard(*lock_);
  notifier_ = notifier;
  client_ = &client;
  gate_ = Gate::kOpen;
  stopped_ = false;
  if (mutant(Mutant::kWakeLostOverReset)) wake_wanted_ = false;
  napi_.enable();
  // The first poll asks for interrupts, and wakes a client that a reset kept waiting.
  napi_.schedule();
}

void TransmitQueue::pause(Gate gate) {
  {
    LockGuard guard(*lock_);
    gate_ = gate;
  }
  napi_.disable();
  timer_->cancel();
  timer_armed_ = false;
}

void TransmitQueue::reclaim() {
  LockGuard guard(*lock_);
  queue_.take_all([this](uint16_t head) {
    orphans_.push_back(take_back(head, false));
    ++counters_.abandoned;
  });
}

void TransmitQueue::settle(NetDeviceClient& client, bool may_wake) {
  for (;;) {
    void* cookies[kBatch];
    unsigned count = 0;
    bool wake = false;
    {
      LockGuard guard(*lock_);
      while (count < kBatch && !orphans_.empty()) {
        cookies[count++] = orphans_.back();
        orphans_.pop_back();
      }
      if (count == 0 && gate_ == Gate::kClosed) {
        wake = wake_wanted_ && may_wake;
        wake_wanted_ = false;
      }
    }
    for (unsigned i = 0; i < count; ++i) client.transmit_complete(cookies[i]);
    if (wake) client.transmit_wake();
    if (count == 0) return;
  }
}

TxResult TransmitQueue::refuse(uint64_t* reason) {
  ++*reason;
  ++counters_.drops;
  flush();  // what an earlier `more` left
  return TxResult::kDrop;
}

TxResult TransmitQueue::transmit(const TxFrame& frame, bool more) {
  uint64_t bytes = 0;
  unsigned fragments = 0;
  for (const TxFragment& fragment : frame.fragments) {
    bytes += fragment.size;
    fragments += fragment.size != 0;
  }
  LockGuard guard(*lock_);
  if (gate_ == Gate::kClosed) {
    ++counters_.drops;
    return TxResult::kDrop;
  }
  if (gate_ == Gate::kPaused || stopped_) {
    wake_wanted_ = true;
    ++counters_.busy;
    return TxResult::kBusy;
  }
  if (bytes < kEthernetHeader || bytes > most_frame_bytes_) {
    return refuse(&counters_.length_errors);
  }
  if (fragments > most_fragments_) return refuse(&counters_.fragment_errors);
  platform_.charge(Cost::kTransmitFrame);
  platform_.charge(Cost::kTransmitFragment, fragments);
  if (!enqueue(frame)) return refuse(&counters_.map_errors);
  if (queue_.outstanding() == 1) progress_ns_ = platform_.now_ns();
  if (!timer_armed_) arm_timer();
  if (queue_.free_descriptors() < room_) {
    stop_if_full();
  } else if (!more) {
    flush();
  }
  return TxResult::kOk;
}

void TransmitQueue::ring() {
  LockGuard guard(*lock_);
  if (gate_ == Gate::kOpen) flush();
}

bool TransmitQueue::enqueue(const TxFrame& frame) {
  BufferElement elements[kMostElements];
  const uint16_t head = queue_.next_head();
  unsigned count = 0;
  if (mutant(Mutant::kNumBuffersSent)) {
    pci_.store16(
        headers_.data + head * kHeaderStride + offsetof(formats::VirtioNetHdr, num_buffers), 1);
  }
  elements[count++] = {headers_.bus + head * kHeaderStride, kHeaderBytes};
  for (const TxFragment& fragment : frame.fragments) {
    if (fragment.size == 0) continue;
    const BusAddress bus = pci_.map(fragment.data, fragment.size, DmaDirection::kToDevice);
    if (bus == PciAccess::kNoMapping) {
      while (--count != 0) {
        pci_.unmap(elements[count].address, elements[count].size, DmaDirection::kToDevice);
      }
      return false;
    }
    elements[count++] = {bus, fragment.size};
  }
  queue_.add({elements, count}, false);
  cookies_[head] = frame.cookie;
  last_head_ = head;
  return true;
}

void TransmitQueue::flush() {
  const bool lost = mutant(Mutant::kKickLostAfterMore) && queue_.unpublished() > 1;
  queue_.publish();
  if (!queue_.kick_needed() || lost) return;
  ++counters_.kicks;
  notifier_.notify(pci_, queue_.avail_idx());
}

/// Room for a worst-case frame is gone: the queue stops before an add could fail.
void TransmitQueue::stop_if_full() {
  stopped_ = true;
  ++counters_.stops;
  flush();
  // The device may have used buffers since the last poll, and then no interrupt would come.
  if (arm_interrupts() && !mutant(Mutant::kNoRecheckAfterStop)) napi_.schedule();
}

bool TransmitQueue::arm_interrupts() {
  const unsigned outstanding = queue_.outstanding();
  if (stopped_) return queue_.enable_interrupts(static_cast<uint16_t>(outstanding * 3 / 4));
  if (options_.tx_reclaim_timeout_ns == 0) return queue_.enable_interrupts();
  if (!options_.tx_interrupts) {
    queue_.disable_interrupts();
    return false;
  }
  // The timer bounds the wait, so that one interrupt may stand for many completions.
  const unsigned frames = std::max<unsigned>(options_.tx_interrupt_frames, 1) - 1;
  const unsigned delay =
      std::max(std::min<unsigned>(frames, queue_.size() / 2), outstanding * 3 / 4);
  return queue_.enable_interrupts(static_cast<uint16_t>(delay));
}

void TransmitQueue::arm_timer() {
  if (timer_ns_ == 0) return;
  timer_armed_ = true;
  timer_->arm(platform_.now_ns() + timer_ns_);
}

void* TransmitQueue::take_back(uint16_t head, bool sent) {
  bool header = true;
  uint64_t bytes = 0;
  queue_.for_each_element(head, [&](BusAddress address, uint32_t size) {
    if (!header) {
      pci_.unmap(address, size, DmaDirection::kToDevice);
      bytes += size;
    }
    header = false;
  });
  if (sent) {
    ++counters_.packets;
    counters_.bytes += bytes;
  }
  return cookies_[head];
}

SplitVirtqueue::Next TransmitQueue::collect(void** cookies, unsigned* count) {
  auto next = SplitVirtqueue::Next::kUsed;
  while (*count < kBatch) {
    SplitVirtqueue::Used used;
    next = queue_.next_used(&used);
    if (next != SplitVirtqueue::Next::kUsed) break;
    if (mutant(Mutant::kTransmitCompletedEarly) && queue_.is_outstanding(last_head_)) {
      std::swap(cookies_[used.head], cookies_[last_head_]);
    }
    cookies[(*count)++] = take_back(used.head, true);
  }
  if (*count != 0) {
    progress_ns_ = platform_.now_ns();
    platform_.charge(Cost::kTransmitComplete, *count);
  }
  return next;
}

/// The ring is drained: starts a stopped queue, asks for the next interrupt. True: poll again.
bool TransmitQueue::after_collecting(bool* wake) {
  if (stopped_ && queue_.free_descriptors() >= wake_room_) stopped_ = false;
  if (!stopped_ && wake_wanted_) {
    wake_wanted_ = false;
    ++counters_.wakes;
    *wake = true;
  }
  const bool more = arm_interrupts();
  if (!timer_armed_ && queue_.outstanding() != 0) arm_timer();
  return more && !mutant(Mutant::kNoRecheckAfterRearm);  // VQS-R-031
}

bool TransmitQueue::stalled() {
  // A softirq may run at an earlier time than the code that it interrupted had already reached.
  const uint64_t now_ns = std::max(platform_.now_ns(), progress_ns_);
  return options_.tx_stall_timeout_ns != 0 && queue_.outstanding() != 0 &&
         now_ns - progress_ns_ >= options_.tx_stall_timeout_ns;
}

void TransmitQueue::poll() {
  platform_.charge(Cost::kNapiPoll);
  ++counters_.polls;
  void* cookies[kBatch];
  unsigned count = 0;
  bool wake = false, again = true;
  auto next = SplitVirtqueue::Next::kNone;
  {
    LockGuard guard(*lock_);
    if (gate_ != Gate::kOpen) return;
    flush();
    next = collect(cookies, &count);
    if (next == SplitVirtqueue::Next::kNone) {
      again = after_collecting(&wake);
      if (stalled()) {
        ++counters_.stalls;
        next = queue_.mark_broken("no transmitted frame was completed for too long");
      }
    }
  }
  for (unsigned i = 0; i < count; ++i) client_->transmit_complete(cookies[i]);
  if (wake) client_->transmit_wake();
  if (next == SplitVirtqueue::Next::kBroken) return owner_.queue_fault(queue_.fault());
  if (again) napi_.schedule();
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
