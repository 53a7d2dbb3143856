// SPDX-License-Identifier: Apache-2.0
// A core that goes ahead of what cannot reach its host yet does at each of its times what one does
// that does not.
#include <algorithm>
#include <memory>

#include "formats/random.h"
#include "hw_model/wire/horizon.h"
#include "tests/unit/host/host_rig.h"

namespace ringside::test {
namespace {

using hw::DueTime;
using hw::Horizon;
using hw::kNeverPs;

TEST(Horizon, KnowsTheFirstOfWhatIsDue) {
  Horizon horizon;
  EXPECT_EQ(horizon.due_ps(), kNeverPs);
  DueTime a = horizon.add_source(), b = horizon.add_source();
  a.at(500);
  b.at(300);
  EXPECT_EQ(horizon.due_ps(), 300u);
  b.also_at(400);
  EXPECT_EQ(horizon.due_ps(), 300u);
  b.also_at(200);
  EXPECT_EQ(horizon.due_ps(), 200u);
  b.at(600);
  EXPECT_EQ(horizon.due_ps(), 500u);
  a.never();
  EXPECT_EQ(horizon.due_ps(), 600u);
  DueTime().at(1);  // said to nobody
  EXPECT_EQ(horizon.due_ps(), 600u);
}

TEST(Horizon, IsTouchedByWhatIsDueAndOverItsWaysIn) {
  Horizon horizon;
  EXPECT_FALSE(horizon.touched(1'000'000, 0));  // alone in the world
  horizon.add_way_in(2000);
  horizon.add_way_in(1000);
  horizon.add_way_in(5000);
  EXPECT_FALSE(horizon.touched(1499, 500));
  EXPECT_TRUE(horizon.touched(1500, 500));
  EXPECT_FALSE(horizon.touched(999, 0));
  EXPECT_FALSE(horizon.touched(kNeverPs - 1, kNeverPs));
  DueTime due = horizon.add_source();
  due.at(700);
  EXPECT_FALSE(horizon.touched(699, 500));
  EXPECT_TRUE(horizon.touched(700, 500));
}

TEST(Horizon, IsUnboundedWithASourceTooMany) {
  Horizon horizon;
  for (unsigned i = 0; i < 16; ++i) horizon.add_source();
  EXPECT_TRUE(horizon.bounded());
  horizon.add_source().at(1);
  EXPECT_FALSE(horizon.bounded());
}

/// What SystemC's time is while a core works through 10 us in steps of 100 ns, with something of
/// another host due every 50 ns.
uint64_t paid_after_work(uint64_t latency_ps, bool look_ahead, Trace* trace) {
  HostRig rig;
  Horizon horizon;
  horizon.add_way_in(latency_ps);
  if (look_ahead) rig.core().look_ahead(&horizon);
  uint64_t paid_ps = 0;
  sc_core::sc_spawn([] {
    for (;;) sc_core::wait(sc_core::sc_time::from_value(50'000));
  });
  rig.process("p", [&] {
    for (unsigned i = 0; i < 100; ++i) {
      rig.core().charge_ps(100'000);
      rig.core().sync();
    }
    paid_ps = sc_core::sc_time_stamp().value();
    rig.note("end");
  });
  rig.run_us(100);
  *trace = rig.trace;
  return paid_ps;
}

TEST(LookAhead, WithoutItEverythingCounts) {
  Trace trace;
  EXPECT_EQ(paid_after_work(20'000'000, false, &trace), 10'000'000u);
  EXPECT_EQ(trace, (Trace{"end@10000"}));
}

TEST(LookAhead, OnlyWhatCanArriveCounts) {
  Trace trace;
  EXPECT_EQ(paid_after_work(20'000'000, true, &trace), 100'000u);  // the first step, always
  EXPECT_EQ(trace, (Trace{"end@10000"}));
}

TEST(LookAhead, ReachesAsFarAsTheLatency) {
  Trace trace;
  const uint64_t paid_ps = paid_after_work(2'000'000, true, &trace);
  EXPECT_GT(paid_ps, 7'900'000u);
  EXPECT_LT(paid_ps, 10'000'000u);
  EXPECT_EQ(trace, (Trace{"end@10000"}));
}

TEST(LookAhead, SoftirqsOfTheProcessItselfRunWhenItHasPaid) {
  HostRig rig;
  Horizon horizon;
  rig.core().look_ahead(&horizon);
  Softirq softirq([&] { rig.note("softirq"); });
  rig.process("p", [&] {
    rig.core().charge_ps(300'000);
    rig.core().raise_softirq(softirq);
    rig.core().charge_ps(100'000);
    rig.core().sync();
    rig.note("on");
    rig.core().disable_bottom_halves();
    rig.core().raise_softirq(softirq);
    rig.core().charge_ps(200'000);
    rig.core().enable_bottom_halves();
    rig.note("end");
  });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"softirq@400", "on@400", "softirq@600", "end@600"}));
}

TEST(LookAhead, ATimerThatIsLateWhenArmedFiresAtTheTimeOfItsCore) {
  HostRig rig;
  Horizon horizon;
  rig.platform->report_to(horizon);
  rig.core().look_ahead(&horizon);
  const auto timer = rig.platform->make_timer(
      [](void* context) { static_cast<HostRig*>(context)->note("timer"); }, &rig);
  rig.process("p", [&] {
    rig.core().pay();
    rig.core().charge_ps(1'000'000);
    rig.core().sync();
    EXPECT_EQ(sc_core::sc_time_stamp().value(), 0u);
    timer->arm(300);
    rig.core().charge_ps(500'000);
    rig.core().sync();
    rig.note("end");
  });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"timer@1000", "end@1500"}));
}

constexpr uint64_t kLatencyPs = 700'000;

/// A host with a random program, a device that interrupts it at random times, and a peer whose
/// messages take kLatencyPs; twice in one simulation, with and without look-ahead.
struct Twin {
  Twin(const std::string& name, uint64_t seed, bool look_ahead)
      : rig(costs(), 1, name), random(seed), device_random(~seed), peer_random(seed + 1) {
    rig.platform->report_to(horizon);
    horizon.add_way_in(kLatencyPs);
    device = horizon.add_source();
    arrival = horizon.add_source();
    if (look_ahead) rig.core().look_ahead(&horizon);
    timer = rig.platform->make_timer([](void* twin) { static_cast<Twin*>(twin)->expired(); }, this);
    waiters = rig.platform->make_wait_queue();
    lock = rig.platform->make_lock();
    rig.process("p", [this] { program("p"); });
    rig.process("q", [this] { program("q"); });
    sc_core::sc_spawn([this] { interrupt_often(); });
    sc_core::sc_spawn([this] { hear_the_peer(); });
  }
  static tb::CostTable costs() {
    tb::CostTable costs = tb::default_costs();
    costs[static_cast<std::size_t>(driver::Cost::kInterruptEntry)] = 123'456;
    return costs;
  }
  void note(const char* what) {
    rig.trace.push_back(std::string(what) + "@" + std::to_string(rig.core().local_time_ps()));
  }
  void expired() {
    note("timer");
    rig.core().charge_ps(random.below(100'000));
    if (random.below(2) == 0) waiters->wake_one();
  }
  void work(uint64_t most_ps) { rig.core().charge_ps(random.below(most_ps)); }
  void program(const char* name) {
    for (unsigned i = 0; i < 12'000; ++i) {
      work(300'000);
      switch (random.below(8)) {
        case 0:
          lock->lock();
          note("locked");
          work(400'000);
          if (random.below(2) == 0) rig.core().raise_softirq(softirq);
          lock->unlock();
          break;
        case 1:
          rig.core().raise_softirq(softirq);
          break;
        case 2:
          timer->arm(rig.platform->now_ns() + random.below(1000));
          break;
        case 3:
          rig.core().pay();
          break;
        case 4:
          if (random.below(4) != 0) break;
          waiters->wait_until(rig.platform->now_ns() + random.below(3000));
          note("woken");
          break;
        default:
          rig.core().sync();
          owed_ps += rig.core().local_time_ps() - sc_core::sc_time_stamp().value();
          note(name);
          break;
      }
    }
    note("end");
  }
  void interrupt_often() {
    for (;;) {
      const uint64_t delay = 1 + device_random.below(2'000'000);
      device.at(sc_core::sc_time_stamp().value() + delay);
      sc_core::wait(sc_core::sc_time::from_value(delay));
      device.never();
      rig.core().raise(interrupt);
    }
  }
  void hear_the_peer() {
    for (;;) {
      // Until here nothing is known of it.
      sc_core::wait(sc_core::sc_time::from_value(1 + peer_random.below(1'500'000)));
      arrival.at(sc_core::sc_time_stamp().value() + kLatencyPs);
      sc_core::wait(sc_core::sc_time::from_value(kLatencyPs));
      arrival.never();
      rig.core().raise(interrupt);
    }
  }

  HostRig rig;
  Horizon horizon;
  SplitMix64 random, device_random, peer_random;
  DueTime device, arrival;
  std::unique_ptr<driver::Timer> timer;
  std::unique_ptr<driver::WaitQueue> waiters;
  std::unique_ptr<driver::Lock> lock;
  uint64_t owed_ps = 0;  ///< after synchronisation points, in all
  Softirq softirq{[this] {
    note("softirq");
    rig.core().charge_ps(random.below(200'000));
    rig.core().sync();
    if (random.below(4) == 0) waiters->wake_one();
  }};
  Interrupt interrupt{[this] {
    note("interrupt");
    if (random.below(2) == 0) rig.core().raise_softirq(softirq);
  }};
};

TEST(LookAhead, ARandomHostDoesTheSameAtTheSameTimes) {
  std::vector<std::unique_ptr<Twin>> pairs;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    for (const bool look_ahead : {false, true}) {
      pairs.push_back(std::make_unique<Twin>(
          (look_ahead ? "ahead" : "behind") + std::to_string(seed), seed, look_ahead));
    }
  }
  sc_core::sc_start(sc_core::sc_time::from_value(20'000'000'000));
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    Twin &behind = *pairs[i], &ahead = *pairs[i + 1];
    ASSERT_GT(behind.rig.trace.size(), 24'000u);
    EXPECT_EQ(behind.rig.trace.back(), ahead.rig.trace.back());
    const auto differ = std::mismatch(behind.rig.trace.begin(), behind.rig.trace.end(),
                                      ahead.rig.trace.begin(), ahead.rig.trace.end());
    ASSERT_TRUE(differ.first == behind.rig.trace.end())
        << "seed " << i / 2 + 1 << ": " << *differ.first << " without look-ahead";
    EXPECT_EQ(behind.rig.trace.size(), ahead.rig.trace.size());
    EXPECT_EQ(behind.rig.core().interrupts_taken(), ahead.rig.core().interrupts_taken());
    EXPECT_EQ(behind.rig.core().busy_ps(), ahead.rig.core().busy_ps());
    // The other hosts make one pay nearly always, and not the other.
    EXPECT_GT(ahead.owed_ps, 2 * behind.owed_ps);
  }
}

}  // namespace
}  // namespace ringside::test
