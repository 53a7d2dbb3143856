// SPDX-License-Identifier: Apache-2.0
// The single-threaded event loop behind FakePlatform.
#include "tests/unit/driver/fake_platform.h"

#include <algorithm>
#include <stdexcept>

namespace ringside::test {

class FakeTimer final : public driver::Timer {
 public:
  FakeTimer(FakePlatform& platform, Callback callback, void* context)
      : platform_(platform), callback_(callback), context_(context) {}
  ~FakeTimer() override { cancel(); }
  void arm(uint64_t deadline_ns) override {
    cancel();
    armed_ = true;
    key_ = platform_.at(
        std::max(deadline_ns, platform_.now_ns()),
        [this] {
          armed_ = false;
          callback_(context_);
        },
        true);
  }
  void cancel() override {
    if (armed_) platform_.events_.erase(key_);
    armed_ = false;
  }
  bool armed() const override { return armed_; }

 private:
  FakePlatform& platform_;
  Callback callback_;
  void* context_;
  bool armed_ = false;
  FakePlatform::Key key_;
};

class FakeWork final : public driver::Work {
 public:
  FakeWork(FakePlatform& platform, std::list<FakeWork*>& list, Callback callback, void* context)
      : platform_(platform), list_(list), callback_(callback), context_(context) {}
  ~FakeWork() override {
    cancel();
    if (!running_) return;
    ++platform_.works_cut_off;
    platform_.ready_.remove(fiber_);
    // Its stack stays, for a wait queue may still know it.
    *alive_ = false;
  }
  void schedule() override {
    if (std::find(list_.begin(), list_.end(), this) == list_.end()) list_.push_back(this);
  }
  void cancel() override { list_.remove(this); }
  void run() {
    running_ = true;
    callback_(context_);
    running_ = false;
  }
  /// As run(), on a stack of its own.
  std::unique_ptr<Fiber> begin() {
    running_ = true;
    auto fiber = std::make_unique<Fiber>([this] { run(); });
    fiber_ = fiber.get();
    fiber->alive = alive_ = std::make_shared<bool>(true);
    return fiber;
  }
  bool running() const { return running_; }

 private:
  FakePlatform& platform_;
  std::list<FakeWork*>& list_;
  Callback callback_;
  void* context_;
  bool running_ = false;
  Fiber* fiber_ = nullptr;
  std::shared_ptr<bool> alive_;
};

class FakeLock final : public driver::Lock {
 public:
  explicit FakeLock(FakePlatform& platform) : platform_(platform) {}
  void lock() override {
    platform_.preempt();
    if (held_) throw std::logic_error("a lock is taken twice");
    held_ = true;
    ++platform_.locks_held_;
  }
  void unlock() override {
    held_ = false;
    --platform_.locks_held_;
    platform_.preempt();
  }

 private:
  FakePlatform& platform_;
  bool held_ = false;
};

class FakeWaitQueue final : public driver::WaitQueue {
 public:
  explicit FakeWaitQueue(FakePlatform& platform) : platform_(platform) {}
  bool wait_until(uint64_t deadline_ns) override {
    platform_.sleep_check();
    Waiter me{Fiber::current(), false};
    waiters_.push_back(&me);
    if (me.fiber != nullptr) {
      sleep(&me, deadline_ns);
    } else {
      while (!me.woken && platform_.step(deadline_ns)) {
      }
      if (!me.woken && deadline_ns == driver::kForever) {
        throw std::logic_error("nothing will end this wait");
      }
    }
    waiters_.remove(&me);
    return me.woken;
  }
  void wake_one() override {
    if (waiters_.empty()) return;
    Waiter* first = waiters_.front();
    waiters_.pop_front();
    first->woken = true;
    if (first->fiber != nullptr) platform_.ready_.push_back(first->fiber);
  }
  void wake_all() override {
    while (!waiters_.empty()) wake_one();
  }

 private:
  struct Waiter {
    Fiber* fiber;
    bool woken;
  };
  void sleep(Waiter* me, uint64_t deadline_ns) {
    FakePlatform::Key key;
    bool late = false;
    if (deadline_ns != driver::kForever) {
      key = platform_.at(
          deadline_ns,
          [this, me, &late] {
            late = true;
            if (!me->woken) platform_.ready_.push_back(me->fiber);
          },
          false);
    }
    Fiber::yield();
    if (deadline_ns != driver::kForever && !late) platform_.events_.erase(key);
  }

  FakePlatform& platform_;
  std::list<Waiter*> waiters_;
};

std::unique_ptr<driver::Timer> FakePlatform::make_timer(Callback callback, void* context) {
  return std::make_unique<FakeTimer>(*this, callback, context);
}
std::unique_ptr<driver::Work> FakePlatform::make_work(driver::WorkContext where, Callback callback,
                                                      void* context) {
  return std::make_unique<FakeWork>(
      *this, where == driver::WorkContext::kSoftirq ? softirq_ : process_, callback, context);
}
std::unique_ptr<driver::WaitQueue> FakePlatform::make_wait_queue() {
  return std::make_unique<FakeWaitQueue>(*this);
}
std::unique_ptr<driver::Lock> FakePlatform::make_lock() {
  return std::make_unique<FakeLock>(*this);
}

FakePlatform::Key FakePlatform::at(uint64_t time_ns, std::function<void()> event, bool softirq) {
  const Key key{time_ns, order_++};
  events_.emplace(key, Event{std::move(event), softirq});
  return key;
}

void FakePlatform::after(uint64_t delay_ns, std::function<void()> event) {
  at(now_ns_ + delay_ns, std::move(event), false);
}

void FakePlatform::preempt() {
  if (hard_ || soft_ || locks_held_ != 0) return;
  soft_ = true;
  for (unsigned runs = 0; !softirq_.empty() && !livelocked_; ++runs) {
    livelocked_ = runs == kMostRuns;
    FakeWork* work = softirq_.front();
    softirq_.pop_front();
    work->run();
  }
  soft_ = false;
}

void FakePlatform::sleep_check() const {
  if (hard_ || soft_ || locks_held_ != 0) throw std::logic_error("sleep outside process context");
}

void FakePlatform::sleep_until(uint64_t deadline_ns) {
  Fiber* fiber = Fiber::current();
  if (fiber == nullptr) return run_until(deadline_ns);
  sleep_check();
  at(
      std::max(deadline_ns, now_ns_), [this, fiber] { ready_.push_back(fiber); }, false);
  Fiber::yield();
}

void FakePlatform::run(Fiber* fiber) {
  if (!*fiber->alive) return;
  fiber->resume();
  if (fiber->done()) fibers_.remove_if([fiber](const auto& one) { return one.get() == fiber; });
  preempt();
}

bool FakePlatform::step(uint64_t deadline_ns) {
  sleep_check();
  if (Fiber::current() != nullptr) throw std::logic_error("a process context runs the events");
  preempt();
  if (!ready_.empty()) {
    Fiber* fiber = ready_.front();
    ready_.pop_front();
    run(fiber);
    return true;
  }
  const auto begins = std::find_if(process_.begin(), process_.end(),
                                   [](const FakeWork* work) { return !work->running(); });
  if (begins != process_.end()) {
    FakeWork* work = *begins;
    process_.erase(begins);
    fibers_.push_back(work->begin());
    run(fibers_.back().get());
    return true;
  }
  const auto first = events_.begin();
  if (first == events_.end() || first->first.first > deadline_ns) return false;
  now_ns_ = std::max(now_ns_, first->first.first);
  const Event event = std::move(first->second);
  events_.erase(first);
  bool& context = event.softirq ? soft_ : hard_;
  context = true;
  event.run();
  context = false;
  preempt();
  return true;
}

void FakePlatform::run_until(uint64_t deadline_ns) {
  while (step(deadline_ns)) {
  }
  now_ns_ = std::max(now_ns_, deadline_ns);
}

bool FakePlatform::run_to_idle(uint64_t deadline_ns) {
  while (step(deadline_ns)) {
  }
  return events_.empty();
}

bool FakePlatform::logged(std::string_view part) const {
  return std::any_of(logs_.begin(), logs_.end(), [part](const std::string& line) {
    return line.find(part) != std::string::npos;
  });
}

}  // namespace ringside::test
