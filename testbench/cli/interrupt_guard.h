// SPDX-License-Identifier: Apache-2.0
// ^C and SIGTERM end a run in good order.
#pragma once

#include <atomic>
#include <csignal>

namespace ringside::tb {

/// While it lives, the first SIGINT or SIGTERM sets interrupted(); one that comes 0.2 s after it or
/// later ends the process. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  const std::atomic<bool>& interrupted() const;

 private:
  struct sigaction before_interrupt_ = {}, before_terminate_ = {};
};

}  // namespace ringside::tb
