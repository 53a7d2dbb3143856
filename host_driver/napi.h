// SPDX-License-Identifier: Apache-2.0
// Softirq work that process context can switch off and wait for, as Linux's napi_disable does.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "host_driver/mutants.h"
#include "host_driver/platform.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

class Napi {
 public:
  /// `poll` runs in softirq context while enabled.
  Napi(Platform& platform, Callback poll, void* context)
      : platform_(platform),
        poll_(poll),
        context_(context),
        work_(platform.make_work(WorkContext::kSoftirq, &Napi::run, this)) {}

  /// Polls run on `core`, whoever schedules them. While disabled.
  void set_core(unsigned core) { work_->set_core(core); }

  void enable() { enabled_ = true; }

  /// From any context. Does nothing while disabled.
  void schedule() {
    if (enabled_) work_->schedule();
  }

  /// Returns when poll neither runs nor will run (process context).
  void disable() {
    enabled_ = false;
    work_->cancel();
    while (running_) platform_.sleep_until(platform_.now_ns() + kPauseNs);
  }

 private:
  static constexpr uint64_t kPauseNs = 1000;

  static void run(void* context) {
    Napi& napi = *static_cast<Napi*>(context);
    napi.running_ = true;
    if (napi.enabled_) napi.poll_(napi.context_);
    napi.running_ = false;
  }

  Platform& platform_;
  Callback poll_;
  void* context_;
  std::unique_ptr<Work> work_;
  std::atomic<bool> enabled_{false};
  std::atomic<bool> running_{false};
};

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
