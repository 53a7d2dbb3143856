// SPDX-License-Identifier: Apache-2.0
// One line on a terminal that says how far a run or a measurement is.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "testbench/run/runner.h"

namespace ringside::tb {

/// Shows simulated time, rate of the traffic in simulated time, and wall time left; at most ten
/// times a second. Give it to a run only if `out` is a terminal.
class ProgressLine : public ProgressSink {
 public:
  /// Milliseconds of any steady clock.
  using Clock = uint64_t (*)();
  ProgressLine(std::ostream& out, Clock clock);
  ~ProgressLine() override { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Makes the line empty, for other output.
  void clear();

  void progress(uint64_t sim_time_ps, uint64_t duration_ps, uint64_t done, uint64_t total) override;
  /// `what` is being done; `share` of all of it is, 0 to 1.
  void progress(const std::string& what, double share);

 private:
  bool due();
  std::string left(double share) const;
  void show(const std::string& line);

  std::ostream& out_;
  Clock clock_;
  uint64_t start_ms_;
  uint64_t last_ms_;
  bool shown_ = false;
};

/// The steady clock of this machine.
uint64_t steady_clock_ms();

}  // namespace ringside::tb
