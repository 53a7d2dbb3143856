// SPDX-License-Identifier: Apache-2.0
// The control virtqueue through the functional core, with the real firmware behind it (virtio 1.4,
// "Control Virtqueue").
#include <random>

#include "tests/unit/core/multi_queue_card.h"

namespace ringside::test {
namespace {

constexpr uint8_t kClass = VIRTIO_NET_CTRL_MQ, kPairsSet = VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET;

TEST(ControlQueue, CommandGoesToFirmwareAndItsAckComesBack) {
  MultiQueueCard card(4);
  ASSERT_EQ(card.control_index(), 8u);
  card.manual_firmware = true;
  const uint64_t ack = card.put_command({kClass, kPairsSet, 3, 0}, {4}, 8);
  card.control().notify();
  EXPECT_TRUE(card.core.kicked(8));
  EXPECT_EQ(card.core.kicked_mask(), 1u << 8);
  card.fetch(8);
  EXPECT_EQ(card.choose(EventKind::kStartFrame, 8), "");
  ASSERT_EQ(card.events.size(), 1u);
  EXPECT_EQ(card.events[0].kind, uint32_t{RS_EVENT_CONTROL});
  EXPECT_EQ(card.events[0].queue, 8);
  EXPECT_EQ(card.events[0].value, 4u);
  EXPECT_EQ(card.events[0].control[2], 3);
  EXPECT_EQ(card.events[0].control[4], 0);
  EXPECT_EQ(card.core.used_returnable(8), 0u);
  card.answer_event();
  EXPECT_EQ(card.core.active_pairs(), 3u);
  card.deeds.clear();
  card.finish(8);
  EXPECT_EQ(card.load<uint8_t>(ack), VIRTIO_NET_OK);
  EXPECT_EQ(card.load<uint8_t>(ack + 1), 0xEE);
  EXPECT_EQ(card.control().used_elem(0).id, 0u);
  EXPECT_EQ(card.control().used_elem(0).len, 1u);
  EXPECT_EQ(card.interrupts(0x40 + 9), 1u);
  // The ack first, then the entry, then the index, then the look at the flags, then the message.
  ASSERT_EQ(card.deeds.size(), 5u);
  EXPECT_EQ(card.deeds[0].address, ack);
  EXPECT_EQ(card.deeds[0].size, 1u);
  EXPECT_EQ(card.deeds[1].address, card.control().used + 4);
  EXPECT_EQ(card.deeds[2].address, card.control().used + 2);
  EXPECT_EQ(card.deeds[3].kind, ActionKind::kDmaRead);
  EXPECT_EQ(card.deeds[4].kind, ActionKind::kMsix);
}

// Unknown, not negotiated, of a wrong length: VIRTIO_NET_ERR, and what was set before still holds.
TEST(ControlQueue, WhatIsNoCommandGetsErr) {
  MultiQueueCard card(4);
  EXPECT_EQ(card.set_pairs(2), VIRTIO_NET_OK);
  for (const std::vector<uint8_t>& bytes : {std::vector<uint8_t>{},
                                            {kClass},
                                            {kClass, kPairsSet},
                                            {kClass, kPairsSet, 1},
                                            {kClass, kPairsSet, 1, 0, 0},
                                            {kClass, 1, 1, 0},
                                            {0, 0, 1},
                                            {99, 0, 1, 0},
                                            std::vector<uint8_t>(RS_CONTROL_BYTES, kClass),
                                            std::vector<uint8_t>(RS_CONTROL_BYTES + 1, kClass),
                                            std::vector<uint8_t>(5000, kClass)}) {
    EXPECT_EQ(card.command(bytes), VIRTIO_NET_ERR) << bytes.size();
  }
  EXPECT_EQ(card.set_pairs(0), VIRTIO_NET_ERR);
  EXPECT_EQ(card.set_pairs(5), VIRTIO_NET_ERR);
  EXPECT_EQ(card.set_pairs(0x8000), VIRTIO_NET_ERR);
  EXPECT_EQ(card.core.active_pairs(), 2u);
  EXPECT_EQ(card.set_pairs(4), VIRTIO_NET_OK);
  EXPECT_EQ(card.core.active_pairs(), 4u);
  EXPECT_EQ(card.status(), 15);
  MultiQueueCard without(4, kBasic | kControl);
  EXPECT_EQ(without.set_pairs(1), VIRTIO_NET_ERR);
}

// Firmware learns the true length of a command of which it sees the beginning; the card reads no
// more than that.
TEST(ControlQueue, LongCommandsAreReadInPart) {
  MultiQueueCard card(2);
  card.manual_firmware = true;
  std::vector<uint8_t> bytes(200);
  for (unsigned i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i);
  card.put_command(bytes, {50, 50, 100});
  card.fetch(4);
  card.deeds.clear();
  EXPECT_EQ(card.choose(EventKind::kStartFrame, 4), "");
  uint32_t read = 0;
  for (const Deed& deed : card.deeds) read += deed.size;
  EXPECT_EQ(read, uint32_t{RS_CONTROL_BYTES});
  ASSERT_EQ(card.events.size(), 1u);
  EXPECT_EQ(card.events[0].value, 200u);
  for (unsigned i = 0; i < RS_CONTROL_BYTES; ++i) EXPECT_EQ(card.events[0].control[i], i);
  card.answer_event();
  card.put_command({7, 7}, {2});  // nothing of it is left for the next
  card.fetch(4);
  EXPECT_EQ(card.choose(EventKind::kStartFrame, 4), "");
  ASSERT_EQ(card.events.size(), 1u);
  EXPECT_EQ(card.events[0].value, 2u);
  for (unsigned i = 0; i < RS_CONTROL_BYTES; ++i) {
    EXPECT_EQ(card.events[0].control[i], i < 2 ? 7 : 0);
  }
}

// How command and ack are split over descriptors has no meaning.
// CLAUSES: VQS-D-001
TEST(ControlQueue, FramingHasNoMeaning) {
  for (const std::vector<uint32_t>& sizes : {std::vector<uint32_t>{4}, {1, 3}, {2, 2}, {2, 1, 1}}) {
    MultiQueueCard card(4);
    const uint64_t ack = card.put_command({kClass, kPairsSet, 4, 0}, sizes);
    card.serve(8);
    EXPECT_EQ(card.load<uint8_t>(ack), VIRTIO_NET_OK);
    EXPECT_EQ(card.core.active_pairs(), 4u);
  }
  MultiQueueCard card(4, kBasic | kMultiQueue | kIndirect);
  const uint64_t data = card.allocate(8), ack = card.allocate(8), table = card.allocate(32);
  card.store<uint32_t>(data, kClass | kPairsSet << 8 | 2 << 16);
  card.store(table, formats::VirtqDesc{data, 4, VIRTQ_DESC_F_NEXT, 1});
  card.store(table + 16, formats::VirtqDesc{ack, 1, VIRTQ_DESC_F_WRITE, 0});
  card.control().set_desc(5, table, 32, VIRTQ_DESC_F_INDIRECT);
  card.control().make_available(5);
  card.serve(8);
  EXPECT_EQ(card.control().used_elem(0).id, 5u);
  EXPECT_EQ(card.core.active_pairs(), 2u);
}

// Without a place for the ack there is nothing that the card could answer.
TEST(ControlQueue, WithoutWritableByteNeedsReset) {
  MultiQueueCard card(2);
  card.put_command({kClass, kPairsSet, 2, 0}, {4}, 0);
  card.fetch(4);
  EXPECT_EQ(card.core.counters()[DeviceError::kNoUsableBuffer], 1u);
  EXPECT_EQ(card.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
  EXPECT_EQ(card.core.active_pairs(), 1u);
  EXPECT_EQ(card.control().used_idx(), 0);
}

TEST(ControlQueue, BadAddressesNeedReset) {
  MultiQueueCard reads(2);
  reads.control().set_desc(0, 0x1000, 4, VIRTQ_DESC_F_NEXT, 1);
  reads.control().set_desc(1, reads.allocate(1), 1, VIRTQ_DESC_F_WRITE);
  reads.control().make_available(0);
  reads.serve(4);
  EXPECT_EQ(reads.core.counters()[DeviceError::kDmaRead], 1u);
  EXPECT_EQ(reads.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
  MultiQueueCard writes(2);
  writes.control().set_desc(0, writes.allocate(4), 4, VIRTQ_DESC_F_NEXT, 1);
  writes.control().set_desc(1, 0x1000, 1, VIRTQ_DESC_F_WRITE);
  writes.control().make_available(0);
  writes.serve(4);
  EXPECT_EQ(writes.core.counters()[DeviceError::kDmaWrite], 1u);
  EXPECT_EQ(writes.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
}

TEST(ControlQueue, OneCommandAtATimeInOrder) {
  MultiQueueCard card(4);
  card.manual_firmware = true;
  const uint64_t first = card.put_command({kClass, kPairsSet, 2, 0}, {4}, 1, 0);
  const uint64_t second = card.put_command({kClass, kPairsSet, 9, 0}, {4}, 1, 4);
  card.fetch(8);
  EXPECT_EQ(card.choose(EventKind::kStartFrame, 8), "");
  EXPECT_FALSE(card.core.can_start_frame(8));
  EXPECT_NE(card.choose(EventKind::kStartFrame, 8), "");
  card.answer_event();
  EXPECT_EQ(card.choose(EventKind::kStartFrame, 8), "");
  card.answer_event();
  EXPECT_EQ(card.core.used_returnable(8), 2u);
  card.finish(8);
  EXPECT_EQ(card.load<uint8_t>(first), VIRTIO_NET_OK);
  EXPECT_EQ(card.load<uint8_t>(second), VIRTIO_NET_ERR);
  EXPECT_EQ(card.control().used_elem(1).id, 4u);
  EXPECT_EQ(card.core.active_pairs(), 2u);
}

// RST-D-002: the reply to a command from before a reset changes nothing and writes nothing.
TEST(ControlQueue, ResetWhileFirmwareWorks) {
  for (const bool read_under_way : {false, true}) {
    MultiQueueCard card(4);
    card.manual_firmware = true;
    const uint64_t ack = card.put_command({kClass, kPairsSet, 4, 0}, {4});
    card.fetch(8);
    card.manual_dma = read_under_way;
    EXPECT_EQ(card.choose(EventKind::kStartFrame, 8), "");
    card.set_status(0);
    while (!card.events.empty()) card.answer_event();
    EXPECT_EQ(card.status(), 0);
    card.deeds.clear();
    while (!card.reads.empty()) card.answer_read();
    EXPECT_TRUE(card.deeds.empty());
    EXPECT_TRUE(card.events.empty());
    EXPECT_EQ(card.core.active_pairs(), 1u);
    EXPECT_EQ(card.load<uint8_t>(ack), 0xEE);
    card.manual_dma = card.manual_firmware = false;
    card.start(kBasic | kMultiQueue);
    EXPECT_EQ(card.set_pairs(3), VIRTIO_NET_OK);
    EXPECT_EQ(card.core.active_pairs(), 3u);
  }
}

TEST(ControlQueue, ErrorWhileFirmwareWorks) {
  MultiQueueCard card(4);
  card.manual_firmware = true;
  const uint64_t ack = card.put_command({kClass, kPairsSet, 4, 0}, {4});
  card.fetch(8);
  EXPECT_EQ(card.choose(EventKind::kStartFrame, 8), "");
  card.rings[1]->make_available(999);
  card.fetch(1);
  while (!card.events.empty()) card.answer_event();
  EXPECT_EQ(card.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
  EXPECT_EQ(card.core.used_returnable(8), 0u);
  EXPECT_EQ(card.load<uint8_t>(ack), 0xEE);
}

// No DMA without Bus Master Enable: the ack waits for it with the used entry.
TEST(ControlQueue, BusMasterOffWhileFirmwareWorks) {
  MultiQueueCard card(4);
  card.manual_firmware = true;
  const uint64_t ack = card.put_command({kClass, kPairsSet, 4, 0}, {4});
  card.fetch(8);
  EXPECT_EQ(card.choose(EventKind::kStartFrame, 8), "");
  card.set_config(hw::PciConfig::kCommand, 2, 0x2);
  card.deeds.clear();
  card.answer_event();
  EXPECT_EQ(card.core.used_returnable(8), 0u);
  EXPECT_TRUE(card.deeds.empty());
  card.set_config(hw::PciConfig::kCommand, 2, 0x6);
  card.finish(8);
  EXPECT_EQ(card.load<uint8_t>(ack), VIRTIO_NET_OK);
  EXPECT_EQ(card.control().used_idx(), 1);
}

// VQS-D-009 to VQS-D-014: interrupts of the control virtqueue are suppressed as any other's.
TEST(ControlQueue, InterruptsAreSuppressed) {
  MultiQueueCard flags(2);
  flags.control().set_flags(VIRTQ_AVAIL_F_NO_INTERRUPT);
  EXPECT_EQ(flags.set_pairs(2), VIRTIO_NET_OK);
  EXPECT_EQ(flags.count(ActionKind::kMsix), 0u);
  MultiQueueCard index(2, kBasic | kMultiQueue | kEventIdx);
  index.control().set_used_event(1);
  EXPECT_EQ(index.set_pairs(2), VIRTIO_NET_OK);
  EXPECT_EQ(index.interrupts(0x45), 0u);
  EXPECT_EQ(index.set_pairs(1), VIRTIO_NET_OK);
  EXPECT_EQ(index.interrupts(0x45), 1u);
}

TEST(ControlQueue, RepliesToNothingAreRefused) {
  MultiQueueCard card(2);
  rs_command reply{};
  reply.kind = RS_COMMAND_CONTROL_REPLY;
  reply.sequence = 3;
  while (card.take(Event::from_command(reply)).empty()) {
    ASSERT_LT(++reply.sequence, 100u);  // older than the reset
  }
  rs_command pairs{};
  pairs.kind = RS_COMMAND_ACTIVE_PAIRS;
  pairs.sequence = reply.sequence;
  for (const uint32_t bad : {0u, 3u, ~0u}) {
    pairs.value = bad;
    EXPECT_NE(card.take(Event::from_command(pairs)), "");
  }
  EXPECT_EQ(card.core.active_pairs(), 1u);
}

// Anything at all as a command: an answer or DEVICE_NEEDS_RESET, never a hang; and a reset mends
// it.
TEST(ControlQueue, RandomCommands) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const auto pick = [&](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
    MultiQueueCard card(8, kBasic | kMultiQueue | (seed % 2 != 0 ? kEventIdx : 0));
    for (unsigned round = 0; round < 20 && card.core.queue_active(16); ++round) {
      std::vector<uint8_t> bytes(pick(4) == 0 ? pick(300) : 4);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(pick(9));
      std::vector<uint32_t> sizes;
      for (auto left = static_cast<uint32_t>(bytes.size()); left != 0; left -= sizes.back()) {
        sizes.push_back(sizes.size() == 14 ? left : 1 + pick(left));
      }
      const uint16_t used = card.control().used_idx();
      const uint64_t ack = card.put_command(bytes, sizes, pick(30) == 0 && !bytes.empty() ? 0 : 1);
      card.control().notify();
      card.serve(16);
      if (!card.core.queue_active(16)) continue;
      EXPECT_EQ(card.control().used_idx(), used + 1);
      EXPECT_LE(card.load<uint8_t>(ack), VIRTIO_NET_ERR);
      EXPECT_GE(card.core.active_pairs(), 1u);
      EXPECT_LE(card.core.active_pairs(), 8u);
    }
    card.start(kBasic | kMultiQueue);
    EXPECT_EQ(card.core.active_pairs(), 1u);
    EXPECT_EQ(card.set_pairs(8), VIRTIO_NET_OK);
  }
}

}  // namespace
}  // namespace ringside::test
