// SPDX-License-Identifier: Apache-2.0
#include "testbench/vhost/lost_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "formats/bus_errors.h"

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

bool replace_lost(const siginfo_t& info) {
  const auto address = reinterpret_cast<uintptr_t>(info.si_addr);
  for (const Slot& slot : slots) {
    std::byte* const start = slot.start;
    if (start == nullptr) continue;
    // Wraps to something large below the mapping.
    const std::size_t offset = address - reinterpret_cast<uintptr_t>(start);
    if (offset < slot.size && replace(slot, start, offset)) return true;
  }
  return false;
}

}  // namespace

Status LostPages::watch(std::byte* start, std::size_t size, std::size_t page_size, int notify) {
  formats::handle_bus_errors(replace_lost);
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
