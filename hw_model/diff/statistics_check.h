// SPDX-License-Identifier: Apache-2.0
// Reads of the statistics window: a card may count what is under way a little before or after the
// core does.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "hw_model/core/bar_layout.h"
#include "hw_model/trace/nic_trace.h"

namespace ringside::hw {

class StatisticsCheck {
 public:
  /// A register read in the window.
  static bool covers(const TraceRecord& record) {
    return record.kind == TraceKind::kRegisterRead &&
           record.address - BarLayout::kStatistics < BarLayout::kStatisticsBytes;
  }
  /// What is wrong with `record`, a read, or nothing. `expected`: what the core's register shows;
  /// `resting`: nothing is under way.
  std::string read(const TraceRecord& record, uint64_t expected, bool resting);

 private:
  /// By counter, what the last read of its lower half or of the whole showed.
  std::array<uint64_t, BarLayout::kStatisticsBytes / 8> shown_{};
};

}  // namespace ringside::hw
