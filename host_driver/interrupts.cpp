// SPDX-License-Identifier: Apache-2.0
// Interrupt vectors and handlers: MSI-X with three vectors or fewer, or INTx (virtio 1.4, "MSI-X
// Vector Configuration", "ISR status capability", "Driver Handling Interrupts").
#include "host_driver/virtio_net_driver.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {
namespace {

constexpr uint16_t kReceiveIndex = 0, kTransmitIndex = 1;
/// One vector for all events cannot tell a configuration change, so it looks for one this often.
constexpr uint64_t kSharedCheckNs = 1'000'000;

VirtioNetDriver& self(void* context) { return *static_cast<VirtioNetDriver*>(context); }

}  // namespace

Status VirtioNetDriver::set_up_interrupts() {
  InterruptMode mode = InterruptMode::kNone;
  if (options_.use_msix) {
    vectors_ = pci_.interrupts_enable(options_.msix_vectors, &mode);
    if (mode == InterruptMode::kMsix) {
      // Fewer vectors if the device cannot map so many (PMX-R-001, PMX-R-006).
      for (unsigned vectors = std::min(vectors_, 3u); vectors != 0; --vectors) {
        if (map_vectors(vectors)) {
          bind_vectors(vectors);
          return Status::success();
        }
      }
      release_interrupts();
    }
  }
  if (mode != InterruptMode::kIntx) vectors_ = pci_.interrupts_enable(0, &mode);
  if (mode != InterruptMode::kIntx || vectors_ == 0) {
    release_interrupts();
    return Status::failure("the device has no usable interrupt");
  }
  pci_.interrupt_bind(0, &VirtioNetDriver::on_intx, this);
  return Status::success();
}

/// PMX-R-004, PMX-R-005.
bool VirtioNetDriver::map_vectors(unsigned vectors) {
  const uint16_t receive = vectors == 1 ? 0 : 1;
  const uint16_t transmit = vectors == 3 ? 2 : receive;
  return device_.set_config_vector(0) && device_.set_queue_vector(kReceiveIndex, receive) &&
         device_.set_queue_vector(kTransmitIndex, transmit);
}

void VirtioNetDriver::bind_vectors(unsigned vectors) {
  if (vectors == 1) return pci_.interrupt_bind(0, &VirtioNetDriver::on_shared_interrupt, this);
  pci_.interrupt_bind(0, &VirtioNetDriver::on_config_interrupt, this);
  if (vectors == 2) return pci_.interrupt_bind(1, &VirtioNetDriver::on_queues_interrupt, this);
  pci_.interrupt_bind(1, &VirtioNetDriver::on_receive_interrupt, this);
  pci_.interrupt_bind(2, &VirtioNetDriver::on_transmit_interrupt, this);
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

void VirtioNetDriver::on_queues() {
  receive_.on_interrupt();
  transmit_.on_interrupt();
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
  ++self(context).counters_.interrupts;
  self(context).receive_.on_interrupt();
  return true;
}

bool VirtioNetDriver::on_transmit_interrupt(void* context) {
  ++self(context).counters_.interrupts;
  self(context).transmit_.on_interrupt();
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
