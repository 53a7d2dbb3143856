// SPDX-License-Identifier: Apache-2.0
// See bus_errors.h.
#include "formats/bus_errors.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

namespace ringside::formats {

namespace {

// The handler of a signal reaches nothing but globals.
constexpr std::size_t kMostHandlers = 4;
std::array<std::atomic<BusErrorHandler>, kMostHandlers> handlers;
std::atomic<std::size_t> given{0};
struct sigaction previous;

void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  for (std::size_t i = given; i-- != 0;) {
    if (handlers[i].load()(*info)) {
      errno = saved_errno;
      return;
    }
  }
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    // The access is repeated and ends the process as it would have without this handler.
    ::sigaction(SIGBUS, &previous, nullptr);
  }
  errno = saved_errno;
}

void install() {
  static const bool installed = [] {
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigemptyset(&action.sa_mask);
    return ::sigaction(SIGBUS, &action, &previous) == 0;
  }();
  static_cast<void>(installed);
}

}  // namespace

void handle_bus_errors(BusErrorHandler handler) {
  for (std::size_t i = 0; i < given; ++i) {
    if (handlers[i].load() == handler) return;
  }
  if (given == kMostHandlers) std::abort();  // one for each kind of mapping in the program
  handlers[given].store(handler);
  ++given;
  install();
}

}  // namespace ringside::formats
