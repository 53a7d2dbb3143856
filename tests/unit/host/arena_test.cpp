// SPDX-License-Identifier: Apache-2.0
// The allocator of a host's DMA-able memory: alignment, reuse, exhaustion, misuse.
#include <cstring>
#include <map>
#include <stdexcept>
#include <vector>

#include "testbench/host/arena_allocator.h"
#include "testbench/host/sim_platform.h"
#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

struct Arena {
  explicit Arena(std::size_t size) : bytes(size + kAlign), allocator(base(), size) {}
  std::byte* base() {
    const auto address = reinterpret_cast<uintptr_t>(bytes.data());
    return bytes.data() + (kAlign - address % kAlign) % kAlign;
  }
  std::size_t offset(const std::byte* data) { return static_cast<std::size_t>(data - base()); }
  static constexpr std::size_t kAlign = 4096;
  std::vector<std::byte> bytes;
  tb::ArenaAllocator allocator;
};

TEST(ArenaAllocator, AlignsAsAsked) {
  Arena arena(1 << 20);
  for (std::size_t align = 16; align <= 4096; align *= 2) {
    for (const std::size_t size : {1, 15, 16, 17, 100, 2048, 5000}) {
      std::byte* data = arena.allocator.allocate(size, align);
      ASSERT_NE(data, nullptr);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % align, 0u) << size << " by " << align;
    }
  }
}

TEST(ArenaAllocator, ReusesWhatWasFreed) {
  Arena arena(1 << 16);
  std::byte* first = arena.allocator.allocate(2000);
  std::byte* second = arena.allocator.allocate(2000);
  ASSERT_NE(first, nullptr);
  arena.allocator.free(first);
  // NOLINTBEGIN(clang-analyzer-unix.Malloc): it is not malloc's memory, and the same again is
  // wanted
  EXPECT_TRUE(arena.allocator.allocate(1990) == first);
  arena.allocator.free(second);
  EXPECT_TRUE(arena.allocator.allocate(2000) == second);
  // NOLINTEND(clang-analyzer-unix.Malloc)
}

TEST(ArenaAllocator, SaysWhenItIsFullAndRecovers) {
  Arena arena(1 << 16);
  std::vector<std::byte*> all;
  while (std::byte* data = arena.allocator.allocate(1000)) all.push_back(data);
  EXPECT_GE(all.size(), (std::size_t{1} << 16) / 1300);
  EXPECT_LE(arena.allocator.in_use(), std::size_t{1} << 16);
  for (std::byte* data : all) arena.allocator.free(data);
  EXPECT_EQ(arena.allocator.in_use(), 0u);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_NE(arena.allocator.allocate(1000), nullptr);
  EXPECT_EQ(arena.allocator.allocate(1000), nullptr);
  EXPECT_EQ(arena.allocator.allocate(1 << 17), nullptr);
  EXPECT_EQ(arena.allocator.allocate(~std::size_t{0}), nullptr);
  EXPECT_EQ(arena.allocator.allocate(~std::size_t{0} - 64, 4096), nullptr);
}

bool refuses(tb::ArenaAllocator& allocator, std::byte* data) {
  try {
    allocator.free(data);
  } catch (const std::logic_error&) {
    return true;
  }
  return false;
}

TEST(ArenaAllocator, FindsADoubleFreeAndAForeignPointer) {
  Arena arena(1 << 16);
  std::byte* data = arena.allocator.allocate(100);
  arena.allocator.free(data);
  EXPECT_TRUE(refuses(arena.allocator, data));  // NOLINT(clang-analyzer-unix.Malloc): on purpose
  std::byte* other = arena.allocator.allocate(100);
  EXPECT_TRUE(refuses(arena.allocator, other + 32));
  EXPECT_FALSE(refuses(arena.allocator, nullptr));
  EXPECT_FALSE(refuses(arena.allocator, other));
  EXPECT_EQ(arena.allocator.in_use(), 0u);
}

TEST(ArenaAllocator, NeverHandsOutTheSameBytesTwice) {
  Arena arena(1 << 20);
  SplitMix64 random(5);
  std::map<std::byte*, std::size_t> live;
  for (unsigned i = 0; i < 20'000; ++i) {
    if (live.size() > 200 || (!live.empty() && random.below(2) == 0)) {
      auto it = live.begin();
      std::advance(it, static_cast<long>(random.below(live.size())));
      for (std::size_t b = 0; b < it->second; ++b) {
        ASSERT_EQ(it->first[b], static_cast<std::byte>(it->second));
      }
      arena.allocator.free(it->first);
      live.erase(it);
      continue;
    }
    const std::size_t size = 1 + random.below(3000);
    std::byte* data = arena.allocator.allocate(size, std::size_t{16} << random.below(4));
    ASSERT_NE(data, nullptr);
    ASSERT_LE(arena.offset(data) + size, std::size_t{1} << 20);
    const auto after = live.lower_bound(data);
    ASSERT_TRUE(after == live.end() || data + size <= after->first);
    std::memset(data, static_cast<int>(size & 0xFF), size);
    live[data] = size;
  }
}

TEST(ArenaAllocator, GivesTheSameOffsetsForTheSameRequests) {
  Arena a(1 << 20), b(1 << 20);
  SplitMix64 random(9);
  std::vector<std::pair<std::byte*, std::byte*>> live;
  for (unsigned i = 0; i < 5000; ++i) {
    if (!live.empty() && random.below(3) == 0) {
      a.allocator.free(live.back().first);
      b.allocator.free(live.back().second);
      live.pop_back();
      continue;
    }
    const std::size_t size = 1 + random.below(400);
    std::byte* in_a = a.allocator.allocate(size);
    std::byte* in_b = b.allocator.allocate(size);
    ASSERT_EQ(in_a == nullptr, in_b == nullptr);
    if (in_a == nullptr) continue;
    ASSERT_EQ(a.offset(in_a), b.offset(in_b));
    live.emplace_back(in_a, in_b);
  }
}

}  // namespace
}  // namespace ringside::test
