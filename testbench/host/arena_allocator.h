// SPDX-License-Identifier: Apache-2.0
// Allocates a host's DMA-able memory: segregated free lists over one arena. The same requests give
// the same offsets on every machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringside::tb {

class ArenaAllocator {
 public:
  /// The arena must outlive the allocator and be zeroed.
  ArenaAllocator(std::byte* arena, std::size_t size) : arena_(arena), size_(size) {}

  /// `align` a power of two. Null if the arena is full. Contents are unspecified.
  std::byte* allocate(std::size_t size, std::size_t align = kGrain);
  /// `data` from allocate, or null.
  void free(std::byte* data);
  /// Bytes handed out and not yet freed, headers and rounding included.
  std::size_t in_use() const { return in_use_; }

 private:
  static constexpr std::size_t kGrain = 16;
  /// Four classes per doubling from 16 bytes to 2^40.
  static constexpr unsigned kClasses = 4 * 37;
  struct Header {
    uint64_t offset;  ///< of the block that holds this allocation
    uint32_t size_class;
    uint32_t magic;
  };
  static_assert(sizeof(Header) == kGrain);
  static unsigned class_of(std::size_t size);
  static std::size_t class_size(unsigned size_class);

  std::byte* arena_;
  std::size_t size_;
  std::size_t top_ = 0;
  std::size_t in_use_ = 0;
  /// Offset + 1 of the first free block of each class; the block's first 8 bytes hold the next.
  std::array<uint64_t, kClasses> free_{};
};

}  // namespace ringside::tb
