// SPDX-License-Identifier: Apache-2.0
// A core runs one context: interrupts preempt softirqs and processes, softirqs preempt processes
// unless bottom halves are off, and what was preempted pays the rest afterwards.
#include <algorithm>
#include <stdexcept>

#include "tests/unit/host/host_rig.h"

namespace ringside::test {
namespace {

using driver::Cost;
using tb::Level;

TEST(CpuCore, AnInterruptPreemptsAProcessWhichThenPaysTheRest) {
  HostRig rig;
  rig.process("p", [&] {
    rig.note("begin");
    rig.work(1000);
    rig.note("end");
  });
  Interrupt interrupt([&] {
    EXPECT_EQ(rig.core().level(), Level::kInterrupt);
    EXPECT_FALSE(rig.platform->in_process());
    rig.note("interrupt");
    rig.core().charge_ps(300'000);
  });
  rig.at(400, [&] { rig.core().raise(interrupt); });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"begin@0", "interrupt@400", "end@1300"}));
  EXPECT_EQ(rig.core().busy_ps(), 1'300'000u);
  EXPECT_EQ(rig.core().interrupts_taken(), 1u);
  EXPECT_EQ(rig.core().level(), Level::kIdle);
}

TEST(CpuCore, EveryPreemptionLeavesTheSameRest) {
  HostRig rig;
  rig.process("p", [&] {
    rig.work(10'000);
    rig.note("end");
  });
  Interrupt interrupt([&] { rig.core().charge_ps(50'000); });
  for (uint64_t i = 0; i < 100; ++i) rig.at(1 + 97 * i, [&] { rig.core().raise(interrupt); });
  rig.run_us(100);
  EXPECT_EQ(rig.core().interrupts_taken(), 100u);
  EXPECT_EQ(rig.trace, (Trace{"end@15000"}));
  EXPECT_EQ(rig.core().busy_ps(), 15'000'000u);
}

TEST(CpuCore, InterruptsDoNotNest) {
  HostRig rig;
  Interrupt second([&] { rig.note("second"); });
  Interrupt first([&] {
    rig.note("first");
    rig.work(500);
    rig.note("first ends");
  });
  rig.at(100, [&] { rig.core().raise(first); });
  rig.at(200, [&] { rig.core().raise(second); });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"first@100", "first ends@600", "second@600"}));
}

TEST(CpuCore, AnInterruptThatIsPendingIsNotTakenTwice) {
  HostRig rig;
  Interrupt source([&] { rig.note("interrupt"); });
  Interrupt blocker([&] { rig.work(500); });
  rig.at(100, [&] { rig.core().raise(blocker); });
  for (const uint64_t ns : {200, 300, 400}) rig.at(ns, [&] { rig.core().raise(source); });
  rig.at(700, [&] { rig.core().raise(source); });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"interrupt@600", "interrupt@700"}));
}

TEST(CpuCore, ASoftirqRunsAfterTheInterruptAndBeforeTheProcess) {
  HostRig rig;
  rig.process("p", [&] {
    rig.work(1000);
    rig.note("end");
  });
  Softirq softirq([&] {
    EXPECT_EQ(rig.core().level(), Level::kSoftirq);
    rig.note("softirq");
    rig.work(200);
  });
  Interrupt interrupt([&] {
    rig.core().raise_softirq(softirq);
    rig.core().raise_softirq(softirq);  // pending: no second run
    rig.note("interrupt");
    rig.core().charge_ps(300'000);
  });
  rig.at(400, [&] { rig.core().raise(interrupt); });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"interrupt@400", "softirq@700", "end@1500"}));
  EXPECT_EQ(rig.core().softirqs_run(), 1u);
}

TEST(CpuCore, AnInterruptPreemptsASoftirq) {
  HostRig rig;
  Softirq softirq([&] {
    rig.note("softirq");
    rig.work(1000);
    rig.note("softirq ends");
  });
  Interrupt interrupt([&] {
    rig.note("interrupt");
    rig.work(100);
  });
  Interrupt first([&] { rig.core().raise_softirq(softirq); });
  rig.at(0, [&] { rig.core().raise(first); });
  rig.at(600, [&] { rig.core().raise(interrupt); });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"softirq@0", "interrupt@600", "softirq ends@1100"}));
}

TEST(CpuCore, BottomHalvesOffDeferSoftirqsButNotInterrupts) {
  HostRig rig;
  Softirq softirq([&] { rig.note("softirq"); });
  Interrupt interrupt([&] {
    rig.note("interrupt");
    rig.core().raise_softirq(softirq);
  });
  rig.process("p", [&] {
    rig.core().disable_bottom_halves();
    rig.core().disable_bottom_halves();
    rig.work(1000);
    rig.core().enable_bottom_halves();  // the inner one
    rig.note("still off");
    rig.work(500);
    rig.core().enable_bottom_halves();
    rig.note("on");
  });
  rig.at(400, [&] { rig.core().raise(interrupt); });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"interrupt@400", "still off@1000", "softirq@1500", "on@1500"}));
}

TEST(CpuCore, ACancelledSoftirqDoesNotRun) {
  HostRig rig;
  Softirq cancelled([&] { rig.note("cancelled"); });
  Softirq other([&] { rig.note("other"); });
  rig.process("p", [&] {
    rig.core().disable_bottom_halves();
    rig.core().raise_softirq(cancelled);
    rig.core().raise_softirq(other);
    rig.core().cancel_softirq(cancelled);
    rig.core().enable_bottom_halves();
  });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"other@0"}));
}

// As Linux: after ten rounds softirqs go on in ksoftirqd, which shares the core with processes.
TEST(CpuCore, SoftirqsThatNeverEndLeaveTimeToProcesses) {
  HostRig rig;
  uint64_t runs = 0;
  bool finished = false;
  Softirq* again = nullptr;
  Softirq endless([&] {
    ++runs;
    rig.core().charge_ps(1'000'000);
    rig.core().raise_softirq(*again);
  });
  again = &endless;
  rig.process("p", [&] {
    rig.core().raise_softirq(endless);
    rig.work(3'000'000);
    finished = true;
  });
  rig.run_us(10'000);
  EXPECT_TRUE(finished);
  // 3 of 10 ms are the process's, the rest is softirqs'.
  EXPECT_GT(runs, 6000u);
  EXPECT_LT(runs, 7100u);
}

TEST(CpuCore, ProcessesShareTheCoreInSlicesOfAMillisecond) {
  HostRig rig;
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    rig.process(std::string(1, name), [&rig, &order, name] {
      for (int i = 0; i < 30; ++i) {
        rig.work(100'000);
        order += name;
      }
    });
  }
  rig.run_us(20'000);
  ASSERT_EQ(order.size(), 90u);
  EXPECT_EQ(std::count(order.begin(), order.end(), 'b'), 30);
  std::size_t longest = 0, length = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    length = i > 0 && order[i] == order[i - 1] ? length + 1 : 1;
    longest = std::max(longest, length);
  }
  EXPECT_GE(longest, 9u);
  EXPECT_LE(longest, 11u);
  EXPECT_EQ(rig.core().busy_ps(), 9'000'000'000u);
}

TEST(CpuCore, AProcessThatIsWokenBeforeItSleepsDoesNotSleep) {
  HostRig rig;
  tb::ProcessContext& process = rig.process("p", [&] {
    rig.core().prepare_to_block();
    rig.core().wake(*rig.core().current());
    rig.core().block();
    rig.note("at once");
    rig.core().prepare_to_block();
    rig.core().block();
    rig.note("woken");
  });
  rig.at(5000, [&] { rig.core().wake(process); });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"at once@0", "woken@5000"}));
  EXPECT_TRUE(process.finished());
  EXPECT_EQ(rig.core().busy_ps(), 0u);
}

// The wake comes from an interrupt that is taken while the process pays on its way to sleep.
TEST(CpuCore, AWakeBetweenTestAndSleepIsNotLost) {
  HostRig rig;
  tb::ProcessContext& process = rig.process("p", [&] {
    rig.core().prepare_to_block();
    rig.core().charge_ps(1'000'000);
    rig.core().block();
    rig.note("back");
  });
  Interrupt interrupt([&] { rig.core().wake(process); });
  rig.at(500, [&] { rig.core().raise(interrupt); });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"back@1000"}));
}

// A core may be ahead of simulation time by what it has not paid: others see its acts then.
TEST(CpuCore, AWakeAcrossCoresHappensAtTheWakersTime) {
  HostRig rig(tb::zero_costs(), 2);
  tb::ProcessContext& sleeper = rig.process(
      "sleeper",
      [&] {
        rig.core(1).prepare_to_block();
        rig.core(1).block();
        rig.note("woken");
      },
      1);
  rig.process("waker", [&] {
    rig.work(1000);
    rig.core(0).charge_ps(700'000);
    rig.core(0).wake(sleeper);
  });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"woken@1700"}));
}

TEST(CpuCore, CostsAreCharged) {
  tb::CostTable costs = one_cost(Cost::kContextSwitch, 1200);
  costs[static_cast<std::size_t>(Cost::kInterruptEntry)] = 700'000;
  costs[static_cast<std::size_t>(Cost::kSoftirqEntry)] = 200'000;
  HostRig rig(costs);
  Softirq softirq([&] { rig.note("softirq"); });
  Interrupt interrupt([&] {
    rig.note("interrupt");
    rig.core().raise_softirq(softirq);
  });
  rig.at(10'000, [&] { rig.core().raise(interrupt); });
  rig.run_us(20);
  EXPECT_EQ(rig.trace, (Trace{"interrupt@10700", "softirq@10900"}));
  // ksoftirqd's first switch is the rest.
  EXPECT_EQ(rig.core().busy_ps(), 900'000u + 1'200'000u);
}

// Barriers are needed between contexts of different cores only: these switches are barriers.
TEST(CpuCore, InterruptsAndSwitchesSerialise) {
  HostRig rig;
  unsigned serialised = 0;
  rig.core().on_serialise([&] { ++serialised; });
  Interrupt interrupt([] {});
  rig.at(1000, [&] { serialised = 0; });
  rig.at(2000, [&] { rig.core().raise(interrupt); });
  rig.at(3000, [&] { EXPECT_EQ(serialised, 2u); });  // entry and exit
  tb::ProcessContext& process = rig.process("p", [&] {
    rig.core().prepare_to_block();
    rig.core().block();
  });
  rig.at(4000, [&] { rig.core().wake(process); });
  rig.run_us(10);
  EXPECT_EQ(serialised, 3u);
}

TEST(CpuCore, WhatABodyThrowsIsKept) {
  HostRig rig;
  tb::ProcessContext& process =
      rig.process("p", [] { throw std::logic_error("a broken invariant"); });
  rig.process("q", [&] { rig.note("q"); });
  rig.run_us(10);
  EXPECT_TRUE(process.finished());
  EXPECT_EQ(process.failure(), "a broken invariant");
  EXPECT_EQ(rig.trace, (Trace{"q@0"}));
}

}  // namespace
}  // namespace ringside::test
