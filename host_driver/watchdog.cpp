// SPDX-License-Identifier: Apache-2.0
// What the device does not say by itself: that it is gone, that it needs a reset, and that it has
// received frames, where the interrupt was lost. Transmitted frames have a timer of their own.
#include "host_driver/virtio_net_driver.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

void VirtioNetDriver::arm_watchdog() {
  if (options_.watchdog_ns != 0) watchdog_->arm(platform_.now_ns() + options_.watchdog_ns);
}

/// Softirq context, while the device is up.
void VirtioNetDriver::on_watchdog() {
  if (state_ != State::kRunning) return;
  unsigned missed = 0;
  for (unsigned pair = 0; pair < pairs_; ++pair) missed += receive_[pair]->poll_if_missed() ? 1 : 0;
  if (missed != 0) {
    platform_.log(LogLevel::kWarning,
                  "virtio-net: received frames waited for an interrupt that did not come");
  }
  status_wanted_ = true;
  control_work_->schedule();
  arm_watchdog();
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
