// SPDX-License-Identifier: Apache-2.0
// Host memory that a device can reach, in two views of the same pages. The host's view can be read
// and written only where the memory belongs to the host's software: rings, buffers that are mapped
// for a device and what is free are closed, and a plain access to them ends the process, in every
// build. The back view, for accessors and the device, is always open; who uses it asks first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host_driver/pci_access.h"

namespace ringside::test {

class GuardedArena {
 public:
  enum class Kind : uint8_t { kCoherent, kBuffer };

  /// `bytes` is rounded up to whole pages. Throws std::runtime_error without memory.
  explicit GuardedArena(std::size_t bytes);
  ~GuardedArena();
  GuardedArena(const GuardedArena&) = delete;
  GuardedArena& operator=(const GuardedArena&) = delete;

  /// Zeroed memory on pages of its own, those used last that were free longest; null if there is
  /// none. Offsets count from the arena's begin.
  std::byte* take(std::size_t bytes, Kind kind);
  /// False, and nothing happens, if that is not what take() gave.
  bool give(const std::byte* data, std::size_t bytes);

  /// Closes a buffer's piece to the host until unmap(); false if it is in no buffer.
  bool map(std::size_t offset, std::size_t bytes, driver::DmaDirection direction);
  /// False if it was not mapped so.
  bool unmap(std::size_t offset, std::size_t bytes, driver::DmaDirection direction);
  /// Opens a mapped piece to the host's client, and closes it again.
  void lend(const void* data, std::size_t bytes) { close_pages(offset_of(data), bytes, -1); }
  void take_back(const void* data, std::size_t bytes) { close_pages(offset_of(data), bytes, 1); }

  /// Whether a plain access of the host's ends well.
  bool open(const void* data, std::size_t bytes) const;
  bool contains(const void* data, std::size_t bytes) const;
  std::size_t offset_of(const void* data) const {
    return static_cast<std::size_t>(static_cast<const std::byte*>(data) - front_);
  }
  std::size_t size() const { return bytes_; }
  std::byte* back(std::size_t offset) const { return back_ + offset; }

  /// Whether the driver may use accessors there: rings, and to read what the device has written.
  bool driver_may(std::size_t offset, std::size_t bytes, bool write) const;
  /// Whether it is mapped for the device, and in that direction.
  bool device_may(std::size_t offset, std::size_t bytes, bool write) const;

 private:
  static constexpr std::size_t kPage = 4096;
  static constexpr uint32_t kNone = ~uint32_t{0};
  struct Mapping {
    std::size_t begin, end;
    driver::DmaDirection direction;
  };
  struct Block {
    std::size_t begin = 0, end = 0;
    Kind kind = Kind::kBuffer;
    std::vector<Mapping> mappings;
  };

  const Block* block_at(std::size_t offset, std::size_t bytes) const;
  void close_pages(std::size_t offset, std::size_t bytes, int change);

  std::size_t bytes_;
  std::byte* front_ = nullptr;
  std::byte* back_ = nullptr;
  std::vector<uint32_t> block_of_;  ///< by page
  std::vector<int16_t> closed_;     ///< by page: reasons why the host may not
  std::vector<Block> blocks_;
  std::vector<uint32_t> free_blocks_;
  std::size_t cursor_ = 1;  ///< page; the first is never used
};

}  // namespace ringside::test
