// SPDX-License-Identifier: Apache-2.0
// host_slave against the functional core, at random and case by case.
#include <algorithm>

#include "tests/unit/rtl/host_slave_storm.h"

namespace ringside::test {
namespace {

using C = formats::CommonCfg;
using hw::BarLayout;
using hw::TraceKind;

constexpr uint64_t kBasic = formats::feature_bit(VIRTIO_F_VERSION_1) |
                            formats::feature_bit(VIRTIO_NET_F_STATUS) |
                            formats::feature_bit(VIRTIO_NET_F_CTRL_VQ);

TEST(RtlHostSlave, ComesUp) {
  HostSlaveWorld world(1, false);
  world.enable_pci();
  world.bring_up(kBasic);
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.card->active, 1u);
  world.check_end();
}

// The oldest held read expires so many cycles after it came, and hardware shows DEVICE_NEEDS_RESET.
// STS-D-002
TEST(RtlHostSlave, HeldReadsExpire) {
  for (const bool stops_clock : {false, true}) {
    HostSlaveWorld world(2, stops_clock);
    world.patient = false;
    world.enable_pci();
    world.bring_up(kBasic);
    ASSERT_TRUE(world.settle());
    world.firmware.dead = true;
    world.set_bar(C::kDeviceStatus, 1, 0x1F);
    const uint64_t start = world.now;
    EXPECT_EQ(world.bar(C::kDeviceStatus, 1), 0x4Fu);
    EXPECT_GE(world.now - start, HostSlaveWorld::kHoldBound);
    EXPECT_LT(world.now - start, HostSlaveWorld::kHoldBound + 60);
    EXPECT_EQ(world.card->active, 0u);
    EXPECT_EQ(world.card->holds_expired, 1u);
    world.firmware.dead = false;
    world.bring_up(kBasic);
    ASSERT_TRUE(world.settle());
    EXPECT_EQ(world.card->active, 1u);
    EXPECT_TRUE(!stops_clock || world.stopped > HostSlaveWorld::kHoldBound / 2);
    world.check_end();
  }
}

// Eight are held, others overtake them; the ninth waits, and what is behind it.
TEST(RtlHostSlave, OtherReadsOvertakeThoseThatAreHeld) {
  HostSlaveWorld world(3, false);
  world.enable_pci();
  world.bring_up(kBasic);
  ASSERT_TRUE(world.settle());
  world.firmware.dead = true;
  world.set_bar(C::kDeviceStatus, 1, 0);
  for (unsigned i = 0; i < 8; ++i) {
    world.request(HostKind::kMemRead, HostSlaveWorld::kBar + C::kDeviceStatus, 1);
  }
  EXPECT_EQ(world.bar(C::kNumQueues, 2), HostSlaveWorld::kQueues);
  EXPECT_EQ(world.outstanding.size(), 8u);
  world.request(HostKind::kMemRead, HostSlaveWorld::kBar + C::kDeviceStatus, 4);
  world.request(HostKind::kMemRead, HostSlaveWorld::kBar + C::kNumQueues, 2);
  world.cycles(500);
  EXPECT_EQ(world.outstanding.size(), 10u);
  world.firmware.dead = false;
  ASSERT_TRUE(world.settle());
  EXPECT_GE(world.replies_held, 9u);
  world.check_end();
}

// Hardware holds back the write that would post one more event, and what is behind it.
TEST(RtlHostSlave, AFullEventQueueHoldsTheHostBack) {
  HostSlaveWorld world(4, false);
  world.enable_pci();
  world.bring_up(kBasic);
  ASSERT_TRUE(world.settle());
  world.firmware.dead = true;
  for (unsigned i = 0; i < 18; ++i) world.set_bar(C::kDeviceStatus, 1, 15);
  const uint16_t behind =
      world.request(HostKind::kMemRead, HostSlaveWorld::kBar + C::kNumQueues, 2);
  world.cycles(1000);
  EXPECT_TRUE(world.outstanding.contains(behind));
  EXPECT_EQ(world.waiting_events(), 15u);
  world.fail(1);  // has a place of its own
  world.cycles(20);
  EXPECT_EQ(world.waiting_events(), 16u);
  EXPECT_EQ(world.card->active, 0u);
  world.firmware.dead = false;
  ASSERT_TRUE(world.settle());
  world.check_end();
}

// Whatever firmware does, every read is answered, and a function-level reset works.
TEST(RtlHostSlave, ADeadFirmwareDoesNotHangTheHost) {
  HostSlaveWorld world(5, false);
  world.enable_pci();
  world.bring_up(kBasic);
  ASSERT_TRUE(world.settle());
  world.firmware.dead = true;
  for (unsigned i = 0; i < 20; ++i) {
    world.set_bar(C::kDeviceStatus, 1, 15);
    (void)world.bar(C::kDeviceStatus, 1);
  }
  EXPECT_FALSE(world.following());
  EXPECT_EQ(world.bar(C::kDeviceStatus, 1) & 0x40, 0x40u);
  EXPECT_EQ(world.card->active, 0u);
  const uint64_t resets = world.card->function_resets;
  world.set_config(hw::PciConfig::kDeviceControl, 2, 0x8000);
  EXPECT_EQ(world.config(0, 4), 0x10411AF4u);
  EXPECT_EQ(world.card->function_resets, resets + 1);
  world.firmware.dead = false;
  world.firmware.commands.clear();
  ASSERT_TRUE(world.settle());
  world.set_config(hw::PciConfig::kBar0 + 4, 4, HostSlaveWorld::kBar >> 32);
  world.set_config(hw::PciConfig::kCommand, 2, 6);
  world.set_bar(C::kDeviceStatus, 1, 1);
  EXPECT_EQ(world.bar(C::kDeviceStatus, 1), 1u);
}

// RST-D-002: the data plane stops at the write; what it decided leaves before 0 is read.
TEST(RtlHostSlave, AResetWaitsForWhatWasDecided) {
  HostSlaveWorld world(6, false);
  world.enable_pci();
  world.bring_up(kBasic);
  ASSERT_TRUE(world.settle());
  world.busy_cycles = 600;
  const uint64_t start = world.now;
  const uint64_t resets = world.records[TraceKind::kReset];
  world.set_bar(C::kDeviceStatus, 1, 0);
  const uint16_t tag =
      world.request(HostKind::kMemRead, HostSlaveWorld::kBar + C::kDeviceStatus, 1);
  world.cycles(100);
  EXPECT_EQ(world.card->active, 0u);
  EXPECT_TRUE(world.outstanding.contains(tag));
  EXPECT_EQ(world.records[TraceKind::kReset], resets);
  ASSERT_TRUE(world.settle());
  EXPECT_GE(world.now - start, 600u);
  EXPECT_EQ(world.answers[tag], 0u);
  EXPECT_EQ(world.records[TraceKind::kReset], resets + 1);
  world.check_end();
}

// PCI Express Base 4.0, 7.5.1.1.3: nothing leaves behind the completion; but it always comes.
TEST(RtlHostSlave, ClearingBusMasterEnableWaitsForWhatWasDecided) {
  for (const unsigned busy : {0u, 400u, 10 * HostSlaveWorld::kHoldBound}) {
    HostSlaveWorld world(7, busy == 0);
    world.enable_pci();
    world.bring_up(kBasic);
    ASSERT_TRUE(world.settle());
    world.busy_cycles = busy;
    const uint64_t start = world.now;
    const uint16_t tag = world.request(HostKind::kConfigWrite, hw::PciConfig::kCommand, 2, 2);
    for (unsigned i = 0; i < 20000 && world.outstanding.contains(tag); ++i) world.cycle();
    EXPECT_FALSE(world.outstanding.contains(tag));
    EXPECT_EQ(world.card->active, 0u);
    EXPECT_GE(world.now - start, std::min(busy, HostSlaveWorld::kHoldBound));
    EXPECT_LT(world.now - start, std::min(busy, HostSlaveWorld::kHoldBound) + 60);
    world.busy_cycles = 0;
    ASSERT_TRUE(world.settle());
    world.check_end();
  }
}

// RingState::kSuspended says that no DMA of the queue is to come.
TEST(RtlHostSlave, AQueueThatRestsHasNothingUnderWay) {
  HostSlaveWorld world(8, false);
  world.enable_pci();
  world.bring_up(kBasic);
  ASSERT_TRUE(world.settle());
  const uint32_t suspend = BarLayout::kRingState + hw::RingState::kSize + hw::RingState::kSuspend;
  ASSERT_TRUE(world.begin(1));
  world.set_bar(suspend, 2, 1);
  EXPECT_EQ(world.bar(suspend, 2), hw::RingState::kSuspending);
  EXPECT_FALSE(world.begin(1));
  ASSERT_TRUE(world.finish(1));
  ASSERT_TRUE(world.settle());
  world.busy_cycles = 300;
  const uint64_t start = world.now;
  EXPECT_EQ(world.bar(suspend, 2), hw::RingState::kSuspended);
  EXPECT_GE(world.now - start, 300u);
  world.set_bar(suspend, 2, 0);
  EXPECT_EQ(world.bar(suspend, 2), hw::RingState::kRunning);
  EXPECT_TRUE(world.begin(1));
  ASSERT_TRUE(world.settle());
  world.check_end();
}

// Each register of the command window reads back what it holds, and what is not listed reads 0 and
// cannot be written (docs/hardware/registers.md).
TEST(RtlHostSlave, TheCommandWindowReadsBackWhatItHolds) {
  using Regs = hw::ManagementRegs;
  HostSlaveWorld world(10, false);
  world.enable_pci();
  world.bring_up(kBasic);
  ASSERT_TRUE(world.settle());
  unsigned held = 0;
  for (unsigned round = 0; round < 3; ++round) {
    for (uint32_t offset = Regs::kCommandGo + 4; offset < Regs::kSize; offset += 4) {
      world.firmware.poke(offset, static_cast<uint32_t>(world.random.next()));
    }
    for (uint32_t offset = 0; offset < Regs::kSize; offset += 4) world.firmware.look(offset);
    ASSERT_TRUE(world.settle());
    for (uint32_t offset = Regs::kEventStatus; offset < Regs::kSize; offset += 4) {
      const bool command = hw::CommandWindow::holds(offset);
      const uint32_t expected = command ? world.firmware.window(offset) : 0;
      EXPECT_EQ(world.firmware.seen(offset), expected) << std::hex << offset;
      held += expected != 0 ? 1 : 0;
    }
    EXPECT_EQ(world.firmware.seen(Regs::kMagic), Regs::kMagicValue);
  }
  EXPECT_GT(held, 50u);
  world.check_end();
}

// INTx is withdrawn before a function-level reset forgets it, also if the message that asserted it
// has not left yet (PCI Express Base 4.0, 6.6.2).
TEST(RtlHostSlave, AFunctionResetWaitsForTheMessageBeforeIt) {
  HostSlaveWorld world(11, false);
  world.enable_pci(false);
  world.bring_up(kBasic, false);
  ASSERT_TRUE(world.settle());
  world.blocked_writes = true;
  world.fail(1);
  world.cycles(200);
  EXPECT_EQ(world.interrupts, 0u);
  const uint64_t resets = world.card->function_resets;
  world.set_config(hw::PciConfig::kDeviceControl, 2, 0x8000);
  world.cycles(300);
  EXPECT_EQ(world.card->function_resets, resets);
  world.blocked_writes = false;
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.card->function_resets, resets + 1);
  world.enable_pci(false);
  world.bring_up(kBasic, false);
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.card->active, 1u);
  world.check_end();
}

// STS-D-002: the error is told once, others are counted.
TEST(RtlHostSlave, AnErrorStopsTheCardAtOnce) {
  HostSlaveWorld world(9, false);
  world.enable_pci();
  world.bring_up(kBasic);
  ASSERT_TRUE(world.settle());
  for (unsigned i = 0; i < 3; ++i) {
    world.fail(i % 2);
    world.cycle();
    EXPECT_EQ(world.card->active, 0u);
  }
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.records[TraceKind::kDeviceError], 3u);
  EXPECT_EQ(world.bar(C::kDeviceStatus, 1), 0x4Fu);
  EXPECT_EQ(world.interrupts, 1u);  // configuration change
  world.bring_up(kBasic);
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.card->active, 1u);
  world.check_end();
}

class RtlHostSlaveStorm : public ::testing::TestWithParam<int> {};

// Odd seeds with the clock stopped whenever the card says that it may be.
TEST_P(RtlHostSlaveStorm, TheCoreFollows) {
  const int seed = GetParam();
  HostSlaveWorld world(seed, seed % 2 != 0);
  HostSlaveStorm(world).run(150000);
  ASSERT_TRUE(world.following());
  const hw::Counters& counters = world.core().counters();
  EXPECT_GT(world.records[TraceKind::kRegisterRead], 5000u);
  EXPECT_GT(world.records[TraceKind::kDoorbell], 200u);
  EXPECT_GT(world.records[TraceKind::kQueueSuspended], 30u);
  EXPECT_GT(world.records[TraceKind::kQueueResumed], 2u);
  EXPECT_GT(world.records[TraceKind::kDeviceError], 10u);
  EXPECT_GT(world.replies_held, 200u);
  EXPECT_GT(world.refusals, 500u);
  EXPECT_GT(world.counters_read, 200u);
  EXPECT_GT(world.interrupts, 300u);
  EXPECT_GT(world.messages, 50u);
  EXPECT_GT(world.control_commands, 20u);
  EXPECT_GT(counters[hw::Counter::kDeviceResets], 100u);
  EXPECT_GT(counters[hw::Counter::kFunctionResets], 5u);
  EXPECT_GT(counters[hw::Counter::kHoldsExpired], 1u);
  EXPECT_TRUE(seed % 2 == 0 || world.stopped > 10000);
}
INSTANTIATE_TEST_SUITE_P(Seeds, RtlHostSlaveStorm, ::testing::Range(1, 9));

}  // namespace
}  // namespace ringside::test
