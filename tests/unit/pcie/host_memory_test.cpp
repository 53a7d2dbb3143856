// SPDX-License-Identifier: Apache-2.0
// What devices can reach of a host: the arena, regions that come and go, and nothing else.
#include "hw_model/pcie/host_memory.h"

#include <array>
#include <atomic>
#include <cstring>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

using hw::HostMemory;
constexpr uint64_t kBase = HostMemory::kArenaBase;
constexpr std::size_t kSize = 1 << 16;

TEST(HostMemory, TranslatesTheArenaAndNothingBesideIt) {
  HostMemory memory(kSize);
  EXPECT_EQ(memory.translate(kBase, 1), memory.arena());
  EXPECT_EQ(memory.translate(kBase + kSize - 8, 8), memory.arena() + kSize - 8);
  EXPECT_EQ(memory.translate(kBase, kSize), memory.arena());
  EXPECT_NE(memory.translate(kBase + kSize, 0), nullptr);
  EXPECT_EQ(memory.translate(kBase + kSize - 8, 9), nullptr);
  EXPECT_EQ(memory.translate(kBase + kSize, 1), nullptr);
  EXPECT_EQ(memory.translate(kBase - 1, 1), nullptr);
  EXPECT_EQ(memory.translate(kBase - 1, 2), nullptr);
  EXPECT_EQ(memory.translate(0, 1), nullptr);
  // Lengths and addresses that wrap.
  EXPECT_EQ(memory.translate(kBase + 8, ~std::size_t{0}), nullptr);
  EXPECT_EQ(memory.translate(kBase + 8, ~std::size_t{0} - 7), nullptr);
  EXPECT_EQ(memory.translate(~uint64_t{0}, 1), nullptr);
  EXPECT_EQ(memory.translate(~uint64_t{0} - 3, 8), nullptr);
}

TEST(HostMemory, IsZeroAtFirst) {
  HostMemory memory(kSize);
  for (std::size_t i = 0; i < kSize; i += 509) EXPECT_EQ(memory.arena()[i], std::byte{0});
}

TEST(HostMemory, KnowsTheBusAddressesOfItsOwnBytesOnly) {
  HostMemory memory(kSize);
  uint64_t bus = 0;
  ASSERT_TRUE(memory.bus_address(memory.arena() + 100, 10, &bus));
  EXPECT_EQ(bus, kBase + 100);
  EXPECT_TRUE(memory.bus_address(memory.arena(), kSize, &bus));
  EXPECT_FALSE(memory.bus_address(memory.arena() + 1, kSize, &bus));
  EXPECT_FALSE(memory.bus_address(memory.arena() - 1, 1, &bus));
  EXPECT_FALSE(memory.bus_address(memory.arena() + kSize, 1, &bus));
  EXPECT_FALSE(memory.bus_address(&bus, sizeof bus, &bus));
  EXPECT_FALSE(memory.bus_address(memory.arena(), ~std::size_t{0}, &bus));
}

TEST(HostMemory, RegionsComeAndGo) {
  HostMemory memory(kSize);
  std::array<std::byte, 256> own{}, other{};
  EXPECT_TRUE(memory.add_region(0x1000, own.data(), own.size()));
  EXPECT_EQ(memory.translate(0x1010, 16), own.data() + 16);
  EXPECT_EQ(memory.translate(0x10F8, 8), own.data() + 248);
  EXPECT_EQ(memory.translate(0x10F8, 9), nullptr);
  EXPECT_FALSE(memory.add_region(0x10FF, other.data(), 1));
  EXPECT_FALSE(memory.add_region(0xFFF, other.data(), 2));
  EXPECT_FALSE(memory.add_region(0x1000, other.data(), other.size()));
  EXPECT_FALSE(memory.add_region(kBase + kSize - 1, other.data(), 2));
  EXPECT_FALSE(memory.add_region(kBase - 1, other.data(), 2));
  EXPECT_FALSE(memory.add_region(0x3000, other.data(), 0));
  EXPECT_FALSE(memory.add_region(~uint64_t{0} - 3, other.data(), 8));
  // Neighbours are two regions, and no access spans both.
  EXPECT_TRUE(memory.add_region(0x1100, other.data(), other.size()));
  EXPECT_EQ(memory.translate(0x10FF, 2), nullptr);
  EXPECT_FALSE(memory.remove_region(0x1000, 255));
  EXPECT_FALSE(memory.remove_region(0x1001, 256));
  EXPECT_TRUE(memory.remove_region(0x1000, 256));
  EXPECT_FALSE(memory.remove_region(0x1000, 256));
  EXPECT_EQ(memory.translate(0x1010, 16), nullptr);
  EXPECT_NE(memory.translate(0x1110, 16), nullptr);
}

struct Watcher : hw::HostMemoryObserver {
  void device_write(uint64_t bus, const std::byte* memory, ByteView bytes) override {
    seen.push_back(std::to_string(bus - kBase) + ":" + std::to_string(bytes.size()) + ":" +
                   std::to_string(static_cast<unsigned>(*memory)) + "->" +
                   std::to_string(static_cast<unsigned>(bytes[0])));
  }
  std::vector<std::string> seen;
};

TEST(HostMemory, TellsOfWritesBeforeTheyHappenAndRefusesOthersWhole) {
  HostMemory memory(kSize);
  Watcher watcher;
  memory.observe(&watcher);
  const std::array<std::byte, 4> data{std::byte{9}, std::byte{8}, std::byte{7}, std::byte{6}};
  EXPECT_TRUE(memory.device_write(kBase + 16, data));
  EXPECT_TRUE(memory.device_write(kBase + 17, data));
  EXPECT_EQ(std::memcmp(memory.arena() + 17, data.data(), data.size()), 0);
  EXPECT_FALSE(memory.device_write(kBase + kSize - 2, data));
  EXPECT_EQ(memory.arena()[kSize - 1], std::byte{0});
  EXPECT_EQ(memory.arena()[kSize - 2], std::byte{0});
  EXPECT_EQ(watcher.seen, (std::vector<std::string>{"16:4:0->9", "17:4:8->9"}));
}

/// Two values of `T` that have no byte in common, by turns from another thread, and a device that
/// reads them: it gets the one or the other.
template <typename T>
void read_while_it_changes(unsigned reads) {
  constexpr T kValues[] = {static_cast<T>(0x00FF'00FF'00FF'00FF),
                           static_cast<T>(0x0100'0100'0100'0100)};
  HostMemory memory(kSize);
  alignas(T) T word = kValues[0];
  ASSERT_TRUE(memory.add_region(0x1000, reinterpret_cast<std::byte*>(&word), sizeof word));
  std::atomic<bool> reading{true};
  std::thread driver([&] {
    for (unsigned turn = 0; reading; ++turn) {
      std::atomic_ref<T>(word).store(kValues[turn % 2], std::memory_order_relaxed);
      // Time for the reader to get the line back, or it sees few changes.
      for (volatile unsigned pause = turn % 64; pause != 0;) pause = pause - 1;
    }
  });
  unsigned torn = 0;
  for (unsigned i = 0; i < reads; ++i) {
    T value = 0;
    memory.device_read(0x1000, reinterpret_cast<std::byte*>(&value), sizeof value);
    torn += value != kValues[0] && value != kValues[1] ? 1 : 0;
  }
  reading = false;
  driver.join();
  EXPECT_EQ(torn, 0u) << sizeof(T) << " bytes";
}

// An available index that goes from 0x00FF to 0x0100 must not look like 0x01FF.
TEST(HostMemory, ReadsWordsOfSharedMemoryWhole) {
  read_while_it_changes<uint16_t>(2'000'000);
  read_while_it_changes<uint32_t>(1'000'000);
  read_while_it_changes<uint64_t>(1'000'000);
}

}  // namespace
}  // namespace ringside::test
