// SPDX-License-Identifier: Apache-2.0
#include "testbench/vhost/lost_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace ringside::tb {
namespace {

/// A watched mapping. `start` is set last and cleared first.
struct Slot {
  std::atomic<std::byte*> start{nullptr};
  std::atomic<std::size_t> size{0};
  std::atomic<std::size_t> page_size{0};
  std::atomic<int> notify{-1};
};

/// Enough for 128 sockets at most regions each.
constexpr std::size_t kSlots = 1024;

// The handler of a signal reaches nothing but globals.
std::array<Slot, kSlots> slots;
struct sigaction previous;

/// Anonymous memory from the page at `lost` to the mapping's end: a file that became shorter has
/// lost all of that. Async-signal-safe.
bool replace(const Slot& slot, std::byte* start, std::size_t lost) {
  const std::size_t offset = lost & ~(slot.page_size - 1);
  if (::mmap(start + offset, slot.size - offset, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED) {
    return false;
  }
  const uint64_t one = 1;
  // A full event descriptor is readable already.
  [[maybe_unused]] const ssize_t written = ::write(slot.notify, &one, sizeof(one));
  return true;
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  for (const Slot& slot : slots) {
    std::byte* const start = slot.start;
    if (start == nullptr) continue;
    // Wraps to something large below the mapping.
    const std::size_t offset = address - reinterpret_cast<uintptr_t>(start);
    if (offset < slot.size && replace(slot, start, offset)) {
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

Status LostPages::watch(std::byte* start, std::size_t size, std::size_t page_size, int notify) {
  install();
  for (std::size_t i = 0; i < kSlots; ++i) {
    Slot& slot = slots[i];
    if (slot.start != nullptr) continue;
    slot.size = size;
    slot.page_size = page_size;
    slot.notify = notify;
    slot.start = start;
    slot_ = static_cast<int>(i);
    return Status::success();
  }
  return Status::failure("too much memory is shared with front ends");
}

void LostPages::forget() {
  if (slot_ < 0) return;
  slots[static_cast<std::size_t>(slot_)].start = nullptr;
  slot_ = -1;
}

}  // namespace ringside::tb
