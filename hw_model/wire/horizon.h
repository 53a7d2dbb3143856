// SPDX-License-Identifier: Apache-2.0
// What is known of a host's near future: when something that touches it is due, and how long
// anything that has yet to happen elsewhere takes to reach it. Plain C++; times are simulation time
// in picoseconds.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

inline constexpr TimePs kNeverPs = std::numeric_limits<TimePs>::max();

/// Where one source of events says when its next one is due. A copy says it in the same place;
/// without a horizon it is said to nobody. The horizon outlives it.
class DueTime {
 public:
  DueTime() = default;
  /// The source's only event, in place of what was due.
  void at(TimePs time_ps) {
    if (due_ps_ != nullptr) *due_ps_ = time_ps;
  }
  /// Another event, beside what is due.
  void also_at(TimePs time_ps) {
    if (due_ps_ != nullptr) *due_ps_ = std::min(*due_ps_, time_ps);
  }
  void never() { at(kNeverPs); }

 private:
  friend class Horizon;
  explicit DueTime(TimePs* due_ps) : due_ps_(due_ps) {}
  TimePs* due_ps_ = nullptr;
};

/// Of one host. Every source of events that can touch it reports here: its cards, its timers, the
/// frames on their way to its cards. All else comes over its links, and takes their latency.
class Horizon {
 public:
  Horizon() { due_ps_.fill(kNeverPs); }
  Horizon(const Horizon&) = delete;
  Horizon& operator=(const Horizon&) = delete;

  /// A new source, of which nothing is due. Before the simulation starts.
  DueTime add_source() {
    if (sources_ == due_ps_.size()) {
      bounded_ = false;
      return {};
    }
    return DueTime(&due_ps_[sources_++]);
  }
  /// A way for what happens elsewhere: it takes `latency_ps` at the least.
  void add_way_in(TimePs latency_ps) { latency_ps_ = std::min(latency_ps_, latency_ps); }
  /// Something touches the host that does not report: nothing is known.
  void unbound() { bounded_ = false; }

  bool bounded() const { return bounded_; }
  /// When the first known event is due, or kNeverPs. An event that is due now may have happened.
  TimePs due_ps() const {
    TimePs first = kNeverPs;
    for (std::size_t i = 0; i < sources_; ++i) first = std::min(first, due_ps_[i]);
    return first;
  }
  /// Whether the host may be touched up to `until_ps`, given that nothing happens anywhere before
  /// `next_ps`.
  bool touched(TimePs until_ps, TimePs next_ps) const {
    return due_ps() <= until_ps || (latency_ps_ <= until_ps && next_ps <= until_ps - latency_ps_);
  }

 private:
  std::array<TimePs, 16> due_ps_;
  std::size_t sources_ = 0;
  TimePs latency_ps_ = kNeverPs;
  bool bounded_ = true;
};

}  // namespace ringside::hw
