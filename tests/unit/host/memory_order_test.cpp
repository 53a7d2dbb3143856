// SPDX-License-Identifier: Apache-2.0
// The weakly ordered core: what barriers allow happens over seeds, what they forbid never does.
#include <array>
#include <cstring>

#include "hw_model/pcie/host_memory.h"
#include "testbench/host/memory_order.h"
#include "tests/unit/host/host_rig.h"

namespace ringside::test {
namespace {

constexpr unsigned kSeeds = 300;

/// One core with its memory, per seed.
struct WeakCore {
  explicit WeakCore(uint64_t seed)
      : core(("core" + std::to_string(seed)).c_str(), tb::zero_costs(), std::size_t{1} << 16),
        memory(1 << 16),
        order(("order" + std::to_string(seed)).c_str(), core, seed) {
    memory.observe(&order);
  }
  std::byte* at(unsigned offset) { return memory.arena() + offset; }
  uint32_t in_memory(unsigned offset) {
    uint32_t value;
    std::memcpy(&value, at(offset), sizeof value);
    return value;
  }
  void store(unsigned offset, uint32_t value) {
    order.store(at(offset), reinterpret_cast<const std::byte*>(&value), sizeof value);
  }
  uint32_t load(unsigned offset) {
    uint32_t value;
    order.load(reinterpret_cast<std::byte*>(&value), at(offset), sizeof value);
    return value;
  }
  void device_write(unsigned offset, uint32_t value) {
    memory.device_write(hw::HostMemory::kArenaBase + offset, std::as_bytes(std::span(&value, 1)));
  }
  tb::CpuCore core;
  hw::HostMemory memory;
  tb::MemoryOrder order;
};

struct Weak {
  Weak() {
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
      cores.push_back(std::make_unique<WeakCore>(seed));
    }
  }
  /// Runs `body` once per seed, each on a core of its own.
  void run(const std::function<void(WeakCore&)>& body) {
    for (auto& core : cores) {
      WeakCore* weak = core.get();
      weak->core.spawn("p", [weak, body] { body(*weak); });
    }
    sc_core::sc_start(1, sc_core::SC_MS);
  }
  std::vector<std::unique_ptr<WeakCore>> cores;
};

constexpr unsigned kPayload = 0x100;
constexpr unsigned kIndex = 0x200;

/// In how many seeds a store was seen in memory before one that the program made earlier.
unsigned stores_reordered(bool barrier) {
  Weak weak;
  unsigned reordered = 0;
  weak.run([&](WeakCore& core) {
    core.store(kPayload, 1);
    if (barrier) core.order.write_barrier();
    core.store(kIndex, 1);
    for (int i = 0; i < 50; ++i) {
      if (core.in_memory(kIndex) == 1 && core.in_memory(kPayload) == 0) {
        ++reordered;
        return;
      }
      sc_core::wait(100, sc_core::SC_NS);
    }
  });
  return reordered;
}

TEST(MemoryOrder, StoresPassEachOtherWithoutABarrier) { EXPECT_GT(stores_reordered(false), 30u); }
TEST(MemoryOrder, StoresKeepTheirOrderOverABarrier) { EXPECT_EQ(stores_reordered(true), 0u); }

/// In how many seeds the new index was loaded, and after it the old payload.
unsigned loads_reordered(bool barrier) {
  Weak weak;
  unsigned reordered = 0;
  weak.run([&](WeakCore& core) {
    core.device_write(kPayload, 1);
    core.device_write(kIndex, 1);
    if (core.load(kIndex) != 1) return;
    if (barrier) core.order.read_barrier();
    if (core.load(kPayload) == 0) ++reordered;
  });
  return reordered;
}

TEST(MemoryOrder, LoadsAreSatisfiedEarlyWithoutABarrier) { EXPECT_GT(loads_reordered(false), 10u); }
TEST(MemoryOrder, LoadsKeepTheirOrderOverABarrier) { EXPECT_EQ(loads_reordered(true), 0u); }

/// In how many seeds a core stored, then loaded what the device had replaced before: both sides of
/// Dekker's algorithm would go on.
unsigned store_load_reordered(bool barrier) {
  Weak weak;
  unsigned reordered = 0;
  weak.run([&](WeakCore& core) {
    core.store(kIndex, 1);
    if (barrier) core.order.full_barrier();
    const bool device_saw_it = core.in_memory(kIndex) == 1;
    core.device_write(kPayload, 1);
    if (!device_saw_it && core.load(kPayload) == 0) ++reordered;
    EXPECT_TRUE(device_saw_it || !barrier);
  });
  return reordered;
}

TEST(MemoryOrder, ALoadPassesAStoreWithoutABarrier) { EXPECT_GT(store_load_reordered(false), 10u); }
TEST(MemoryOrder, ALoadDoesNotPassAStoreOverAFullBarrier) {
  EXPECT_EQ(store_load_reordered(true), 0u);
}

TEST(MemoryOrder, IsCoherentPerLocation) {
  Weak weak;
  uint64_t loads = 0, old = 0;
  weak.run([&](WeakCore& core) {
    uint32_t last = 0;
    for (uint32_t i = 1; i <= 100; ++i) {
      core.device_write(kIndex, i);
      const uint32_t seen = core.load(kIndex);
      EXPECT_GE(seen, last);
      EXPECT_LE(seen, i);
      last = seen;
      ++loads;
      old += seen != i;
      sc_core::wait(10, sc_core::SC_NS);
    }
  });
  EXPECT_EQ(loads, 100u * kSeeds);
  EXPECT_GT(old, loads / 20);  // it does load old values
}

TEST(MemoryOrder, ACoreSeesItsOwnStoresInOrder) {
  Weak weak;
  weak.run([&](WeakCore& core) {
    for (uint32_t i = 1; i <= 20; ++i) {
      core.store(kIndex, i);
      ASSERT_EQ(core.load(kIndex), i);
    }
    // To one location stores reach memory in order.
    uint32_t last = 0;
    for (int i = 0; i < 400; ++i) {
      const uint32_t seen = core.in_memory(kIndex);
      ASSERT_GE(seen, last);
      last = seen;
      sc_core::wait(100, sc_core::SC_NS);
    }
    EXPECT_EQ(last, 20u);
  });
}

TEST(MemoryOrder, ACoreSeesItsOwnStoreOverAnOlderDeviceWrite) {
  Weak weak;
  weak.run([](WeakCore& core) {
    core.device_write(kIndex, 1);
    core.store(kIndex, 2);
    core.order.write_barrier();  // in memory now, and the device's write may still be unseen
    EXPECT_EQ(core.load(kIndex), 2u);
  });
}

TEST(MemoryOrder, OverlappingStoresOfDifferentSizesKeepTheirOrder) {
  Weak weak;
  weak.run([](WeakCore& core) {
    const auto store = [&](unsigned offset, uint32_t value, std::size_t size) {
      core.order.store(core.at(offset), reinterpret_cast<const std::byte*>(&value), size);
    };
    store(kIndex, 0x1111, 2);
    store(kIndex, 0x22222222, 4);
    store(kIndex + 2, 0x3333, 2);
    sc_core::wait(20, sc_core::SC_US);
    EXPECT_EQ(core.in_memory(kIndex), 0x33332222u);
  });
}

TEST(MemoryOrder, StoresDrainByThemselves) {
  Weak weak;
  weak.run([&](WeakCore& core) {
    core.store(kIndex, 7);
    sc_core::wait(3, sc_core::SC_US);
    EXPECT_EQ(core.in_memory(kIndex), 7u);
  });
}

TEST(MemoryOrder, OldValuesAreSeenForAWhileOnly) {
  Weak weak;
  weak.run([&](WeakCore& core) {
    core.device_write(kIndex, 7);
    sc_core::wait(3, sc_core::SC_US);
    EXPECT_EQ(core.load(kIndex), 7u);
  });
}

TEST(MemoryOrder, AnInterruptDrainsWhatIsPending) {
  Weak weak;
  std::vector<std::unique_ptr<Interrupt>> interrupts;
  weak.run([&](WeakCore& core) {
    interrupts.push_back(
        std::make_unique<Interrupt>([&core] { EXPECT_EQ(core.in_memory(kIndex), 7u); }));
    core.store(kIndex, 7);
    core.core.raise(*interrupts.back());
    core.core.pay();
  });
  EXPECT_EQ(interrupts.size(), kSeeds);
}

TEST(MemoryOrder, AccessesOfAnySizeAndAlignmentAreWhole) {
  Weak weak;
  weak.run([&](WeakCore& core) {
    std::array<std::byte, 61> out{}, in{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(i + 1);
    for (unsigned offset = 0x300; offset < 0x309; ++offset) {
      core.order.store(core.at(offset), out.data(), out.size());
      core.order.load(in.data(), core.at(offset), in.size());
      EXPECT_EQ(in, out);
    }
    core.order.write_barrier();
    EXPECT_EQ(std::memcmp(core.at(0x308), out.data(), out.size()), 0);
  });
}

TEST(MemoryOrder, DelaysComeFromTheSeed) {
  Weak weak;
  std::vector<uint64_t> total(kSeeds);
  unsigned next = 0;
  weak.run([&](WeakCore& core) {
    const unsigned index = next++;
    for (int i = 0; i < 64; ++i) core.order.perturb();
    total[index] = core.core.local_time_ps() - sc_core::sc_time_stamp().value();
  });
  EXPECT_NE(total[0], total[1]);
  for (const uint64_t ps : total) EXPECT_LT(ps, 64'000'000u);
}

}  // namespace
}  // namespace ringside::test
