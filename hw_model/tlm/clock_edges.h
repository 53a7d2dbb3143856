// SPDX-License-Identifier: Apache-2.0
// When the rising edges of a clock come, in whole picoseconds, also where its period is none
// (322.265625 MHz).
#pragma once

#include <cstdint>
#include <numeric>

#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// Edge n comes at n periods after time 0, rounded down; edge 0 is at time 0. No drift.
class ClockEdges {
 public:
  /// `hz` is not 0.
  explicit ClockEdges(uint64_t hz) {
    const uint64_t common = std::gcd(kPsPerS, hz);
    ps_ = kPsPerS / common;
    edges_ = hz / common;
  }
  TimePs time_of(uint64_t edge) const {
    if (edges_ == 1) return edge * ps_;
    return static_cast<TimePs>(Wide{edge} * ps_ / edges_);
  }
  /// The last edge at or before `time_ps`.
  uint64_t last_at(TimePs time_ps) const {
    if (edges_ == 1) return time_ps / ps_;
    return static_cast<uint64_t>(((Wide{time_ps} + 1) * edges_ - 1) / ps_);
  }
  /// The first edge at or behind `time_ps`.
  uint64_t first_at(TimePs time_ps) const { return time_ps == 0 ? 0 : last_at(time_ps - 1) + 1; }
  /// Edges in `time_ps`, rounded up: a time-out of so many cycles is never early.
  uint64_t cycles_in(TimePs time_ps) const {
    return static_cast<uint64_t>((Wide{time_ps} * edges_ + ps_ - 1) / ps_);
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr uint64_t kPsPerS = 1'000'000'000'000;
  uint64_t ps_;  ///< that so many edges take
  uint64_t edges_;
};

}  // namespace ringside::hw
