// SPDX-License-Identifier: Apache-2.0
// Model `at` does what a virtio-net card does. One simulation a process: run by CTest, one test at
// a time.
#include "tests/unit/at/at_host.h"
#include "tests/unit/lt/nic_cases.h"

namespace ringside::test {
namespace {

TEST(AtNic, FramesCrossTheWireBothWays) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] { frames_cross_the_wire(pair); }));
}

// Windows and buffers at their smallest.
TEST(AtNic, WorksWithOneTagAndHardlyAnyCredit) {
  hw::NicConfig config;
  config.pipeline.read_tags = 1;
  config.pipeline.ring_fetches_max = 1;
  config.pipeline.prefetch = 1;
  config.pipeline.fetch_batch = 1;
  config.pipeline.used_batch = 1;
  config.pipeline.write_buffer_bytes = 512;
  for (hw::ReceiverConfig* end : {&config.pcie.root, &config.pcie.card}) {
    end->posted = {1, config.pcie.mps / 16};
    end->non_posted = {1, 1};
  }
  AtPair pair(config);
  ASSERT_TRUE(pair.run([&] { frames_cross_the_wire(pair, 100, false); }));
}

// Posted writes pass read requests that wait for credits (PCI Express Base 4.0, 2.4.1): a card that
// sends all it can still receives.
TEST(AtNic, ReceivesWhileReadsWaitForCredits) {
  hw::NicConfig config;
  config.pcie.root.non_posted = {1, 1};
  AtPair pair(config);
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    Rings b = bring_up(pair.bob, kBasic, 1024);
    pair.bob.make_available(b.rx, 64);
    pair.bob.notify(b.rx);
    wait_us(100);
    pair.bob.make_available(b.tx, 1024);
    pair.bob.notify(b.tx);
    wait_us(20);
    pair.alice.make_available(a.tx, 8);
    pair.alice.notify(a.tx);
    wait_us(20);
    EXPECT_EQ(pair.bob.counter("rx_frames"), 8u);
    EXPECT_GT(pair.bob.counter("tx_frames"), 50u);
    EXPECT_LT(pair.bob.counter("tx_frames"), 512u);
    wait_us(500);
    EXPECT_EQ(pair.bob.used_idx(b.rx), 8);
    EXPECT_EQ(pair.bob.used_idx(b.tx), 1024);
  }));
}

TEST(AtNic, RunsAheadOnlyAsFarAsItsBuffer) {
  hw::NicConfig config;
  config.tx_buffer_bytes = 8192;
  hw::LinkConfig wire;
  wire.rate_bps = 1'000'000'000;
  AtPair pair(config, wire);
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic, 64, 1026);
    pair.alice.make_available(a.tx, 64);
    pair.alice.notify(a.tx);
    wait_us(4);
    // One is on the wire, two are at the MAC, eight fill the buffer.
    EXPECT_EQ(pair.alice.used_idx(a.tx), 11);
    EXPECT_EQ(pair.alice.counter("tx_frames"), 11u);
    wait_us(1000);
    EXPECT_EQ(pair.alice.used_idx(a.tx), 64);
    EXPECT_LE(pair.link.end(0).free_at(), now_ps());
    EXPECT_EQ(pair.link.counters(0).frames, 64u);
  }));
}

TEST(AtNic, ReceiveWaitsForBuffersThenGoesOn) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] { receive_waits_for_buffers_then_goes_on(pair); }));
}

TEST(AtNic, FirmwareThatNeverAnswersMeansDeviceNeedsReset) {
  AtPair pair(card_with_short_hold(), {}, kSilentFirmware);
  ASSERT_TRUE(pair.run([&] { a_read_that_is_held_too_long_needs_a_reset(pair, 1'000'000); }));
}

TEST(AtNic, RefusesWhatItDoesNotDecode) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] { refuses_what_it_does_not_decode(pair); }));
}

// INTx is a message in the posted stream. RST-D-002, PIS-D-004.
TEST(AtNic, IntxIsAssertedAndClearedByReadingIsr) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    LtHost& host = pair.alice;
    host.enable_pci(false);
    EXPECT_EQ(host.negotiate(kBasic), 11);
    TestQueue tx = host.make_queue(1, 16, 72, 0xFFFF);
    host.set_status(15);
    EXPECT_EQ(host.status(), 15);
    host.make_available(tx, 1);
    host.notify(tx);
    wait_us(5);
    EXPECT_TRUE(host.intx_level);
    EXPECT_EQ(host.used_idx(tx), 1);  // a message does not pass DMA
    EXPECT_EQ(host.get(BarLayout::kIsr, 1), 1u);
    wait_us(1);
    EXPECT_FALSE(host.intx_level);
    host.set_status(0);
    EXPECT_EQ(host.status(), 0);
  }));
}

TEST(AtNic, DmaOutsideMemoryNeedsReset) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] { dma_outside_memory_needs_reset(pair); }));
}

// Writes are posted: nobody tells the card that one went nowhere (PCI Express Base 4.0, 2.3.1). The
// root complex counts it, and the card works on.
TEST(AtNic, ReceiveIntoNowhereIsLost) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    Rings b = bring_up(pair.bob, kBasic);
    pair.bob.store(b.rx.desc, formats::VirtqDesc{0x1000, 1600, VIRTQ_DESC_F_WRITE, 0});
    pair.bob.make_available(b.rx, 2);
    pair.bob.notify(b.rx);
    const uint64_t refused = pair.bob.port.counters().unsupported_requests;
    pair.alice.make_available(a.tx, 2);
    pair.alice.notify(a.tx);
    wait_us(10);
    EXPECT_EQ(pair.bob.status(), 15);
    EXPECT_EQ(pair.bob.used_idx(b.rx), 2);
    EXPECT_EQ(pair.bob.port.counters().unsupported_requests, refused + 1);
  }));
}

// A reset while reads are on the bus: their answers mean nothing, and the card starts afresh.
TEST(AtNic, ResetForgetsReadsOnTheBus) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    for (unsigned round = 0; round < 40; ++round) {
      pair.alice.make_available(a.tx, 8);
      pair.alice.notify(a.tx);
      sc_core::wait(100 + 50 * round, sc_core::SC_NS);
      pair.alice.set_status(0);
      EXPECT_EQ(pair.alice.status(), 0);
      EXPECT_EQ(pair.alice.negotiate(kBasic), 11);
      a.tx = pair.alice.make_queue(1, 64, 72, 2);
      pair.alice.set_status(15);
      EXPECT_EQ(pair.alice.status(), 15);
    }
    pair.alice.make_available(a.tx, 8);
    pair.alice.notify(a.tx);
    wait_us(10);
    EXPECT_EQ(pair.alice.used_idx(a.tx), 8);
    EXPECT_EQ(pair.alice.counter("device_errors"), 0u);
  }));
}

// The audit at rest holds at rest, and sees what is under way.
TEST(AtNic, AuditSeesReadsAndCreditsOnTheWay) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    wait_us(20);
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");
    pair.alice.make_available(a.tx, 4);
    pair.alice.notify(a.tx);
    sc_core::wait(50, sc_core::SC_NS);  // the doorbell is on the link
    EXPECT_NE(pair.alice.nic->audit_at_rest(), "");
    sc_core::wait(250, sc_core::SC_NS);  // the available index is being read
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "tags in use: 1, expected 0");
    wait_us(20);
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");
  }));
}

}  // namespace
}  // namespace ringside::test
