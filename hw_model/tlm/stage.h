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
    if (start != free_at_ps_) since_ps_ = start;
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
  /// How long it has been busy until now: without what is reserved beyond, as far as that is
  /// without a gap.
  TimePs busy_ps(TimePs now_ps) const {
    if (free_at_ps_ <= now_ps) return busy_ps_;
    return busy_ps_ - (free_at_ps_ - std::max(now_ps, since_ps_));
  }

 private:
  TimePs free_at_ps_ = 0;
  TimePs since_ps_ = 0;  ///< from then until free_at_ps_ there is no gap
  TimePs busy_ps_ = 0;
};

/// How long something was in the way, from start() to stop(). That it ends may be known before it
/// does, and it may be in the way again before that: such time counts once.
class BlockedTime {
 public:
  void start(TimePs now_ps) {
    if (!blocked_) since_ps_ = std::max(now_ps, until_ps_);
    blocked_ = true;
  }
  void stop(TimePs at_ps) {
    if (blocked_ && at_ps > since_ps_) {
      total_ps_ += at_ps - since_ps_;
      until_ps_ = at_ps;
    }
    blocked_ = false;
  }
  /// Until now.
  TimePs total_ps(TimePs now_ps) const {
    const TimePs ahead = until_ps_ > now_ps ? until_ps_ - now_ps : 0;
    const TimePs open = blocked_ && now_ps > since_ps_ ? now_ps - since_ps_ : 0;
    return total_ps_ - ahead + open;
  }

 private:
  bool blocked_ = false;
  TimePs since_ps_ = 0;
  TimePs until_ps_ = 0;  ///< what is in total_ps_ ends there; what of it is beyond now has no gap
  TimePs total_ps_ = 0;
};

}  // namespace ringside::hw
