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

  /// An arena of `size` bytes at bus address `base`. Zeroed; pages are taken as they are touched.
  explicit HostMemory(std::size_t size, uint64_t base = kArenaBase);
  ~HostMemory();
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  std::byte* arena() const { return arena_; }
  uint64_t arena_base() const { return base_; }
  std::size_t arena_size() const { return size_; }
  /// Null unless [bus, bus + size) lies in one region; `size` may be 0.
  std::byte* translate(uint64_t bus, std::size_t size) const {
    std::byte* const memory = in_arena(bus, size);
    return memory != nullptr ? memory : translate_region(bus, size);
  }
  /// True if [data, data + size) lies in the arena; `bus` gets its address.
  bool bus_address(const void* data, std::size_t size, uint64_t* bus) const;

  /// Adds memory that the caller owns; false if it overlaps what is there. It may be shared with
  /// others that run at the same time: accesses by a device keep the order that it gives them, and
  /// aligned ones of 2, 4 or 8 bytes are single.
  bool add_region(uint64_t bus, std::byte* data, std::size_t size);
  /// Exact range only.
  bool remove_region(uint64_t bus, std::size_t size);

  void observe(HostMemoryObserver* observer) { observers_.push_back(observer); }
  /// A device's write; false (and nothing written) if the range is not all in one region.
  bool device_write(uint64_t bus, ByteView bytes);
  /// A device's read of `size` bytes to `to`; false if the range is not all in one region.
  bool device_read(uint64_t bus, std::byte* to, std::size_t size);

 private:
  struct Region {
    uint64_t bus;
    std::byte* data;
    std::size_t size;
  };
  /// The arena's, or null.
  std::byte* in_arena(uint64_t bus, std::size_t size) const {
    const uint64_t offset = bus - base_;
    return offset <= size_ && size <= size_ - offset ? arena_ + offset : nullptr;
  }
  std::byte* translate_region(uint64_t bus, std::size_t size) const;
  std::byte* arena_;
  std::size_t size_;
  uint64_t base_;
  void* map_;
  std::size_t mapped_;
  std::vector<Region> regions_;
  mutable std::size_t last_region_ = 0;  ///< where the last address lay: the next one often does
  bool wrote_shared_ = false;            ///< and read nothing shared since
  std::vector<HostMemoryObserver*> observers_;
};

}  // namespace ringside::hw
