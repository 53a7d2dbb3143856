// SPDX-License-Identifier: Apache-2.0
// Available buffer notifications (virtio 1.4, "Available Buffer Notifications").
#pragma once

#include <cstdint>

#include "host_driver/mutants.h"
#include "host_driver/pci_access.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

/// Where one queue is notified.
struct Doorbell {
  unsigned bar = 0;
  uint64_t offset = 0;
};

/// Rings one queue's doorbell.
struct Notifier {
  Doorbell doorbell;
  uint16_t queue_index = 0;
  bool notification_data = false;  ///< VIRTIO_F_NOTIFICATION_DATA negotiated

  void notify(PciAccess& pci, uint16_t avail_idx) const {
    uint32_t value = queue_index;
    if (mutant(Mutant::kNotificationOfNextQueue)) ++value;
    if (notification_data) {  // PAN-R-002, PAN-R-004; split ring: the available index
      const unsigned width = mutant(Mutant::kNotificationTooNarrow) ? 2 : 4;
      pci.bar_write(doorbell.bar, doorbell.offset, width, value | uint32_t{avail_idx} << 16);
    } else {  // PAN-R-001, PAN-R-003
      pci.bar_write(doorbell.bar, doorbell.offset, mutant(Mutant::kNotificationTooWide) ? 4 : 2,
                    value);
    }
  }
};

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
