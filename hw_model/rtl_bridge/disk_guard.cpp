// SPDX-License-Identifier: Apache-2.0
// See disk_guard.h.
#include "hw_model/rtl_bridge/disk_guard.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

namespace ringside::hw {

namespace {

// The handler of a signal reaches nothing but globals; the signal is raised in the thread whose
// access it was.
thread_local volatile sig_atomic_t guarded = 0;
thread_local volatile sig_atomic_t pages_lost = 0;
struct sigaction previous;
uintptr_t page_size;

void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  if (guarded != 0 && info->si_code == BUS_ADRERR) {
    void* const page = reinterpret_cast<std::byte*>(info->si_addr) -
                       (reinterpret_cast<uintptr_t>(info->si_addr) & (page_size - 1));
    if (::mmap(page, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
               0) != MAP_FAILED) {
      pages_lost = 1;
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
    page_size = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigemptyset(&action.sa_mask);
    return ::sigaction(SIGBUS, &action, &previous) == 0;
  }();
  static_cast<void>(installed);
}

}  // namespace

DiskGuard::DiskGuard() {
  install();
  pages_lost = 0;
  guarded = 1;
}

DiskGuard::~DiskGuard() { guarded = 0; }

bool DiskGuard::lost() const { return pages_lost != 0; }

}  // namespace ringside::hw
