// SPDX-License-Identifier: Apache-2.0
// A pipeline stage as a reservation: busy until a time, instead of an event per item.
#pragma once

#include <algorithm>
#include <cstdint>

#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

class Stage {
 public:
  /// When an item that is ready at `ready_ps` could start.
  TimePs slot(TimePs ready_ps) const { return std::max(ready_ps, free_at_ps_); }
  /// Takes the stage for `taken_ps` from slot(ready_ps) on; returns the start.
  TimePs reserve(TimePs ready_ps, TimePs taken_ps) {
    const TimePs start = slot(ready_ps);
    free_at_ps_ = start + taken_ps;
    busy_ps_ += taken_ps;
    return start;
  }
  /// Takes the stage for `taken_ps` from slot(ready_ps) on, for an item so short that those that
  /// are ready before it, and come here later, are only put off by its own time; returns the start.
  TimePs put_between(TimePs ready_ps, TimePs taken_ps) {
    const TimePs start = slot(ready_ps);
    free_at_ps_ += taken_ps;
    busy_ps_ += taken_ps;
    return start;
  }
  TimePs busy_ps() const { return busy_ps_; }

 private:
  TimePs free_at_ps_ = 0;
  TimePs busy_ps_ = 0;
};

/// How long something was in the way, from start() to stop().
class BlockedTime {
 public:
  void start(TimePs now_ps) {
    if (!blocked_) since_ps_ = now_ps;
    blocked_ = true;
  }
  void stop(TimePs now_ps) {
    if (blocked_) total_ps_ += now_ps - since_ps_;
    blocked_ = false;
  }
  TimePs total_ps(TimePs now_ps) const { return total_ps_ + (blocked_ ? now_ps - since_ps_ : 0); }

 private:
  bool blocked_ = false;
  TimePs since_ps_ = 0;
  TimePs total_ps_ = 0;
};

}  // namespace ringside::hw
