// SPDX-License-Identifier: Apache-2.0
// See interrupt_guard.h.
#include "testbench/cli/interrupt_guard.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace ringside::tb {

namespace {

std::atomic<bool> was_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

/// Signals that come so soon after the first are the same request: timeout(1) sends each one twice,
/// to its command and to the command's group.
constexpr int64_t kSameRequestNs = 200'000'000;
std::atomic<int64_t> interrupted_at_ns{0};
static_assert(std::atomic<int64_t>::is_always_lock_free);
std::atomic<int> wake_descriptor{-1};
static_assert(std::atomic<int>::is_always_lock_free);

/// Of the wall clock; async-signal-safe.
int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

extern "C" void on_interrupt(int signal) {
  const int64_t now = monotonic_ns();
  if (!was_interrupted.exchange(true)) {
    interrupted_at_ns.store(now);
    const int errno_before = errno;
    eventfd_write(wake_descriptor.load(), 1);
    errno = errno_before;
  } else if (now - interrupted_at_ns.load() > kSameRequestNs) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // acts when the handler returns
  }
}

}  // namespace

InterruptGuard::InterruptGuard() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  was_interrupted.store(false);
  wake_descriptor.store(descriptor_);
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  for (const int signal : kSignals) sigaddset(&action.sa_mask, signal);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &before_[i]);
    // Handled, it would end what nohup started too.
    const bool stays = kSignals[i] == SIGHUP && before_[i].sa_handler == SIG_IGN;
    if (!stays) sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  wake_descriptor.store(-1);
  close(descriptor_);
}

const std::atomic<bool>& InterruptGuard::interrupted() const { return was_interrupted; }

}  // namespace ringside::tb
