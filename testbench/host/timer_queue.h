// SPDX-License-Identifier: Apache-2.0
// One core's timers: a hardware timer that raises an interrupt, and the softirq that runs what
// expired.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <systemc>
#include <vector>

#include "testbench/host/cpu_core.h"

namespace ringside::tb {

class TimerQueue : public sc_core::sc_module, private InterruptSource, private SoftirqItem {
 public:
  TimerQueue(const sc_core::sc_module_name& name, CpuCore& core);
  ~TimerQueue() override;
  /// The timer must not outlive the queue.
  std::unique_ptr<driver::Timer> make_timer(driver::Callback callback, void* context);
  /// From now on `horizon` knows when the next one expires.
  void report_to(hw::Horizon& horizon) { due_ = horizon.add_source(); }

 private:
  class SimTimer;
  struct Entry {
    uint64_t deadline_ps;
    uint64_t order;
    SimTimer* timer;
    bool operator>(const Entry& other) const {
      return deadline_ps != other.deadline_ps ? deadline_ps > other.deadline_ps
                                              : order > other.order;
    }
  };
  /// The running core's time, at which a timer is armed.
  uint64_t now_ps() const;
  void push(SimTimer& timer, uint64_t now_ps);
  void forget(SimTimer& timer);
  /// Sets the hardware timer for the first deadline, or for `now_ps` if that is over.
  void schedule_hardware(uint64_t now_ps);
  void expire();
  void interrupt() override;
  void run_softirq() override;

  CpuCore& core_;
  std::vector<Entry> heap_;
  uint64_t next_order_ = 0;
  uint64_t hardware_ps_ = driver::kForever;
  std::deque<SimTimer*> expired_;
  sc_core::sc_event hardware_event_;
  hw::DueTime due_;
};

}  // namespace ringside::tb
