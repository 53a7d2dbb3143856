// SPDX-License-Identifier: Apache-2.0
// See host_memory.h.
#include "hw_model/pcie/host_memory.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace ringside::hw {

HostMemory::HostMemory(std::size_t size) : size_(size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  arena_ = static_cast<std::byte*>(memory);
}

HostMemory::~HostMemory() { munmap(arena_, size_); }

bool HostMemory::bus_address(const void* data, std::size_t size, uint64_t* bus) const {
  const auto address = reinterpret_cast<uintptr_t>(data);
  const auto base = reinterpret_cast<uintptr_t>(arena_);
  if (address < base || address - base > size_ || size > size_ - (address - base)) return false;
  *bus = kArenaBase + (address - base);
  return true;
}

std::byte* HostMemory::translate_region(uint64_t bus, std::size_t size) const {
  for (const Region& region : regions_) {
    const uint64_t offset = bus - region.bus;
    if (bus >= region.bus && offset <= region.size && size <= region.size - offset) {
      return region.data + offset;
    }
  }
  return nullptr;
}

bool HostMemory::add_region(uint64_t bus, std::byte* data, std::size_t size) {
  if (size == 0 || bus + size < bus) return false;
  if (bus < kArenaBase + size_ && kArenaBase < bus + size) return false;
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

bool HostMemory::device_write(uint64_t bus, ByteView bytes) {
  std::byte* memory = translate(bus, bytes.size());
  if (memory == nullptr) return false;
  for (HostMemoryObserver* observer : observers_) observer->device_write(bus, memory, bytes);
  std::memcpy(memory, bytes.data(), bytes.size());
  return true;
}

}  // namespace ringside::hw
