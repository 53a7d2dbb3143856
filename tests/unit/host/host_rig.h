// SPDX-License-Identifier: Apache-2.0
// Cores and a platform without cards: what tests of the simulated host run on. One simulation a
// process: run by CTest, one test at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include "testbench/host/cpu_core.h"
#include "testbench/host/sim_platform.h"
#include "tests/support/gtest.h"

namespace ringside::test {

using Trace = std::vector<std::string>;

/// Calls a function in hard-interrupt context.
class Interrupt : public tb::InterruptSource {
 public:
  explicit Interrupt(std::function<void()> body) : body_(std::move(body)) {}
  void interrupt() override { body_(); }

 private:
  std::function<void()> body_;
};

/// Calls a function in softirq context.
class Softirq : public tb::SoftirqItem {
 public:
  explicit Softirq(std::function<void()> body) : body_(std::move(body)) {}
  void run_softirq() override { body_(); }

 private:
  std::function<void()> body_;
};

struct HostRig {
  /// Hosts of one simulation have different names.
  explicit HostRig(const tb::CostTable& costs = tb::zero_costs(), unsigned core_count = 1,
                   const std::string& name = "") {
    std::vector<tb::CpuCore*> pointers;
    for (unsigned i = 0; i < core_count; ++i) {
      cores.push_back(std::make_unique<tb::CpuCore>((name + "core" + std::to_string(i)).c_str(),
                                                    costs, std::size_t{1} << 18));
      pointers.push_back(cores.back().get());
    }
    platform = std::make_unique<tb::SimPlatform>(name + "host", pointers, 1, nullptr);
  }
  tb::CpuCore& core(unsigned index = 0) { return *cores[index]; }
  /// A process that lives from now on.
  tb::ProcessContext& process(const std::string& name, std::function<void()> body,
                              unsigned on = 0) {
    return platform->spawn(name, std::move(body), on);
  }
  /// Keeps the running context's core busy.
  void work(uint64_t ns) {
    tb::CpuCore::running()->charge_ps(ns * 1000);
    tb::CpuCore::running()->pay();
  }
  /// Calls `action` from outside of any core.
  void at(uint64_t ns, const std::function<void()>& action) {
    sc_core::sc_spawn([ns, action] {
      sc_core::wait(sc_core::sc_time::from_value(ns * 1000));
      action();
    });
  }
  /// Notes what happens, and when by the running context's own time.
  void note(const std::string& what) {
    trace.push_back(what + "@" + std::to_string(platform->now_ns()));
  }
  void run_us(uint64_t us) { sc_core::sc_start(sc_core::sc_time::from_value(us * 1'000'000)); }

  std::vector<std::unique_ptr<tb::CpuCore>> cores;
  std::unique_ptr<tb::SimPlatform> platform;
  Trace trace;
};

inline tb::CostTable one_cost(driver::Cost cost, uint64_t ns) {
  tb::CostTable costs = tb::zero_costs();
  costs[static_cast<std::size_t>(cost)] = ns * 1000;
  return costs;
}

}  // namespace ringside::test
