// SPDX-License-Identifier: Apache-2.0
// Timers and wait queues over World's events. An event cannot be taken back, so each carries a
// small record that outlives its owner and says whether it still counts.
#include "tests/unit/stack/fake_platform.h"

#include <algorithm>

namespace ringside::test {
namespace {

class FakeTimer final : public driver::Timer {
 public:
  FakeTimer(World& world, driver::Callback callback, void* context)
      : world_(world), callback_(callback), context_(context) {}
  ~FakeTimer() override { cancel(); }

  void arm(uint64_t deadline_ns) override {
    cancel();
    shot_ = new Shot{this};
    world_.at(
        deadline_ns,
        [](void* record) {
          const std::unique_ptr<Shot> shot(static_cast<Shot*>(record));
          FakeTimer* timer = shot->timer;
          if (timer == nullptr) return;
          timer->shot_ = nullptr;
          timer->callback_(timer->context_);
        },
        shot_);
  }
  void cancel() override {
    if (shot_ != nullptr) shot_->timer = nullptr;
    shot_ = nullptr;
  }
  bool armed() const override { return shot_ != nullptr; }

 private:
  struct Shot {
    FakeTimer* timer;
  };
  World& world_;
  driver::Callback callback_;
  void* context_;
  Shot* shot_ = nullptr;
};

class FakeWaitQueue final : public driver::WaitQueue {
 public:
  explicit FakeWaitQueue(World& world) : world_(world) {}

  bool wait_until(uint64_t deadline_ns) override {
    Sleeper sleeper{Fiber::current(), nullptr, false};
    sleepers_.push_back(&sleeper);
    if (deadline_ns != driver::kForever) {
      sleeper.alarm = new Alarm{this, &sleeper};
      world_.at(
          deadline_ns,
          [](void* record) {
            const std::unique_ptr<Alarm> alarm(static_cast<Alarm*>(record));
            if (alarm->sleeper == nullptr) return;
            alarm->sleeper->alarm = nullptr;
            std::erase(alarm->queue->sleepers_, alarm->sleeper);
            alarm->sleeper->fiber->resume();
          },
          sleeper.alarm);
    }
    Fiber::current()->suspend();
    return sleeper.woken;
  }
  void wake_one() override {
    if (sleepers_.empty()) return;
    Sleeper* sleeper = sleepers_.front();
    sleepers_.pop_front();
    sleeper->woken = true;
    if (sleeper->alarm != nullptr) sleeper->alarm->sleeper = nullptr;
    world_.resume_at(world_.now_ns(), sleeper->fiber);
  }
  void wake_all() override {
    while (!sleepers_.empty()) wake_one();
  }

 private:
  struct Sleeper;
  struct Alarm {
    FakeWaitQueue* queue;
    Sleeper* sleeper;
  };
  struct Sleeper {
    Fiber* fiber;
    Alarm* alarm;
    bool woken;
  };
  World& world_;
  std::deque<Sleeper*> sleepers_;
};

class FakeLock final : public driver::Lock {
 public:
  void lock() override {}
  void unlock() override {}
};

class FakeWork final : public driver::Work {
 public:
  FakeWork(World& world, driver::Callback callback, void* context)
      : timer_(world, callback, context), world_(world) {}
  void schedule() override {
    if (!timer_.armed()) timer_.arm(world_.now_ns());
  }
  void cancel() override { timer_.cancel(); }

 private:
  FakeTimer timer_;
  World& world_;
};

}  // namespace

std::unique_ptr<driver::Timer> FakePlatform::make_timer(driver::Callback callback, void* context) {
  return std::make_unique<FakeTimer>(world_, callback, context);
}
std::unique_ptr<driver::Work> FakePlatform::make_work(driver::WorkContext,
                                                      driver::Callback callback, void* context) {
  return std::make_unique<FakeWork>(world_, callback, context);
}
std::unique_ptr<driver::WaitQueue> FakePlatform::make_wait_queue() {
  return std::make_unique<FakeWaitQueue>(world_);
}
std::unique_ptr<driver::Lock> FakePlatform::make_lock() { return std::make_unique<FakeLock>(); }

}  // namespace ringside::test
