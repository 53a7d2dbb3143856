// SPDX-License-Identifier: Apache-2.0
// ^C, SIGTERM and a closed terminal end a command in good order.
#pragma once

#include <array>
#include <atomic>
#include <csignal>

namespace ringside::tb {

/// While it lives, the first SIGINT, SIGTERM or SIGHUP sets interrupted() and makes descriptor()
/// readable; one that comes 0.2 s after it or later ends the process. A SIGHUP that is ignored
/// stays so. One guard at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  const std::atomic<bool>& interrupted() const;
  /// For those that sleep on descriptors. The guard's own: not to be read or closed.
  int descriptor() const { return descriptor_; }

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
  int descriptor_;
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace ringside::tb
