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
      : world_(world), slot_(world.take_slot(this)), callback_(callback), context_(context) {}
  ~FakeTimer() override { world_.give_slot(slot_); }

  void arm(uint64_t deadline_ns) override {
    cancel();
    armed_ = true;
    world_.at(
        deadline_ns,
        [](void* self) {
          auto* timer = static_cast<FakeTimer*>(self);
          timer->armed_ = false;
          timer->callback_(timer->context_);
        },
        slot_);
  }
  void cancel() override {
    ++slot_->generation;
    armed_ = false;
  }
  bool armed() const override { return armed_; }

 private:
  World& world_;
  Slot* slot_;
  driver::Callback callback_;
  void* context_;
  bool armed_ = false;
};

class FakeWaitQueue final : public driver::WaitQueue {
 public:
  explicit FakeWaitQueue(World& world) : world_(world) {}

  bool wait_until(uint64_t deadline_ns) override {
    Sleeper sleeper{this, Fiber::current(), false};
    Slot* alarm = world_.take_slot(&sleeper);
    sleepers_.push_back(&sleeper);
    if (deadline_ns != driver::kForever) {
      world_.at(
          deadline_ns,
          [](void* context) {
            auto* late = static_cast<Sleeper*>(context);
            if (late->woken) return;  // the wake is under way
            std::erase(late->queue->sleepers_, late);
            late->fiber->resume();
          },
          alarm);
    }
    Fiber::current()->suspend();
    world_.give_slot(alarm);
    return sleeper.woken;
  }
  void wake_one() override {
    if (sleepers_.empty()) return;
    Sleeper* sleeper = sleepers_.front();
    sleepers_.pop_front();
    sleeper->woken = true;
    world_.resume_at(world_.now_ns(), sleeper->fiber);
  }
  void wake_all() override {
    while (!sleepers_.empty()) wake_one();
  }

 private:
  struct Sleeper {
    FakeWaitQueue* queue;
    Fiber* fiber;
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
