// SPDX-License-Identifier: Apache-2.0
// Drivers that break the rules, or go to their limits, behind a bus that takes time: the card must
// not hang, crash or forget a tag, and a reset mends it.
#include "formats/random.h"
#include "tests/unit/at/at_host.h"

namespace ringside::test {
namespace {

constexpr uint64_t kIndirect = formats::feature_bit(VIRTIO_F_INDIRECT_DESC);
constexpr uint64_t kTop = ~uint64_t{0};

/// 72 bytes from alice to bob, after whatever was before.
void expect_working(AtPair& pair) {
  Rings a = bring_up(pair.alice, kBasic);
  Rings b = bring_up(pair.bob, kBasic);
  pair.bob.make_available(b.rx, 8);
  pair.bob.notify(b.rx);
  wait_us(10);
  pair.alice.make_available(a.tx, 5);
  pair.alice.notify(a.tx);
  wait_us(20);
  EXPECT_EQ(pair.alice.used_idx(a.tx), 5);
  EXPECT_EQ(pair.bob.used_idx(b.rx), 5);
}

/// A frame of `count` pieces of one byte goes out and is received whole.
void expect_sent_in_pieces(unsigned count, bool indirect) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic | kIndirect, 1024, 1);
    Rings b = bring_up(pair.bob, kBasic, 8);
    pair.bob.make_available(b.rx, 8);
    pair.bob.notify(b.rx);
    const uint64_t table = indirect ? pair.alice.allocate(uint64_t{16} * count) : a.tx.desc;
    // Off the boundaries of double words; some pieces are at the end of a page.
    const uint64_t bytes = pair.alice.allocate(8192) + 4093;
    for (unsigned i = 0; i < count; ++i) {
      const bool last = i + 1 == count;
      pair.alice.store(bytes + i, static_cast<uint8_t>(i));
      pair.alice.store(
          table + uint64_t{16} * i,
          formats::VirtqDesc{bytes + i, 1, last ? uint16_t{0} : uint16_t{VIRTQ_DESC_F_NEXT},
                             static_cast<uint16_t>(last ? 0 : i + 1)});
    }
    if (indirect) {
      pair.alice.store(a.tx.desc, formats::VirtqDesc{table, 16 * count, VIRTQ_DESC_F_INDIRECT, 0});
    }
    pair.alice.make_available(a.tx, 1);
    pair.alice.notify(a.tx);
    wait_us(2000);
    EXPECT_EQ(pair.alice.status(), 15);
    ASSERT_EQ(pair.bob.used_idx(b.rx), 1);
    EXPECT_EQ(pair.bob.load<uint32_t>(b.rx.used + 8), count);
    for (unsigned i = 12; i < count; ++i) {
      ASSERT_EQ(pair.bob.load<uint8_t>(b.rx.buffers + i), static_cast<uint8_t>(i)) << i;
    }
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");
  }));
}

TEST(AtHostile, ChainOf1024Descriptors) { expect_sent_in_pieces(1024, false); }
TEST(AtHostile, TableOf1024Descriptors) { expect_sent_in_pieces(1024, true); }

// Only what a frame needs is written of a buffer that is larger than memory.
TEST(AtHostile, BufferOf4GiB) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    Rings b = bring_up(pair.bob, kBasic);
    pair.bob.store(b.rx.desc, formats::VirtqDesc{b.rx.buffers, 0xFFFF'FFFF, VIRTQ_DESC_F_WRITE, 0});
    pair.bob.make_available(b.rx, 1);
    pair.bob.notify(b.rx);
    pair.alice.make_available(a.tx, 1);
    pair.alice.notify(a.tx);
    wait_us(20);
    EXPECT_EQ(pair.bob.status(), 15);
    EXPECT_EQ(pair.bob.load<uint32_t>(b.rx.used + 8), 72u);
    EXPECT_EQ(pair.bob.nic->audit_at_rest(), "");
  }));
}

// A frame that is too long is dropped unread: it takes no time on the datapath.
TEST(AtHostile, FrameOf4GiB) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    pair.alice.store(a.tx.desc, formats::VirtqDesc{a.tx.buffers, 0xFFFF'FFFF, 0, 0});
    pair.alice.make_available(a.tx, 3);
    pair.alice.notify(a.tx);
    wait_us(10);
    EXPECT_EQ(pair.alice.used_idx(a.tx), 3);
    EXPECT_EQ(pair.alice.counter("tx_drop_long"), 1u);
    EXPECT_EQ(pair.alice.counter("tx_frames"), 2u);
  }));
}

// Bytes up to the last address, and rings there, are read like any others: by nobody. STS-D-003.
TEST(AtHostile, EndOfTheAddressSpace) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    pair.alice.store(a.tx.desc, formats::VirtqDesc{kTop - 71, 72, 0, 0});
    pair.alice.make_available(a.tx, 1);
    pair.alice.notify(a.tx);
    wait_us(20);
    EXPECT_EQ(pair.alice.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
    EXPECT_EQ(pair.alice.counter("error_dma_read"), 1u);

    EXPECT_EQ(pair.alice.negotiate(kBasic), 11);
    const TestQueue tx{.index = 1};
    pair.alice.set(CommonCfg::kQueueSelect, 2, 1);
    pair.alice.set(CommonCfg::kQueueSize, 2, 8);
    pair.alice.set(CommonCfg::kQueueDesc, 8, kTop - 255);
    pair.alice.set(CommonCfg::kQueueDriver, 8, kTop - 63);
    pair.alice.set(CommonCfg::kQueueDevice, 8, kTop - 255);
    pair.alice.set(CommonCfg::kQueueEnable, 2, 1);
    pair.alice.set_status(15);
    EXPECT_EQ(pair.alice.status(), 15);
    pair.alice.notify(tx);
    wait_us(20);
    EXPECT_EQ(pair.alice.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
    EXPECT_EQ(pair.alice.counter("error_dma_read"), 2u);
    expect_working(pair);
  }));
}

// Bus Master Enable off and on again, and function-level resets, while both directions are busy.
TEST(AtHostile, FunctionIsResetInTheMiddleOfEverything) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    for (unsigned round = 0; round < 60; ++round) {
      Rings a = bring_up(pair.alice, kBasic);
      Rings b = bring_up(pair.bob, kBasic);
      for (auto& [host, rings] : {std::pair{&pair.alice, &a}, std::pair{&pair.bob, &b}}) {
        host->make_available(rings->rx, 64);
        host->notify(rings->rx);
        host->make_available(rings->tx, 64);
        host->notify(rings->tx);
      }
      sc_core::wait(100 + 60 * round, sc_core::SC_NS);
      if (round % 2 == 0) {
        pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0x2);
        wait_us(3);
        pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0x6);
        wait_us(20);
        EXPECT_EQ(pair.alice.used_idx(a.tx), 64) << round;
        EXPECT_EQ(pair.alice.status(), 15) << round;
      } else {
        pair.alice.port.config_write(hw::PciConfig::kExpressCap + 8, 2, 0x8000);
        wait_us(2);
      }
    }
    expect_working(pair);
    wait_us(20);
    EXPECT_EQ(pair.alice.counter("device_errors"), 0u);
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");
  }));
}

formats::VirtqDesc random_descriptor(SplitMix64& random, const TestQueue& queue) {
  const uint64_t end = hw::HostMemory::kArenaBase + (16 << 20);
  const uint64_t addresses[] = {queue.buffers,   queue.buffers, queue.buffers + 4093,
                                queue.desc,      end - 40,      kTop - random.below(100),
                                random.below(99)};
  constexpr uint32_t kSizes[] = {72, 72, 1, 12, 16, 128, 1600, 4096, 0, 0xFFFF'FFFF};
  return {addresses[random.below(std::size(addresses))], kSizes[random.below(std::size(kSizes))],
          static_cast<uint16_t>(random.below(3) == 0 ? random.below(8) : random.below(2)),
          static_cast<uint16_t>(random.below(9))};
}

// Anything at all in rings and descriptors while frames come in; sanitizers watch.
TEST(AtHostile, RandomRings) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    pair.alice.enable_pci(true);
    Rings b = bring_up(pair.bob, kBasic);
    unsigned stopped = 0;
    for (uint64_t seed = 1; seed <= 150; ++seed) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed);
      SplitMix64 random(seed);
      ASSERT_EQ(pair.alice.negotiate(kBasic | kIndirect | (seed % 2 != 0 ? kEventIdx : 0)), 11);
      TestQueue queues[] = {pair.alice.make_queue(0, 8, 1600, 1),
                            pair.alice.make_queue(1, 8, 1600, 2)};
      for (TestQueue& queue : queues) {
        for (unsigned i = 0; i < 8; ++i) {
          pair.alice.store(queue.desc + uint64_t{16} * i, random_descriptor(random, queue));
          pair.alice.store(queue.avail + SplitRing::avail_entry(static_cast<uint16_t>(i)),
                           static_cast<uint16_t>(random.below(40) == 0 ? 8 : random.below(8)));
        }
        pair.alice.store(queue.avail + SplitRing::kAvailIdx,
                         static_cast<uint16_t>(random.below(10)));
      }
      pair.alice.set_status(15);
      for (const TestQueue& queue : queues) pair.alice.notify(queue);
      pair.bob.make_available(b.tx, 3);
      pair.bob.notify(b.tx);
      sc_core::wait(static_cast<double>(random.below(15'000)), sc_core::SC_NS);
      const uint8_t status = pair.alice.status();
      ASSERT_EQ(status & 15, 15);
      stopped += (status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0 ? 1 : 0;
      pair.alice.set_status(0);
      ASSERT_EQ(pair.alice.status(), 0);
    }
    EXPECT_GT(stopped, 50u);
    EXPECT_LT(stopped, 150u);
    expect_working(pair);
  }));
}

}  // namespace
}  // namespace ringside::test
