// SPDX-License-Identifier: Apache-2.0
// See disk_guard.h.
#include "hw_model/rtl_bridge/disk_guard.h"

#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>

#include "formats/bus_errors.h"

namespace ringside::hw {

namespace {

// The handler of a signal reaches nothing but globals; the signal is raised in the thread whose
// access it was.
thread_local volatile sig_atomic_t guarded = 0;
thread_local volatile sig_atomic_t pages_lost = 0;
const auto page_size = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));

bool replace_page(const siginfo_t& info) {
  if (guarded == 0 || info.si_code != BUS_ADRERR) return false;
  void* const page = reinterpret_cast<std::byte*>(info.si_addr) -
                     (reinterpret_cast<uintptr_t>(info.si_addr) & (page_size - 1));
  if (::mmap(page, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
             0) == MAP_FAILED) {
    return false;
  }
  pages_lost = 1;
  return true;
}

}  // namespace

DiskGuard::DiskGuard() {
  formats::handle_bus_errors(replace_page);
  pages_lost = 0;
  guarded = 1;
}

DiskGuard::~DiskGuard() { guarded = 0; }

bool DiskGuard::lost() const { return pages_lost != 0; }

}  // namespace ringside::hw
