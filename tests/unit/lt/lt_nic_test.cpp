// SPDX-License-Identifier: Apache-2.0
// Model `lt` behind its two seams. One simulation a process: run by CTest, one test at a time.
#include "tests/support/gtest.h"
#include "tests/unit/lt/lt_host.h"

namespace ringside::test {
namespace {

TEST(LtNic, FramesCrossTheWireBothWays) {
  LtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic | kEventIdx);
    Rings b = bring_up(pair.bob, kBasic);
    pair.alice.make_available(a.rx, 64);
    pair.alice.notify(a.rx);
    pair.bob.make_available(b.rx, 64);
    pair.bob.notify(b.rx);
    for (unsigned i = 0; i < 72; ++i) {
      pair.alice.store(a.tx.buffers + i, static_cast<uint8_t>(i));
      pair.bob.store(b.tx.buffers + i, static_cast<uint8_t>(200 - i));
    }
    pair.alice.make_available(a.tx, 1);
    pair.alice.notify(a.tx);
    pair.bob.make_available(b.tx, 3);
    pair.bob.notify(b.tx);
    wait_us(10);
    EXPECT_EQ(pair.alice.used_idx(a.tx), 1);
    EXPECT_EQ(pair.alice.used_idx(a.rx), 3);
    EXPECT_EQ(pair.bob.used_idx(b.tx), 3);
    EXPECT_EQ(pair.bob.used_idx(b.rx), 1);
    EXPECT_EQ(pair.bob.load<uint8_t>(b.rx.buffers + 12), 12);
    EXPECT_EQ(pair.bob.load<uint8_t>(b.rx.buffers + 71), 71);
    EXPECT_EQ(pair.alice.load<uint8_t>(a.rx.buffers + 12), 188);
    EXPECT_EQ(pair.bob.messages[1], 1u);
    EXPECT_EQ(pair.bob.messages[2], 1u);    // three frames used together, one interrupt
    EXPECT_EQ(pair.alice.messages[1], 1u);  // used_event stayed 0
    EXPECT_EQ(pair.alice.avail_event(a.tx), 1);
  }));
}

// The transmit buffer bounds how far the card runs ahead of the wire.
TEST(LtNic, RunsAheadOnlyAsFarAsItsBuffer) {
  hw::NicConfig config;
  config.tx_buffer_bytes = 8192;
  hw::LinkConfig wire;
  wire.rate_bps = 1'000'000'000;
  LtPair pair(config, wire);
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic, 64, 1026);
    pair.alice.make_available(a.tx, 64);
    pair.alice.notify(a.tx);
    sc_core::wait(10, sc_core::SC_NS);
    EXPECT_EQ(pair.alice.used_idx(a.tx), 8);
    EXPECT_EQ(pair.alice.counter("tx_frames"), 8u);
    wait_us(40);
    EXPECT_GT(pair.alice.used_idx(a.tx), 8);
    EXPECT_LT(pair.alice.used_idx(a.tx), 20);
    wait_us(1000);
    EXPECT_EQ(pair.alice.used_idx(a.tx), 64);
    // 64 frames back to back: the wire never waited for the card.
    EXPECT_LE(pair.link.end(0).free_at(), sc_core::sc_time_stamp().value());
    EXPECT_EQ(pair.link.counters(0).frames, 64u);
  }));
}

TEST(LtNic, ReceiveWaitsForBuffersThenGoesOn) {
  LtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    Rings b = bring_up(pair.bob, kBasic | kEventIdx);
    pair.bob.make_available(b.rx, 2);
    pair.bob.notify(b.rx);
    pair.alice.make_available(a.tx, 5);
    pair.alice.notify(a.tx);
    wait_us(10);
    EXPECT_EQ(pair.bob.used_idx(b.rx), 2);
    EXPECT_EQ(pair.bob.avail_event(b.rx), 2);  // armed: tell me of entry 2
    pair.bob.make_available(b.rx, 10);
    pair.bob.notify(b.rx);
    wait_us(1);
    EXPECT_EQ(pair.bob.used_idx(b.rx), 5);
  }));
}

// "Held" reads: the answer to a status read waits for firmware, and takes its latency.
TEST(LtNic, StatusReadIsHeldForFirmware) {
  LtPair pair;
  ASSERT_TRUE(pair.run([&] {
    pair.alice.enable_pci(true);
    wait_us(5);
    sc_core::sc_time before = sc_core::sc_time_stamp();
    pair.alice.set_status(1);
    EXPECT_EQ(sc_core::sc_time_stamp(), before);
    EXPECT_EQ(pair.alice.status(), 1);
    EXPECT_EQ(sc_core::sc_time_stamp() - before, sc_core::sc_time(1, sc_core::SC_US));
  }));
}

int silent(void*, const rs_bus*) { return 0; }

TEST(LtNic, FirmwareThatNeverAnswersMeansDeviceNeedsReset) {
  const rs_firmware_ops ops{0, silent};
  hw::NicConfig config;
  config.hold_bound_ps = 50'000'000;
  LtPair pair(config, {}, ops);
  ASSERT_TRUE(pair.run([&] {
    pair.alice.enable_pci(true);
    sc_core::sc_time before = sc_core::sc_time_stamp();
    pair.alice.set_status(1);
    EXPECT_EQ(pair.alice.status(), VIRTIO_STATUS_DEVICE_NEEDS_RESET);
    EXPECT_EQ(sc_core::sc_time_stamp() - before, sc_core::sc_time(50, sc_core::SC_US));
    EXPECT_EQ(pair.alice.counter("error_management_timeout"), 1u);
  }));
}

TEST(LtNic, RefusesWhatItDoesNotDecode) {
  LtPair pair;
  ASSERT_TRUE(pair.run([&] {
    pair.alice.enable_pci(true);
    const uint64_t refused = pair.alice.port.counters().unsupported_requests;
    EXPECT_EQ(pair.alice.port.memory_read(pair.alice.bar() + BarLayout::kSize, 4), 0xFFFFFFFFu);
    EXPECT_EQ(pair.alice.port.memory_read(pair.alice.bar() + 2, 4), 0xFFFFFFFFu);
    pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0);
    EXPECT_EQ(pair.alice.port.memory_read(pair.alice.bar(), 4), 0xFFFFFFFFu);
    EXPECT_EQ(pair.alice.port.counters().unsupported_requests, refused + 3);
  }));
}

// RST-D-002 and PIS-D-004 with INTx.
TEST(LtNic, IntxIsAssertedAndClearedByReadingIsr) {
  LtPair pair;
  ASSERT_TRUE(pair.run([&] {
    LtHost& host = pair.alice;
    host.enable_pci(false);
    EXPECT_EQ(host.negotiate(kBasic), 11);
    TestQueue tx = host.make_queue(1, 16, 72, 0xFFFF);
    host.set_status(15);
    EXPECT_EQ(host.status(), 15);
    host.make_available(tx, 1);
    host.notify(tx);
    wait_us(1);
    EXPECT_TRUE(host.intx_level);
    EXPECT_EQ(host.get(BarLayout::kIsr, 1), 1u);
    EXPECT_FALSE(host.intx_level);
    host.make_available(tx, 1);
    host.notify(tx);
    wait_us(1);
    EXPECT_TRUE(host.intx_level);
    host.set_status(0);
    EXPECT_EQ(host.status(), 0);
    EXPECT_FALSE(host.intx_level);
    EXPECT_EQ(host.intx_changes, 4u);
  }));
}

// DMA outside memory is an error that stops the device and tells the driver. STS-D-003.
TEST(LtNic, DmaOutsideMemoryNeedsReset) {
  LtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    pair.alice.store(a.tx.desc, formats::VirtqDesc{0x1000, 72, 0, 0});
    pair.alice.make_available(a.tx, 1);
    pair.alice.notify(a.tx);
    wait_us(5);
    EXPECT_EQ(pair.alice.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
    EXPECT_EQ(pair.alice.messages[0], 1u);
    EXPECT_EQ(pair.alice.counter("error_dma_read"), 1u);
    EXPECT_EQ(pair.alice.used_idx(a.tx), 0);
    // And a reset brings it back.
    EXPECT_EQ(pair.alice.negotiate(kBasic), 11);
  }));
}

TEST(LtNic, ReceiveIntoNowhereNeedsReset) {
  LtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    Rings b = bring_up(pair.bob, kBasic);
    pair.bob.store(b.rx.desc, formats::VirtqDesc{0x1000, 1600, VIRTQ_DESC_F_WRITE, 0});
    pair.bob.make_available(b.rx, 1);
    pair.bob.notify(b.rx);
    pair.alice.make_available(a.tx, 1);
    pair.alice.notify(a.tx);
    wait_us(10);
    EXPECT_EQ(pair.bob.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
    EXPECT_EQ(pair.bob.counter("error_dma_write"), 1u);
    EXPECT_EQ(pair.bob.used_idx(b.rx), 0);
  }));
}

}  // namespace
}  // namespace ringside::test
