// SPDX-License-Identifier: Apache-2.0
// MemoryPool: the stack's heap, size classes cut from chunks of a host's memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stack/stack_config.h"

namespace ringside::stack {

/// Blocks are aligned to 16 bytes and lie in memory that MemoryCallbacks gave. Freed blocks are
/// kept for their size class; chunks go back when the pool is destroyed, with all blocks in them.
class MemoryPool {
 public:
  explicit MemoryPool(const MemoryCallbacks& memory) : memory_(memory) {}
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  /// Null if `size` exceeds 128 KiB or the host has no memory left.
  void* allocate(std::size_t size);
  void free(void* block);
  /// Bytes taken from the host.
  uint64_t taken_bytes() const { return taken_bytes_; }

 private:
  struct Header;
  struct Chunk {
    std::byte* data;
    std::size_t size;
  };
  static constexpr unsigned kClasses = 45;
  bool refill(unsigned size_class);

  MemoryCallbacks memory_;
  std::array<Header*, kClasses> free_{};
  std::vector<Chunk> chunks_;
  std::byte* fresh_ = nullptr;
  std::size_t fresh_bytes_ = 0;
  uint64_t taken_bytes_ = 0;
};

}  // namespace ringside::stack
