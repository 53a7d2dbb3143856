// SPDX-License-Identifier: Apache-2.0
// ExternalLoop: who runs when, in both paces, and what waiting costs. Bounds in wall time are wide:
// they tell a sleep from a spin and a clock that is kept from one that is not, on a loaded machine.
// One simulation a process: run by CTest.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <systemc>
#include <thread>
#include <vector>

#include "testbench/external/external_loop.h"
#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

using sc_core::sc_time;
using tb::ExternalLoop;
using tb::Pace;
using tb::Wake;

constexpr uint64_t kUs = 1'000'000;
constexpr uint64_t kMs = 1'000'000'000;

uint64_t now_ps() { return sc_core::sc_time_stamp().value(); }

double cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct WallTimer {
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  double s() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
};

void burn(double seconds) {
  const WallTimer timer;
  while (timer.s() < seconds) {
  }
}

/// A descriptor that is readable from the start, or after a while.
struct Event {
  explicit Event(unsigned value = 0) : fd(eventfd(value, EFD_NONBLOCK)) {}
  ~Event() { close(fd); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void set() const { eventfd_write(fd, 1); }
  uint64_t take() const {
    eventfd_t value = 0;
    eventfd_read(fd, &value);
    return value;
  }
  int fd;
};

struct After {
  explicit After(double seconds) : fd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)) {
    itimerspec when{};
    when.it_value.tv_nsec = static_cast<long>(seconds * 1e9);
    timerfd_settime(fd, 0, &when, nullptr);
  }
  ~After() { close(fd); }
  After(const After&) = delete;
  After& operator=(const After&) = delete;
  int fd;
};

/// Calls `action` whenever `event` is notified.
void on(sc_core::sc_event& event, const std::function<void()>& action) {
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.set_sensitivity(&event);
  options.dont_initialize();
  sc_core::sc_spawn(action, sc_core::sc_gen_unique_name("on"), &options);
}

void notify(sc_core::sc_event& event, uint64_t ps) { event.notify(sc_time::from_value(ps)); }

TEST(ExternalLoop, SleepsWhileThereIsNoWork) {
  ExternalLoop loop(Pace::kDemand);
  const After end(0.3);
  ASSERT_TRUE(loop.watch(end.fd, [&] { loop.stop(); }));
  const double cpu = cpu_s();
  const WallTimer wall;
  loop.run();
  EXPECT_GE(wall.s(), 0.29);
  EXPECT_LT(cpu_s() - cpu, 0.05);
  EXPECT_LE(loop.looks(), 3u);
  EXPECT_EQ(now_ps(), 0u);
}

TEST(ExternalLoop, VirtualTimeStandsWhereTheWorkEnded) {
  ExternalLoop loop(Pace::kDemand);
  sc_core::sc_event step;
  std::vector<uint64_t> times;
  on(step, [&] {
    times.push_back(now_ps());
    if (times.size() % 3 != 0) notify(step, 40 * kMs);
  });
  const Event kick(1);
  int kicks = 0;
  ASSERT_TRUE(loop.watch(kick.fd, [&] {
    kick.take();
    ++kicks;
    notify(step, 10);
  }));
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    kick.set();
  });
  const After end(0.3);
  ASSERT_TRUE(loop.watch(end.fd, [&] { loop.stop(); }));
  const WallTimer wall;
  loop.run();
  later.join();
  EXPECT_EQ(kicks, 2);
  // 160 ms of virtual time took what the work took, not 160 ms.
  EXPECT_EQ(times, (std::vector<uint64_t>{10, 40 * kMs + 10, 80 * kMs + 10, 80 * kMs + 20,
                                          120 * kMs + 20, 160 * kMs + 20}));
  EXPECT_EQ(now_ps(), 160 * kMs + 20);
}

// A time-out that waits for nothing is no work.
TEST(ExternalLoop, LongWaitsAreAskedAbout) {
  ExternalLoop loop(Pace::kDemand);
  sc_core::sc_event step, timeout;
  bool needed = true;
  unsigned steps = 0, timeouts = 0, asked = 0;
  on(step, [&] {
    if (++steps < 3) notify(step, kMs / 2);
  });
  on(timeout, [&] { ++timeouts; });
  loop.on_long_wait([&] {
    ++asked;
    if (!needed) timeout.cancel();
  });
  notify(step, 10);
  notify(timeout, 50 * kMs);
  loop.run();
  EXPECT_EQ(asked, 1u);
  EXPECT_EQ(timeouts, 1u);
  EXPECT_EQ(now_ps(), 50 * kMs);
  needed = false;
  steps = 0;
  notify(step, 10);
  notify(timeout, 50 * kMs);
  loop.run();
  EXPECT_EQ(asked, 2u);
  EXPECT_EQ(timeouts, 1u);
  EXPECT_EQ(now_ps(), 51 * kMs + 10);
}

TEST(ExternalLoop, AKickDoesNotWaitForABusySimulation) {
  ExternalLoop loop(Pace::kDemand);
  sc_core::sc_event step;
  uint64_t events = 0;
  on(step, [&] {
    ++events;
    notify(step, 10'000);
  });
  notify(step, 1);
  const Event kick;
  std::atomic<bool> taken = true;
  std::vector<double> waits;
  WallTimer since;
  std::atomic<bool> end = false;
  ASSERT_TRUE(loop.watch(kick.fd, [&] {
    waits.push_back(since.s());
    kick.take();
    if (end) loop.stop();
    taken = true;
  }));
  std::thread kicker([&] {
    for (int i = 0; i < 50; ++i) {
      while (!taken) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      taken = false;
      end = i == 49;
      since = WallTimer();
      kick.set();
    }
  });
  const WallTimer wall;
  loop.run();
  const double took = wall.s();
  kicker.join();
  ASSERT_EQ(waits.size(), 50u);
  std::sort(waits.begin(), waits.end());
  // Some microseconds on a machine of its own; on a busy one, those that met no other program.
  EXPECT_LT(waits[5], 0.005);
  EXPECT_GT(events, 10'000u);
  // Looks are rationed by time, not by slices.
  EXPECT_LT(static_cast<double>(loop.looks()), took / 10e-6 + 100);
  RecordProperty("kick_wait_us", std::to_string(waits[25] * 1e6));
  RecordProperty("events_per_look", std::to_string(events / loop.looks()));
}

TEST(ExternalLoop, SlicesShrinkWhenEventsBecomeExpensive) {
  ExternalLoop loop(Pace::kDemand);
  sc_core::sc_event step;
  uint64_t events = 0, expensive = 0;
  on(step, [&] {
    if (++events > 100'000) {
      burn(0.001);
      ++expensive;
    }
    notify(step, 1'000);
  });
  notify(step, 1);
  const Event ready(1);
  uint64_t seen = 0;
  ASSERT_TRUE(loop.watch(ready.fd, [&] {
    if (expensive == 0) return;
    ++seen;
    if (expensive > 1'500) loop.stop();
  }));
  loop.run();
  // One long slice at the change at most: 10 us hold 10'000 of these events, which grow into it
  // only if they cost nothing.
  EXPECT_GT(seen, 100u);
  EXPECT_LT(expensive, 5'000u);
}

TEST(ExternalLoop, WatchesAreTakenBackFromWithinCallbacks) {
  ExternalLoop loop(Pace::kDemand);
  const Event first(1), second(1), third(1);
  std::string calls;
  // All are ready at once: whichever comes first takes the others away.
  const auto only = [&](const Event& me, char name) {
    return [&, name] {
      calls += name;
      for (const Event* event : {&first, &second, &third}) {
        if (event != &me) loop.unwatch(event->fd);
      }
      me.take();
    };
  };
  ASSERT_TRUE(loop.watch(first.fd, only(first, 'a')));
  ASSERT_TRUE(loop.watch(second.fd, only(second, 'b')));
  ASSERT_TRUE(loop.watch(third.fd, only(third, 'c')));
  const After end(0.05);
  ASSERT_TRUE(loop.watch(end.fd, [&] {
    loop.unwatch(end.fd);
    loop.stop();
  }));
  loop.run();
  EXPECT_EQ(calls.size(), 1u) << calls;

  // A callback that replaces itself: the new one is called for what the old one left.
  const Event own(1);
  std::string versions;
  ASSERT_TRUE(loop.watch(own.fd, [&] {
    versions += '1';
    EXPECT_TRUE(loop.watch(own.fd, [&] {
      versions += '2';
      loop.stop();
    }));
  }));
  loop.run();
  EXPECT_EQ(versions, "12");
}

// What nobody reads wakes nobody again: the loop sleeps.
TEST(ExternalLoop, AWriteWakesOnceIfThatIsAskedFor) {
  ExternalLoop loop(Pace::kDemand);
  const Event event(1000);
  unsigned woken = 0;
  ASSERT_TRUE(loop.watch(
      event.fd, [&] { ++woken; }, Wake::kOnWrite));
  for (unsigned round = 1; round <= 3; ++round) {
    const uint64_t looks = loop.looks();
    const After end(0.02);
    ASSERT_TRUE(loop.watch(end.fd, [&] {
      loop.unwatch(end.fd);
      loop.stop();
    }));
    loop.run();
    EXPECT_EQ(woken, round);
    EXPECT_LT(loop.looks() - looks, 10u);
    const uint64_t one = 1;
    ASSERT_EQ(write(event.fd, &one, sizeof one), ssize_t{sizeof one});
  }
}

TEST(ExternalLoop, ANumberThatIsUsedAgainGetsNoOldCallbacks) {
  ExternalLoop loop(Pace::kDemand);
  int pipes[2][2];
  ASSERT_EQ(pipe(pipes[0]), 0);
  ASSERT_EQ(pipe(pipes[1]), 0);
  for (const auto& ends : pipes) ASSERT_EQ(write(ends[1], "x", 1), 1);
  int old = 0, fresh = 0;
  int again = -1;
  const auto swap = [&](int other) {
    return [&, other] {
      ++old;
      // `other` is ready too and in the same batch; its number comes to name an empty pipe.
      loop.unwatch(other);
      close(other);
      int ends[2];
      EXPECT_EQ(pipe(ends), 0);
      again = ends[0];
      EXPECT_EQ(again, other);
      EXPECT_TRUE(loop.watch(again, [&] { ++fresh; }));
      loop.post([&] { loop.stop(); });
    };
  };
  ASSERT_TRUE(loop.watch(pipes[0][0], swap(pipes[1][0])));
  ASSERT_TRUE(loop.watch(pipes[1][0], swap(pipes[0][0])));
  loop.run();
  EXPECT_EQ(old, 1);
  EXPECT_EQ(fresh, 0);
}

TEST(ExternalLoop, TheEndOfAStreamIsReady) {
  ExternalLoop loop(Pace::kDemand);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[1]);
  bool ended = false;
  ASSERT_TRUE(loop.watch(ends[0], [&] {
    char byte;
    ended = read(ends[0], &byte, 1) == 0;
    loop.stop();
  }));
  loop.run();
  EXPECT_TRUE(ended);
  close(ends[0]);
}

TEST(ExternalLoop, APlainFileCannotBeWatched) {
  ExternalLoop loop(Pace::kDemand);
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  EXPECT_FALSE(loop.watch(fileno(file), [] {}));
  EXPECT_FALSE(loop.watch(-1, [] {}));
  loop.unwatch(fileno(file));
  std::fclose(file);
}

TEST(ExternalLoop, ReturnsWhenNothingCanEverHappen) {
  ExternalLoop loop(Pace::kDemand);
  sc_core::sc_event step;
  int steps = 0;
  on(step, [&] { ++steps; });
  notify(step, 5);
  loop.run();
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(now_ps(), 5u);
}

TEST(ExternalLoop, PostedCallsComeBetweenSlicesInOrder) {
  ExternalLoop loop(Pace::kDemand);
  sc_core::sc_event step;
  std::string order;
  on(step, [&] {
    order += 's';
    loop.post([&] {
      EXPECT_NE(sc_core::sc_get_status(), sc_core::SC_RUNNING);
      order += 'p';
      loop.post([&] {
        order += 'q';
        loop.stop();
      });
    });
  });
  loop.post([&] {
    order += 'a';
    notify(step, 10);
  });
  loop.post([&] { order += 'b'; });
  loop.run();
  EXPECT_EQ(order, "abspq");
}

TEST(ExternalLoop, StopsFromAProcessAtItsTime) {
  ExternalLoop loop(Pace::kDemand);
  sc_core::sc_event step;
  int steps = 0;
  on(step, [&] {
    if (++steps == 3) loop.stop();
    notify(step, 100);
  });
  notify(step, 100);
  loop.run();
  EXPECT_EQ(steps, 3);
  EXPECT_EQ(now_ps(), 300u);
  // And goes on where it was.
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(steps, 3);
  loop.stop();
  loop.run();
  EXPECT_EQ(steps, 3);
}

TEST(ExternalLoop, EndsAtATimeThatIsNoEvent) {
  ExternalLoop loop(Pace::kDemand);
  sc_core::sc_event step;
  std::vector<uint64_t> times;
  on(step, [&] {
    times.push_back(now_ps());
    notify(step, 100);
  });
  notify(step, 100);
  loop.run(350);
  EXPECT_EQ(times, (std::vector<uint64_t>{100, 200, 300}));
  EXPECT_EQ(now_ps(), 350u);
  loop.run(350);
  EXPECT_EQ(now_ps(), 350u);
  loop.run(400);  // what is due at the end belongs to what follows
  EXPECT_EQ(times.size(), 3u);
  loop.run(401);
  EXPECT_EQ(times.size(), 4u);
}

TEST(ExternalLoopWallClock, EndsAtItsTimeWithoutEventsToo) {
  ExternalLoop loop(Pace::kWallClock);
  const WallTimer wall;
  const double cpu = cpu_s();
  loop.run(100 * kMs);
  EXPECT_EQ(now_ps(), 100 * kMs);
  EXPECT_GE(wall.s(), 0.1);
  sc_core::sc_event far;
  on(far, [] {});
  notify(far, 10'000 * kMs);
  loop.run(200 * kMs);
  EXPECT_EQ(now_ps(), 200 * kMs);
  EXPECT_GE(wall.s(), 0.19);
  EXPECT_LT(cpu_s() - cpu, 0.05);
}

TEST(ExternalLoop, SettlesWithoutLookingOutside) {
  ExternalLoop loop(Pace::kDemand);
  sc_core::sc_event step;
  int steps = 0;
  on(step, [&] {
    if (++steps < 10) notify(step, 1 * kUs);
  });
  const Event kick(1), other(1);
  int others = 0;
  bool first = false, second = true;
  ASSERT_TRUE(loop.watch(kick.fd, [&] {
    kick.take();
    loop.unwatch(other.fd);
    notify(step, 1 * kUs);
    const uint64_t looks = loop.looks();
    first = loop.settle([&] { return steps == 4; });
    EXPECT_EQ(steps, 4);
    EXPECT_EQ(now_ps(), 4 * kUs);  // no further than asked for
    second = loop.settle([&] { return steps == 20; });
    EXPECT_EQ(steps, 10);
    EXPECT_EQ(loop.looks(), looks);
    loop.stop();
  }));
  loop.run();
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
  EXPECT_EQ(others, 0);
  EXPECT_TRUE(loop.settle([] { return true; }));
}

TEST(ExternalLoopWallClock, EventsRunWhenTheyAreDue) {
  ExternalLoop loop(Pace::kWallClock);
  sc_core::sc_event step;
  std::vector<double> late;
  const WallTimer wall;
  on(step, [&] {
    late.push_back(wall.s() - static_cast<double>(now_ps()) * 1e-12);
    if (late.size() == 20) return loop.stop();
    notify(step, 10 * kMs);
  });
  notify(step, 10 * kMs);
  const double cpu = cpu_s();
  loop.run();
  EXPECT_LT(cpu_s() - cpu, 0.1);
  ASSERT_EQ(late.size(), 20u);
  for (const double delay : late) EXPECT_GE(delay, 0.0);
  std::sort(late.begin(), late.end());
  RecordProperty("late_us", std::to_string(late[10] * 1e6));
  // What the machine loses beyond a millisecond stays lost, so the end may be late by much.
  EXPECT_LT(late.front(), 0.02);
}

TEST(ExternalLoopWallClock, WhatComesInMeetsTheTimeThatItIs) {
  ExternalLoop loop(Pace::kWallClock);
  sc_core::sc_event far;
  bool ran = false;
  on(far, [&] { ran = true; });
  notify(far, 3600'000 * kMs);
  const WallTimer wall;
  const After when(0.2);
  uint64_t at_ps = 0;
  double at_s = 0;
  ASSERT_TRUE(loop.watch(when.fd, [&] {
    at_ps = now_ps();
    at_s = wall.s();
    loop.stop();
  }));
  const double cpu = cpu_s();
  loop.run();
  EXPECT_LT(cpu_s() - cpu, 0.05);
  EXPECT_LE(static_cast<double>(at_ps) * 1e-12, at_s);
  EXPECT_GT(static_cast<double>(at_ps) * 1e-12, 0.1);
  EXPECT_FALSE(ran);
}

TEST(ExternalLoopWallClock, TimeGoesOnWithoutEvents) {
  ExternalLoop loop(Pace::kWallClock);
  const After when(0.2);
  ASSERT_TRUE(loop.watch(when.fd, [&] { loop.stop(); }));
  loop.run();
  EXPECT_GT(now_ps(), 100 * kMs);
}

TEST(ExternalLoopWallClock, TimeThatWasLostIsNotMadeUpFor) {
  ExternalLoop loop(Pace::kWallClock);
  sc_core::sc_event step;
  std::vector<double> walls;
  const WallTimer wall;
  on(step, [&] {
    walls.push_back(wall.s());
    if (walls.size() == 5) burn(0.2);
    if (walls.size() == 25) return loop.stop();
    notify(step, 2 * kMs);
  });
  notify(step, 2 * kMs);
  loop.run();
  ASSERT_EQ(walls.size(), 25u);
  // 20 steps of 2 ms follow the loss of 200 ms: they take their time, but for the millisecond that
  // may be caught up with.
  EXPECT_GE(walls[24] - (walls[4] + 0.2), 0.0385);
}

TEST(ExternalLoopWallClock, SettlingDoesNotRunAheadOfTheOutside) {
  ExternalLoop loop(Pace::kWallClock);
  sc_core::sc_event step;
  std::vector<uint64_t> times;
  on(step, [&] {
    times.push_back(now_ps());
    if (times.size() < 10) notify(step, 1000 * kMs);
  });
  const Event kick(1);
  const WallTimer wall;
  ASSERT_TRUE(loop.watch(kick.fd, [&] {
    kick.take();
    loop.unwatch(kick.fd);
    notify(step, 1000 * kMs);
    EXPECT_TRUE(loop.settle([&] { return times.size() == 10; }));
    notify(step, 10 * kMs);
  }));
  const After end(0.5);
  ASSERT_TRUE(loop.watch(end.fd, [&] { loop.stop(); }));
  loop.run();
  // Ten seconds passed at once, and the clock goes on from there: the last event is not held back.
  ASSERT_EQ(times.size(), 11u);
  EXPECT_LT(wall.s(), 5.0);
}

}  // namespace
}  // namespace ringside::test
