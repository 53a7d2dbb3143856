// SPDX-License-Identifier: Apache-2.0
// Interrupt vectors and handlers: MSI-X with a vector for every queue or fewer, or INTx
// (virtio 1.4, "MSI-X Vector Configuration", "ISR status capability", "Driver Handling
// Interrupts").
#include "host_driver/virtio_net_driver.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {
namespace {

/// One vector for all events cannot tell a configuration change, so it looks for one this often.
constexpr uint64_t kSharedCheckNs = 1'000'000;

VirtioNetDriver& self(void* context) { return *static_cast<VirtioNetDriver*>(context); }

}  // namespace

Status VirtioNetDriver::set_up_interrupts() {
  InterruptMode mode = InterruptMode::kNone;
  if (options_.use_msix) {
    const unsigned wanted = std::min(options_.msix_vectors, vectors_of(VectorLayout::kPerQueue));
    vectors_ = pci_.interrupts_enable(wanted, &mode);
    if (mode == InterruptMode::kMsix) {
      // Fewer vectors if the device cannot map so many (PMX-R-001, PMX-R-006).
      unsigned tried = ~0u;
      for (const VectorLayout layout : {VectorLayout::kPerQueue, VectorLayout::kPerPair,
                                        VectorLayout::kAllQueues, VectorLayout::kShared}) {
        const unsigned vectors = vectors_of(layout);
        if (vectors > vectors_ || vectors == tried) continue;
        tried = vectors;
        if (map_vectors(layout)) {
          bind_vectors(layout);
          return Status::success();
        }
      }
      release_interrupts();
    }
  }
  for (unsigned pair = 0; pair < pairs_; ++pair) set_core(pair, 0);
  if (mode != InterruptMode::kIntx) vectors_ = pci_.interrupts_enable(0, &mode);
  if (mode != InterruptMode::kIntx || vectors_ == 0) {
    release_interrupts();
    return Status::failure("the device has no usable interrupt");
  }
  pci_.interrupt_bind(0, &VirtioNetDriver::on_intx, this);
  return Status::success();
}

unsigned VirtioNetDriver::vectors_of(VectorLayout layout) const {
  switch (layout) {
    case VectorLayout::kPerQueue:
      return 1 + 2 * pairs_;
    case VectorLayout::kPerPair:
      return 1 + pairs_;
    case VectorLayout::kAllQueues:
      return 2;
    case VectorLayout::kShared:
      break;
  }
  return 1;
}

/// PMX-R-004, PMX-R-005. The control queue is never mapped: after a reset nothing is.
bool VirtioNetDriver::map_vectors(VectorLayout layout) {
  if (!device_.set_config_vector(0)) return false;
  for (unsigned queue = 0; queue < 2 * pairs_; ++queue) {
    unsigned vector = 0;
    if (layout == VectorLayout::kPerQueue) vector = 1 + queue;
    if (layout == VectorLayout::kPerPair) vector = 1 + queue / 2;
    if (layout == VectorLayout::kAllQueues) vector = 1;
    if (!device_.set_queue_vector(static_cast<uint16_t>(queue), static_cast<uint16_t>(vector))) {
      return false;
    }
  }
  return true;
}

void VirtioNetDriver::bind_vectors(VectorLayout layout) {
  if (layout == VectorLayout::kShared) {
    pci_.interrupt_bind(0, &VirtioNetDriver::on_shared_interrupt, this);
  } else {
    pci_.interrupt_bind(0, &VirtioNetDriver::on_config_interrupt, this);
  }
  if (layout == VectorLayout::kAllQueues) {
    pci_.interrupt_bind(1, &VirtioNetDriver::on_queues_interrupt, this);
  }
  for (unsigned pair = 0; pair < pairs_; ++pair) bind_pair(layout, pair);
}

/// A pair's interrupts and polls have a core of their own if its vectors are its own.
void VirtioNetDriver::bind_pair(VectorLayout layout, unsigned pair) {
  const bool own = layout == VectorLayout::kPerQueue || layout == VectorLayout::kPerPair;
  const unsigned core = own ? pair % platform_.core_count() : 0;
  set_core(pair, core);
  Pair* context = &pair_contexts_[pair];
  if (layout == VectorLayout::kPerPair) {
    pci_.interrupt_affinity(1 + pair, core);
    pci_.interrupt_bind(1 + pair, &VirtioNetDriver::on_pair_interrupt, context);
  } else if (layout == VectorLayout::kPerQueue) {
    pci_.interrupt_affinity(1 + 2 * pair, core);
    pci_.interrupt_bind(1 + 2 * pair, &VirtioNetDriver::on_receive_interrupt, context);
    pci_.interrupt_affinity(2 + 2 * pair, core);
    pci_.interrupt_bind(2 + 2 * pair, &VirtioNetDriver::on_transmit_interrupt, context);
  }
}

void VirtioNetDriver::set_core(unsigned pair, unsigned core) {
  receive_[pair]->set_core(core);
  transmit_[pair]->set_core(core);
}

/// Returns with no handler running, so that what handlers use may go (process context).
void VirtioNetDriver::release_interrupts() {
  if (vectors_ == 0) return;
  for (unsigned vector = 0; vector < vectors_; ++vector) {
    pci_.interrupt_mask(vector);
    pci_.interrupt_synchronize(vector);
    pci_.interrupt_bind(vector, nullptr, nullptr);
  }
  pci_.interrupts_disable();
  vectors_ = 0;
}

void VirtioNetDriver::on_pair(unsigned pair) {
  receive_[pair]->on_interrupt();
  transmit_[pair]->on_interrupt();
}

void VirtioNetDriver::on_queues() {
  for (unsigned pair = 0; pair < pairs_; ++pair) on_pair(pair);
}

void VirtioNetDriver::on_configuration() {
  config_pending_ = true;
  control_work_->schedule();
}

bool VirtioNetDriver::on_config_interrupt(void* context) {
  ++self(context).counters_.interrupts;
  self(context).on_configuration();
  return true;
}

bool VirtioNetDriver::on_receive_interrupt(void* context) {
  const Pair& pair = *static_cast<Pair*>(context);
  ++pair.driver->counters_.interrupts;
  if (mutant(Mutant::kIsrReadWithMsix)) pair.driver->device_.isr();
  pair.driver->receive_[pair.index]->on_interrupt();
  return true;
}

bool VirtioNetDriver::on_transmit_interrupt(void* context) {
  const Pair& pair = *static_cast<Pair*>(context);
  ++pair.driver->counters_.interrupts;
  pair.driver->transmit_[pair.index]->on_interrupt();
  return true;
}

bool VirtioNetDriver::on_pair_interrupt(void* context) {
  const Pair& pair = *static_cast<Pair*>(context);
  ++pair.driver->counters_.interrupts;
  pair.driver->on_pair(pair.index);
  return true;
}

bool VirtioNetDriver::on_queues_interrupt(void* context) {
  ++self(context).counters_.interrupts;
  self(context).on_queues();
  return true;
}

/// ISR status is not for queue interrupts of MSI-X (PIS-R-001), so the configuration is looked at
/// in process context, at most once in kSharedCheckNs.
bool VirtioNetDriver::on_shared_interrupt(void* context) {
  VirtioNetDriver& driver = self(context);
  ++driver.counters_.interrupts;
  driver.on_queues();
  if (!driver.config_pending_.exchange(true)) {
    driver.control_timer_->arm(driver.platform_.now_ns() + kSharedCheckNs);
  }
  return true;
}

/// The line may be shared. One read says and clears why it was raised, so it is made once, and both
/// of its bits are handled (PCN-R-001).
bool VirtioNetDriver::on_intx(void* context) {
  VirtioNetDriver& driver = self(context);
  const uint8_t isr = driver.device_.isr();
  if (isr == 0) {
    ++driver.counters_.foreign_interrupts;
    return false;
  }
  ++driver.counters_.interrupts;
  if ((isr & VIRTIO_ISR_QUEUE) != 0) driver.on_queues();
  if ((isr & VIRTIO_ISR_CONFIG) != 0) driver.on_configuration();
  return true;
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
