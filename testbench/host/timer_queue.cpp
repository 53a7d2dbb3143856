// SPDX-License-Identifier: Apache-2.0
// See timer_queue.h.
#include "testbench/host/timer_queue.h"

#include <algorithm>

namespace ringside::tb {

namespace {

constexpr uint64_t kPsPerNs = 1000;

}  // namespace

/// A timer keeps at most one entry in the heap. Re-arming it later leaves the entry where it is;
/// when that comes up, it is pushed again with the new deadline.
class TimerQueue::SimTimer : public driver::Timer {
 public:
  SimTimer(TimerQueue& queue, driver::Callback callback, void* context)
      : callback(callback), context(context), queue_(queue) {}
  ~SimTimer() override { queue_.forget(*this); }
  void arm(uint64_t deadline_ns) override {
    if (deadline_ns >= driver::kForever / kPsPerNs) {
      cancel();
      return;
    }
    deadline_ps = deadline_ns * kPsPerNs;
    if (expired) return;  // it fires as soon as the softirq comes to it; run_softirq looks again
    if (entry_ps > deadline_ps) queue_.push(*this, queue_.now_ps());
  }
  void cancel() override { deadline_ps = driver::kForever; }
  bool armed() const override { return deadline_ps != driver::kForever; }

  driver::Callback callback;
  void* context;
  uint64_t deadline_ps = driver::kForever;
  uint64_t entry_ps = driver::kForever;  ///< deadline of the live heap entry
  bool expired = false;                  ///< waits in expired_

 private:
  TimerQueue& queue_;
};

TimerQueue::TimerQueue(const sc_core::sc_module_name& name, CpuCore& core)
    : sc_core::sc_module(name), core_(core) {
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.set_sensitivity(&hardware_event_);
  options.dont_initialize();
  sc_core::sc_spawn([this] { expire(); }, "expire", &options);
}

TimerQueue::~TimerQueue() = default;

std::unique_ptr<driver::Timer> TimerQueue::make_timer(driver::Callback callback, void* context) {
  return std::make_unique<SimTimer>(*this, callback, context);
}

uint64_t TimerQueue::now_ps() const {
  const CpuCore* core = CpuCore::running();
  return core != nullptr ? core->local_time_ps() : sc_core::sc_time_stamp().value();
}

void TimerQueue::push(SimTimer& timer, uint64_t now_ps) {
  timer.entry_ps = timer.deadline_ps;
  heap_.push_back({timer.deadline_ps, next_order_++, &timer});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  schedule_hardware(now_ps);
}

void TimerQueue::forget(SimTimer& timer) {
  // Taken out at once: waits with a time-out make a timer each, whose deadline is mostly far away.
  if (std::erase_if(heap_, [&](const Entry& entry) { return entry.timer == &timer; }) != 0) {
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
  }
  std::replace(expired_.begin(), expired_.end(), &timer, static_cast<SimTimer*>(nullptr));
}

void TimerQueue::schedule_hardware(uint64_t now_ps) {
  if (heap_.empty()) return;
  const uint64_t first_ps = std::max(heap_.front().deadline_ps, now_ps);
  if (first_ps >= hardware_ps_) return;
  hardware_ps_ = first_ps;
  hardware_event_.notify(sc_core::sc_time::from_value(first_ps - sc_core::sc_time_stamp().value()));
  due_.at(first_ps);
}

void TimerQueue::expire() {
  const uint64_t now = sc_core::sc_time_stamp().value();
  hardware_ps_ = driver::kForever;
  due_.never();
  while (!heap_.empty() && heap_.front().deadline_ps <= now) {
    const Entry entry = heap_.front();
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    heap_.pop_back();
    SimTimer* timer = entry.timer;
    if (entry.deadline_ps != timer->entry_ps) continue;  // superseded
    timer->entry_ps = driver::kForever;
    if (!timer->armed()) continue;
    if (timer->deadline_ps > now) {
      push(*timer, now);
    } else {
      timer->expired = true;
      expired_.push_back(timer);
    }
  }
  if (!expired_.empty()) core_.raise(*this);
  schedule_hardware(now);
}

void TimerQueue::interrupt() { core_.raise_softirq(*this); }

void TimerQueue::run_softirq() {
  while (!expired_.empty()) {
    SimTimer* timer = expired_.front();
    expired_.pop_front();
    if (timer == nullptr) continue;
    timer->expired = false;
    if (!timer->armed()) continue;
    if (timer->deadline_ps > core_.local_time_ps()) {
      push(*timer, now_ps());
      continue;
    }
    timer->deadline_ps = driver::kForever;
    core_.charge(driver::Cost::kTimer, 1);
    timer->callback(timer->context);
  }
}

}  // namespace ringside::tb
