// SPDX-License-Identifier: Apache-2.0
// What the device does not say by itself: that it is gone, that it needs a reset, and that it has
// received frames, where the interrupt was lost. Transmitted frames have a timer of their own.
#include "host_driver/virtio_net_driver.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

void VirtioNetDriver::arm_watchdog() {
  if (options_.watchdog_ns != 0) watchdog_->arm(platform_.now_ns() + options_.watchdog_ns);
}

/// Softirq context. The rings belong to whoever has the control lock: they may be on their way up
/// or down, on another core.
void VirtioNetDriver::on_watchdog() {
  if (state_ != State::kRunning) return;
  look_wanted_ = true;
  control_work_->schedule();
}

/// With the control lock, on a device that is up.
void VirtioNetDriver::look_for_lost_frames() {
  unsigned missed = 0;
  for (unsigned pair = 0; pair < pairs_; ++pair) missed += receive_[pair]->poll_if_missed() ? 1 : 0;
  if (missed != 0) {
    platform_.log(LogLevel::kWarning,
                  "virtio-net: received frames waited for an interrupt that did not come");
  }
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
