// SPDX-License-Identifier: Apache-2.0
// See progress.h. Wall-clock time is right here: nothing of it enters the simulation.
#include "testbench/report/progress.h"

#include <fmt/format.h>

#include <chrono>

#include "testbench/report/summary.h"

namespace ringside::tb {

namespace {
constexpr uint64_t kIntervalMs = 100;
constexpr uint64_t kPsPerNs = 1000;
}  // namespace

ProgressLine::ProgressLine(std::ostream& out, Clock clock)
    : out_(out), clock_(clock), start_ms_(clock()), last_ms_(start_ms_) {}

void ProgressLine::clear() {
  if (shown_) out_ << "\r\033[K" << std::flush;
  shown_ = false;
}

bool ProgressLine::due() {
  const uint64_t now_ms = clock_();
  if (now_ms - last_ms_ < kIntervalMs) return false;
  last_ms_ = now_ms;
  return true;
}

std::string ProgressLine::left(double share) const {
  const double left_s = static_cast<double>(last_ms_ - start_ms_) * 1e-3 * (1 - share) / share;
  return fmt::format(", {:.0f} %, {:.0f} s left", 100 * share, left_s);
}

void ProgressLine::show(const std::string& line) {
  shown_ = true;
  out_ << "\r\033[K" << line << std::flush;
}

void ProgressLine::progress(uint64_t sim_time_ps, uint64_t /*duration_ps*/, uint64_t done,
                            uint64_t total) {
  if (!due()) return;
  std::string line = fmt::format("{} simulated", human_time_ns(sim_time_ps / kPsPerNs));
  if (sim_time_ps > 0 && done > 0) {
    const double seconds = static_cast<double>(sim_time_ps) * 1e-12;
    line += fmt::format(", {}",
                        human_rate(static_cast<uint64_t>(8 * static_cast<double>(done) / seconds)));
  }
  if (total > 0 && done > 0 && done <= total) {
    line += left(static_cast<double>(done) / static_cast<double>(total));
  }
  show(line);
}

void ProgressLine::progress(const std::string& what, double share) {
  if (due()) show(share > 0 && share <= 1 ? what + left(share) : what);
}

uint64_t steady_clock_ms() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<milliseconds>(now).count());
}

}  // namespace ringside::tb
