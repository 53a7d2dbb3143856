// SPDX-License-Identifier: Apache-2.0
// What the cycle-approximate card puts on the link follows Bus Master Enable and Device Control
// (PCI Express Base Specification 4.0, 7.5.1.1.3, 7.5.3.4).
#include <algorithm>

#include "hw_model/pcie/bus_observer.h"
#include "tests/unit/at/at_host.h"

namespace ringside::test {
namespace {

struct Upstream : hw::BusObserver {
  void tlp_sent(hw::BusDirection direction, const hw::Tlp& tlp, hw::TimePs start_ps,
                hw::TimePs) override {
    if (direction != hw::BusDirection::kUp) return;
    const bool write = tlp.type == hw::TlpType::kMemWrite;
    if (!write && tlp.type != hw::TlpType::kMemRead) return;
    uint32_t& largest = write ? largest_write : largest_read;
    largest = std::max(largest, tlp.length);
    ++requests;
    last_ps = start_ps;
  }
  uint32_t largest_write = 0, largest_read = 0;
  unsigned requests = 0;
  hw::TimePs last_ps = 0;
};

void write_sizes(LtHost& host, uint32_t mps_code, uint32_t mrrs_code) {
  host.port.config_write(hw::PciConfig::kDeviceControl, 2, mps_code << 5 | mrrs_code << 12);
}

/// 1,000 bytes of alice's go to bob; what his and her card had on the link.
std::pair<Upstream, Upstream> exchange(AtPair& pair, uint32_t mps_code, uint32_t mrrs_code) {
  Upstream of_alice, of_bob;
  Rings a = bring_up(pair.alice, kBasic, 8, 1000);
  Rings b = bring_up(pair.bob, kBasic, 8);
  write_sizes(pair.alice, mps_code, mrrs_code);
  write_sizes(pair.bob, mps_code, mrrs_code);
  pair.alice.nic->observe_bus(&of_alice);
  pair.bob.nic->observe_bus(&of_bob);
  pair.bob.make_available(b.rx, 8);
  pair.bob.notify(b.rx);
  wait_us(5);
  pair.alice.make_available(a.tx, 3);
  pair.alice.notify(a.tx);
  wait_us(20);
  EXPECT_EQ(pair.bob.used_idx(b.rx), 3);
  EXPECT_EQ(pair.bob.load<uint32_t>(b.rx.used + 8), 1000u);
  pair.alice.nic->observe_bus(nullptr);
  pair.bob.nic->observe_bus(nullptr);
  return {of_alice, of_bob};
}

TEST(AtDeviceControl, SizesOfRequestsFollowTheRegister) {
  hw::NicConfig config;
  config.pcie.mps = 512;
  config.pcie.mrrs = 1024;
  AtPair pair(config);
  ASSERT_TRUE(pair.run([&] {
    // Enumeration wrote the link's configuration.
    pair.alice.enable_pci(true);
    EXPECT_EQ(pair.alice.port.config_read(hw::PciConfig::kDeviceCapabilities, 4) & 7, 2u);
    EXPECT_EQ(pair.alice.port.config_read(hw::PciConfig::kDeviceControl, 2) & 0x70E0, 0x3040u);
    for (uint32_t code = 0; code < 8; ++code) {
      const auto [alice, bob] = exchange(pair, code, code);
      const uint32_t bytes = code > 5 ? 128 : 128u << code;
      EXPECT_LE(alice.largest_read, std::min(bytes, 1024u)) << code;
      EXPECT_GT(alice.largest_read, std::min(bytes, 1000u) / 2) << code;
      EXPECT_LE(bob.largest_write, std::min(bytes, 512u)) << code;
      EXPECT_GT(bob.largest_write, std::min(bytes, 512u) / 2) << code;
    }
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");
  }));
}

/// The root complex takes two read requests a microsecond: most wait for its credits.
hw::NicConfig few_credits() {
  hw::NicConfig config;
  config.pcie.root.non_posted = {1, 256};
  config.pcie.root.drain_ps = 400'000;
  return config;
}

/// None leaves once the write to the register has arrived, but for those that have their place on
/// the link.
void nothing_leaves_while_it_is_off(const hw::NicConfig& config) {
  AtPair pair(config);
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic, 64, 1000);
    Upstream upstream;
    pair.alice.nic->observe_bus(&upstream);
    for (unsigned round = 0; round < 20; ++round) {
      pair.alice.make_available(a.tx, 8);
      pair.alice.notify(a.tx);
      sc_core::wait(500 + 137 * round, sc_core::SC_NS);
      pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0x2);
      const unsigned before = upstream.requests;
      wait_us(5);
      EXPECT_EQ(upstream.requests, before) << round;
      const uint64_t messages = pair.alice.messages[2];
      wait_us(5);
      EXPECT_EQ(pair.alice.messages[2], messages) << round;
      pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0x6);
      wait_us(20);
      EXPECT_EQ(pair.alice.used_idx(a.tx), a.tx.avail_idx) << round;
    }
    EXPECT_EQ(pair.alice.status(), 15);
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");
  }));
}

// With two tags most reads wait in the card.
TEST(AtBusMaster, NothingLeavesWhileItIsOff) {
  hw::NicConfig config;
  config.pipeline.read_tags = 2;
  nothing_leaves_while_it_is_off(config);
}

TEST(AtBusMaster, WhatWaitsForCreditsDoesNotLeaveWhileItIsOff) {
  nothing_leaves_while_it_is_off(few_credits());
}

constexpr uint32_t kVector = 2;  // of transmitq
constexpr uint32_t kMask = BarLayout::kMsixTable + 16 * kVector + 12;

/// An interrupt leaves this long after it was decided.
hw::NicConfig slow_interrupts() {
  hw::NicConfig config;
  config.pipeline.interrupt_cycles = 5000;
  return config;
}

/// Sends a frame, whose interrupt has been decided when this returns, and comes later.
void decide_interrupt(AtPair& pair, Rings& rings) {
  pair.alice.make_available(rings.tx, 1);
  pair.alice.notify(rings.tx);
  wait_us(10);
  EXPECT_EQ(pair.alice.used_idx(rings.tx), rings.tx.avail_idx);
  EXPECT_EQ(pair.alice.counter("msix_messages"), 1u);
  EXPECT_EQ(pair.alice.messages[kVector], 0u);
}

bool pending(AtPair& pair) {
  return (pair.alice.get(BarLayout::kMsixPending, 8) >> kVector & 1) != 0;
}

// PCI Express Base 4.0, 6.1.4: no message of a masked vector is sent; it is pending until unmasked.
TEST(AtBusMaster, AMessageThatIsHeldIsPendingAndHeedsTheMask) {
  AtPair pair(slow_interrupts());
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic, 8);
    decide_interrupt(pair, a);
    pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0x2);
    EXPECT_FALSE(pending(pair));
    wait_us(30);
    EXPECT_TRUE(pending(pair));
    pair.alice.set(kMask, 4, 1);
    pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0x6);
    wait_us(50);
    EXPECT_EQ(pair.alice.messages[kVector], 0u);
    EXPECT_TRUE(pending(pair));
    pair.alice.set(kMask, 4, 0);
    wait_us(50);
    EXPECT_EQ(pair.alice.messages[kVector], 1u);
    EXPECT_FALSE(pending(pair));
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");  // counted once
  }));
}

TEST(AtBusMaster, AMessageLeavesOnceBusMasterEnableIsBack) {
  AtPair pair(slow_interrupts());
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic, 8);
    decide_interrupt(pair, a);
    pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0x2);
    wait_us(100);
    EXPECT_EQ(pair.alice.messages[kVector], 0u);
    pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0x6);
    wait_us(50);
    EXPECT_EQ(pair.alice.messages[kVector], 1u);
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");
  }));
}

TEST(AtBusMaster, AVectorMaskedBeforeItsMessageLeavesHoldsIt) {
  AtPair pair(slow_interrupts());
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic, 8);
    decide_interrupt(pair, a);
    pair.alice.set(kMask, 4, 1);
    wait_us(50);
    EXPECT_EQ(pair.alice.messages[kVector], 0u);
    EXPECT_TRUE(pending(pair));
    pair.alice.set(kMask, 4, 0);
    wait_us(50);
    EXPECT_EQ(pair.alice.messages[kVector], 1u);
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");
  }));
}

/// Reads that were never asked for do not leave after a reset.
void reset_cancels_reads_that_wait(const hw::NicConfig& config) {
  AtPair pair(config);
  ASSERT_TRUE(pair.run([&] {
    for (unsigned round = 0; round < 10; ++round) {
      Rings a = bring_up(pair.alice, kBasic, 64, 16);
      // One frame of 16 pieces: its payload takes as many reads, one after another.
      for (unsigned i = 0; i < 15; ++i) {
        pair.alice.store(a.tx.desc + uint64_t{16} * i + 12,
                         uint32_t{VIRTQ_DESC_F_NEXT} | (i + 1) << 16);
      }
      pair.alice.make_available(a.tx, 1);
      pair.alice.notify(a.tx);
      sc_core::wait(10000 + 77 * round, sc_core::SC_NS);
      pair.alice.set_status(0);
      ASSERT_EQ(pair.alice.status(), 0);
      Upstream upstream;
      pair.alice.nic->observe_bus(&upstream);
      wait_us(20);
      EXPECT_EQ(upstream.requests, 0u) << round;
      pair.alice.nic->observe_bus(nullptr);
    }
    EXPECT_GT(pair.alice.counter("pcie_cancelled_reads"), 0u);
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");
  }));
}

TEST(AtBusMaster, ResetCancelsReadsThatWait) {
  hw::NicConfig config;
  config.pipeline.read_tags = 1;
  reset_cancels_reads_that_wait(config);
}

TEST(AtBusMaster, ResetCancelsReadsThatWaitForCredits) {
  reset_cancels_reads_that_wait(few_credits());
}

}  // namespace
}  // namespace ringside::test
