// SPDX-License-Identifier: Apache-2.0
// See arena_allocator.h.
#include "testbench/host/arena_allocator.h"

#include <bit>
#include <cstring>
#include <stdexcept>

namespace ringside::tb {

namespace {

constexpr uint32_t kLive = 0x52494E47;
constexpr uint32_t kFreed = 0x46524545;

}  // namespace

unsigned ArenaAllocator::class_of(std::size_t size) {
  if (size <= kGrain) return 0;
  // Four steps between powers of two: the top two bits below the leading one.
  const unsigned log = static_cast<unsigned>(std::bit_width(size - 1)) - 1;
  const unsigned step = static_cast<unsigned>((size - 1) >> (log - 2)) & 3;
  return 4 * (log - 4) + step + 1;
}

std::size_t ArenaAllocator::class_size(unsigned size_class) {
  if (size_class == 0) return kGrain;
  const unsigned log = (size_class - 1) / 4 + 4;
  const unsigned step = (size_class - 1) % 4;
  const std::size_t size = (std::size_t{1} << log) + (std::size_t{step + 1} << (log - 2));
  return (size + kGrain - 1) & ~(kGrain - 1);
}

std::byte* ArenaAllocator::allocate(std::size_t size, std::size_t align) {
  const std::size_t slack = align > kGrain ? align : 0;
  if (size > size_ || slack > size_) return nullptr;
  const unsigned size_class = class_of(size + slack);
  const std::size_t block_size = sizeof(Header) + class_size(size_class);
  uint64_t offset = 0;
  if (free_[size_class] != 0) {
    offset = free_[size_class] - 1;
    std::memcpy(&free_[size_class], arena_ + offset, sizeof(uint64_t));
  } else {
    if (block_size > size_ - top_) return nullptr;
    offset = top_;
    top_ += block_size;
  }
  in_use_ += block_size;
  std::size_t data = offset + sizeof(Header);
  if (slack != 0) data = (data + align - 1) & ~(align - 1);
  const Header header{offset, size_class, kLive};
  std::memcpy(arena_ + data - sizeof(Header), &header, sizeof header);
  return arena_ + data;
}

void ArenaAllocator::free(std::byte* data) {
  if (data == nullptr) return;
  Header header;
  std::memcpy(&header, data - sizeof header, sizeof header);
  if (header.magic != kLive) throw std::logic_error("arena: free of memory that is not allocated");
  header.magic = kFreed;
  std::memcpy(data - sizeof header, &header, sizeof header);
  std::memcpy(arena_ + header.offset, &free_[header.size_class], sizeof(uint64_t));
  free_[header.size_class] = header.offset + 1;
  in_use_ -= sizeof(Header) + class_size(header.size_class);
}

}  // namespace ringside::tb
