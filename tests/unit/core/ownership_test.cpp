// SPDX-License-Identifier: Apache-2.0
// Which bytes of a driver's memory the card reads and writes: never those of the other direction,
// never a descriptor, and of a buffer exactly what the used length says.
#include "tests/unit/core/multi_queue_card.h"

namespace ringside::test {
namespace {

constexpr unsigned kRx = 0, kTx = 1;
constexpr uint16_t kNext = VIRTQ_DESC_F_NEXT, kWrite = VIRTQ_DESC_F_WRITE;

/// Bytes of [address, address + size) that deeds of `kind` touched.
uint64_t touched(const CoreHarness& card, ActionKind kind, uint64_t address, uint64_t size) {
  uint64_t bytes = 0;
  for (const Deed& deed : card.deeds) {
    if (deed.kind != kind) continue;
    const uint64_t from = std::max(deed.address, address);
    const uint64_t to = std::min(deed.address + deed.size, address + size);
    if (from < to) bytes += to - from;
  }
  return bytes;
}

// CLAUSES: VQS-D-003, VQS-D-004
TEST(Ownership, WritableBuffersAreNotReadAndReadableOnesNotWritten) {
  RunningCard card(kBasic | kIndirect);
  const uint64_t readable = card.allocate(72), writable = card.allocate(2048);
  card.tx.set_desc(0, readable, 72, kNext, 1);
  card.tx.set_desc(1, writable, 64, kWrite);
  card.tx.make_available(0);
  card.serve(kTx);
  EXPECT_EQ(card.frames.size(), 1u);
  EXPECT_EQ(touched(card, ActionKind::kDmaRead, readable, 72), 72u);
  EXPECT_EQ(touched(card, ActionKind::kDmaRead, writable, 64), 0u);
  EXPECT_EQ(touched(card, ActionKind::kDmaWrite, writable, 64), 0u);
  // The same out of an indirect table, for both directions.
  const uint64_t table = card.allocate(32);
  card.store(table, formats::VirtqDesc{readable, 72, kNext, 1});
  card.store(table + 16, formats::VirtqDesc{writable, 2048, kWrite, 0});
  for (Ring* ring : {&card.tx, &card.rx}) {
    ring->set_desc(2, table, 32, VIRTQ_DESC_F_INDIRECT);
    ring->make_available(2);
  }
  card.receive(1000);
  card.deeds.clear();
  card.serve(kTx);
  card.serve(kRx);
  EXPECT_EQ(card.counter(Counter::kRxFrames), 1u);
  EXPECT_EQ(touched(card, ActionKind::kDmaRead, writable, 2048), 0u);
  EXPECT_EQ(touched(card, ActionKind::kDmaWrite, writable, 2048), 1012u);
  EXPECT_EQ(touched(card, ActionKind::kDmaWrite, readable, 72), 0u);
  EXPECT_EQ(touched(card, ActionKind::kDmaRead, readable, 72), 72u);  // transmit alone
}

// Nor the ack of a control command.
// CLAUSES: VQS-D-004
TEST(Ownership, AckIsNotRead) {
  MultiQueueCard card(2);
  const uint64_t ack = card.put_command({4, 0, 2, 0}, {4}, 8);
  card.serve(card.control_index());
  EXPECT_EQ(card.load<uint8_t>(ack), VIRTIO_NET_OK);
  EXPECT_EQ(touched(card, ActionKind::kDmaRead, ack, 8), 0u);
  EXPECT_EQ(touched(card, ActionKind::kDmaWrite, ack, 8), 1u);
}

// Tables and available rings are as the driver left them, whatever the card did with the buffers.
// CLAUSES: VQS-D-006
TEST(Ownership, DescriptorsAndAvailableRingsAreNeverWritten) {
  for (const uint64_t features : {kBasic, kBasic | kIndirect | kMergeable | kEventIdx}) {
    RunningCard card(features);
    const bool indirect = (features & kIndirect) != 0;
    card.put_transmit(0, {12, 60});
    card.put_transmit(2, {72});
    const uint64_t table = card.allocate(32);
    if (indirect) {
      const uint64_t payload = card.allocate(72);
      card.store(table, formats::VirtqDesc{payload, 12, kNext, 1});
      card.store(table + 16, formats::VirtqDesc{payload + 12, 60, 0, 0});
      card.tx.set_desc(3, table, 32, VIRTQ_DESC_F_INDIRECT);
      card.tx.make_available(3);
    }
    for (uint16_t id = 0; id < 6; ++id) card.put_receive(id, 600);
    card.receive(500);
    card.receive(indirect ? 1500 : 60);
    card.deeds.clear();
    card.serve(kTx);
    card.serve(kRx);
    EXPECT_EQ(card.counter(Counter::kTxFrames), indirect ? 3u : 2u);
    EXPECT_EQ(card.counter(Counter::kRxFrames), 2u);
    for (const Ring* ring : {&card.tx, &card.rx}) {
      EXPECT_EQ(touched(card, ActionKind::kDmaWrite, ring->desc, 16 * 8), 0u);
      EXPECT_EQ(touched(card, ActionKind::kDmaWrite, ring->avail, 6 + 2 * 8), 0u);
    }
    EXPECT_EQ(touched(card, ActionKind::kDmaWrite, table, 32), 0u);
  }
}

// Each used length is what was written from the first writable byte on; behind it nothing changes.
// CLAUSES: VQS-D-016
TEST(Ownership, UsedLengthIsWhatWasWritten) {
  for (const uint32_t size : {14u, 60u, 88u, 89u, 500u, 1514u}) {
    RunningCard card(kBasic | kMergeable, 32);
    std::vector<uint64_t> buffers;
    for (uint16_t id = 0; id < 32; ++id) {
      buffers.push_back(card.put_receive(id, 100));
      std::memset(card.at(buffers.back(), 100), 0xEE, 100);
    }
    hw::FramePtr frame = card.pool.make();
    frame->bytes.resize(size, std::byte{0x11});
    card.take(Event::frame_in(frame));
    card.serve(kRx);
    uint32_t total = 0;
    for (unsigned i = 0; i < card.rx.used_idx(); ++i) {
      const auto element = card.rx.used_elem(i);
      ASSERT_LE(element.len, 100u);
      for (uint32_t at = i == 0 ? 12 : 0; at < 100; ++at) {
        EXPECT_EQ(card.load<uint8_t>(buffers[element.id] + at), at < element.len ? 0x11 : 0xEE);
      }
      total += element.len;
    }
    EXPECT_EQ(total, 12 + size);
  }
}

}  // namespace
}  // namespace ringside::test
