// SPDX-License-Identifier: Apache-2.0
// Size classes at four steps a doubling, from 64 bytes to 128 KiB.
#include "stack/memory_pool.h"

#include <bit>
#include <new>

#include "formats/address_sanitizer.h"

#if defined(RINGSIDE_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace ringside::stack {

/// Stands before every block.
struct alignas(16) MemoryPool::Header {
  Header* next;
  uint32_t size_class;
  uint32_t state;
};

namespace {

constexpr std::size_t kSmallest = 64, kLargest = 128 << 10, kChunkBytes = 256 << 10;
constexpr std::size_t kAlign = 16;
static_assert(kLargest == kSmallest << 11);  // kClasses - 1 quarters of doublings
constexpr uint32_t kInUse = 0x52494e47, kFree = 0x46524545;

/// Steps: 64, 80, 96, 112, 128, 160, 192, ...
constexpr unsigned class_of(std::size_t size) {
  if (size <= kSmallest) return 0;
  const unsigned doubling = static_cast<unsigned>(std::bit_width(size - 1)) - 1;
  const unsigned step = static_cast<unsigned>((size - 1) >> (doubling - 2)) & 3;
  return (doubling - 6) * 4 + step + 1;
}

constexpr std::size_t class_bytes(unsigned size_class) {
  const unsigned doubling = size_class / 4, step = size_class % 4;
  return (kSmallest << doubling) / 4 * (4 + step);
}

static_assert(class_of(64) == 0 && class_of(65) == 1 && class_of(80) == 1 && class_of(81) == 2);
static_assert(class_of(128) == 4 && class_of(129) == 5 && class_bytes(4) == 128);
static_assert(class_bytes(class_of(1600)) == 1792);

}  // namespace

MemoryPool::~MemoryPool() {
  for (const Chunk& chunk : chunks_) {
    ASAN_UNPOISON_MEMORY_REGION(chunk.data, chunk.size);
    memory_.free(memory_.context, chunk.data, chunk.size);
  }
}

void* MemoryPool::allocate(std::size_t size) {
  if (size > kLargest) return nullptr;
  const unsigned size_class = class_of(size);
  if (free_[size_class] == nullptr && !refill(size_class)) return nullptr;
  Header* header = free_[size_class];
  free_[size_class] = header->next;
  header->state = kInUse;
  void* block = header + 1;
  ASAN_UNPOISON_MEMORY_REGION(block, size);
  return block;
}

void MemoryPool::free(void* block) {
  Header* header = static_cast<Header*>(block) - 1;
  if (header->state != kInUse) __builtin_trap();  // freed twice, or not a block
  header->state = kFree;
  header->next = free_[header->size_class];
  free_[header->size_class] = header;
  ASAN_POISON_MEMORY_REGION(block, class_bytes(header->size_class));
}

bool MemoryPool::refill(unsigned size_class) {
  const std::size_t bytes = sizeof(Header) + class_bytes(size_class);
  if (fresh_bytes_ < bytes) {
    std::byte* data = memory_.alloc(memory_.context, kChunkBytes);
    if (data == nullptr) return false;
    chunks_.push_back({data, kChunkBytes});
    taken_bytes_ += kChunkBytes;
    const std::size_t skip = (kAlign - reinterpret_cast<uintptr_t>(data) % kAlign) % kAlign;
    fresh_ = data + skip;
    fresh_bytes_ = kChunkBytes - skip;
    ASAN_POISON_MEMORY_REGION(fresh_, fresh_bytes_);
  }
  ASAN_UNPOISON_MEMORY_REGION(fresh_, sizeof(Header));
  auto* header = new (fresh_) Header{nullptr, size_class, kFree};
  fresh_ += bytes;
  fresh_bytes_ -= bytes;
  free_[size_class] = header;
  return true;
}

}  // namespace ringside::stack
