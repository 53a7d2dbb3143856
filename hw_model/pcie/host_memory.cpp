// SPDX-License-Identifier: Apache-2.0
// See host_memory.h.
#include "hw_model/pcie/host_memory.h"

#include <sys/mman.h>

#include <atomic>
#include <cstring>
#include <new>
#include <utility>

namespace ringside::hw {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

template <typename T>
bool naturally_aligned(const std::byte* memory) {
  return reinterpret_cast<uintptr_t>(memory) % sizeof(T) == 0;
}

template <typename T>
void load_whole(std::byte* to, std::byte* memory) {
  const T value = std::atomic_ref<T>(*reinterpret_cast<T*>(memory)).load(std::memory_order_relaxed);
  std::memcpy(to, &value, sizeof value);
}

template <typename T>
void store_whole(std::byte* memory, const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  std::atomic_ref<T>(*reinterpret_cast<T*>(memory)).store(value, std::memory_order_relaxed);
}

/// An index of a ring is read by one access, which memcpy() does not promise: of two bytes it may
/// read one twice, and at different times.
void read_shared(std::byte* to, std::byte* memory, std::size_t size) {
  if (size == 2 && naturally_aligned<uint16_t>(memory)) return load_whole<uint16_t>(to, memory);
  if (size == 4 && naturally_aligned<uint32_t>(memory)) return load_whole<uint32_t>(to, memory);
  if (size == 8 && naturally_aligned<uint64_t>(memory)) return load_whole<uint64_t>(to, memory);
  std::memcpy(to, memory, size);
}

void write_shared(std::byte* memory, ByteView bytes) {
  const std::byte* from = bytes.data();
  const std::size_t size = bytes.size();
  if (size == 2 && naturally_aligned<uint16_t>(memory)) return store_whole<uint16_t>(memory, from);
  if (size == 4 && naturally_aligned<uint32_t>(memory)) return store_whole<uint32_t>(memory, from);
  if (size == 8 && naturally_aligned<uint64_t>(memory)) return store_whole<uint64_t>(memory, from);
  std::memcpy(memory, from, size);
}

}  // namespace

HostMemory::HostMemory(std::size_t size, uint64_t base)
    : size_(size), base_(base), mapped_(size + kHugePage) {
  map_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
              -1, 0);
  if (map_ == MAP_FAILED) throw std::bad_alloc();
  const auto first = reinterpret_cast<uintptr_t>(map_);
  arena_ = static_cast<std::byte*>(map_) + (-first & (kHugePage - 1));
  // Many hosts' memory is more than the processor keeps translations of small pages for. If the
  // kernel does not do it, that costs time only.
  madvise(arena_, size, MADV_HUGEPAGE);
}

HostMemory::~HostMemory() { munmap(map_, mapped_); }

bool HostMemory::bus_address(const void* data, std::size_t size, uint64_t* bus) const {
  const auto address = reinterpret_cast<uintptr_t>(data);
  const auto base = reinterpret_cast<uintptr_t>(arena_);
  if (address < base || address - base > size_ || size > size_ - (address - base)) return false;
  *bus = base_ + (address - base);
  return true;
}

std::byte* HostMemory::translate_region(uint64_t bus, std::size_t size) const {
  const auto in = [bus, size](const Region& region) -> std::byte* {
    const uint64_t offset = bus - region.bus;  // wraps to more than any size if below
    return offset <= region.size && size <= region.size - offset ? region.data + offset : nullptr;
  };
  if (last_region_ < regions_.size()) {
    if (std::byte* memory = in(regions_[last_region_])) return memory;
  }
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    if (std::byte* memory = in(regions_[i])) {
      last_region_ = i;
      return memory;
    }
  }
  return nullptr;
}

bool HostMemory::add_region(uint64_t bus, std::byte* data, std::size_t size) {
  if (size == 0 || bus + size < bus) return false;
  if (bus < base_ + size_ && base_ < bus + size) return false;
  for (const Region& region : regions_) {
    if (bus < region.bus + region.size && region.bus < bus + size) return false;
  }
  regions_.push_back({bus, data, size});
  return true;
}

bool HostMemory::remove_region(uint64_t bus, std::size_t size) {
  for (auto it = regions_.begin(); it != regions_.end(); ++it) {
    if (it->bus == bus && it->size == size) {
      regions_.erase(it);
      return true;
    }
  }
  return false;
}

// Memory of another process, which runs on another core at the same time. A device's posted writes
// stay in order; its reads stay behind its writes (an index is written, then it looks whether the
// driver wants to know) and before what follows from them. Regions alone: a simulated host runs
// between the card's steps, never beside them. Aligned words are read and written whole.
bool HostMemory::device_read(uint64_t bus, std::byte* to, std::size_t size) {
  if (const std::byte* memory = in_arena(bus, size)) {
    std::memcpy(to, memory, size);
    return true;
  }
  std::byte* memory = translate_region(bus, size);
  if (memory == nullptr) return false;
  if (std::exchange(wrote_shared_, false)) std::atomic_thread_fence(std::memory_order_seq_cst);
  read_shared(to, memory, size);
  std::atomic_thread_fence(std::memory_order_acquire);
  return true;
}

bool HostMemory::device_write(uint64_t bus, ByteView bytes) {
  std::byte* memory = in_arena(bus, bytes.size());
  const bool shared = memory == nullptr;
  if (shared) {
    memory = translate_region(bus, bytes.size());
    if (memory == nullptr) return false;
    std::atomic_thread_fence(std::memory_order_release);
    wrote_shared_ = true;
  }
  for (HostMemoryObserver* observer : observers_) observer->device_write(bus, memory, bytes);
  if (shared) {
    write_shared(memory, bytes);
  } else {
    std::memcpy(memory, bytes.data(), bytes.size());
  }
  return true;
}

}  // namespace ringside::hw
