// SPDX-License-Identifier: Apache-2.0
// See paced_run.h.
#include "testbench/run/paced_run.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <systemc>

namespace ringside::tb {

namespace {

constexpr long kNsPerMs = 1'000'000;
/// Wall time between looks at interruption, progress and failure.
constexpr long kLookEveryMs = 50;

uint64_t now_ps() { return sc_core::sc_time_stamp().value(); }

/// A descriptor that is readable every so often.
class Ticker {
 public:
  Ticker() : descriptor_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    itimerspec every{};
    every.it_interval.tv_nsec = every.it_value.tv_nsec = kLookEveryMs * kNsPerMs;
    timerfd_settime(descriptor_, 0, &every, nullptr);
  }
  ~Ticker() { close(descriptor_); }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;
  int descriptor() const { return descriptor_; }
  void take() const {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = read(descriptor_, &count, sizeof count);
  }

 private:
  int descriptor_;
};

}  // namespace

bool PacedRun::wanted(const Scenario& scenario) {
  return !scenario.taps.empty() || scenario.pace == RunPace::kWall;
}

PacedRun::PacedRun(const Scenario& scenario)
    : scenario_(scenario),
      loop_(scenario.pace == RunPace::kWall ? Pace::kWallClock : Pace::kDemand) {}

std::string PacedRun::run_until(uint64_t until_ps, const RunOptions& options,
                                const Simulation& simulation) {
  const Ticker ticker;
  loop_.watch(ticker.descriptor(), [&] {
    ticker.take();
    look(options, simulation);
  });
  loop_.run(until_ps);
  loop_.unwatch(ticker.descriptor());
  return simulation.failure();
}

void PacedRun::look(const RunOptions& options, const Simulation& simulation) {
  if (!simulation.failure().empty()) loop_.stop();
  if (options.interrupted != nullptr && options.interrupted->load()) loop_.stop();
  if (options.progress != nullptr) {
    options.progress->progress(now_ps(), scenario_.duration_ps, simulation.bytes_done(),
                               simulation.bytes_total());
  }
}

}  // namespace ringside::tb
