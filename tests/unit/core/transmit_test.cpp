// SPDX-License-Identifier: Apache-2.0
// Transmit through the functional core.
#include "tests/unit/core/core_harness.h"

namespace ringside::test {
namespace {

constexpr unsigned kTx = 1;

std::vector<uint8_t> bytes_of(const hw::FramePtr& frame) {
  std::vector<uint8_t> bytes;
  for (const std::byte byte : frame->bytes) bytes.push_back(static_cast<uint8_t>(byte));
  return bytes;
}

TEST(Transmit, OneFrameFromTheRingToThePortAndBack) {
  RunningCard card;
  card.put_transmit(3, {72});
  card.tx.notify();
  EXPECT_TRUE(card.core.kicked(kTx));
  card.serve(kTx);
  ASSERT_EQ(card.frames.size(), 1u);
  const auto bytes = bytes_of(card.frames[0]);
  ASSERT_EQ(bytes.size(), 60u);
  EXPECT_EQ(bytes.front(), 12);
  EXPECT_EQ(bytes.back(), 71);
  EXPECT_EQ(card.tx.used_idx(), 1);
  EXPECT_EQ(card.tx.used_elem(0).id, 3u);
  EXPECT_EQ(card.tx.used_elem(0).len, 0u);
  EXPECT_EQ(card.interrupts(0x42), 1u);
}

// Any split of header and frame over descriptors gives the same frame.
// CLAUSES: VQS-D-001
TEST(Transmit, FramingHasNoMeaning) {
  for (const std::vector<uint32_t>& sizes :
       {std::vector<uint32_t>{12, 60}, {1, 71}, {5, 6, 1, 60}, {13, 59}, {70, 2}, {11, 2, 59}}) {
    RunningCard card;
    card.put_transmit(0, sizes);
    card.serve(kTx);
    ASSERT_EQ(card.frames.size(), 1u);
    const auto bytes = bytes_of(card.frames[0]);
    ASSERT_EQ(bytes.size(), 60u);
    for (unsigned i = 0; i < 60; ++i) EXPECT_EQ(bytes[i], 12 + i);
  }
}

// An ordinary descriptor, then an indirect one that ends the chain; WRITE beside INDIRECT means
// nothing.
// CLAUSES: VQS-D-007, VQS-D-008
TEST(Transmit, DirectThenIndirect) {
  RunningCard card(kBasic | kIndirect);
  const uint64_t payload = card.allocate(72);
  for (unsigned i = 0; i < 72; ++i) card.store<uint8_t>(payload + i, static_cast<uint8_t>(i));
  const uint64_t table = card.allocate(48);
  card.store(table, formats::VirtqDesc{payload + 12, 20, VIRTQ_DESC_F_NEXT, 2});
  card.store(table + 16, formats::VirtqDesc{0xDEAD, 1, 0, 0});
  card.store(table + 32, formats::VirtqDesc{payload + 32, 40, 0, 0});
  card.tx.set_desc(0, payload, 12, VIRTQ_DESC_F_NEXT, 5);
  card.tx.set_desc(5, table, 48, VIRTQ_DESC_F_INDIRECT | VIRTQ_DESC_F_WRITE);
  card.tx.make_available(0);
  card.serve(kTx);
  ASSERT_EQ(card.frames.size(), 1u);
  const auto bytes = bytes_of(card.frames[0]);
  ASSERT_EQ(bytes.size(), 60u);
  for (unsigned i = 0; i < 60; ++i) EXPECT_EQ(bytes[i], 12 + i);
}

// Nothing in virtio_net_hdr counts without offloads.
// CLAUSES: NTX-D-001, NTX-D-002
TEST(Transmit, HeaderGarbageIsIgnored) {
  RunningCard card;
  const uint64_t buffer = card.allocate(72);
  for (unsigned i = 0; i < 72; ++i) card.store<uint8_t>(buffer + i, 0xFF);
  card.tx.set_desc(0, buffer, 72);
  card.tx.make_available(0);
  card.serve(kTx);
  EXPECT_EQ(card.frames.size(), 1u);
  EXPECT_EQ(card.core.device_status(), 15);
}

// And what is dropped instead of sent; the buffer comes back either way.
// CLAUSES: NCF-D-006
TEST(Transmit, LengthLimits) {
  struct Case {
    uint32_t frame;
    bool sent;
    Counter counter;
  };
  for (const Case& c : {Case{13, false, Counter::kTxDropShort},
                        {14, true, Counter::kTxFrames},
                        {1518, true, Counter::kTxFrames},
                        {1519, false, Counter::kTxDropLong}}) {
    RunningCard card;
    card.put_transmit(0, {12 + c.frame});
    card.serve(kTx);
    EXPECT_EQ(card.frames.size(), c.sent ? 1u : 0u) << c.frame;
    EXPECT_EQ(card.counter(c.counter), 1u) << c.frame;
    EXPECT_EQ(card.tx.used_idx(), 1);
    EXPECT_EQ(card.core.device_status(), 15);
  }
}

TEST(Transmit, WithoutCarrierFramesAreDroppedAndBuffersReturned) {
  RunningCard card;
  card.take(Event::carrier(false, 10000));
  card.put_transmit(0, {72});
  card.serve(kTx);
  EXPECT_EQ(card.frames.size(), 0u);
  EXPECT_EQ(card.counter(Counter::kTxDropLinkDown), 1u);
  EXPECT_EQ(card.tx.used_idx(), 1);
}

TEST(Transmit, BufferBoundsWhatIsUnderWay) {
  hw::CoreConfig config;
  config.tx_buffer_bytes = 2000;
  RunningCard card(kBasic, 8, config);
  card.put_transmit(0, {1012});
  card.put_transmit(1, {1012});
  card.put_transmit(2, {1012});
  card.fetch(kTx);
  card.start_frames(kTx);
  EXPECT_EQ(card.frames.size(), 2u);
  EXPECT_TRUE(card.core.transmit_blocked(kTx));
  EXPECT_NE(card.choose(EventKind::kStartFrame, kTx), "");
  EXPECT_EQ(card.take(Event::frame_sent(1000)), "");
  EXPECT_FALSE(card.core.transmit_blocked(kTx));
  card.start_frames(kTx);
  EXPECT_EQ(card.frames.size(), 3u);
  EXPECT_NE(card.take(Event::frame_sent(3000)), "");
}

// Completions in any order: frames leave in ring order, and bytes are in their places.
TEST(Transmit, CompletionsOutOfOrder) {
  RunningCard card;
  card.put_transmit(0, {12, 30, 30}, 0);
  card.put_transmit(3, {72}, 100);
  card.fetch(kTx);
  card.manual_dma = true;
  card.start_frames(kTx);
  ASSERT_EQ(card.reads.size(), 4u);
  card.answer_read(3);
  EXPECT_TRUE(card.frames.empty());
  EXPECT_EQ(card.core.used_returnable(kTx), 0u);
  card.answer_read(2);
  card.answer_read(0);
  EXPECT_TRUE(card.frames.empty());
  card.answer_read(0);
  ASSERT_EQ(card.frames.size(), 2u);
  for (unsigned i = 0; i < 60; ++i) EXPECT_EQ(bytes_of(card.frames[0])[i], 12 + i);
  EXPECT_EQ(bytes_of(card.frames[1])[0], 112);
  EXPECT_EQ(card.core.used_returnable(kTx), 2u);
}

TEST(Transmit, RingWrapsManyTimes) {
  RunningCard card(kBasic | kEventIdx, 4);
  for (unsigned i = 0; i < 70000; ++i) {
    const uint16_t id = static_cast<uint16_t>(i % 4);
    if (i < 4) {
      card.put_transmit(id, {72});
    } else {
      card.tx.make_available(id);
    }
    card.serve(kTx);
    card.take(Event::frame_sent(60));
    card.frames.clear();
    card.deeds.clear();
  }
  EXPECT_EQ(card.tx.used_idx(), static_cast<uint16_t>(70000));
  EXPECT_EQ(card.counter(Counter::kTxFrames), 70000u);
  EXPECT_EQ(card.core.device_status(), 15);
}

}  // namespace
}  // namespace ringside::test
