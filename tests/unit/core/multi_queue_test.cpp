// SPDX-License-Identifier: Apache-2.0
// Several queue pairs: which virtqueues there are, steering of received frames, and traffic on all.
#include "hw_model/core/steering.h"
#include "tests/unit/core/multi_queue_card.h"

namespace ringside::test {
namespace {

/// A flow of pair `wanted` of `pairs`.
TestFlow flow_to(unsigned wanted, unsigned pairs) {
  TestFlow flow;
  while (hw::steer(flow_frame(flow), pairs) != wanted) ++flow.source_port;
  return flow;
}

hw::FramePtr frame_of(CoreHarness& card, const TestFlow& flow) {
  hw::FramePtr frame = card.pool.make();
  frame->bytes = flow_frame(flow);
  frame->bytes.resize(60);
  return frame;
}

// Receiveq and transmitq of each pair, then the control virtqueue, which lies behind the pairs that
// the negotiated features make usable.
TEST(MultiQueue, WhereTheControlQueueIs) {
  struct Case {
    uint16_t pairs;
    uint64_t features;
    unsigned queues;
    bool control;
  };
  for (const Case& c : {Case{1, kBasic, 2, false},
                        {1, kBasic | kControl, 3, true},
                        {8, kBasic, 2, false},
                        {8, kBasic | kControl, 3, true},
                        {8, kBasic | kMultiQueue, 17, true},
                        {5, kBasic | kMultiQueue, 11, true}}) {
    CoreHarness card(with_pairs(c.pairs));
    EXPECT_EQ(card.bar(CommonCfg::kNumQueues, 2), 2u * c.pairs + 1);
    EXPECT_EQ(card.bar(BarLayout::kDevice + 8, 2), c.pairs);  // max_virtqueue_pairs. NCF-D-001
    EXPECT_EQ((card.offered() & kMultiQueue) == kMultiQueue, c.pairs > 1);
    EXPECT_EQ(card.negotiate(c.features), 11);
    EXPECT_EQ(card.core.queues(), c.queues);
    for (unsigned queue = 0; queue < 20; ++queue) {
      EXPECT_EQ(card.core.is_control(queue), c.control && queue + 1 == c.queues);
      card.set_bar(CommonCfg::kQueueSelect, 2, queue);
      EXPECT_EQ(card.bar(CommonCfg::kQueueSize, 2), queue < c.queues ? 1024u : 0u);  // PCC-D-014
      EXPECT_EQ(card.bar(CommonCfg::kQueueNotifyOff, 2), queue < c.queues ? queue : 0);
    }
    // PMX-D-002: a vector for each virtqueue and one for configuration changes.
    EXPECT_EQ(card.config(hw::PciConfig::kMsixCap + 2, 2) & 0x7FF, 2u * c.pairs + 1);
  }
}

TEST(MultiQueue, NeedsTheControlQueueAndSeveralPairs) {
  hw::CoreConfig config = with_pairs(4);
  config.features = ~kControl;
  CoreHarness withheld(config);
  EXPECT_EQ(withheld.offered() & kMultiQueue, 0u);
  EXPECT_EQ(withheld.bar(CommonCfg::kNumQueues, 2), 8u);
  CoreHarness card(with_pairs(4));
  EXPECT_EQ(card.negotiate(kBasic | (kMultiQueue & ~kControl)), 3);  // FEA-D-003
}

TEST(MultiQueue, ControlQueueAtTwoWorks) {
  MultiQueueCard card(4, kBasic | kControl);
  ASSERT_EQ(card.control_index(), 2u);
  EXPECT_EQ(card.command({99, 0}), VIRTIO_NET_ERR);
  // It is no receive queue, though its number is that of receiveq2.
  EXPECT_FALSE(card.core.frame_waiting(2));
  EXPECT_NE(card.choose(EventKind::kDropFrame, 2), "");
}

// A queue that the negotiation takes away while firmware still works on its queue_enable.
TEST(MultiQueue, EnableOvertakenByNegotiation) {
  CoreHarness card(with_pairs(8));
  card.enable_pci();
  card.negotiate(0);
  card.set_status(3);
  card.accept(kBasic);
  card.manual_firmware = true;
  card.set_status(11);
  Ring ring(card, 5, 16);
  ring.enable();
  card.bar(CommonCfg::kQueueEnable, 2);
  EXPECT_FALSE(card.reply_done);
  while (!card.events.empty()) card.answer_event();
  EXPECT_TRUE(card.reply_done);
  card.manual_firmware = false;
  EXPECT_EQ(card.status(), 11 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
  EXPECT_EQ(card.negotiate(kBasic), 11);
}

// NMQ-D-001, NMQ-D-007: one receive queue until VQ_PAIRS_SET, then by flow; one again after reset.
TEST(MultiQueue, FramesGoToTheQueueOfTheirFlow) {
  MultiQueueCard card(8);
  for (unsigned pair = 0; pair < 8; ++pair) card.put_receive(2 * pair, 8);
  const auto check = [&](unsigned pairs) {
    for (uint16_t i = 0; i < 16; ++i) {
      TestFlow flow;
      flow.source_port = i;
      flow.ipv6 = i % 2 != 0;
      const hw::FramePtr frame = frame_of(card, flow);
      card.take(Event::frame_in(frame));
      const unsigned queue = 2 * hw::steer(frame->bytes, pairs);
      EXPECT_EQ(card.core.steered_queue(), queue);
      EXPECT_EQ(card.core.waiting_mask(), 1u << queue);
      card.choose(EventKind::kDropFrame, queue);
      EXPECT_EQ(card.core.waiting_mask(), 0u);
    }
  };
  check(1);
  for (const uint16_t pairs : {2, 8, 3, 5, 1}) {
    EXPECT_EQ(card.set_pairs(pairs), VIRTIO_NET_OK);
    check(pairs);
  }
  EXPECT_EQ(card.set_pairs(8), VIRTIO_NET_OK);
  card.start(kBasic | kMultiQueue);
  check(1);
}

// NMQ-D-002: what waits for a pair that is switched off is dropped, not delivered late.
TEST(MultiQueue, NothingReachesAPairThatIsSwitchedOff) {
  MultiQueueCard card(4);
  EXPECT_EQ(card.set_pairs(4), VIRTIO_NET_OK);
  for (unsigned pair = 0; pair < 4; ++pair) {
    card.take(Event::frame_in(frame_of(card, flow_to(pair, 4))));
  }
  EXPECT_EQ(card.core.waiting_mask(), 0x55u);
  EXPECT_EQ(card.core.rx_occupancy(), 240u);
  EXPECT_EQ(card.set_pairs(2), VIRTIO_NET_OK);
  EXPECT_EQ(card.core.waiting_mask(), 0x05u);
  EXPECT_EQ(card.core.rx_occupancy(), 120u);
  EXPECT_EQ(card.counter(Counter::kRxDropInactive), 2u);
  for (unsigned pair = 0; pair < 4; ++pair) {
    card.put_receive(2 * pair, 1);
    card.serve(2 * pair);
    EXPECT_EQ(card.rx(pair).used_idx(), pair < 2 ? 1 : 0);
  }
}

/// A card whose receive buffer has 64 KiB, which several pairs share.
class SharedBuffer : public ::testing::Test {
 protected:
  static constexpr uint32_t kFrame = 1024;
  static hw::CoreConfig config() {
    hw::CoreConfig config = with_pairs(8);
    config.rx_buffer_bytes = 64 * kFrame;
    return config;
  }
  void SetUp() override { card_.core.trace(&trace_); }
  void set_pairs(uint16_t pairs) {
    ASSERT_EQ(card_.set_pairs(pairs), VIRTIO_NET_OK);
    pairs_ = pairs;
  }
  /// Sends `count` frames to `pair`; how many the card took.
  unsigned send(unsigned pair, unsigned count) {
    const uint64_t before = card_.core.rx_occupancy();
    const TestFlow flow = flow_to(pair, pairs_);
    for (unsigned i = 0; i < count; ++i) {
      const hw::FramePtr frame = frame_of(card_, flow);
      frame->bytes.resize(kFrame);
      card_.take(Event::frame_in(frame));
    }
    return static_cast<unsigned>((card_.core.rx_occupancy() - before) / kFrame);
  }
  uint64_t refused() const { return card_.counter(Counter::kRxDropQueueShare); }
  uint64_t full() const { return card_.counter(Counter::kRxDropBufferFull); }

  struct Reasons : hw::TraceSink {
    void record(const hw::TraceRecord& record) override {
      if (record.kind == hw::TraceKind::kFrameDropped) last = record;
    }
    hw::TraceRecord last;
  };
  MultiQueueCard card_{config()};
  Reasons trace_;
  unsigned pairs_ = 1;
};

// ReceiveBuffer: of two pairs each has a quarter, and half is for both.
TEST_F(SharedBuffer, AQueueWithoutBuffersLeavesTheOthersTheirPart) {
  set_pairs(2);
  EXPECT_EQ(send(0, 100), 48u);
  EXPECT_EQ(refused(), 52u);
  EXPECT_EQ(trace_.last.queue, 0);
  EXPECT_EQ(trace_.last.value, static_cast<uint64_t>(Counter::kRxDropQueueShare));
  EXPECT_EQ(hw::counter_name(Counter::kRxDropQueueShare), "rx_drop_queue_share");
  for (unsigned round = 0; round < 10; ++round) {
    EXPECT_EQ(send(1, 16), 16u);
    card_.put_receive(2, 16);
    card_.serve(2);
    EXPECT_EQ(card_.rx(1).used_idx(), 16 * (round + 1));
  }
  EXPECT_EQ(refused(), 52u);
  EXPECT_EQ(full(), 0u);
  // What waited is still there.
  card_.put_receive(0, 16);
  card_.serve(0);
  EXPECT_EQ(card_.rx(0).used_idx(), 16);
}

TEST_F(SharedBuffer, ASuspendedQueueWithFramesWaitingLeavesTheOthersTheirPart) {
  set_pairs(2);
  EXPECT_EQ(send(0, 100), 48u);
  card_.set_bar(BarLayout::kRingState + hw::RingState::kSuspend, 2, 1);
  EXPECT_EQ(send(0, 1), 0u);
  EXPECT_EQ(card_.counter(Counter::kRxDropNotReady), 1u);
  EXPECT_EQ(send(1, 100), 16u);
  EXPECT_EQ(full(), 84u);
}

TEST_F(SharedBuffer, EvenSevenQueuesWithoutBuffersLeaveTheEighthItsPart) {
  set_pairs(8);
  EXPECT_EQ(send(0, 100), 36u);  // its part of 4, and the 32 that are for all
  for (unsigned pair = 1; pair < 7; ++pair) EXPECT_EQ(send(pair, 100), 4u);
  EXPECT_EQ(send(7, 4), 4u);
  EXPECT_EQ(card_.core.rx_occupancy(), 64 * kFrame);
  EXPECT_EQ(send(7, 1), 0u);
  EXPECT_EQ(full(), 1u);
}

TEST_F(SharedBuffer, IsWhollyThatOfOnePair) {
  EXPECT_EQ(send(0, 100), 64u);
  EXPECT_EQ(full(), 36u);
  EXPECT_EQ(refused(), 0u);
}

// What the only pair held makes room for the parts of the others; and back.
TEST_F(SharedBuffer, IsDividedAfreshWhenPairsAreSwitched) {
  EXPECT_EQ(send(0, 64), 64u);
  set_pairs(2);
  EXPECT_EQ(card_.core.rx_occupancy(), 48 * kFrame);
  EXPECT_EQ(card_.counter(Counter::kRxDropInactive), 16u);
  EXPECT_EQ(send(1, 100), 16u);
  set_pairs(1);
  EXPECT_EQ(card_.core.rx_occupancy(), 48 * kFrame);
  EXPECT_EQ(card_.counter(Counter::kRxDropInactive), 32u);
  EXPECT_EQ(send(0, 100), 16u);
  card_.start(kBasic | kMultiQueue);
  pairs_ = 1;
  EXPECT_EQ(card_.core.rx_occupancy(), 0u);
  EXPECT_EQ(send(0, 100), 64u);
}

// However small the buffer was said to be: a frame of the whole MTU for each pair.
TEST(MultiQueue, EveryPairHasRoomForALargestFrame) {
  hw::CoreConfig config = with_pairs(8);
  config.mtu = 9000;
  config.rx_buffer_bytes = 16384;
  MultiQueueCard card(config);
  EXPECT_EQ(card.set_pairs(8), VIRTIO_NET_OK);
  for (unsigned pair = 0; pair < 8; ++pair) {
    const hw::FramePtr frame = frame_of(card, flow_to(pair, 8));
    frame->bytes.resize(9014);
    for (unsigned i = 0; i < 2; ++i) card.take(Event::frame_in(frame));
  }
  EXPECT_EQ(card.core.waiting_mask(), 0x5555u);
  EXPECT_EQ(card.counter(Counter::kRxDropQueueShare), 7u);
  EXPECT_EQ(card.counter(Counter::kRxDropBufferFull), 1u);  // behind the last
}

TEST(MultiQueue, FramesForAQueueThatIsNotEnabledAreDropped) {
  CoreHarness card(with_pairs(4));
  card.enable_pci();
  EXPECT_EQ(card.negotiate(kBasic | kMultiQueue), 11);
  Ring rx(card, 0, 16), control(card, 8, 16);
  rx.enable();
  control.enable();
  card.set_status(15);
  rs_command pairs{};
  pairs.kind = RS_COMMAND_ACTIVE_PAIRS;
  pairs.value = 4;
  pairs.sequence = 1;
  while (card.core.active_pairs() == 1) {
    card.take(Event::from_command(pairs));
    ASSERT_LT(++pairs.sequence, 100u);
  }
  for (unsigned pair = 0; pair < 4; ++pair) {
    card.take(Event::frame_in(frame_of(card, flow_to(pair, 4))));
  }
  EXPECT_EQ(card.core.counters()[Counter::kRxDropNotReady], 3u);
  EXPECT_EQ(card.core.waiting_mask(), 1u);
  card.set_status(0);
  EXPECT_EQ(card.core.waiting_mask(), 0u);
  EXPECT_EQ(card.core.rx_occupancy(), 0u);
}

TEST(MultiQueue, EightPairsCarryTraffic) {
  MultiQueueCard card(8);
  EXPECT_EQ(card.set_pairs(8), VIRTIO_NET_OK);
  card.deeds.clear();
  for (unsigned pair = 0; pair < 8; ++pair) {
    Ring& tx = card.tx(pair);
    for (uint16_t i = 0; i < 3; ++i) {
      const uint64_t address = card.allocate(100);
      card.store<uint8_t>(address + 12, static_cast<uint8_t>(16 * pair + i));
      tx.set_desc(i, address, 72 + pair);
      tx.make_available(i);
    }
    card.put_receive(2 * pair, 3);
    tx.notify();
    card.rx(pair).notify();
  }
  EXPECT_EQ(card.core.kicked_mask(), 0xFFFFu);
  for (unsigned pair = 0; pair < 8; ++pair) {
    for (unsigned i = 0; i < 2; ++i) {
      card.take(Event::frame_in(frame_of(card, flow_to(pair, 8))));
    }
  }
  EXPECT_EQ(card.core.waiting_mask(), 0x5555u);
  for (unsigned queue = 0; queue < 16; ++queue) card.serve(queue);
  EXPECT_EQ(card.core.kicked_mask(), 0u);
  EXPECT_EQ(card.core.waiting_mask(), 0u);
  ASSERT_EQ(card.frames.size(), 24u);
  for (unsigned i = 0; i < 24; ++i) {
    EXPECT_EQ(card.frames[i]->bytes.size(), 60 + i / 3);
    EXPECT_EQ(card.frames[i]->bytes[0], static_cast<std::byte>(16 * (i / 3) + i % 3));
  }
  for (unsigned pair = 0; pair < 8; ++pair) {
    EXPECT_EQ(card.rx(pair).used_idx(), 2);
    EXPECT_EQ(card.tx(pair).used_idx(), 3);
    EXPECT_EQ(card.interrupts(0x41 + 2 * pair), 1u);  // each queue its own vector. PMX-D-004
    EXPECT_EQ(card.interrupts(0x42 + 2 * pair), 1u);
  }
  card.take(Event::frame_sent(card.core.tx_leaving()));
  card.set_status(0);
  EXPECT_EQ(card.core.tx_occupancy(), 0u);
}

}  // namespace
}  // namespace ringside::test
