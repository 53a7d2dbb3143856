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
  FakeWork(std::list<FakeWork*>& list, Callback callback, void* context)
      : list_(list), callback_(callback), context_(context) {}
  ~FakeWork() override { cancel(); }
  void schedule() override {
    if (std::find(list_.begin(), list_.end(), this) == list_.end()) list_.push_back(this);
  }
  void cancel() override { list_.remove(this); }
  void run() {
    running_ = true;
    callback_(context_);
    running_ = false;
  }
  bool running() const { return running_; }

 private:
  std::list<FakeWork*>& list_;
  Callback callback_;
  void* context_;
  bool running_ = false;
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
    const uint64_t ticket = wakes_;
    while (wakes_ == ticket) {
      if (!platform_.step(deadline_ns)) {
        if (deadline_ns == driver::kForever) throw std::logic_error("nothing will end this wait");
        return false;
      }
    }
    return true;
  }
  void wake_one() override { ++wakes_; }
  void wake_all() override { ++wakes_; }

 private:
  FakePlatform& platform_;
  uint64_t wakes_ = 0;
};

std::unique_ptr<driver::Timer> FakePlatform::make_timer(Callback callback, void* context) {
  return std::make_unique<FakeTimer>(*this, callback, context);
}
std::unique_ptr<driver::Work> FakePlatform::make_work(driver::WorkContext where, Callback callback,
                                                      void* context) {
  return std::make_unique<FakeWork>(where == driver::WorkContext::kSoftirq ? softirq_ : process_,
                                    callback, context);
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

bool FakePlatform::step(uint64_t deadline_ns) {
  if (hard_ || soft_ || locks_held_ != 0) throw std::logic_error("sleep outside process context");
  preempt();
  // One that sleeps further down on this stack runs again when it has returned.
  const auto ready = std::find_if(process_.begin(), process_.end(),
                                  [](const FakeWork* work) { return !work->running(); });
  if (ready != process_.end()) {
    FakeWork* work = *ready;
    process_.erase(ready);
    work->run();
    preempt();
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
