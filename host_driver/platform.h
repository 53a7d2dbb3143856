// SPDX-License-Identifier: Apache-2.0
// Platform: what driver and stack need from the operating system: clock, timers, sleep and wake,
// deferred work, mutual exclusion, charging of time, log. Plain C++, no SystemC.
//
// Contexts, as in Linux: a hard interrupt preempts softirq and process; softirq preempts process
// unless bottom halves are off; only process context sleeps. Timers run in softirq context on core
// 0. Softirq work runs on the core that was chosen for it (Work::set_core), else on the one that
// schedules it; it never runs beside itself. Process work runs on a worker in process context.
//
// In simulation code runs in zero virtual time between synchronisation points, which are the
// accessors of PciAccess, Lock::lock, WaitQueue::wait_until and sleep_until. Between two of them no
// other context of any core runs.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "host_driver/cost.h"

namespace ringside::driver {

using Callback = void (*)(void* context);
inline constexpr uint64_t kForever = ~uint64_t{0};

/// A one-shot timer. Destroying it cancels it. Its callback may re-arm it.
class Timer {
 public:
  virtual ~Timer() = default;
  /// Absolute deadline, ns on Platform::now_ns's clock; replaces an earlier deadline.
  virtual void arm(uint64_t deadline_ns) = 0;
  virtual void cancel() = 0;
  virtual bool armed() const = 0;
};

enum class WorkContext : uint8_t { kSoftirq, kProcess };

/// Deferred work; scheduling it while it is pending does nothing, while it runs makes it run again.
/// What was stored to shared memory before schedule() is visible to it, on whatever core it runs.
class Work {
 public:
  virtual ~Work() = default;
  virtual void schedule() = 0;
  virtual void cancel() = 0;
  /// Softirq work runs on `core`, below Platform::core_count(), when it is next scheduled.
  /// Platforms with one core, and process work, ignore it.
  virtual void set_core(unsigned core) { static_cast<void>(core); }
};

/// Where process contexts sleep. The caller tests its condition in a loop; no wake is lost between
/// the test and the sleep, because the caller is queued before any time passes.
class WaitQueue {
 public:
  virtual ~WaitQueue() = default;
  /// Sleeps until woken or the deadline; false if the deadline came first. Process context only.
  virtual bool wait_until(uint64_t deadline_ns) = 0;
  virtual void wake_one() = 0;
  virtual void wake_all() = 0;
};

/// Mutual exclusion between cores and against softirq on this core (spin_lock_bh). Not recursive.
/// Must not be held over a sleep. What the last holder stored to shared memory is visible to the
/// next one.
class Lock {
 public:
  virtual ~Lock() = default;
  virtual void lock() = 0;
  virtual void unlock() = 0;
};

enum class LogLevel : uint8_t { kError, kWarning, kInfo, kDebug };

class Platform {
 public:
  virtual ~Platform() = default;

  /// Virtual time, ns, including what the running context has been charged but not yet paid.
  virtual uint64_t now_ns() = 0;
  /// Charges the running context for `count` units of work.
  virtual void charge(Cost cost, uint64_t count = 1) = 0;

  /// Cores that softirq work and interrupt vectors may be given to.
  virtual unsigned core_count() const { return 1; }

  virtual std::unique_ptr<Timer> make_timer(Callback callback, void* context) = 0;
  virtual std::unique_ptr<Work> make_work(WorkContext where, Callback callback, void* context) = 0;
  virtual std::unique_ptr<WaitQueue> make_wait_queue() = 0;
  virtual std::unique_ptr<Lock> make_lock() = 0;

  /// Sleeps (process context only).
  virtual void sleep_until(uint64_t deadline_ns) = 0;
  /// True in process context (also with bottom halves off, where sleeping is not allowed).
  virtual bool in_process() = 0;
  /// Seeded random bits for protocol use (initial sequence numbers, ports); never for timing.
  virtual uint64_t random() = 0;
  virtual void log(LogLevel level, std::string_view message) = 0;
};

/// lock() on construction, unlock() on destruction.
class LockGuard {
 public:
  explicit LockGuard(Lock& lock) : lock_(lock) { lock_.lock(); }
  ~LockGuard() { lock_.unlock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  Lock& lock_;
};

}  // namespace ringside::driver
