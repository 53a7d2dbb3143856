// SPDX-License-Identifier: Apache-2.0
// See guarded_arena.h.
#include "tests/unit/driver/guarded_arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#if defined(__SANITIZE_ADDRESS__)
#define RINGSIDE_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RINGSIDE_POISON 1
#endif
#endif
#ifdef RINGSIDE_POISON
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) static_cast<void>(address), static_cast<void>(size)
#define ASAN_UNPOISON_MEMORY_REGION(address, size) \
  static_cast<void>(address), static_cast<void>(size)
#endif

namespace ringside::test {

GuardedArena::GuardedArena(std::size_t bytes) : bytes_((bytes + kPage - 1) & ~(kPage - 1)) {
  const int file = memfd_create("arena", 0);
  if (file < 0 || ftruncate(file, static_cast<off_t>(bytes_)) != 0) {
    throw std::runtime_error("no memory for the arena");
  }
  void* front = mmap(nullptr, bytes_, PROT_NONE, MAP_SHARED, file, 0);
  void* back = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (front == MAP_FAILED || back == MAP_FAILED) throw std::runtime_error("no memory for views");
  front_ = static_cast<std::byte*>(front);
  back_ = static_cast<std::byte*>(back);
  block_of_.assign(bytes_ / kPage, kNone);
  closed_.assign(bytes_ / kPage, 1);
}

GuardedArena::~GuardedArena() {
  ASAN_UNPOISON_MEMORY_REGION(front_, bytes_);
  munmap(front_, bytes_);
  munmap(back_, bytes_);
}

std::byte* GuardedArena::take(std::size_t bytes, Kind kind) {
  const std::size_t pages = std::max<std::size_t>(bytes / kPage + (bytes % kPage != 0), 1);
  // Next fit: what was freed stays unused for as long as there is other memory.
  std::size_t run = 0, at = cursor_;
  for (std::size_t looked = 0; looked <= block_of_.size() && run < pages; ++looked) {
    if (at == block_of_.size()) {
      at = 1;
      run = 0;
    }
    run = block_of_[at++] == kNone ? run + 1 : 0;
  }
  if (run < pages || bytes > bytes_) return nullptr;
  cursor_ = at;
  const std::size_t first = at - pages;
  uint32_t index = static_cast<uint32_t>(blocks_.size());
  if (free_blocks_.empty()) {
    blocks_.emplace_back();
  } else {
    index = free_blocks_.back();
    free_blocks_.pop_back();
  }
  blocks_[index] = {first * kPage, first * kPage + bytes, kind, {}};
  std::fill_n(block_of_.begin() + static_cast<std::ptrdiff_t>(first), pages, index);
  std::memset(back_ + first * kPage, 0, pages * kPage);
  // Whatever a client that never gave a segment back has left of the counts.
  for (std::size_t page = first; page < at; ++page) {
    close_pages(page * kPage, kPage, (kind == Kind::kBuffer ? 0 : 1) - closed_[page]);
  }
  ASAN_UNPOISON_MEMORY_REGION(front_ + first * kPage, bytes);
  ASAN_POISON_MEMORY_REGION(front_ + first * kPage + bytes, pages * kPage - bytes);
  return front_ + first * kPage;
}

bool GuardedArena::give(const std::byte* data, std::size_t bytes) {
  if (!contains(data, bytes)) return false;
  const std::size_t offset = offset_of(data);
  const uint32_t index = block_of_[offset / kPage];
  if (index == kNone || blocks_[index].begin != offset || blocks_[index].end != offset + bytes ||
      !blocks_[index].mappings.empty()) {
    return false;
  }
  const std::size_t first = offset / kPage;
  const std::size_t pages = std::max<std::size_t>((bytes + kPage - 1) / kPage, 1);
  std::fill_n(back_ + offset, bytes, std::byte{0xA5});
  std::fill_n(block_of_.begin() + static_cast<std::ptrdiff_t>(first), pages, kNone);
  for (std::size_t page = first; page < first + pages; ++page) {
    close_pages(page * kPage, kPage, 1 - closed_[page]);
  }
  ASAN_POISON_MEMORY_REGION(front_ + offset, pages * kPage);
  blocks_[index] = {};
  free_blocks_.push_back(index);
  return true;
}

const GuardedArena::Block* GuardedArena::block_at(std::size_t offset, std::size_t bytes) const {
  if (offset >= bytes_ || bytes > bytes_ - offset) return nullptr;
  const uint32_t index = block_of_[offset / kPage];
  if (index == kNone || offset + bytes > blocks_[index].end) return nullptr;
  return &blocks_[index];
}

bool GuardedArena::map(std::size_t offset, std::size_t bytes, driver::DmaDirection direction) {
  const Block* block = block_at(offset, bytes);
  if (block == nullptr || block->kind != Kind::kBuffer) return false;
  blocks_[block_of_[offset / kPage]].mappings.push_back({offset, offset + bytes, direction});
  close_pages(offset, bytes, 1);
  return true;
}

bool GuardedArena::unmap(std::size_t offset, std::size_t bytes, driver::DmaDirection direction) {
  if (block_at(offset, bytes) == nullptr) return false;
  std::vector<Mapping>& all = blocks_[block_of_[offset / kPage]].mappings;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Mapping& one) {
    return one.begin == offset && one.end == offset + bytes && one.direction == direction;
  });
  if (found == all.end()) return false;
  all.erase(found);
  close_pages(offset, bytes, -1);
  return true;
}

bool GuardedArena::contains(const void* data, std::size_t bytes) const {
  const auto* byte = static_cast<const std::byte*>(data);
  return byte >= front_ && byte < front_ + bytes_ && bytes <= bytes_ - offset_of(data);
}

bool GuardedArena::open(const void* data, std::size_t bytes) const {
  if (!contains(data, bytes) || block_at(offset_of(data), bytes) == nullptr) return false;
  const std::size_t last = (offset_of(data) + std::max<std::size_t>(bytes, 1) - 1) / kPage;
  for (std::size_t page = offset_of(data) / kPage; page <= last; ++page) {
    if (closed_[page] > 0) return false;
  }
  return true;
}

bool GuardedArena::driver_may(std::size_t offset, std::size_t bytes, bool write) const {
  const Block* block = block_at(offset, bytes);
  if (block == nullptr) return false;
  if (block->kind == Kind::kCoherent) return true;
  return !write && closed_[offset / kPage] > 0 &&
         std::any_of(block->mappings.begin(), block->mappings.end(), [&](const Mapping& one) {
           return one.direction == driver::DmaDirection::kFromDevice && offset >= one.begin &&
                  offset + bytes <= one.end;
         });
}

bool GuardedArena::device_may(std::size_t offset, std::size_t bytes, bool write) const {
  const Block* block = block_at(offset, bytes);
  if (block == nullptr) return false;
  if (block->kind == Kind::kCoherent) return true;
  const auto wanted = write ? driver::DmaDirection::kFromDevice : driver::DmaDirection::kToDevice;
  return std::any_of(block->mappings.begin(), block->mappings.end(), [&](const Mapping& one) {
    return one.direction == wanted && offset >= one.begin && offset + bytes <= one.end;
  });
}

void GuardedArena::close_pages(std::size_t offset, std::size_t bytes, int change) {
  if (bytes == 0) return;
  for (std::size_t page = offset / kPage; page <= (offset + bytes - 1) / kPage; ++page) {
    const bool before = closed_[page] > 0;
    closed_[page] = static_cast<int16_t>(closed_[page] + change);
    const bool after = closed_[page] > 0;
    if (before == after) continue;
    mprotect(front_ + page * kPage, kPage, after ? PROT_NONE : PROT_READ | PROT_WRITE);
  }
}

}  // namespace ringside::test
