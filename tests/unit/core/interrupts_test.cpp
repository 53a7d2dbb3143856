// SPDX-License-Identifier: Apache-2.0
// Interrupts and their suppression, notifications and theirs, and silence after reset.
#include "tests/unit/core/core_harness.h"

namespace ringside::test {
namespace {

constexpr unsigned kRx = 0, kTx = 1;
constexpr uint32_t kTxEntry = BarLayout::kMsixTable + 16 * 2;

// CLAUSES: VQS-D-009, VQS-D-010, VQS-D-011
TEST(Interrupts, FlagsDecideWithoutEventIdx) {
  RunningCard card;
  card.tx.set_used_event(0x7777);
  card.tx.set_flags(1);
  card.put_transmit(0, {72});
  card.serve(kTx);
  EXPECT_EQ(card.interrupts(0x42), 0u);
  card.tx.set_flags(0);
  card.put_transmit(1, {72});
  card.serve(kTx);
  EXPECT_EQ(card.interrupts(0x42), 1u);
}

// Also over a batch that jumps past used_event.
// CLAUSES: VQS-D-012, VQS-D-013, VQS-D-014
TEST(Interrupts, UsedEventDecidesWithEventIdx) {
  RunningCard card(kBasic | kEventIdx);
  card.tx.set_flags(1);
  card.tx.set_used_event(1);
  card.put_transmit(0, {72});
  card.serve(kTx);
  EXPECT_EQ(card.interrupts(0x42), 0u);
  card.put_transmit(1, {72});
  card.put_transmit(2, {72});
  card.serve(kTx);
  EXPECT_EQ(card.interrupts(0x42), 1u);
  card.put_transmit(3, {72});
  card.serve(kTx);
  EXPECT_EQ(card.interrupts(0x42), 1u);
}

// The flags that would forbid, and that would allow if they were used_event, change nothing.
// CLAUSES: VQS-D-012
TEST(Interrupts, FlagsMeanNothingWithEventIdx) {
  RunningCard card(kBasic | kEventIdx);
  card.tx.set_flags(1);
  card.tx.set_used_event(0);
  card.put_transmit(0, {72});
  card.serve(kTx);
  EXPECT_EQ(card.interrupts(0x42), 1u);
  card.tx.set_used_event(100);
  card.put_transmit(1, {72});
  card.serve(kTx);
  EXPECT_EQ(card.interrupts(0x42), 1u);
}

// used_event is read afresh after the index was posted: the driver's late change counts.
TEST(Interrupts, SuppressionIsReadAfterTheIndexIsPosted) {
  RunningCard card(kBasic | kEventIdx);
  card.tx.set_used_event(100);
  card.put_transmit(0, {72});
  card.fetch(kTx);
  card.start_frames(kTx);
  EXPECT_NE(card.choose(EventKind::kReadSuppression, kTx), "");  // nothing posted yet
  EXPECT_EQ(card.choose(EventKind::kReturnUsed, kTx, 1), "");
  card.tx.set_used_event(0);
  EXPECT_EQ(card.choose(EventKind::kReadSuppression, kTx), "");
  EXPECT_EQ(card.interrupts(0x42), 1u);
  EXPECT_NE(card.choose(EventKind::kReadSuppression, kTx), "");  // decided
}

TEST(Interrupts, EntriesPostedWhileTheDecisionIsUnderWayGetTheirOwn) {
  RunningCard card(kBasic | kEventIdx);
  card.tx.set_used_event(1);
  card.put_transmit(0, {72});
  card.put_transmit(1, {72});
  card.fetch(kTx);
  card.start_frames(kTx);
  card.choose(EventKind::kReturnUsed, kTx, 1);
  card.manual_dma = true;
  card.choose(EventKind::kReadSuppression, kTx);
  card.choose(EventKind::kReturnUsed, kTx, 1);
  card.answer_read();
  EXPECT_EQ(card.interrupts(0x42), 0u);
  EXPECT_TRUE(card.core.suppression_due(kTx));
  card.choose(EventKind::kReadSuppression, kTx);
  card.answer_read();
  EXPECT_EQ(card.interrupts(0x42), 1u);
}

// CLAUSES: PUN-D-001, PCN-D-001
TEST(Interrupts, NoVectorMeansNoMessage) {
  RunningCard card;
  card.set_bar(CommonCfg::kQueueSelect, 2, kTx);
  card.set_bar(CommonCfg::kQueueMsixVector, 2, 0xFFFF);
  card.set_bar(CommonCfg::kConfigMsixVector, 2, 0xFFFF);
  card.put_transmit(0, {72});
  card.serve(kTx);
  card.take(Event::carrier(false, 10000));
  EXPECT_EQ(card.tx.used_idx(), 1);
  EXPECT_EQ(card.count(ActionKind::kMsix), 0u);
  EXPECT_EQ(card.count(ActionKind::kIntx), 0u);
}

TEST(Interrupts, MaskedVectorIsPendingAndSentAtUnmask) {
  RunningCard card;
  card.set_bar(kTxEntry + 12, 4, 1);
  card.put_transmit(0, {72});
  card.serve(kTx);
  EXPECT_EQ(card.interrupts(0x42), 0u);
  EXPECT_EQ(card.bar(BarLayout::kMsixPending, 4), 4u);
  card.set_bar(kTxEntry + 12, 4, 0);
  EXPECT_EQ(card.interrupts(0x42), 1u);
  EXPECT_EQ(card.bar(BarLayout::kMsixPending, 4), 0u);
  card.set_config(hw::PciConfig::kMsixCap + 2, 2, 0xC000);
  card.put_transmit(1, {72});
  card.serve(kTx);
  EXPECT_EQ(card.interrupts(0x42), 1u);
  card.set_config(hw::PciConfig::kMsixCap + 2, 2, 0x8000);
  EXPECT_EQ(card.interrupts(0x42), 2u);
}

// PCI Express Base 4.0, 6.1.4. A message that was decided and has not left when its vector is
// masked.
TEST(Interrupts, AMessageThatHasNotLeftIsPendingAgain) {
  RunningCard card;
  card.put_transmit(0, {72});
  card.serve(kTx);
  EXPECT_EQ(card.counter(Counter::kMsixMessages), 1u);
  hw::ActionList none;
  EXPECT_NE(card.core.step(Event::msix_held(2), none), "");  // it may leave
  card.set_bar(kTxEntry + 12, 4, 1);
  EXPECT_FALSE(card.core.may_interrupt(2));
  EXPECT_TRUE(card.core.may_interrupt(1));
  EXPECT_EQ(card.bar(BarLayout::kMsixPending, 4), 0u);
  card.take(Event::msix_held(2));
  EXPECT_EQ(card.bar(BarLayout::kMsixPending, 4), 4u);
  EXPECT_EQ(card.counter(Counter::kMsixMessages), 0u);
  EXPECT_EQ(card.interrupts(0x42), 1u);
  card.set_bar(kTxEntry + 12, 4, 0);
  EXPECT_EQ(card.interrupts(0x42), 2u);
  EXPECT_EQ(card.bar(BarLayout::kMsixPending, 4), 0u);
  EXPECT_NE(card.core.step(Event::msix_held(77), none), "");
}

// Also with MSI-X, and only with STATUS negotiated.
// CLAUSES: PIS-D-002, PIS-D-005
TEST(Interrupts, LinkChangeNotifies) {
  RunningCard card;
  card.take(Event::carrier(false, 10000));
  EXPECT_EQ(card.interrupts(0x40), 1u);
  EXPECT_EQ(card.bar(BarLayout::kIsr, 1), 2u);
  EXPECT_EQ(card.bar(BarLayout::kIsr, 1), 0u);
  RunningCard without(kBasic & ~formats::feature_bit(VIRTIO_NET_F_STATUS));
  without.take(Event::carrier(false, 10000));
  EXPECT_EQ(without.interrupts(0x40), 0u);
}

// And the Interrupt Disable bit.
// CLAUSES: PIS-D-003, PIS-D-004, PIS-D-005
TEST(Interrupts, Intx) {
  RunningCard card(kBasic, 8, {}, false);
  card.put_transmit(0, {72});
  card.serve(kTx);
  EXPECT_TRUE(card.intx);
  EXPECT_EQ(card.config(hw::PciConfig::kStatus, 2) & 8, 8u);
  card.set_config(hw::PciConfig::kCommand, 2, 0x406);
  EXPECT_FALSE(card.intx);
  EXPECT_EQ(card.config(hw::PciConfig::kStatus, 2) & 8, 8u);
  card.set_config(hw::PciConfig::kCommand, 2, 0x006);
  EXPECT_TRUE(card.intx);
  EXPECT_EQ(card.bar(BarLayout::kIsr, 1), 1u);
  EXPECT_FALSE(card.intx);
  EXPECT_EQ(card.config(hw::PciConfig::kStatus, 2) & 8, 0u);
}

// avail_event, then the index again; flags stay 0.
// CLAUSES: VQS-D-020, VQS-D-021
TEST(Notifications, ArmWritesAvailEventThenLooksAgain) {
  RunningCard card(kBasic | kEventIdx);
  card.put_transmit(0, {72});
  card.serve(kTx);
  EXPECT_FALSE(card.core.armed(kTx));
  card.deeds.clear();
  EXPECT_EQ(card.choose(EventKind::kArmNotify, kTx), "");
  ASSERT_EQ(card.deeds.size(), 2u);
  EXPECT_EQ(card.deeds[0].kind, ActionKind::kDmaWrite);
  EXPECT_EQ(card.deeds[1].kind, ActionKind::kDmaRead);
  EXPECT_EQ(card.deeds[1].address, card.tx.avail + 2);
  EXPECT_EQ(card.tx.avail_event(), 1);
  EXPECT_TRUE(card.core.armed(kTx));
  EXPECT_NE(card.choose(EventKind::kSuppressNotify, kTx), "");
  EXPECT_EQ(card.tx.used_flags(), 0);
}

// CLAUSES: VQS-D-018, VQS-D-019
TEST(Notifications, NoNotifyWithoutEventIdx) {
  RunningCard card;
  EXPECT_NE(card.choose(EventKind::kArmNotify, kTx), "");  // nothing to withdraw
  EXPECT_EQ(card.choose(EventKind::kSuppressNotify, kTx), "");
  EXPECT_EQ(card.tx.used_flags(), 1);
  EXPECT_EQ(card.choose(EventKind::kArmNotify, kTx), "");
  EXPECT_EQ(card.tx.used_flags(), 0);
}

// The doorbell's data is a hint, its address names the queue.
// CLAUSES: VQS-D-022
TEST(Notifications, SpuriousAndLyingDoorbellsDoNoHarm) {
  RunningCard card(kBasic | formats::feature_bit(VIRTIO_F_NOTIFICATION_DATA));
  card.set_bar(BarLayout::kNotify + 4, 4, 0xFFFF0007);
  EXPECT_TRUE(card.core.kicked(kTx));
  card.serve(kTx);
  EXPECT_EQ(card.tx.used_idx(), 0);
  EXPECT_EQ(card.core.device_status(), 15);
}

// CLAUSES: STS-D-001
TEST(Quiet, NothingHappensBeforeDriverOk) {
  CoreHarness card;
  card.enable_pci();
  card.negotiate(kBasic);
  Ring tx(card, 1, 8);
  tx.enable(2);
  card.deeds.clear();
  tx.make_available(0);
  tx.notify();
  EXPECT_NE(card.choose(EventKind::kSampleAvail, kTx), "");
  EXPECT_FALSE(card.core.queue_active(kTx));
  EXPECT_TRUE(card.deeds.empty());
}

// Late completions, frames and choices change nothing.
// CLAUSES: RST-D-001, RST-D-002, PCC-D-007, PCC-D-008
TEST(Quiet, NothingHappensAfterStatusReadsZero) {
  RunningCard card;
  card.put_receive(0, 1600);
  card.put_transmit(0, {72});
  card.put_transmit(1, {72});
  card.receive(60);
  card.fetch(kTx);
  card.manual_dma = true;
  card.start_frames(kTx);
  ASSERT_EQ(card.reads.size(), 2u);
  card.set_status(0);
  EXPECT_EQ(card.status(), 0);
  card.deeds.clear();
  card.answer_read();
  card.answer_read();
  card.receive(60);
  card.tx.notify();
  for (const unsigned queue : {kRx, kTx}) {
    EXPECT_NE(card.choose(EventKind::kSampleAvail, queue), "");
    EXPECT_FALSE(card.core.can_start_frame(queue));
    EXPECT_EQ(card.core.used_returnable(queue), 0u);
  }
  card.take(Event::carrier(false, 10000));
  EXPECT_TRUE(card.deeds.empty());
  EXPECT_EQ(card.core.tx_occupancy(), 0u);
  EXPECT_EQ(card.core.rx_occupancy(), 0u);
  EXPECT_EQ(card.counter(Counter::kRxDropReset), 1u);
  card.set_bar(CommonCfg::kQueueSelect, 2, kTx);
  EXPECT_EQ(card.bar(CommonCfg::kQueueEnable, 2), 0u);
}

// Neither the level of INTx nor a message that a mask holds back outlives the reset, and nothing
// new is signalled.
// CLAUSES: RST-D-002
TEST(Quiet, ResetLeavesNoInterruptBehind) {
  RunningCard line(kBasic, 8, {}, false);
  line.put_transmit(0, {72});
  line.serve(kTx);
  EXPECT_TRUE(line.intx);
  line.set_status(0);
  EXPECT_EQ(line.status(), 0);
  EXPECT_FALSE(line.intx);
  EXPECT_EQ(line.bar(BarLayout::kIsr, 1), 0u);
  line.take(Event::carrier(false, 10000));
  EXPECT_FALSE(line.intx);
  EXPECT_EQ(line.bar(BarLayout::kIsr, 1), 0u);
  RunningCard masked;
  masked.set_bar(kTxEntry + 12, 4, 1);
  masked.put_transmit(0, {72});
  masked.serve(kTx);
  EXPECT_EQ(masked.bar(BarLayout::kMsixPending, 4), 4u);
  masked.set_status(0);
  EXPECT_EQ(masked.status(), 0);
  masked.set_bar(kTxEntry + 12, 4, 0);
  EXPECT_EQ(masked.count(ActionKind::kMsix), 0u);
}

// The write of 0 stops the data plane at once, before firmware has seen it.
TEST(Quiet, ResetStopsDmaAtOnce) {
  RunningCard card;
  card.put_transmit(0, {72});
  card.manual_firmware = true;
  card.set_status(0);
  EXPECT_NE(card.choose(EventKind::kSampleAvail, kTx), "");
  EXPECT_FALSE(card.core.active());
  while (!card.events.empty()) card.answer_event();
  card.manual_firmware = false;
  EXPECT_EQ(card.status(), 0);
}

TEST(Quiet, BusMasterOffMeansNoDmaAndNoMessages) {
  RunningCard card;
  card.put_transmit(0, {72});
  card.set_config(hw::PciConfig::kCommand, 2, 0x2);
  EXPECT_NE(card.choose(EventKind::kSampleAvail, kTx), "");
  card.take(Event::carrier(false, 10000));
  EXPECT_TRUE(card.deeds.empty());
  card.set_config(hw::PciConfig::kCommand, 2, 0x6);
  EXPECT_EQ(card.interrupts(0x40), 1u);  // was pending
  card.take(Event::carrier(true, 10000));
  card.serve(kTx);
  EXPECT_EQ(card.frames.size(), 1u);
}

}  // namespace
}  // namespace ringside::test
