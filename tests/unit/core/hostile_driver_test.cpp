// SPDX-License-Identifier: Apache-2.0
// Drivers that break the rules: the device must not hang, crash or corrupt anything; it stops, sets
// DEVICE_NEEDS_RESET and notifies (STS-D-002, STS-D-003), and a reset mends it.
#include <functional>
#include <random>

#include "tests/unit/core/core_harness.h"

namespace ringside::test {
namespace {

constexpr unsigned kRx = 0, kTx = 1;
constexpr uint16_t kNext = VIRTQ_DESC_F_NEXT, kWrite = VIRTQ_DESC_F_WRITE,
                   kInd = VIRTQ_DESC_F_INDIRECT;

/// Serves what can be served until the device stops.
void poke(RunningCard& card, unsigned queue) {
  for (unsigned i = 0; i < 100 && card.core.queue_active(queue); ++i) {
    if (card.core.descriptors_fetchable(queue)) {
      card.choose(EventKind::kFetchDescriptors, queue, 32);
    } else if (card.core.ids_fetchable(queue) != 0) {
      card.choose(EventKind::kFetchIds, queue, card.core.ids_fetchable(queue));
    } else if (card.core.can_start_frame(queue)) {
      card.choose(EventKind::kStartFrame, queue);
    } else if (card.core.used_returnable(queue) != 0) {
      card.choose(EventKind::kReturnUsed, queue, card.core.used_returnable(queue));
    } else if (i == 0) {
      card.choose(EventKind::kSampleAvail, queue);
    }
  }
}

void expect_stopped(RunningCard& card, DeviceError error) {
  EXPECT_EQ(card.errors(error), 1u) << hw::error_name(error);
  EXPECT_EQ(card.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET) << hw::error_name(error);
  EXPECT_EQ(card.interrupts(0x40), 1u) << hw::error_name(error);
  EXPECT_TRUE(card.frames.empty());
  EXPECT_EQ(card.tx.used_idx(), 0);
  card.deeds.clear();
  card.tx.make_available(0);
  card.tx.notify();
  EXPECT_NE(card.choose(EventKind::kSampleAvail, kTx), "");
  EXPECT_TRUE(card.deeds.empty());
  EXPECT_EQ(card.negotiate(kBasic), 11);
}

struct Case {
  DeviceError error;
  unsigned queue;
  uint64_t features;
  std::function<void(RunningCard&)> set_up;
};

// CLAUSES: STS-D-002, STS-D-003, VQS-D-002
TEST(HostileDriver, EachRuleBroken) {
  const auto tx = [](RunningCard& card) -> Ring& { return card.tx; };
  const std::vector<Case> cases = {
      {DeviceError::kAvailIndexJump, kTx, kBasic,
       [](RunningCard& c) { c.store<uint16_t>(c.tx.avail + 2, 9); }},
      {DeviceError::kHeadOutOfRange, kTx, kBasic, [](RunningCard& c) { c.tx.make_available(8); }},
      {DeviceError::kNextOutOfRange, kTx, kBasic,
       [&](RunningCard& c) {
         tx(c).set_desc(0, c.allocate(72), 72, kNext, 8);
         c.tx.make_available(0);
       }},
      {DeviceError::kChainTooLong, kTx, kBasic,  // a loop. VQS-R-004, VQS-R-008
       [](RunningCard& c) {
         c.tx.set_desc(0, c.allocate(72), 72, kNext, 1);
         c.tx.set_desc(1, c.allocate(72), 72, kNext, 0);
         c.tx.make_available(0);
       }},
      {DeviceError::kChainTooLarge, kRx, kBasic,
       [](RunningCard& c) {
         c.rx.set_desc(0, CoreHarness::kBase, 0xFFFFFFFF, kWrite | kNext, 1);
         c.rx.set_desc(1, CoreHarness::kBase, 0xFFFFFFFF, kWrite);
         c.rx.make_available(0);
       }},
      {DeviceError::kIndirectNotNegotiated, kTx, kBasic,  // VQS-R-006
       [](RunningCard& c) {
         c.tx.set_desc(0, c.allocate(32), 32, kInd);
         c.tx.make_available(0);
       }},
      {DeviceError::kIndirectWithNext, kTx, kBasic | kIndirect,  // VQS-R-009
       [](RunningCard& c) {
         c.tx.set_desc(0, c.allocate(32), 32, kInd | kNext, 1);
         c.tx.make_available(0);
       }},
      {DeviceError::kIndirectNested, kTx, kBasic | kIndirect,  // VQS-R-007
       [](RunningCard& c) {
         const uint64_t table = c.allocate(32);
         c.store(table, formats::VirtqDesc{table, 16, kInd, 0});
         c.tx.set_desc(0, table, 32, kInd);
         c.tx.make_available(0);
       }},
      {DeviceError::kIndirectSize, kTx, kBasic | kIndirect,
       [](RunningCard& c) {
         c.tx.set_desc(0, c.allocate(32), 17, kInd);
         c.tx.make_available(0);
       }},
      {DeviceError::kIndirectSize, kTx, kBasic | kIndirect,
       [](RunningCard& c) {
         c.tx.set_desc(0, c.allocate(32), 0, kInd);
         c.tx.make_available(0);
       }},
      {DeviceError::kIndirectSize, kTx, kBasic | kIndirect,
       [](RunningCard& c) {
         c.tx.set_desc(0, CoreHarness::kBase, 16 * 1025, kInd);
         c.tx.make_available(0);
       }},
      {DeviceError::kNextOutOfRange, kTx, kBasic | kIndirect,  // in the indirect table
       [](RunningCard& c) {
         const uint64_t table = c.allocate(32);
         c.store(table, formats::VirtqDesc{table, 16, kNext, 2});
         c.tx.set_desc(0, table, 32, kInd);
         c.tx.make_available(0);
       }},
      {DeviceError::kChainTooLong, kTx, kBasic | kIndirect,  // a loop in the indirect table
       [](RunningCard& c) {
         const uint64_t table = c.allocate(32);
         c.store(table, formats::VirtqDesc{table, 16, kNext, 1});
         c.store(table + 16, formats::VirtqDesc{table, 16, kNext, 0});
         c.tx.set_desc(0, table, 32, kInd);
         c.tx.make_available(0);
       }},
      {DeviceError::kZeroLength, kTx, kBasic,
       [](RunningCard& c) {
         c.tx.set_desc(0, c.allocate(32), 0);
         c.tx.make_available(0);
       }},
      {DeviceError::kReadableAfterWritable, kTx, kBasic,  // VQS-R-002
       [](RunningCard& c) {
         c.tx.set_desc(0, c.allocate(72), 72, kWrite | kNext, 1);
         c.tx.set_desc(1, c.allocate(72), 72);
         c.tx.make_available(0);
       }},
      {DeviceError::kAddressWraps, kTx, kBasic,
       [](RunningCard& c) {
         c.tx.set_desc(0, ~uint64_t{0} - 70, 72);
         c.tx.make_available(0);
       }},
      {DeviceError::kNoUsableBuffer, kTx, kBasic,
       [](RunningCard& c) {
         c.tx.set_desc(0, c.allocate(72), 72, kWrite);
         c.tx.make_available(0);
       }},
      {DeviceError::kNoUsableBuffer, kRx, kBasic,
       [](RunningCard& c) {
         c.rx.set_desc(0, c.allocate(72), 72);
         c.rx.make_available(0);
       }},
      {DeviceError::kDmaRead, kTx, kBasic,  // payload outside memory
       [](RunningCard& c) {
         c.tx.set_desc(0, 0x1000, 72);
         c.tx.make_available(0);
       }},
      {DeviceError::kDmaRead, kTx, kBasic | kIndirect,  // a table outside memory
       [](RunningCard& c) {
         c.tx.set_desc(0, 0x1000, 32, kInd);
         c.tx.make_available(0);
       }},
      {DeviceError::kDmaWrite, kRx, kBasic,
       [](RunningCard& c) {
         c.rx.set_desc(0, 0x1000, 1600, kWrite);
         c.rx.make_available(0);
         c.receive(60);
       }},
  };
  for (const Case& c : cases) {
    RunningCard card(c.features);
    c.set_up(card);
    poke(card, c.queue);
    expect_stopped(card, c.error);
  }
}

// VQS-R-011.
TEST(HostileDriver, AvailableIndexMovesBack) {
  RunningCard card;
  card.put_transmit(0, {72});
  card.put_transmit(1, {72});
  card.serve(kTx);
  card.store<uint16_t>(card.tx.avail + 2, 1);
  poke(card, kTx);
  EXPECT_EQ(card.errors(DeviceError::kAvailIndexJump), 1u);
}

// The card reads each descriptor once: changing it afterwards has no effect.
TEST(HostileDriver, DescriptorChangedAfterTheFetch) {
  RunningCard card;
  card.put_transmit(0, {72});
  card.fetch(kTx);
  const unsigned before = card.count(ActionKind::kDmaRead);
  card.tx.set_desc(0, 0, 0xFFFFFFFF, kInd | kNext, 9999);
  card.start_frames(kTx);
  EXPECT_EQ(card.frames.size(), 1u);
  EXPECT_EQ(card.count(ActionKind::kDmaRead), before + 1);  // the payload alone
  EXPECT_EQ(card.core.device_status(), 15);
}

TEST(HostileDriver, EachDescriptorIsReadOnce) {
  RunningCard card;
  card.put_transmit(0, {12, 30, 30});
  card.put_transmit(3, {72});
  card.serve(kTx);
  unsigned reads = 0, bytes = 0;
  for (const Deed& deed : card.deeds) {
    if (deed.kind != ActionKind::kDmaRead) continue;
    if (deed.address < card.tx.desc || deed.address >= card.tx.desc + 128) continue;
    ++reads;
    bytes += deed.size;
  }
  EXPECT_EQ(bytes, 4 * 16u);
  EXPECT_EQ(reads, 4u);
}

// Anything at all in ring and descriptors: no crash (sanitizers watch), no write outside the
// buffers that were offered, and the device works again after a reset.
TEST(HostileDriver, RandomRings) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    RunningCard card(kBasic | kIndirect | kMergeable | (seed % 2 != 0 ? kEventIdx : 0));
    const auto pick = [&](uint32_t bound) { return random() % bound; };
    for (unsigned round = 0; round < 20; ++round) {
      for (Ring* ring : {&card.rx, &card.tx}) {
        for (unsigned i = 0; i < 8; ++i) {
          const uint64_t address =
              pick(20) == 0 ? random() : CoreHarness::kBase + 0x80000 + pick(0x10000);
          ring->set_desc(i, address, pick(10) == 0 ? random() : pick(400),
                         static_cast<uint16_t>(pick(4) == 0 ? pick(8) : (ring == &card.rx ? 2 : 0)),
                         static_cast<uint16_t>(pick(9)));
        }
        ring->make_available(static_cast<uint16_t>(pick(40) == 0 ? random() : pick(8)));
        ring->notify();
      }
      card.receive(20 + pick(1400));
      poke(card, kRx);
      poke(card, kTx);
      card.take(Event::frame_sent(card.core.tx_leaving()));
    }
    card.frames.clear();
    EXPECT_EQ(card.negotiate(kBasic), 11);
    EXPECT_EQ(card.core.tx_occupancy(), 0u);
    EXPECT_EQ(card.core.rx_occupancy(), 0u);
  }
}

// Choices that are not legal change nothing.
TEST(Choices, AreRefusedWhenTheyAreNotLegal) {
  RunningCard card;
  card.put_transmit(0, {72});
  EXPECT_NE(card.choose(EventKind::kFetchIds, kTx, 1), "");  // not sampled
  EXPECT_EQ(card.choose(EventKind::kSampleAvail, kTx), "");
  EXPECT_NE(card.choose(EventKind::kFetchIds, kTx, 2), "");  // ahead of the index
  EXPECT_NE(card.choose(EventKind::kFetchIds, kTx, 0), "");
  EXPECT_NE(card.choose(EventKind::kFetchDescriptors, kTx, 1), "");
  EXPECT_EQ(card.choose(EventKind::kFetchIds, kTx, 1), "");
  EXPECT_NE(card.choose(EventKind::kStartFrame, kTx), "");
  EXPECT_EQ(card.choose(EventKind::kFetchDescriptors, kTx, 1), "");
  EXPECT_NE(card.choose(EventKind::kReturnUsed, kTx, 1), "");  // payload not read
  EXPECT_EQ(card.choose(EventKind::kStartFrame, kTx), "");
  EXPECT_NE(card.choose(EventKind::kReturnUsed, kTx, 2), "");
  EXPECT_EQ(card.choose(EventKind::kReturnUsed, kTx, 1), "");
  EXPECT_NE(card.choose(EventKind::kSampleAvail, 2), "");
  EXPECT_NE(card.take(Event::dma_failed(1234)), "");
  EXPECT_EQ(card.tx.used_idx(), 1);
}

}  // namespace
}  // namespace ringside::test
