// SPDX-License-Identifier: Apache-2.0
// Platform on simulated cores: timers, wait queues, locks, deferred work.
#include <memory>

#include "tests/unit/host/host_rig.h"

namespace ringside::test {
namespace {

using driver::kForever;
using driver::WorkContext;

/// A timer or work item that calls a function.
struct Call {
  std::function<void()> body;
  static void run(void* context) { static_cast<Call*>(context)->body(); }
};

TEST(Timers, FireInOrderOfDeadlineThenOfArming) {
  HostRig rig;
  const uint64_t deadlines[] = {300, 100, 200, 100};
  std::vector<std::unique_ptr<Call>> calls;
  std::vector<std::unique_ptr<driver::Timer>> timers;
  for (unsigned i = 0; i < 4; ++i) {
    calls.push_back(std::make_unique<Call>(Call{[&rig, i] {
      EXPECT_EQ(rig.core().level(), tb::Level::kSoftirq);
      rig.note(std::to_string(i));
    }}));
    timers.push_back(rig.platform->make_timer(&Call::run, calls.back().get()));
  }
  rig.process("p", [&] {
    for (unsigned i = 0; i < 4; ++i) timers[i]->arm(deadlines[i]);
  });
  rig.run_us(1);
  EXPECT_EQ(rig.trace, (Trace{"1@100", "3@100", "2@200", "0@300"}));
}

TEST(Timers, CanBeMovedCancelledAndDestroyed) {
  HostRig rig;
  Call earlier{[&] { rig.note("earlier"); }}, later{[&] { rig.note("later"); }};
  Call cancelled{[&] { rig.note("cancelled"); }}, gone{[&] { rig.note("gone"); }};
  Call never{[&] { rig.note("never"); }}, twice{[&] { rig.note("twice"); }};
  auto a = rig.platform->make_timer(&Call::run, &earlier);
  auto b = rig.platform->make_timer(&Call::run, &later);
  auto c = rig.platform->make_timer(&Call::run, &cancelled);
  auto d = rig.platform->make_timer(&Call::run, &gone);
  auto e = rig.platform->make_timer(&Call::run, &never);
  auto f = rig.platform->make_timer(&Call::run, &twice);
  rig.process("p", [&] {
    a->arm(500);
    a->arm(200);
    b->arm(200);
    b->arm(600);
    c->arm(300);
    d->arm(300);
    e->arm(kForever);
    EXPECT_FALSE(e->armed());
    f->arm(300);
    f->cancel();
    f->arm(400);
    EXPECT_TRUE(f->armed());
    rig.platform->sleep_until(250);
    c->cancel();
    EXPECT_FALSE(c->armed());
    d.reset();
  });
  rig.run_us(2);
  EXPECT_EQ(rig.trace, (Trace{"earlier@200", "twice@400", "later@600"}));
  EXPECT_FALSE(a->armed());
}

TEST(Timers, RearmThemselvesAndFireAtOnceWhenLate) {
  HostRig rig;
  std::unique_ptr<driver::Timer> timer;
  unsigned fired = 0;
  Call call{[&] {
    EXPECT_FALSE(timer->armed());
    rig.note("tick");
    if (++fired < 3) timer->arm(rig.platform->now_ns() + 100);
  }};
  timer = rig.platform->make_timer(&Call::run, &call);
  rig.process("p", [&] {
    rig.work(1000);
    timer->arm(10);  // in the past
    rig.work(1000);
    rig.note("end");
  });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"tick@1000", "tick@1100", "tick@1200", "end@2000"}));
}

TEST(Timers, ThousandsKeepTheirOrder) {
  HostRig rig;
  SplitMix64 random(3);
  std::vector<std::unique_ptr<Call>> calls;
  std::vector<std::unique_ptr<driver::Timer>> timers;
  std::vector<uint64_t> armed_for(2000);
  uint64_t last = 0;
  unsigned fired = 0;
  for (unsigned i = 0; i < armed_for.size(); ++i) {
    calls.push_back(std::make_unique<Call>(Call{[&, i] {
      const uint64_t now = rig.platform->now_ns();
      EXPECT_EQ(now, armed_for[i]);
      EXPECT_GE(now, last);
      last = now;
      ++fired;
    }}));
    timers.push_back(rig.platform->make_timer(&Call::run, calls.back().get()));
  }
  rig.process("p", [&] {
    for (unsigned i = 0; i < 10'000; ++i) {
      const auto which = static_cast<unsigned>(random.below(timers.size()));
      armed_for[which] = 1 + random.below(100'000);
      timers[which]->arm(armed_for[which]);
    }
    for (unsigned i = 0; i < timers.size(); ++i) {
      if (!timers[i]->armed()) timers[i]->arm(armed_for[i] = 1 + random.below(100'000));
    }
  });
  rig.run_us(200);
  EXPECT_EQ(fired, armed_for.size());
}

TEST(WaitQueues, WakeInOrderAndTimeOut) {
  HostRig rig;
  auto queue = rig.platform->make_wait_queue();
  for (const char* name : {"a", "b", "c"}) {
    rig.process(name, [&, name] {
      const bool woken = queue->wait_until(std::string(name) == "b" ? 1500 : kForever);
      rig.note(std::string(name) + (woken ? " woken" : " timed out"));
    });
  }
  rig.process("waker", [&] {
    rig.platform->sleep_until(1000);
    queue->wake_one();
    rig.platform->sleep_until(2000);
    queue->wake_all();
    queue->wake_all();  // nobody is left
  });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"a woken@1000", "b timed out@1500", "c woken@2000"}));
}

// The condition changes in an interrupt while the process that tested it pays on its way to sleep.
TEST(WaitQueues, LoseNoWakeAtAnyMoment) {
  HostRig rig;
  auto queue = rig.platform->make_wait_queue();
  bool condition = false;
  unsigned rounds = 0;
  Interrupt interrupt([&] {
    condition = true;
    queue->wake_all();
  });
  rig.process("p", [&] {
    for (; rounds < 200; ++rounds) {
      rig.core().charge_ps(uint64_t{100'000} * (rounds % 7));
      while (!condition) {
        rig.core().charge_ps(300'000);
        if (!queue->wait_until(rig.platform->now_ns() + 50'000)) return;
      }
      condition = false;
    }
  });
  rig.at(0, [&] {
    for (unsigned i = 0; i < 5000 && rounds < 200; ++i) {
      sc_core::wait(sc_core::sc_time::from_value(1 + 137'000 * (i % 9)));
      if (!condition) rig.core().raise(interrupt);
    }
  });
  rig.run_us(10'000);
  EXPECT_EQ(rounds, 200u);
}

TEST(WaitQueues, ADeadlineInThePastDoesNotSleep) {
  HostRig rig;
  auto queue = rig.platform->make_wait_queue();
  rig.process("p", [&] {
    rig.work(1000);
    EXPECT_FALSE(queue->wait_until(500));
    rig.platform->sleep_until(10);
    rig.note("end");
  });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"end@1000"}));
}

TEST(Locks, KeepSoftirqsOfThisCoreOut) {
  HostRig rig;
  auto lock = rig.platform->make_lock();
  Softirq softirq([&] {
    lock->lock();
    rig.note("softirq has it");
    lock->unlock();
  });
  rig.process("p", [&] {
    lock->lock();
    rig.core().raise_softirq(softirq);
    rig.work(1000);
    rig.note("process has it");
    lock->unlock();
    rig.note("process is out");
  });
  rig.run_us(10);
  EXPECT_EQ(rig.trace,
            (Trace{"process has it@1000", "softirq has it@1000", "process is out@1000"}));
}

TEST(Locks, MakeOtherCoresSpin) {
  HostRig rig(tb::zero_costs(), 3);
  auto lock = rig.platform->make_lock();
  unsigned inside = 0, most = 0, entered = 0;
  for (unsigned core = 0; core < 3; ++core) {
    rig.process(
        "p" + std::to_string(core),
        [&, core] {
          for (int i = 0; i < 20; ++i) {
            rig.work(uint64_t{10} * core);
            lock->lock();
            most = std::max(most, ++inside);
            ++entered;
            rig.work(100);
            --inside;
            lock->unlock();
          }
          rig.note("done");
        },
        core);
  }
  rig.run_us(100);
  EXPECT_EQ(entered, 60u);
  EXPECT_EQ(most, 1u);
  EXPECT_EQ(rig.trace.size(), 3u);
  // Who waits for a lock is busy: the work alone is 6.6 us.
  EXPECT_GE(rig.core(2).busy_ps() + rig.core(1).busy_ps() + rig.core(0).busy_ps(), 12'000'000u);
}

TEST(DeferredWork, RunsOnceForManySchedulesAndAgainIfScheduledMeanwhile) {
  HostRig rig;
  unsigned runs = 0;
  std::unique_ptr<driver::Work> work;
  Call call{[&] {
    EXPECT_EQ(rig.core().level(), tb::Level::kSoftirq);
    if (++runs == 1) work->schedule();
  }};
  work = rig.platform->make_work(WorkContext::kSoftirq, &Call::run, &call);
  rig.process("p", [&] {
    rig.core().disable_bottom_halves();
    work->schedule();
    work->schedule();
    rig.core().enable_bottom_halves();
  });
  rig.run_us(10);
  EXPECT_EQ(runs, 2u);
}

TEST(DeferredWork, ProcessWorkMaySleepAndCanBeCancelled) {
  HostRig rig;
  Call sleepy{[&] {
    EXPECT_TRUE(rig.platform->in_process());
    rig.note("begin");
    rig.platform->sleep_until(rig.platform->now_ns() + 1000);
    rig.note("end");
  }};
  Call cancelled{[&] { rig.note("cancelled"); }};
  auto work = rig.platform->make_work(WorkContext::kProcess, &Call::run, &sleepy);
  auto other = rig.platform->make_work(WorkContext::kProcess, &Call::run, &cancelled);
  rig.process("p", [&] {
    work->schedule();
    other->schedule();
    rig.platform->sleep_until(500);
    other->cancel();
    work->schedule();  // it runs now: again afterwards
  });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"begin@0", "end@1000", "begin@1000", "end@2000"}));
}

}  // namespace
}  // namespace ringside::test
