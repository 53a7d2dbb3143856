// SPDX-License-Identifier: Apache-2.0
// The registers of a virtio function on PCI, found through its capabilities
// (virtio 1.4, "Virtio Over PCI Bus").
#pragma once

#include <cstdint>

#include "formats/virtio.h"
#include "host_driver/doorbell.h"
#include "host_driver/mutants.h"
#include "host_driver/net_device.h"
#include "host_driver/pci_access.h"
#include "host_driver/platform.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

/// Registers at their natural widths (PLY-R-001). Nothing is cached but the structures' places.
class VirtioPci {
 public:
  VirtioPci(PciAccess& pci, Platform& platform) : pci_(pci), platform_(platform) {}

  /// Matches the IDs and finds the structures. Writes nothing but the command register.
  Status discover();

  uint8_t status() {
    const unsigned width = mutant(Mutant::kRegisterTooWide) ? 2 : 1;
    return static_cast<uint8_t>(common(formats::kDeviceStatus, width));
  }
  /// Sets `bits` beside those that are set (STS-R-002).
  void add_status(uint8_t bits);
  /// Writes 0 and waits until it reads 0 (RST-R-001, PCC-R-005); false at the deadline, and without
  /// a common configuration structure.
  /// Process context.
  bool reset(uint64_t timeout_ns);

  /// Feature bits 0 to 63.
  uint64_t offered_features();
  void accept_features(uint64_t features);

  uint16_t num_queues() { return static_cast<uint16_t>(common(formats::kNumQueues, 2)); }
  /// Maximum size of queue `index`; 0: it does not exist.
  uint16_t queue_max_size(uint16_t index);
  /// Programs and enables a queue (PCC-R-004). Vectors are set before.
  Status enable_queue(uint16_t index, uint16_t size, BusAddress descriptors, BusAddress driver,
                      BusAddress device);
  /// Where queue `index` is notified with writes of `width` bytes.
  Status doorbell(uint16_t index, unsigned width, Doorbell* doorbell);

  /// Maps an event to an MSI-X vector; false if the device refused (PMX-R-005).
  bool set_config_vector(uint16_t vector);
  bool set_queue_vector(uint16_t index, uint16_t vector);

  /// Reads and so clears ISR status.
  uint8_t isr() { return static_cast<uint8_t>(pci_.bar_read(isr_.bar, isr_.offset, 1)); }

  /// Bytes of the device configuration structure; 0 if there is none.
  uint64_t config_bytes() const { return config_.length; }
  uint8_t config_generation() {
    return static_cast<uint8_t>(common(formats::kConfigGeneration, 1));
  }
  /// One field of the device configuration, inside config_bytes().
  uint32_t config_field(uint32_t offset, unsigned width) {
    const auto value =
        static_cast<uint32_t>(pci_.bar_read(config_.bar, config_.offset + offset, width));
    if (mutant(Mutant::kConfigurationWritten)) {
      pci_.bar_write(config_.bar, config_.offset + offset, width, value);
    }
    return value;
  }

 private:
  struct Structure {
    unsigned bar = 0;
    uint64_t offset = 0;
    uint64_t length = 0;
    explicit operator bool() const { return length != 0; }
  };

  void visit_capability(uint32_t at);
  Structure* slot_for(uint8_t type, uint64_t* needed, uint64_t* alignment);
  uint64_t common(uint32_t field, unsigned width) {
    return pci_.bar_read(common_.bar, common_.offset + field, width);
  }
  void set_common(uint32_t field, unsigned width, uint64_t value) {
    pci_.bar_write(common_.bar, common_.offset + field, width, value);
  }
  void set_common64(uint32_t field, uint64_t value);

  PciAccess& pci_;
  Platform& platform_;
  Structure common_, notify_, isr_, config_;
  uint32_t notify_multiplier_ = 0;
};

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
