// SPDX-License-Identifier: Apache-2.0
// A Platform on a virtual clock in one thread: events in order of time, softirq work between them,
// process work on stacks of its own, and the test, which sleeps by running all the others.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host_driver/platform.h"
#include "tests/unit/driver/fiber.h"

namespace ringside::test {

using driver::Callback;
using driver::Cost;

/// Small seeded generator (xorshift64*), the same on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 0x1234567u) {}
  uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1Du;
  }
  /// True once in `n` times.
  bool one_in(uint64_t n) { return below(n) == 0; }
  uint64_t below(uint64_t n) { return (next() >> 11) % n; }

 private:
  uint64_t state_;
};

class FakePlatform final : public driver::Platform {
 public:
  // -- Platform
  uint64_t now_ns() override { return now_ns_; }
  void charge(Cost cost, uint64_t count) override { charged_[static_cast<size_t>(cost)] += count; }
  unsigned core_count() const override { return cores; }
  std::unique_ptr<driver::Timer> make_timer(Callback callback, void* context) override;
  std::unique_ptr<driver::Work> make_work(driver::WorkContext where, Callback callback,
                                          void* context) override;
  std::unique_ptr<driver::WaitQueue> make_wait_queue() override;
  std::unique_ptr<driver::Lock> make_lock() override;
  void sleep_until(uint64_t deadline_ns) override;
  bool in_process() override { return !hard_ && !soft_; }
  uint64_t random() override { return random_.next(); }
  void log(driver::LogLevel, std::string_view message) override { logs_.emplace_back(message); }

  // -- for tests
  unsigned cores = 1;  ///< that the driver is told of; there is one
  /// Runs everything that is due up to `deadline_ns`, then stands there.
  void run_until(uint64_t deadline_ns);
  void run_for(uint64_t ns) { run_until(now_ns_ + ns); }
  /// Runs until nothing is pending or `deadline_ns` is reached; true if nothing was left.
  bool run_to_idle(uint64_t deadline_ns);
  /// Calls `event` in `delay_ns`, in hard-interrupt context.
  void after(uint64_t delay_ns, std::function<void()> event);
  /// Runs pending softirq work if the running context may be preempted by it.
  void preempt();
  /// Calls f as a hard interrupt.
  template <typename F>
  auto hard(F&& f) {
    const bool before = std::exchange(hard_, true);
    auto result = f();
    hard_ = before;
    return result;
  }
  bool in_hard() const { return hard_; }
  bool in_softirq() const { return soft_ && !hard_; }
  /// Softirq work scheduled itself without end, and was cut off.
  bool livelocked() const { return livelocked_; }
  /// Process work that was destroyed in the middle of its callback: what it would have touched next
  /// is gone. It never goes on.
  unsigned works_cut_off = 0;
  unsigned locks_held() const { return locks_held_; }
  uint64_t charged(Cost cost) const { return charged_[static_cast<size_t>(cost)]; }
  const std::vector<std::string>& logs() const { return logs_; }
  bool logged(std::string_view part) const;
  void clear_logs() { logs_.clear(); }
  void seed(uint64_t seed) { random_ = Random(seed); }

 private:
  friend class FakeTimer;
  friend class FakeWork;
  friend class FakeLock;
  friend class FakeWaitQueue;
  using Key = std::pair<uint64_t, uint64_t>;  // time, order

  Key at(uint64_t time_ns, std::function<void()> event, bool softirq);
  bool step(uint64_t deadline_ns);
  void run(Fiber* fiber);
  void sleep_check() const;

  struct Event {
    std::function<void()> run;
    bool softirq;
  };
  uint64_t now_ns_ = 0;
  uint64_t order_ = 0;
  std::map<Key, Event> events_;
  std::list<class FakeWork*> softirq_, process_;
  std::list<std::unique_ptr<Fiber>> fibers_;  ///< of process work that has begun
  std::list<Fiber*> ready_;                   ///< woken
  bool hard_ = false, soft_ = false;
  static constexpr unsigned kMostRuns = 20'000;  ///< softirq work without a pause
  bool livelocked_ = false;
  unsigned locks_held_ = 0;
  std::array<uint64_t, static_cast<size_t>(Cost::kCount)> charged_{};
  std::vector<std::string> logs_;
  Random random_{1};
};

}  // namespace ringside::test
