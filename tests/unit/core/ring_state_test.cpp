// SPDX-License-Identifier: Apache-2.0
// The card's own registers beside virtio's: queues that go on from an index, queues that come to
// rest and go on (RingState in bar_layout.h; virtio 1.4, "Vendor data capability").
#include "formats/random.h"
#include "tests/unit/core/core_harness.h"

namespace ringside::test {
namespace {

using hw::RingState;

constexpr unsigned kRx = 0, kTx = 1;

uint32_t index_of(unsigned queue) {
  return BarLayout::kRingState + RingState::kSize * queue + RingState::kIndex;
}
uint32_t suspend_of(unsigned queue) {
  return BarLayout::kRingState + RingState::kSize * queue + RingState::kSuspend;
}

/// A card whose queues were enabled with `index`, and rings that stand there.
class ResumedCard : public RunningCard {
 public:
  explicit ResumedCard(uint16_t index, uint64_t features = kBasic) : RunningCard(features) {
    set_status(0);
    negotiate(features);
    for (Ring* ring : {&rx, &tx}) {
      ring->avail_idx = index;
      store(ring->avail + formats::SplitRing::kAvailIdx, index);
      store(ring->used + formats::SplitRing::kUsedIdx, index);
    }
    set_bar(index_of(kRx), 2, index);
    set_bar(index_of(kTx), 2, index);
    start();
  }
};

// PVD-D-003, PVD-D-005: reading changes nothing.
TEST(RingState, QueuesGoOnFromTheIndexThatWasWritten) {
  for (const uint16_t index : {1, 7, 0x1234, 0xFFFE}) {
    ResumedCard card(index);
    EXPECT_EQ(card.bar(index_of(kTx), 2), index);
    EXPECT_EQ(card.bar(index_of(kTx), 2), index);
    for (unsigned i = 0; i < 3; ++i) card.put_transmit(static_cast<uint16_t>(2 * i), {72});
    card.serve(kTx);
    EXPECT_EQ(card.frames.size(), 3u);
    EXPECT_EQ(card.tx.used_idx(), static_cast<uint16_t>(index + 3));
    for (unsigned i = 0; i < 3; ++i) {
      EXPECT_EQ(card.tx.used_elem(static_cast<uint16_t>(index + i)).id, 2 * i);
    }
    EXPECT_EQ(card.bar(index_of(kTx), 2), static_cast<uint16_t>(index + 3));
    card.put_receive(5, 128);
    card.receive(60);
    card.serve(kRx);
    EXPECT_EQ(card.rx.used_elem(index).id, 5u);
    EXPECT_EQ(card.counter(Counter::kDeviceErrors), 0u);
  }
}

TEST(RingState, TheIndexIsForTheNextStartOnly) {
  RunningCard card;
  card.set_bar(index_of(kTx), 2, 9);  // the queue is enabled
  EXPECT_EQ(card.bar(index_of(kTx), 2), 0u);
  card.set_status(0);
  card.set_bar(index_of(kTx), 2, 9);
  EXPECT_EQ(card.bar(index_of(kTx), 2), 9u);
  card.set_status(0);  // a reset forgets it
  EXPECT_EQ(card.bar(index_of(kTx), 2), 0u);
  // Neither queues that do not exist nor odd widths do anything.
  card.set_bar(index_of(31), 2, 9);
  EXPECT_EQ(card.bar(index_of(31), 4), 0u);
  card.set_bar(index_of(kTx), 1, 9);
  card.set_bar(index_of(kTx), 8, 9);
  card.set_bar(index_of(kTx) + 4, 4, 9);
  EXPECT_EQ(card.bar(index_of(kTx), 4), 0u);
  EXPECT_EQ(card.bar(index_of(kTx) + 4, 4), 0u);
}

// A driver that goes on does not know what the card last asked for: the card must ask again.
TEST(RingState, AResumedQueueAsksForNotificationsAfresh) {
  ResumedCard with_event(40, kBasic | kEventIdx);
  EXPECT_FALSE(with_event.core.armed(kTx));
  EXPECT_EQ(with_event.choose(EventKind::kArmNotify, kTx), "");
  EXPECT_EQ(with_event.tx.avail_event(), 40);
  ResumedCard with_flags(0);  // index 0, but written
  with_flags.store<uint16_t>(with_flags.tx.used, VIRTQ_USED_F_NO_NOTIFY);
  EXPECT_EQ(with_flags.choose(EventKind::kArmNotify, kTx), "");
  EXPECT_EQ(with_flags.tx.used_flags(), 0);
}

// Without EVENT_IDX a buffer that is found by a look at the index does not say that the driver will
// notify of the next one: the flags may still be those of another device.
TEST(RingState, AResumedQueueAsksEvenIfItFoundBuffersFirst) {
  ResumedCard card(0);
  card.store<uint16_t>(card.tx.used, VIRTQ_USED_F_NO_NOTIFY);
  card.put_transmit(0, {72});
  card.serve(kTx);
  EXPECT_EQ(card.frames.size(), 1u);
  EXPECT_FALSE(card.core.armed(kTx));
  EXPECT_EQ(card.choose(EventKind::kArmNotify, kTx), "");
  EXPECT_EQ(card.tx.used_flags(), 0);
  card.put_transmit(1, {72});
  card.serve(kTx);
  EXPECT_TRUE(card.core.armed(kTx));
}

TEST(RingState, SuspendedQueuesFinishWhatIsUnderWayAndTakeNoMore) {
  RunningCard card;
  card.manual_dma = true;
  for (unsigned i = 0; i < 3; ++i) card.put_transmit(static_cast<uint16_t>(i), {72}, 50);
  card.choose(EventKind::kSampleAvail, kTx);
  card.answer_read();
  card.choose(EventKind::kFetchIds, kTx, 3);
  card.answer_read();
  card.choose(EventKind::kFetchDescriptors, kTx, 2);
  card.answer_read();
  card.choose(EventKind::kStartFrame, kTx);
  card.set_bar(suspend_of(kTx), 2, 1);
  EXPECT_EQ(card.bar(suspend_of(kTx), 2), RingState::kSuspending);
  EXPECT_TRUE(card.core.queue_active(kTx));
  EXPECT_FALSE(card.core.can_start_frame(kTx));  // the second is described
  EXPECT_NE(card.choose(EventKind::kStartFrame, kTx), "");
  EXPECT_FALSE(card.core.descriptors_fetchable(kTx));
  EXPECT_NE(card.choose(EventKind::kFetchDescriptors, kTx, 1), "");
  EXPECT_NE(card.choose(EventKind::kFetchIds, kTx, 1), "");
  EXPECT_NE(card.choose(EventKind::kSampleAvail, kTx), "");
  EXPECT_NE(card.choose(EventKind::kArmNotify, kTx), "");
  EXPECT_FALSE(card.core.transmit_blocked(kTx));
  card.answer_read();
  EXPECT_EQ(card.frames.size(), 1u);
  EXPECT_EQ(card.bar(suspend_of(kTx), 2), RingState::kSuspending);  // used, and the interrupt
  EXPECT_EQ(card.choose(EventKind::kReturnUsed, kTx, 1), "");
  EXPECT_EQ(card.bar(suspend_of(kTx), 2), RingState::kSuspending);
  EXPECT_EQ(card.choose(EventKind::kReadSuppression, kTx), "");
  EXPECT_EQ(card.bar(suspend_of(kTx), 2), RingState::kSuspending);
  card.answer_read();
  EXPECT_EQ(card.interrupts(0x42), 1u);
  EXPECT_EQ(card.bar(index_of(kTx), 4), 1u | RingState::kSuspended << 16);

  // The other queue is not concerned.
  EXPECT_EQ(card.bar(suspend_of(kRx), 2), RingState::kRunning);

  // And on: each of the two left once, none twice.
  card.manual_dma = false;
  card.set_bar(suspend_of(kTx), 2, 0);
  EXPECT_EQ(card.bar(suspend_of(kTx), 2), RingState::kRunning);
  EXPECT_TRUE(card.core.kicked(kTx));  // buffers may have come without a notification
  card.serve(kTx);
  EXPECT_EQ(card.frames.size(), 3u);
  EXPECT_EQ(card.tx.used_idx(), 3);
  for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(card.tx.used_elem(i).id, i);
}

TEST(RingState, AQueueThatIsNotAtRestYetGoesOnWhereItIs) {
  RunningCard card;
  card.manual_dma = true;
  card.put_transmit(0, {72});
  card.choose(EventKind::kSampleAvail, kTx);
  card.set_bar(suspend_of(kTx), 2, 1);
  card.set_bar(suspend_of(kTx), 2, 0);
  card.answer_read();
  card.manual_dma = false;
  EXPECT_EQ(card.core.ids_fetchable(kTx), 1);
  card.choose(EventKind::kFetchIds, kTx, 1);
  card.choose(EventKind::kFetchDescriptors, kTx, 1);
  card.start_frames(kTx);
  card.finish(kTx);
  EXPECT_EQ(card.frames.size(), 1u);
  EXPECT_EQ(card.tx.used_idx(), 1);
}

TEST(RingState, ASuspendedReceiveQueueDropsWhatArrivesAndKeepsWhatWaits) {
  RunningCard card;
  card.receive(60, 1);
  card.set_bar(suspend_of(kRx), 2, 1);
  EXPECT_EQ(card.bar(suspend_of(kRx), 2), RingState::kSuspended);
  card.receive(60, 2);
  EXPECT_EQ(card.counter(Counter::kRxDropNotReady), 1u);
  const uint64_t buffer = card.put_receive(0, 128);
  card.put_receive(1, 128);
  EXPECT_FALSE(card.core.can_start_frame(kRx));
  card.set_bar(suspend_of(kRx), 2, 0);
  card.serve(kRx);
  EXPECT_EQ(card.rx.used_idx(), 1);
  EXPECT_EQ(card.load<uint8_t>(buffer + 12), 1);
}

TEST(RingState, AQueueMayBeEnabledSuspended) {
  RunningCard card;
  card.set_status(0);
  card.negotiate(kBasic);
  card.set_bar(index_of(kTx), 4, 1u << 16);
  card.start();
  card.put_transmit(0, {72});
  EXPECT_FALSE(card.core.can_sample(kTx));
  card.set_bar(suspend_of(kTx), 2, 0);
  card.serve(kTx);
  EXPECT_EQ(card.frames.size(), 1u);
  // A reset ends suspension.
  card.set_bar(suspend_of(kTx), 2, 1);
  card.set_status(0);
  EXPECT_EQ(card.bar(suspend_of(kTx), 2), RingState::kRunning);
}

/// Suspends and resumes at every point of a queue's work, chosen by `random`.
TEST(RingState, NothingIsLostOrRepeatedWhereverItStops) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    SplitMix64 random(seed);
    RunningCard card(seed % 2 == 0 ? kBasic : kBasic | kEventIdx);
    card.manual_dma = true;
    uint16_t posted = 0;
    bool suspended = false;
    const auto random_step = [&] {
      const unsigned what = static_cast<unsigned>(random.next() % 8);
      if (what == 0 && posted < 40 && static_cast<uint16_t>(posted - card.tx.used_idx()) < 8) {
        card.put_transmit(posted % 8, {72}, static_cast<uint8_t>(posted));
        ++posted;
        card.tx.notify();
      } else if (what == 1 && !card.reads.empty()) {
        card.answer_read(random.next() % card.reads.size());
      } else if (what == 2 && card.core.kicked(kTx)) {
        card.choose(EventKind::kSampleAvail, kTx);
      } else if (what == 3) {
        card.choose(EventKind::kFetchIds, kTx, 1 + static_cast<unsigned>(random.next() % 3));
      } else if (what == 4) {
        card.choose(EventKind::kFetchDescriptors, kTx, 2);
      } else if (what == 5) {
        card.choose(EventKind::kStartFrame, kTx);
      } else if (what == 6 && card.core.used_returnable(kTx) != 0) {
        card.choose(EventKind::kReturnUsed, kTx, 1);
      } else if (what == 7) {
        card.choose(EventKind::kReadSuppression, kTx);
      }
      while (!card.frames.empty() && card.core.tx_leaving() != 0) {
        card.take(Event::frame_sent(card.core.tx_leaving()));
      }
    };
    for (unsigned step = 0; step < 40000 && card.tx.used_idx() < 40; ++step) {
      random_step();
      if (random.next() % 32 != 0) continue;
      suspended = !suspended;
      if (!suspended && random.next() % 2 == 0) {  // wait until it is at rest
        for (unsigned i = 0; i < 2000 && card.bar(suspend_of(kTx), 2) != RingState::kSuspended; ++i)
          random_step();
        EXPECT_EQ(card.bar(suspend_of(kTx), 2), RingState::kSuspended);
        EXPECT_EQ(card.bar(index_of(kTx), 2), card.tx.used_idx());
        EXPECT_EQ(card.frames.size(), card.tx.used_idx());
        EXPECT_TRUE(card.reads.empty());
      }
      card.set_bar(suspend_of(kTx), 2, suspended ? 1 : 0);
    }
    ASSERT_EQ(card.tx.used_idx(), 40);
    ASSERT_EQ(card.frames.size(), 40u);
    for (unsigned i = 0; i < 40; ++i) {
      EXPECT_EQ(card.frames[i]->bytes[0], static_cast<std::byte>(i + 12));
      if (i < 32) continue;
      EXPECT_EQ(card.tx.used_elem(i).id, i % 8);
    }
    EXPECT_EQ(card.counter(Counter::kDeviceErrors), 0u);
  }
}

}  // namespace
}  // namespace ringside::test
