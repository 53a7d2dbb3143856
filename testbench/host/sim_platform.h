// SPDX-License-Identifier: Apache-2.0
// Platform on simulated cores: clock, timers, wait queues, locks, deferred work, log.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "formats/random.h"
#include "host_driver/platform.h"
#include "testbench/host/cpu_core.h"
#include "testbench/host/timer_queue.h"

namespace ringside::tb {

using LogSink = std::function<void(driver::LogLevel, const std::string&)>;

class SimPlatform : public driver::Platform {
 public:
  /// Core 0 takes timers and process work. `log` may be empty.
  SimPlatform(const std::string& host, std::vector<CpuCore*> cores, uint64_t seed, LogSink log);
  ~SimPlatform() override;

  uint64_t now_ns() override;
  void charge(driver::Cost cost, uint64_t count) override;
  unsigned core_count() const override { return static_cast<unsigned>(cores_.size()); }
  std::unique_ptr<driver::Timer> make_timer(driver::Callback callback, void* context) override;
  std::unique_ptr<driver::Work> make_work(driver::WorkContext where, driver::Callback callback,
                                          void* context) override;
  std::unique_ptr<driver::WaitQueue> make_wait_queue() override;
  std::unique_ptr<driver::Lock> make_lock() override;
  void sleep_until(uint64_t deadline_ns) override;
  bool in_process() override;
  uint64_t random() override { return random_.next(); }
  void log(driver::LogLevel level, std::string_view message) override;

  /// From now on `horizon` knows when the next timer expires.
  void report_to(hw::Horizon& horizon);

  /// A process context on core `core`.
  ProcessContext& spawn(std::string name, std::function<void()> body, unsigned core = 0);

 private:
  class SimWaitQueue;
  class SimLock;
  class SoftirqWork;
  class ProcessWork;
  void worker();

  std::string host_;
  std::vector<CpuCore*> cores_;
  uint64_t clock_ps_ = 0;  ///< the latest time that was read
  SplitMix64 random_;
  LogSink log_;
  std::unique_ptr<TimerQueue> timers_;
  std::deque<ProcessWork*> process_work_;
  std::unique_ptr<driver::WaitQueue> worker_queue_;
  std::unique_ptr<driver::WaitQueue> sleepers_;  ///< nobody wakes it: for sleep_until
  bool worker_started_ = false;
};

}  // namespace ringside::tb
