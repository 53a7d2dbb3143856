// SPDX-License-Identifier: Apache-2.0
// What the core that follows a card does, as it happens.
#pragma once

#include "formats/units.h"
#include "hw_model/core/action.h"
#include "hw_model/trace/nic_trace.h"

namespace ringside::hw {

class CoreWatch {
 public:
  virtual ~CoreWatch() = default;
  /// The core has no time: `time_ps` is that of the card's clock.
  virtual void core_record(TimePs time_ps, const TraceRecord& record) = 0;
  /// `bytes` of a write or a frame.
  virtual void core_action(TimePs time_ps, const Action& action, ByteView bytes) = 0;
};

}  // namespace ringside::hw
