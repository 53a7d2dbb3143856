// SPDX-License-Identifier: Apache-2.0
// VirtioNetDriver: construction, open, stop, and the calls that go straight to a queue.
#include "host_driver/virtio_net_driver.h"

#include <algorithm>
#include <bit>

#include "host_driver/flow_hash.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

VirtioNetDriver::VirtioNetDriver(PciAccess& pci, Platform& platform,
                                 const VirtioNetOptions& options)
    : pci_(pci),
      platform_(platform),
      options_(options),
      device_(pci, platform),
      control_(pci, platform,
               {[](void* self, bool late) {
                  return static_cast<VirtioNetDriver*>(self)->control_hopeless(late);
                },
                this}),
      events_(
          platform, [](void* self) { static_cast<VirtioNetDriver*>(self)->deliver_events(); },
          this),
      control_work_(platform.make_work(
          WorkContext::kProcess,
          [](void* self) { static_cast<VirtioNetDriver*>(self)->run_control(); }, this)),
      control_timer_(platform.make_timer(
          [](void* self) { static_cast<VirtioNetDriver*>(self)->control_work_->schedule(); },
          this)),
      watchdog_(platform.make_timer(
          [](void* self) { static_cast<VirtioNetDriver*>(self)->on_watchdog(); }, this)),
      control_queue_(platform.make_wait_queue()) {
  QueueOwner& owner = *this;
  for (unsigned pair = 0; pair < std::clamp(options.queue_pairs, 1u, kMostQueuePairs); ++pair) {
    pair_contexts_[pair] = {this, pair};
    receive_.push_back(std::make_unique<ReceiveQueue>(pci, platform, owner, options_,
                                                      RxBufferId{pair} << kBufferIdBits));
    transmit_.push_back(std::make_unique<TransmitQueue>(pci, platform, owner, options_));
  }
}

VirtioNetDriver::~VirtioNetDriver() {
  if (state_ != State::kClosed) stop();
  // A bring-up that failed may have left some, too.
  drain_control();
}

Status VirtioNetDriver::check_options() const {
  const auto in = [](uint64_t value, uint64_t low, uint64_t high) {
    return value >= low && value <= high;
  };
  if (!in(options_.ring_size, 4, VIRTQ_MAX_SIZE) ||
      (options_.ring_size & (options_.ring_size - 1)) != 0) {
    return Status::failure("ring_size must be a power of two from 4 to 32768");
  }
  if (!in(options_.queue_pairs, 1, kMostQueuePairs)) {
    return Status::failure("queue_pairs must lie between 1 and 8");
  }
  if (!in(options_.rx_pool_buffers, 0, (uint64_t{1} << kBufferIdBits) - 1)) {
    return Status::failure("rx_pool_buffers must lie below 268435456");
  }
  if (!in(options_.rx_buffer_bytes, 64, 65536)) {
    return Status::failure("rx_buffer_bytes must lie between 64 and 65536");
  }
  if (!in(options_.napi_budget, 1, 65535)) {
    return Status::failure("napi_budget must lie between 1 and 65535");
  }
  if (!in(options_.max_tx_fragments, 1, 64)) {
    return Status::failure("max_tx_fragments must lie between 1 and 64");
  }
  if (!in(options_.indirect_threshold, 1, 65535)) {
    return Status::failure("indirect_threshold must lie between 1 and 65535");
  }
  if (!in(options_.msix_vectors, 1, 1 + 2 * kMostQueuePairs)) {
    return Status::failure("msix_vectors must lie between 1 and 17");
  }
  return Status::success();
}

Status VirtioNetDriver::open(NetDeviceClient& client) {
  enter_control();
  Status status = state_ == State::kClosed ? check_options()
                                           : Status::failure("the network device is open already");
  if (status.ok()) {
    client_ = &client;
    features_ = 0;
    attempts_ = 0;
    counters_.resets = 0;
    events_.enable();
    status = bring_up();
    if (status.ok()) {
      link_pending_ = true;
      events_.schedule();
    } else {
      events_.disable();
    }
  }
  leave_control();
  return status;
}

void VirtioNetDriver::stop() {
  enter_control();
  if (state_ != State::kClosed) {
    state_ = State::kClosed;
    control_timer_->cancel();
    watchdog_->cancel();
    take_down(TransmitQueue::Gate::kClosed);
    events_.disable();
    for (auto& queue : transmit_) queue->settle(*client_, false);
    link_.up = false;
    features_ = 0;
  }
  leave_control();
  drain_control();
}

TxResult VirtioNetDriver::transmit(const TxFrame& frame, bool more) {
  const unsigned pairs = active_pairs_.load(std::memory_order_relaxed);
  return pairs == 1 ? transmit_[0]->transmit(frame, more) : transmit_on(pairs, frame, more);
}

TxResult VirtioNetDriver::transmit_on(unsigned pairs, const TxFrame& frame, bool more) {
  unsigned queue = flow_queue(frame, pairs);
  if (mutant(Mutant::kTransmitQueuePerFrame)) queue = next_queue_++ % pairs;
  const uint32_t bit = uint32_t{1} << queue;
  // This call rings for what waits in its own queue. Said before, not after: then another core may
  // have left a frame there already.
  if (!more) unrung_ &= ~bit;
  const TxResult result = transmit_[queue]->transmit(frame, more);
  if (result == TxResult::kOk && more) {
    unrung_ |= bit;
    return result;
  }
  // Nothing may follow: no queue waits any longer for the next frame, which may be another's.
  uint32_t waiting = unrung_.exchange(0);
  if (mutant(Mutant::kMoreForgottenOverQueues)) waiting = 0;
  for (; waiting != 0; waiting &= waiting - 1) {
    transmit_[static_cast<unsigned>(std::countr_zero(waiting))]->ring();
  }
  return result;
}

void VirtioNetDriver::release(RxBufferId buffer) {
  const std::size_t queue = std::min<std::size_t>(buffer >> kBufferIdBits, receive_.size() - 1);
  receive_[queue]->release(buffer);
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
