// SPDX-License-Identifier: Apache-2.0
// A host that stands still: no core runs anything, no interrupt is taken, and all goes on at the
// end.
#include <memory>

#include "testbench/host/sim_host.h"
#include "tests/unit/host/host_rig.h"

namespace ringside::test {
namespace {

constexpr uint64_t kPsPerNs = 1000;

uint64_t now_ns() { return sc_core::sc_time_stamp().value() / kPsPerNs; }

struct PauseRig {
  PauseRig() {
    tb::SimHostConfig config;
    config.name = "host";
    config.cores = 2;
    config.costs = tb::zero_costs();
    config.memory_bytes = std::size_t{1} << 20;
    config.ports = 0;
    host = std::make_unique<tb::SimHost>("host", config, nullptr);
  }
  void at(uint64_t ns, const std::function<void()>& action) {
    sc_core::sc_spawn([ns, action] {
      sc_core::wait(sc_core::sc_time::from_value(ns * kPsPerNs));
      action();
    });
  }
  void run() { sc_core::sc_start(100, sc_core::SC_US); }
  std::unique_ptr<tb::SimHost> host;
};

TEST(Pause, HoldsWorkInterruptsAndTimersOfEveryCore) {
  PauseRig rig;
  std::vector<uint64_t> worked, interrupted, woken;
  for (unsigned core = 0; core < 2; ++core) {
    rig.host->platform().spawn(
        "work",
        [&] {
          // 10 us of work, from 0 on.
          tb::CpuCore::running()->charge_ps(10'000 * kPsPerNs);
          tb::CpuCore::running()->pay();
          worked.push_back(now_ns());
        },
        core);
  }
  rig.host->platform().spawn(
      "sleeper",
      [&] {
        rig.host->platform().sleep_until(8'000);
        woken.push_back(now_ns());
      },
      1);
  Interrupt interrupt([&] { interrupted.push_back(now_ns()); });
  rig.at(4'000, [&] { rig.host->pause_until(54'000 * kPsPerNs); });
  rig.at(5'000, [&] { rig.host->core(0).raise(interrupt); });
  rig.run();
  EXPECT_EQ(interrupted, std::vector<uint64_t>{54'000});
  EXPECT_EQ(worked, (std::vector<uint64_t>{60'000, 60'000}));  // 4 us before, 6 us behind
  ASSERT_EQ(woken.size(), 1u);
  EXPECT_GE(woken[0], 54'000u);
  // Standing still is not work.
  EXPECT_EQ(rig.host->core(0).busy_ps(), 10'000 * kPsPerNs);
}

TEST(Pause, OfAnIdleHostDelaysWhatComes) {
  PauseRig rig;
  std::vector<uint64_t> interrupted;
  Interrupt interrupt([&] { interrupted.push_back(now_ns()); });
  rig.at(1'000, [&] { rig.host->pause_until(2'000 * kPsPerNs); });
  rig.at(1'500, [&] { rig.host->core(1).raise(interrupt); });
  rig.at(3'000, [&] { rig.host->core(1).raise(interrupt); });
  rig.at(5'000, [&] { rig.host->pause_until(4'000 * kPsPerNs); });  // over already
  rig.at(5'001, [&] { rig.host->core(1).raise(interrupt); });
  rig.run();
  EXPECT_EQ(interrupted, (std::vector<uint64_t>{2'000, 3'000, 5'001}));
}

}  // namespace
}  // namespace ringside::test
