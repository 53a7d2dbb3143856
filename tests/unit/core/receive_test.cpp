// SPDX-License-Identifier: Apache-2.0
// Receive through the functional core.
#include "tests/unit/core/core_harness.h"

namespace ringside::test {
namespace {

constexpr unsigned kRx = 0;

// CLAUSES: NRX-D-001, NRX-D-005, NRX-D-026
TEST(Receive, OneBufferGetsHeaderAndFrame) {
  RunningCard card;
  const uint64_t buffer = card.put_receive(5, 1526);
  card.receive(60, 7);
  card.serve(kRx);
  EXPECT_EQ(card.rx.used_idx(), 1);
  EXPECT_EQ(card.rx.used_elem(0).id, 5u);
  EXPECT_EQ(card.rx.used_elem(0).len, 72u);
  const auto header = card.load<formats::VirtioNetHdr>(buffer);
  EXPECT_EQ(header.flags, 0);
  EXPECT_EQ(header.gso_type, 0);
  EXPECT_EQ(header.num_buffers, 1);
  EXPECT_EQ(card.load<uint8_t>(buffer + 12), 7);
  EXPECT_EQ(card.load<uint8_t>(buffer + 71), 66);
  EXPECT_EQ(card.interrupts(0x41), 1u);
}

// Payload, entry, index; then the look at suppression, then the interrupt.
// CLAUSES: VQS-D-015, VQS-D-016
TEST(Receive, Order) {
  RunningCard card;
  const uint64_t buffer = card.put_receive(0, 1526);
  card.receive(60);
  card.fetch(kRx);
  card.deeds.clear();
  card.start_frames(kRx);
  card.finish(kRx);
  ASSERT_EQ(card.deeds.size(), 5u);
  EXPECT_EQ(card.deeds[0].address, buffer);
  EXPECT_EQ(card.deeds[1].address, card.rx.used + 4);
  EXPECT_EQ(card.deeds[2].address, card.rx.used + 2);
  EXPECT_EQ(card.deeds[3].kind, ActionKind::kDmaRead);
  EXPECT_EQ(card.deeds[3].address, card.rx.avail);
  EXPECT_EQ(card.deeds[4].kind, ActionKind::kMsix);
}

// CLAUSES: NRB-D-001, NRX-D-002, NRX-D-003, NRX-D-004
TEST(Receive, MergedFrameFillsBuffersAndIsReturnedAtOnce) {
  RunningCard card(kBasic | kMergeable);
  const uint64_t first = card.put_receive(0, 100);
  card.put_receive(1, 100);
  const uint64_t third = card.put_receive(2, 100);
  card.put_receive(3, 100);
  card.receive(250);
  card.fetch(kRx);
  card.start_frames(kRx);
  EXPECT_EQ(card.core.used_returnable(kRx), 1u);
  card.deeds.clear();
  card.finish(kRx);
  EXPECT_EQ(card.counter(Counter::kUsedIndexWrites), 1u);
  EXPECT_EQ(card.rx.used_idx(), 3);
  EXPECT_EQ(card.load<formats::VirtioNetHdr>(first).num_buffers, 3);
  EXPECT_EQ(card.rx.used_elem(0).len, 100u);
  EXPECT_EQ(card.rx.used_elem(1).len, 100u);
  EXPECT_EQ(card.rx.used_elem(2).len, 62u);
  EXPECT_EQ(card.load<uint8_t>(third), static_cast<uint8_t>(188));
}

TEST(Receive, MergedFrameWaitsForTheMissingBuffer) {
  RunningCard card(kBasic | kMergeable);
  card.put_receive(0, 100);
  card.receive(150);
  card.fetch(kRx);
  EXPECT_FALSE(card.core.can_start_frame(kRx));
  EXPECT_NE(card.choose(EventKind::kStartFrame, kRx), "");
  EXPECT_EQ(card.rx.used_idx(), 0);
  card.put_receive(1, 100);
  card.serve(kRx);
  EXPECT_EQ(card.rx.used_idx(), 2);
}

// A frame that all the buffers of a full ring cannot hold must not block what follows.
TEST(Receive, FrameThatNeverFitsIsDropped) {
  RunningCard card(kBasic | kMergeable, 4);
  for (uint16_t id = 0; id < 4; ++id) card.put_receive(id, 30);
  card.receive(150);
  card.receive(60);
  card.serve(kRx);
  EXPECT_EQ(card.counter(Counter::kRxDropNoFit), 1u);
  EXPECT_EQ(card.counter(Counter::kRxFrames), 1u);
  EXPECT_EQ(card.rx.used_idx(), 3);
}

// Without MRG_RXBUF one buffer or none.
// CLAUSES: NRB-D-002
TEST(Receive, WithoutMergingAFrameLongerThanTheBufferIsDropped) {
  RunningCard card;
  const uint64_t buffer = card.put_receive(0, 100);
  card.put_receive(1, 100);
  card.receive(150);
  card.receive(88);
  card.serve(kRx);
  EXPECT_EQ(card.load<formats::VirtioNetHdr>(buffer).num_buffers, 1);
  EXPECT_EQ(card.counter(Counter::kRxDropNoFit), 1u);
  EXPECT_EQ(card.rx.used_idx(), 1);
  EXPECT_EQ(card.rx.used_elem(0).len, 100u);
}

// A readable descriptor before the writable ones is left alone.
// CLAUSES: VQS-D-003
TEST(Receive, ReadablePartOfAChainIsNeverWritten) {
  RunningCard card;
  const uint64_t readable = card.allocate(32), writable = card.allocate(200);
  card.store<uint64_t>(readable, 0x1122334455667788);
  card.rx.set_desc(0, readable, 32, VIRTQ_DESC_F_NEXT, 1);
  card.rx.set_desc(1, writable, 20, VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_NEXT, 2);
  card.rx.set_desc(2, writable + 20, 180, VIRTQ_DESC_F_WRITE);
  card.rx.make_available(0);
  card.receive(60, 9);
  card.serve(kRx);
  EXPECT_EQ(card.load<uint64_t>(readable), 0x1122334455667788u);
  EXPECT_EQ(card.rx.used_elem(0).len, 72u);
  EXPECT_EQ(card.load<uint8_t>(writable + 12), 9);
}

// The MTU and the Ethernet header; four bytes more only for a VLAN tag.
// CLAUSES: NCF-D-005
TEST(Receive, LongFramesAreDropped) {
  RunningCard card;
  for (uint16_t id = 0; id < 4; ++id) card.put_receive(id, 1600);
  card.receive(1514);
  card.receive(1515);
  hw::FramePtr tagged = card.make_frame(1518);
  tagged->bytes[12] = std::byte{0x81};
  tagged->bytes[13] = std::byte{0};
  card.take(Event::frame_in(tagged));
  tagged->bytes.push_back(std::byte{0});
  card.take(Event::frame_in(tagged));
  card.serve(kRx);
  EXPECT_EQ(card.counter(Counter::kRxFrames), 2u);
  EXPECT_EQ(card.counter(Counter::kRxDropLong), 2u);
}

TEST(Receive, BadFramesAreDropped) {
  RunningCard card;
  card.put_receive(0, 1600);
  hw::FramePtr broken = card.make_frame(60);
  broken->fcs_ok = false;
  card.take(Event::frame_in(broken));
  card.receive(13);
  card.serve(kRx);
  EXPECT_EQ(card.counter(Counter::kRxDropFcs), 1u);
  EXPECT_EQ(card.counter(Counter::kRxDropShort), 1u);
  EXPECT_EQ(card.rx.used_idx(), 0);
}

// An empty receive ring fills the card's buffer, then drops; transmit goes on.
TEST(Receive, EmptyRingNeverBlocksTransmit) {
  hw::CoreConfig config;
  config.rx_buffer_bytes = 3000;
  RunningCard card(kBasic, 8, config);
  for (unsigned i = 0; i < 4; ++i) card.receive(1000);
  EXPECT_EQ(card.counter(Counter::kRxDropBufferFull), 1u);
  EXPECT_FALSE(card.core.can_start_frame(kRx));
  card.put_transmit(0, {72});
  card.serve(1);
  EXPECT_EQ(card.frames.size(), 1u);
  for (uint16_t id = 0; id < 3; ++id) card.put_receive(id, 1600);
  card.serve(kRx);
  EXPECT_EQ(card.counter(Counter::kRxFrames), 3u);
  EXPECT_EQ(card.core.rx_occupancy(), 0u);
}

TEST(Receive, DroppingIsAChoice) {
  RunningCard card;
  EXPECT_NE(card.choose(EventKind::kDropFrame, kRx), "");
  card.receive(60);
  EXPECT_EQ(card.choose(EventKind::kDropFrame, kRx), "");
  EXPECT_EQ(card.counter(Counter::kRxDropChosen), 1u);
  EXPECT_EQ(card.core.rx_occupancy(), 0u);
}

}  // namespace
}  // namespace ringside::test
