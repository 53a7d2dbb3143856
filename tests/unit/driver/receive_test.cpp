// SPDX-License-Identifier: Apache-2.0
// The receive path: posting, merging, budget, re-arming, and buffers that the client keeps.
#include "tests/unit/driver/rig.h"

namespace ringside::test {
namespace {

void without(Rig& rig, unsigned feature) { rig.device.offered &= ~rig.feature(feature); }

TEST(Receive, FramesOfAllSizesArriveWhole) {
  for (const bool mergeable : {false, true}) {
    for (const bool event_idx : {false, true}) {
      Rig rig;
      if (!mergeable) without(rig, VIRTIO_NET_F_MRG_RXBUF);
      if (!event_idx) without(rig, VIRTIO_F_EVENT_IDX);
      rig.must_open();
      for (uint32_t size = 14; size <= 1518; size += 47) {
        ASSERT_TRUE(rig.device.receive(Rig::frame(size, static_cast<uint8_t>(size))));
        rig.run_us(2);
        ASSERT_FALSE(rig.client.frames.empty());
        EXPECT_EQ(rig.client.frames.back(), Rig::frame(size, static_cast<uint8_t>(size)));
      }
      EXPECT_EQ(rig.client.received, rig.client.batches);
      EXPECT_EQ(rig.counter("rx_queue_0_packets"), rig.client.received);
      rig.expect_clean();
    }
  }
}

// CLAUSES: NRB-R-002, NCF-R-008
TEST(Receive, BuffersWithoutMergingHoldAWholeFrame) {
  Rig rig;
  without(rig, VIRTIO_NET_F_MRG_RXBUF);
  rig.options.rx_buffer_bytes = 256;
  rig.must_open();
  FakeDevice::Chain chain;
  ASSERT_TRUE(rig.device.take(0, &chain));
  EXPECT_GE(chain.elements.at(0).len, 1530u);
  Rig jumbo;
  without(jumbo, VIRTIO_NET_F_MRG_RXBUF);
  jumbo.device.config.mtu = 4000;
  jumbo.must_open();
  ASSERT_TRUE(jumbo.device.receive(Rig::frame(4014, 5)));
  jumbo.run_us(2);
  EXPECT_EQ(jumbo.client.frames.at(0), Rig::frame(4014, 5));
}

TEST(Receive, MergedFrames) {
  Rig rig;
  rig.options.rx_buffer_bytes = 128;
  rig.device.config.mtu = 4000;
  rig.must_open();
  for (const uint32_t size : {100u, 116u, 117u, 1000u, 4014u}) {
    ASSERT_TRUE(rig.device.receive(Rig::frame(size, 7)));
    rig.run_us(2);
    EXPECT_EQ(rig.client.frames.back(), Rig::frame(size, 7));
    EXPECT_EQ(rig.client.segment_counts.back(), (size + 12 + 127) / 128);
  }
  rig.device.fragment_receive = true;
  rig.options.rx_buffer_bytes = 2048;
  rig.expect_clean();
}

// CLAUSES: NCF-R-008
TEST(Receive, TheRingAlwaysHoldsTheLargestFrame) {
  // 16 buffers of 256 bytes would do, but up to 3 of them may wait for a refill.
  Rig rig;
  rig.options.ring_size = 16;
  rig.options.rx_buffer_bytes = 256;
  rig.device.config.mtu = 4000;
  const driver::Status status = rig.open();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error.find("raise ring_size"), std::string::npos);
  // 13 buffers of 312 bytes do, however many small frames came before.
  rig.driver.reset();
  rig.options.rx_buffer_bytes = 312;
  rig.must_open();
  for (unsigned small = 0; small < 8; ++small) {
    ASSERT_TRUE(rig.device.receive(Rig::frame(60, 1)));
    rig.run_us(2);
    for (unsigned i = 0; i < small; ++i) {
      ASSERT_TRUE(rig.device.receive(Rig::frame(60, 1)));
      rig.run_us(2);
    }
    ASSERT_TRUE(rig.device.receive(Rig::frame(4014, 5))) << small;
    rig.run_us(2);
  }
  rig.driver.reset();
  rig.options.rx_pool_buffers = 8;
  EXPECT_FALSE(rig.open().ok());
}

TEST(Receive, UnevenMergedFramesPastTheWrap) {
  Rig rig;
  rig.options.rx_buffer_bytes = 1024;
  rig.device.fragment_receive = true;
  rig.client.keep_frames = false;
  uint64_t wrong = 0;
  Bytes expected;
  rig.client.on_frame = [&](const Bytes& frame) { wrong += frame != expected; };
  rig.must_open();
  for (unsigned i = 0; i < 40'000; ++i) {
    expected = Rig::frame(14 + i % 1500, static_cast<uint8_t>(i));
    ASSERT_TRUE(rig.device.receive(expected));
    rig.run_us(1);
  }
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(rig.client.received, 40'000u);
  EXPECT_EQ(rig.counter("rx_queue_0_drops"), 0u);
  rig.expect_clean();
}

TEST(Receive, IndexWrapsPast65536) {
  for (const bool event_idx : {false, true}) {
    Rig rig;
    if (!event_idx) without(rig, VIRTIO_F_EVENT_IDX);
    rig.options.ring_size = 32;
    rig.client.keep_frames = false;
    rig.must_open();
    const Bytes frame = Rig::frame(60, 1);
    uint64_t sent = 0;
    while (sent < 150'000) {
      while (rig.device.receive(frame)) ++sent;  // until the ring is empty: a full ring of entries
      rig.run_us(1);
    }
    EXPECT_EQ(rig.client.received, sent);
    EXPECT_EQ(rig.counter("faults"), 0u);
    rig.expect_clean();
  }
}

TEST(Receive, BudgetBoundsAPoll) {
  Rig rig;
  rig.options.napi_budget = 8;
  rig.must_open();
  const uint64_t polls = rig.counter("rx_queue_0_polls");
  for (unsigned i = 0; i < 64; ++i) ASSERT_TRUE(rig.device.receive(Rig::frame(60, 1)));
  rig.run_us(1);
  EXPECT_EQ(rig.client.received, 64u);
  EXPECT_GE(rig.counter("rx_queue_0_polls") - polls, 8u);
  EXPECT_EQ(rig.client.batches, 8u);
}

// CLAUSES: VQS-R-013, VQS-R-015
TEST(Receive, OneInterruptForABurst) {
  for (const bool event_idx : {false, true}) {
    Rig rig;
    if (!event_idx) without(rig, VIRTIO_F_EVENT_IDX);
    rig.must_open();
    const uint64_t before = rig.pci.handler_calls;
    for (unsigned i = 0; i < 50; ++i) ASSERT_TRUE(rig.device.receive(Rig::frame(60, 1)));
    EXPECT_EQ(rig.pci.handler_calls - before, 1u);
    rig.run_us(1);
    ASSERT_TRUE(rig.device.receive(Rig::frame(60, 1)));
    EXPECT_EQ(rig.pci.handler_calls - before, 2u);
    rig.run_us(1);
    EXPECT_EQ(rig.client.received, 51u);
    EXPECT_EQ(rig.device.avail_flags(0), 0);  // VQS-R-012, R-014
  }
}

TEST(Receive, ClientMayKeepBuffers) {
  Rig rig;
  rig.options.ring_size = 16;
  rig.options.rx_pool_buffers = 24;
  rig.client.release_at_once = false;
  rig.must_open();
  unsigned sent = 0;
  while (rig.device.receive(Rig::frame(100, static_cast<uint8_t>(sent)))) {
    ++sent;
    rig.run_us(5);
  }
  EXPECT_EQ(sent, 24u);  // all are with the client, and none was posted again
  EXPECT_EQ(rig.client.held.size(), 24u);
  for (unsigned i = 0; i < 24; ++i) {
    EXPECT_EQ(static_cast<uint8_t>(rig.client.held[i].data[0]), i);
  }
  EXPECT_GT(rig.counter("rx_queue_0_refill_failures"), 0u);
  rig.client.release_all();  // starts a refill at once
  rig.run_us(1);
  EXPECT_TRUE(rig.device.receive(Rig::frame(100, 77)));
  rig.run_us(1);
  EXPECT_EQ(rig.client.frames.back(), Rig::frame(100, 77));
  EXPECT_EQ(rig.counter("rx_queue_0_drops"), 0u);
  rig.expect_clean();
}

TEST(Receive, FailedRefillIsRetriedByATimer) {
  Rig rig;
  rig.options.ring_size = 16;
  rig.options.rx_pool_buffers = 16;
  rig.pci.alloc_failures = 1;  // the first fill gets nothing after one failure
  const driver::Status first = rig.open();
  EXPECT_FALSE(first.ok());
  // Some memory, then none for a while.
  rig.client.release_at_once = false;
  rig.must_open();
  while (rig.device.receive(Rig::frame(60, 1))) rig.run_us(1);
  EXPECT_EQ(rig.client.held.size(), 16u);
  Rig late;
  late.options.ring_size = 16;
  late.options.rx_pool_buffers = 32;
  late.client.release_at_once = false;
  late.must_open();
  late.pci.alloc_failures = 1000;
  while (late.device.receive(Rig::frame(60, 1))) late.run_us(1);
  EXPECT_EQ(late.client.held.size(), 16u);
  EXPECT_FALSE(late.device.receive(Rig::frame(60, 1)));
  late.pci.alloc_failures = 0;
  late.run_us(200);  // nothing happens but the timer
  EXPECT_TRUE(late.device.receive(Rig::frame(60, 1)));
  late.expect_clean();
}

TEST(Receive, ForeignReleasesAreIgnored) {
  Rig rig;
  rig.must_open();
  rig.driver->release(0);  // posted, not the client's
  rig.driver->release(0xFFFFFFFF);
  ASSERT_TRUE(rig.device.receive(Rig::frame(60, 1)));
  rig.run_us(1);
  EXPECT_EQ(rig.counter("rx_queue_0_bad_releases"), 2u);
  rig.client.release_at_once = false;
  ASSERT_TRUE(rig.device.receive(Rig::frame(60, 2)));
  rig.run_us(1);
  const auto id = rig.client.held.at(0).buffer;
  rig.driver->release(id);
  rig.driver->release(id);
  EXPECT_EQ(rig.counter("rx_queue_0_bad_releases"), 3u);
  rig.client.held.clear();
  rig.expect_clean();
}

TEST(Receive, AccessorCallsPerFrameStayFew) {
  Rig rig;
  rig.client.keep_frames = false;
  rig.must_open();
  const uint64_t before = rig.pci.accesses;
  for (unsigned i = 0; i < 64; ++i) {
    for (unsigned j = 0; j < 32; ++j) ASSERT_TRUE(rig.device.receive(Rig::frame(60, 1)));
    rig.run_us(1);
  }
  EXPECT_EQ(rig.client.received, 2048u);
  EXPECT_LT(rig.pci.accesses - before, 2048u * 2);
  EXPECT_EQ(rig.platform.charged(Cost::kReceiveFrame), 2048u);
}

// -- num_buffers: 0 is 1; too large or with buffers missing is dropped, and nothing waits.

TEST(NumBuffers, ZeroIsTakenAsOne) {
  Rig rig;
  rig.must_open();
  ASSERT_TRUE(rig.device.receive_cut(Rig::frame(60, 1), {72}, 0));
  ASSERT_TRUE(rig.device.receive(Rig::frame(60, 2)));
  rig.run_us(1);
  EXPECT_EQ(rig.client.frames, (std::vector<Bytes>{Rig::frame(60, 1), Rig::frame(60, 2)}));
  EXPECT_EQ(rig.counter("rx_queue_0_merge_zeros"), 1u);
  EXPECT_EQ(rig.counter("rx_queue_0_merge_errors"), 0u);
  EXPECT_EQ(rig.counter("faults"), 0u);
}

TEST(NumBuffers, MissingBuffersAreNotWaitedFor) {
  Rig rig;
  rig.must_open();
  ASSERT_TRUE(rig.device.receive_cut(Rig::frame(1000, 1), {512, 500}, 3));
  rig.run_us(1);
  EXPECT_EQ(rig.client.received, 0u);
  EXPECT_EQ(rig.counter("rx_queue_0_merge_errors"), 1u);
  ASSERT_TRUE(rig.device.receive(Rig::frame(60, 2)));
  rig.run_us(1);
  ASSERT_EQ(rig.client.received, 1u);
  EXPECT_EQ(rig.client.frames[0], Rig::frame(60, 2));
}

TEST(NumBuffers, TooLargeIsDropped) {
  for (const uint16_t count : {uint16_t{65}, uint16_t{65535}}) {
    Rig rig;
    rig.must_open();
    ASSERT_TRUE(rig.device.receive_cut(Rig::frame(60, 1), {72}, count));
    rig.run_us(1);
    EXPECT_EQ(rig.client.received, 0u);
    EXPECT_EQ(rig.counter("rx_queue_0_merge_errors"), 1u);
    // All buffers are usable again.
    for (unsigned i = 0; i < 600; ++i) {
      ASSERT_TRUE(rig.device.receive(Rig::frame(60, 2)));
      rig.run_us(1);
    }
    EXPECT_EQ(rig.client.received, 600u);
  }
}

TEST(NumBuffers, EmptyContinuationIsDropped) {
  Rig rig;
  rig.must_open();
  ASSERT_TRUE(rig.device.receive_cut(Rig::frame(1000, 1), {1012, 0}, 2));
  rig.run_us(1);
  EXPECT_EQ(rig.client.received, 0u);
  EXPECT_EQ(rig.counter("rx_queue_0_merge_errors"), 1u);
}

TEST(NumBuffers, IgnoredWithoutMerging) {
  Rig rig;
  without(rig, VIRTIO_NET_F_MRG_RXBUF);
  rig.must_open();
  ASSERT_TRUE(rig.device.receive_cut(Rig::frame(60, 1), {72}, 9));
  rig.run_us(1);
  EXPECT_EQ(rig.client.received, 1u);
}

// CLAUSES: VQS-R-017, VQS-R-018
TEST(Length, TooShortOrTooLongIsDropped) {
  Rig rig;
  rig.must_open();
  for (const uint32_t used : {0u, 1u, 11u, 12u, 25u}) {
    ASSERT_TRUE(rig.device.receive_cut(Rig::frame(60, 1), {used}, 1));
  }
  ASSERT_TRUE(rig.device.receive_cut(Rig::frame(1600, 1), {12 + 1519}, 1));
  rig.run_us(1);
  EXPECT_EQ(rig.client.received, 0u);
  EXPECT_EQ(rig.counter("rx_queue_0_length_errors"), 6u);
  EXPECT_EQ(rig.counter("rx_queue_0_drops"), 6u);
  EXPECT_EQ(rig.counter("faults"), 0u);
  for (unsigned i = 0; i < 600; ++i) {
    ASSERT_TRUE(rig.device.receive(Rig::frame(60, 2)));
    rig.run_us(1);
  }
  EXPECT_EQ(rig.client.received, 600u);
}

}  // namespace
}  // namespace ringside::test
