// SPDX-License-Identifier: Apache-2.0
// A host's memory as its devices see it: one arena at a fixed bus address, plus regions that come
// and go. A bus address is base + offset, never a native pointer, so runs repeat on any machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "formats/units.h"

namespace ringside::hw {

/// Told of every write that a device makes, before the bytes are stored.
class HostMemoryObserver {
 public:
  virtual ~HostMemoryObserver() = default;
  /// `memory` is where the bytes will go; it still holds the old ones.
  virtual void device_write(uint64_t bus, const std::byte* memory, ByteView bytes) = 0;
};

class HostMemory {
 public:
  static constexpr uint64_t kArenaBase = 0x1'0000'0000;

  /// Zeroed; pages are taken as they are touched. `size` in bytes.
  explicit HostMemory(std::size_t size);
  ~HostMemory();
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  std::byte* arena() const { return arena_; }
  std::size_t arena_size() const { return size_; }
  /// Null unless [bus, bus + size) lies in one region; `size` may be 0.
  std::byte* translate(uint64_t bus, std::size_t size) const {
    const uint64_t offset = bus - kArenaBase;
    if (offset <= size_ && size <= size_ - offset) return arena_ + offset;
    return translate_region(bus, size);
  }
  /// True if [data, data + size) lies in the arena; `bus` gets its address.
  bool bus_address(const void* data, std::size_t size, uint64_t* bus) const;

  /// Adds memory that the caller owns; false if it overlaps what is there.
  bool add_region(uint64_t bus, std::byte* data, std::size_t size);
  /// Exact range only.
  bool remove_region(uint64_t bus, std::size_t size);

  void observe(HostMemoryObserver* observer) { observers_.push_back(observer); }
  /// A device's write; false (and nothing written) if the range is not all in one region.
  bool device_write(uint64_t bus, ByteView bytes);

 private:
  struct Region {
    uint64_t bus;
    std::byte* data;
    std::size_t size;
  };
  std::byte* translate_region(uint64_t bus, std::size_t size) const;
  std::byte* arena_;
  std::size_t size_;
  std::vector<Region> regions_;
  std::vector<HostMemoryObserver*> observers_;
};

}  // namespace ringside::hw
