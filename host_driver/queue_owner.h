// SPDX-License-Identifier: Apache-2.0
// What a queue reports to the driver that owns it.
#pragma once

#include <string_view>

#include "host_driver/mutants.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

class QueueOwner {
 public:
  /// The device broke the rules on a queue, which now does nothing until the device was reset.
  /// From softirq or process context, with no lock held.
  virtual void queue_fault(std::string_view what) = 0;

 protected:
  ~QueueOwner() = default;
};

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
