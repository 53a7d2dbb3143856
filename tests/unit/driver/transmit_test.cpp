// SPDX-License-Identifier: Apache-2.0
// The transmit path: what the device reads, when it is notified, and when memory comes back.
#include "tests/unit/driver/rig.h"

namespace ringside::test {
namespace {

using formats::VirtqDesc;

void without(Rig& rig, unsigned feature) { rig.device.offered &= ~rig.feature(feature); }

// CLAUSES: NTX-R-001, NTX-R-002, NTX-R-003, NTX-R-031, NTX-R-045
TEST(Transmit, HeaderIsZeroAndFrameIsWhole) {
  Rig rig;
  rig.must_open();
  for (const uint32_t size : {14u, 60u, 1514u, 1518u}) {
    rig.device.transmitted.clear();
    rig.device.headers.clear();
    ASSERT_EQ(rig.send(size, 1, false, 3), TxResult::kOk);
    rig.run_us(5);
    ASSERT_EQ(rig.device.transmitted.size(), 1u);
    EXPECT_EQ(rig.device.transmitted[0], Rig::frame(size, 3));
    EXPECT_EQ(rig.device.headers[0], Bytes(12, 0));
  }
  rig.expect_clean();
}

// CLAUSES: VQS-R-006, VQS-R-007, VQS-R-009
TEST(Transmit, FragmentsUseATableFromTheThresholdOn) {
  Rig rig;
  rig.must_open();
  for (unsigned fragments = 1; fragments <= 16; ++fragments) {
    ASSERT_EQ(rig.send(640, fragments, false, 9), TxResult::kOk);
    rig.run_us(5);
    EXPECT_EQ(rig.device.transmitted.back(), Rig::frame(640, 9));
    EXPECT_EQ(rig.device.chains.back().elements.size(), fragments + 1);
  }
  rig.run_us(300);
  EXPECT_EQ(rig.in_flight(), 0u);
  EXPECT_EQ(rig.pci.live_maps, 256u);  // the receive buffers only
  EXPECT_EQ(rig.platform.charged(Cost::kTransmitFrame), 16u);
  EXPECT_EQ(rig.platform.charged(Cost::kTransmitFragment), 136u);
  EXPECT_EQ(rig.platform.charged(Cost::kTransmitComplete), 16u);
  rig.expect_clean();
}

TEST(Transmit, ChainsWithoutIndirect) {
  Rig rig;
  without(rig, VIRTIO_F_INDIRECT_DESC);
  rig.must_open();
  for (unsigned i = 0; i < 2000; ++i) {
    const uint32_t size = 60 + i % 1400;
    while (rig.send(size, 1 + i % 16, false, static_cast<uint8_t>(i)) == TxResult::kBusy) {
      rig.run_us(3);
    }
    if (i % 37 == 0) rig.run_us(5);
  }
  rig.run_us(500);
  ASSERT_EQ(rig.device.transmitted.size(), 2000u);
  for (unsigned i = 0; i < 2000; ++i) {
    ASSERT_EQ(rig.device.transmitted[i], Rig::frame(60 + i % 1400, static_cast<uint8_t>(i)));
  }
  EXPECT_EQ(rig.client.completed, 2000u);
  rig.expect_clean();
}

TEST(Transmit, EmptyFragmentsAreNotDescribed) {
  Rig rig;
  rig.must_open();
  TxBuffer buffer;
  buffer.data = rig.pci.alloc_buffer(2048);
  buffer.fragments = {{buffer.data, 0}, {buffer.data, 60}, {nullptr, 0}};
  buffer.in_flight = true;
  ASSERT_EQ(rig.driver->transmit({buffer.fragments, &buffer}, false), TxResult::kOk);
  rig.run_us(300);
  EXPECT_EQ(rig.device.chains.at(0).elements.size(), 2u);
  EXPECT_EQ(buffer.completions, 1u);
  rig.expect_clean();
}

// CLAUSES: NCF-R-009
TEST(Transmit, UnacceptableFramesAreDroppedAndCounted) {
  Rig rig;
  rig.must_open();
  EXPECT_EQ(rig.send(13), TxResult::kDrop);
  EXPECT_EQ(rig.send(1519), TxResult::kDrop);
  EXPECT_EQ(rig.send(600, 17), TxResult::kDrop);
  rig.pci.map_fails = true;
  EXPECT_EQ(rig.send(600, 3), TxResult::kDrop);
  rig.pci.map_fails = false;
  EXPECT_EQ(rig.counter("tx_queue_0_length_errors"), 2u);
  EXPECT_EQ(rig.counter("tx_queue_0_fragment_errors"), 1u);
  EXPECT_EQ(rig.counter("tx_queue_0_map_errors"), 1u);
  EXPECT_EQ(rig.counter("tx_queue_0_drops"), 4u);
  rig.run_us(300);
  EXPECT_EQ(rig.device.transmitted.size(), 0u);
  EXPECT_EQ(rig.pci.live_maps, 256u);
  rig.expect_clean();
}

TEST(Transmit, MemoryOutsideTheMappableIsUnmappedInPart) {
  Rig rig;
  rig.must_open();
  static std::byte elsewhere[64];
  TxBuffer buffer;
  buffer.data = rig.pci.alloc_buffer(2048);
  buffer.fragments = {{buffer.data, 60}, {buffer.data + 60, 60}, {elsewhere, 60}};
  EXPECT_EQ(rig.driver->transmit({buffer.fragments, &buffer}, false), TxResult::kDrop);
  EXPECT_EQ(rig.pci.live_maps, 256u);
}

TEST(Transmit, MoreDelaysTheDoorbell) {
  Rig rig;
  rig.must_open();
  for (unsigned i = 0; i < 7; ++i) ASSERT_EQ(rig.send(60, 1, true), TxResult::kOk);
  EXPECT_EQ(rig.device.queues[1].notifications, 0u);
  EXPECT_EQ(rig.device.avail_idx(1), 0);
  ASSERT_EQ(rig.send(60, 1, false), TxResult::kOk);
  EXPECT_EQ(rig.device.queues[1].notifications, 1u);
  EXPECT_EQ(rig.device.avail_idx(1), 8);
  rig.run_us(5);
  EXPECT_EQ(rig.device.transmitted.size(), 8u);
}

TEST(Transmit, MoreThatIsNotFollowedIsSentAllTheSame) {
  {
    Rig rig;
    rig.must_open();
    ASSERT_EQ(rig.send(60, 1, true), TxResult::kOk);
    EXPECT_EQ(rig.send(9000, 1, false), TxResult::kDrop);  // what follows is dropped
    rig.run_us(5);
    EXPECT_EQ(rig.device.transmitted.size(), 1u);
  }
  Rig rig;
  rig.must_open();
  ASSERT_EQ(rig.send(60, 1, true), TxResult::kOk);  // nothing follows
  rig.run_us(500);
  EXPECT_EQ(rig.device.transmitted.size(), 1u);
  EXPECT_EQ(rig.in_flight(), 0u);
}

// CLAUSES: PAN-R-001, PAN-R-002, PAN-R-003, PAN-R-004
TEST(Transmit, NotificationCarriesTheIndex) {
  for (const bool data : {false, true}) {
    Rig rig;
    if (!data) without(rig, VIRTIO_F_NOTIFICATION_DATA);
    rig.must_open();
    rig.send();
    rig.run_us(5);
    rig.send();
    EXPECT_EQ(rig.device.queues[1].last_notification_width, data ? 4u : 2u);
    EXPECT_EQ(rig.device.queues[1].last_notification, data ? 0x00020001u : 1u);
    rig.expect_clean();
  }
}

// CLAUSES: VQS-R-023, VQS-R-024, VQS-R-025
TEST(Transmit, EventIndexDecidesAboutTheDoorbell) {
  Rig rig;
  rig.device.automatic = false;
  rig.must_open();
  rig.device.write_used_flags(1, VIRTQ_USED_F_NO_NOTIFY);
  rig.device.write_avail_event(1, 3);
  for (unsigned i = 0; i < 3; ++i) rig.send();
  EXPECT_EQ(rig.device.queues[1].notifications, 0u);
  rig.send();
  EXPECT_EQ(rig.device.queues[1].notifications, 1u);
  rig.send();
  EXPECT_EQ(rig.device.queues[1].notifications, 1u);
}

// CLAUSES: VQS-R-020, VQS-R-021, VQS-R-022
TEST(Transmit, FlagDecidesAboutTheDoorbellWithoutEventIndex) {
  Rig rig;
  without(rig, VIRTIO_F_EVENT_IDX);
  rig.device.automatic = false;
  rig.must_open();
  rig.device.write_avail_event(1, 1000);
  rig.send();
  EXPECT_EQ(rig.device.queues[1].notifications, 1u);
  rig.device.write_used_flags(1, VIRTQ_USED_F_NO_NOTIFY);
  rig.send();
  EXPECT_EQ(rig.device.queues[1].notifications, 1u);
  rig.device.write_used_flags(1, 0);
  rig.send();
  EXPECT_EQ(rig.device.queues[1].notifications, 2u);
}

TEST(Transmit, StopsBeforeFullAndWakes) {
  for (const bool indirect : {false, true}) {
    for (const bool event_idx : {false, true}) {
      Rig rig;
      if (!indirect) without(rig, VIRTIO_F_INDIRECT_DESC);
      if (!event_idx) without(rig, VIRTIO_F_EVENT_IDX);
      rig.options.tx_reclaim_timeout_ns = 0;  // no timer comes to the rescue
      rig.options.tx_stall_timeout_ns = 0;
      rig.device.automatic = false;
      rig.must_open();
      unsigned accepted = 0;
      // Worst-case frames: the queue says busy before it runs out of descriptors.
      while (rig.send(1024, 16) == TxResult::kOk) ++accepted;
      // A table a frame leaves one spare; a chain of 17 leaves less than 17.
      EXPECT_EQ(accepted, indirect ? 255u : 15u);
      EXPECT_EQ(rig.counter("tx_queue_0_stops"), 1u);
      EXPECT_EQ(rig.counter("tx_queue_0_busy"), 1u);
      EXPECT_EQ(rig.client.wakes, 0u);
      rig.device.transmit();
      rig.run_us(5);
      EXPECT_EQ(rig.client.wakes, 1u);
      EXPECT_EQ(rig.send(1024, 16), TxResult::kOk);
      rig.expect_clean();
    }
  }
}

TEST(Transmit, StopLooksAgain) {  // VQS-R-031
  Rig rig;
  rig.options.ring_size = 8;
  rig.options.tx_reclaim_timeout_ns = 0;
  rig.options.tx_stall_timeout_ns = 0;
  without(rig, VIRTIO_F_INDIRECT_DESC);
  rig.options.max_tx_fragments = 1;
  rig.device.automatic = false;
  rig.must_open();
  // The device uses the frames as soon as it is notified, and no interrupt is due yet.
  rig.device.on_notify = [&rig](unsigned) {
    FakeDevice::Chain chain;
    while (rig.device.take(1, &chain)) rig.device.put_used(1, chain.head, 0);
  };
  for (unsigned i = 0; i < 3; ++i) ASSERT_EQ(rig.send(60, 1, true), TxResult::kOk);
  ASSERT_EQ(rig.send(), TxResult::kOk);  // stops here, with all four used before it has asked
  rig.run_us(1);
  EXPECT_EQ(rig.client.completed, 4u);
  EXPECT_EQ(rig.send(), TxResult::kOk);
  EXPECT_EQ(rig.pci.handler_calls, 0u);
  rig.expect_clean();
}

TEST(Transmit, MemoryComesBackWithinTheBound) {
  for (const bool interrupts : {false, true}) {
    for (const bool event_idx : {false, true}) {
      Rig rig;
      if (!event_idx) without(rig, VIRTIO_F_EVENT_IDX);
      rig.options.tx_interrupts = interrupts;
      rig.options.tx_reclaim_timeout_ns = 50'000;
      rig.must_open();
      for (unsigned i = 0; i < 20; ++i) {
        ASSERT_EQ(rig.send(), TxResult::kOk);
        rig.run_us(1);
        rig.run_us(50);
        EXPECT_EQ(rig.in_flight(), 0u);  // nothing more is sent meanwhile
      }
      rig.expect_clean();
    }
  }
}

TEST(Transmit, OneInterruptStandsForMany) {
  Rig rig;
  rig.options.tx_reclaim_timeout_ns = 1'000'000;
  rig.must_open();
  for (unsigned i = 0; i < 1000; ++i) {
    while (rig.send() == TxResult::kBusy) rig.run_us(5);
    rig.run_us(1);
  }
  EXPECT_LT(rig.pci.handler_calls, 1000u / 25);
  EXPECT_GT(rig.pci.handler_calls, 10u);
  rig.run_us(2000);
  EXPECT_EQ(rig.in_flight(), 0u);
}

// CLAUSES: VQS-R-011
TEST(Transmit, IndexWrapsPast65536) {
  for (const bool event_idx : {false, true}) {
    Rig rig;
    if (!event_idx) without(rig, VIRTIO_F_EVENT_IDX);
    rig.device.keep_history = false;
    rig.options.ring_size = 64;
    rig.must_open();
    for (unsigned i = 0; i < 150'000; ++i) {
      while (rig.send(60, 1 + i % 3, i % 5 != 0) == TxResult::kBusy) rig.run_us(2);
      if (i % 16 == 0) rig.run_us(1);
    }
    rig.run_us(1000);
    EXPECT_EQ(rig.client.completed, 150'000u);
    EXPECT_EQ(rig.counter("tx_queue_0_packets"), 150'000u);
    EXPECT_EQ(rig.counter("tx_queue_0_bytes"), 150'000u * 60);
    EXPECT_EQ(rig.counter("faults"), 0u);
    rig.expect_clean();
  }
}

TEST(Transmit, AccessorCallsPerFrameStayFew) {
  Rig rig;
  rig.must_open();
  rig.device.keep_history = false;
  const uint64_t before = rig.pci.accesses;
  for (unsigned i = 0; i < 1000; ++i) {
    while (rig.send() == TxResult::kBusy) rig.run_us(2);
    if (i % 32 == 31) rig.run_us(2);
  }
  rig.run_us(300);
  EXPECT_EQ(rig.in_flight(), 0u);
  EXPECT_LT(rig.pci.accesses - before, 1000u * 10);
}

TEST(Transmit, UsedLengthMeansNothing) {
  Rig rig;
  rig.device.automatic = false;
  rig.must_open();
  rig.send();
  FakeDevice::Chain chain;
  ASSERT_TRUE(rig.device.take(1, &chain));
  rig.device.put_used(1, chain.head, 0xFFFFFFFF);
  rig.device.signal(1);
  rig.run_us(300);
  EXPECT_EQ(rig.client.completed, 1u);
  EXPECT_EQ(rig.counter("faults"), 0u);
}

TEST(Transmit, OutOfOrderCompletion) {
  Rig rig;
  rig.device.automatic = false;
  rig.must_open();
  for (unsigned round = 0; round < 50; ++round) {
    std::vector<FakeDevice::Chain> chains(20);
    for (unsigned i = 0; i < 20; ++i) ASSERT_EQ(rig.send(600, 1 + i % 4), TxResult::kOk);
    for (FakeDevice::Chain& chain : chains) ASSERT_TRUE(rig.device.take(1, &chain));
    for (unsigned i = 0; i < 20; ++i) rig.device.put_used(1, chains[(i * 7) % 20].head, 0);
    rig.device.signal(1);
    rig.run_us(300);
    ASSERT_EQ(rig.in_flight(), 0u);
  }
  EXPECT_EQ(rig.client.completed, 1000u);
  rig.expect_clean();
}

}  // namespace
}  // namespace ringside::test
