// SPDX-License-Identifier: Apache-2.0
// Model `lt` behind its two seams. One simulation a process: run by CTest, one test at a time.
#include "tests/support/gtest.h"
#include "tests/unit/lt/nic_cases.h"

namespace ringside::test {
namespace {

TEST(LtNic, FramesCrossTheWireBothWays) {
  LtPair pair;
  ASSERT_TRUE(pair.run([&] {
    const Rings a = frames_cross_the_wire(pair);
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
  ASSERT_TRUE(pair.run([&] { receive_waits_for_buffers_then_goes_on(pair); }));
}

// "Held" reads: the answer to a status read waits for firmware, and takes its latency.
TEST(LtNic, StatusReadIsHeldForFirmware) {
  LtPair pair;
  ASSERT_TRUE(pair.run([&] {
    pair.alice.enable_pci(true);
    wait_us(5);
    const hw::TimePs before = sc_core::sc_time_stamp().value();
    pair.alice.set_status(1);
    EXPECT_EQ(sc_core::sc_time_stamp().value(), before);
    EXPECT_EQ(pair.alice.status(), 1);
    EXPECT_EQ(sc_core::sc_time_stamp().value() - before, 1'000'000u);
  }));
}

TEST(LtNic, FirmwareThatNeverAnswersMeansDeviceNeedsReset) {
  LtPair pair(card_with_short_hold(), {}, kSilentFirmware);
  ASSERT_TRUE(pair.run([&] { a_read_that_is_held_too_long_needs_a_reset(pair, 0); }));
}

TEST(LtNic, RefusesWhatItDoesNotDecode) {
  LtPair pair;
  ASSERT_TRUE(pair.run([&] { refuses_what_it_does_not_decode(pair); }));
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

TEST(LtNic, DmaOutsideMemoryNeedsReset) {
  LtPair pair;
  ASSERT_TRUE(pair.run([&] { dma_outside_memory_needs_reset(pair); }));
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
