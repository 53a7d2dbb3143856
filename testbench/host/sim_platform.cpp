// SPDX-License-Identifier: Apache-2.0
// See sim_platform.h.
#include "testbench/host/sim_platform.h"

#include <algorithm>
#include <utility>

#include "testbench/host/memory_order.h"

namespace ringside::tb {

namespace {

constexpr uint64_t kPsPerNs = 1000;

}  // namespace

class SimPlatform::SimWaitQueue : public driver::WaitQueue {
 public:
  explicit SimWaitQueue(SimPlatform& platform) : platform_(platform) {}

  bool wait_until(uint64_t deadline_ns) override {
    CpuCore& core = *CpuCore::running();
    Waiter waiter{core.current(), this, false};
    core.prepare_to_block();
    waiters_.push_back(&waiter);
    std::unique_ptr<driver::Timer> timer;
    if (deadline_ns != driver::kForever) {
      timer =
          platform_.make_timer([](void* w) { static_cast<Waiter*>(w)->queue->expire(w); }, &waiter);
      timer->arm(deadline_ns);
    }
    core.block();
    std::erase(waiters_, &waiter);
    return !waiter.timed_out;
  }
  void wake_one() override {
    if (!waiters_.empty()) wake_first();
  }
  void wake_all() override {
    while (!waiters_.empty()) wake_first();
  }

 private:
  struct Waiter {
    ProcessContext* process;
    SimWaitQueue* queue;
    bool timed_out;
  };
  void wake_first() {
    Waiter* waiter = waiters_.front();
    waiters_.pop_front();
    waiter->process->core().wake(*waiter->process);
  }
  void expire(void* context) {
    auto* waiter = static_cast<Waiter*>(context);
    const auto it = std::find(waiters_.begin(), waiters_.end(), waiter);
    if (it == waiters_.end()) return;  // woken already
    waiters_.erase(it);
    waiter->timed_out = true;
    waiter->process->core().wake(*waiter->process);
  }

  SimPlatform& platform_;
  std::deque<Waiter*> waiters_;
};

class SimPlatform::SimLock : public driver::Lock {
 public:
  void lock() override {
    CpuCore& core = *CpuCore::running();
    core.disable_bottom_halves();
    core.sync();
    while (held_) {
      core.pay();
      if (!held_) break;
      const uint64_t start = sc_core::sc_time_stamp().value();
      ++spinning_;
      sc_core::wait(released_);
      --spinning_;
      core.stalled_since(start);
    }
    held_ = true;
    order_after_last_holder(core);
  }
  void unlock() override {
    CpuCore& core = *CpuCore::running();
    if (spinning_ != 0) core.pay();  // the others see the release when it happens
    held_ = false;
    if (spinning_ != 0) released_.notify();
    core.enable_bottom_halves();
  }

 private:
  /// Release and acquire, when the lock goes from core to core. Between two holders on one core it
  /// orders nothing for a device.
  void order_after_last_holder(CpuCore& core) {
    if (last_holder_ == &core) return;
    if (last_holder_ != nullptr && last_holder_->memory_order() != nullptr) {
      last_holder_->memory_order()->write_barrier();
      core.memory_order()->read_barrier();
    }
    last_holder_ = &core;
  }

  bool held_ = false;
  unsigned spinning_ = 0;
  CpuCore* last_holder_ = nullptr;
  sc_core::sc_event released_;
};

class SimPlatform::SoftirqWork : public driver::Work, private SoftirqItem {
 public:
  SoftirqWork(SimPlatform& platform, driver::Callback callback, void* context)
      : platform_(platform), callback_(callback), context_(context) {}
  ~SoftirqWork() override { SoftirqWork::cancel(); }
  void schedule() override {
    // It never runs beside itself: while it runs, the core that runs it runs it again.
    if (pending_on_ == nullptr) pending_on_ = runs_on_ != nullptr ? runs_on_ : home_;
    if (pending_on_ == nullptr) pending_on_ = CpuCore::running();
    pending_on_->raise_softirq(*this);
  }
  void cancel() override {
    if (pending_on_ != nullptr) std::exchange(pending_on_, nullptr)->cancel_softirq(*this);
  }
  void set_core(unsigned core) override { home_ = platform_.cores_[core]; }

 private:
  void run_softirq() override {
    runs_on_ = std::exchange(pending_on_, nullptr);
    callback_(context_);
    runs_on_ = nullptr;
  }
  SimPlatform& platform_;
  driver::Callback callback_;
  void* context_;
  CpuCore* home_ = nullptr;
  CpuCore* pending_on_ = nullptr;
  CpuCore* runs_on_ = nullptr;
};

class SimPlatform::ProcessWork : public driver::Work {
 public:
  ProcessWork(SimPlatform& platform, driver::Callback callback, void* context)
      : platform_(platform), callback_(callback), context_(context) {}
  ~ProcessWork() override { ProcessWork::cancel(); }
  void schedule() override {
    if (pending_) return;
    pending_ = true;
    platform_.process_work_.push_back(this);
    if (!platform_.worker_started_) {
      platform_.worker_started_ = true;
      platform_.spawn("kworker", [platform = &platform_] { platform->worker(); });
    }
    platform_.worker_queue_->wake_one();
  }
  void cancel() override {
    if (!pending_) return;
    pending_ = false;
    std::erase(platform_.process_work_, this);
  }
  void run() {
    pending_ = false;
    callback_(context_);
  }

 private:
  SimPlatform& platform_;
  driver::Callback callback_;
  void* context_;
  bool pending_ = false;
};

SimPlatform::SimPlatform(const std::string& host, std::vector<CpuCore*> cores, uint64_t seed,
                         LogSink log)
    : host_(host),
      cores_(std::move(cores)),
      random_(seed),
      log_(std::move(log)),
      timers_(std::make_unique<TimerQueue>((host + "_timers").c_str(), *cores_[0])),
      worker_queue_(make_wait_queue()),
      sleepers_(make_wait_queue()) {}

SimPlatform::~SimPlatform() = default;

uint64_t SimPlatform::now_ns() {
  const CpuCore* core = CpuCore::running();
  const uint64_t ps = core != nullptr ? core->local_time_ps() : sc_core::sc_time_stamp().value();
  // An interrupt starts before what it interrupted has paid for all that it did, and so before the
  // time that it may have read. The clock does not show that: it never goes back.
  clock_ps_ = std::max(clock_ps_, ps);
  return clock_ps_ / kPsPerNs;
}

void SimPlatform::charge(driver::Cost cost, uint64_t count) {
  CpuCore::running()->charge(cost, count);
}

std::unique_ptr<driver::Timer> SimPlatform::make_timer(driver::Callback callback, void* context) {
  return timers_->make_timer(callback, context);
}

std::unique_ptr<driver::Work> SimPlatform::make_work(driver::WorkContext where,
                                                     driver::Callback callback, void* context) {
  if (where == driver::WorkContext::kSoftirq) {
    return std::make_unique<SoftirqWork>(*this, callback, context);
  }
  return std::make_unique<ProcessWork>(*this, callback, context);
}

std::unique_ptr<driver::WaitQueue> SimPlatform::make_wait_queue() {
  return std::make_unique<SimWaitQueue>(*this);
}

std::unique_ptr<driver::Lock> SimPlatform::make_lock() { return std::make_unique<SimLock>(); }

void SimPlatform::sleep_until(uint64_t deadline_ns) { sleepers_->wait_until(deadline_ns); }

bool SimPlatform::in_process() { return CpuCore::running()->level() == Level::kProcess; }

void SimPlatform::log(driver::LogLevel level, std::string_view message) {
  if (log_) log_(level, host_ + ": " + std::string(message));
}

void SimPlatform::report_to(hw::Horizon& horizon) { timers_->report_to(horizon); }

ProcessContext& SimPlatform::spawn(std::string name, std::function<void()> body, unsigned core) {
  return cores_[core]->spawn(std::move(name), std::move(body));
}

void SimPlatform::worker() {
  for (;;) {
    while (process_work_.empty()) worker_queue_->wait_until(driver::kForever);
    ProcessWork* work = process_work_.front();
    process_work_.pop_front();
    work->run();
  }
}

}  // namespace ringside::tb
