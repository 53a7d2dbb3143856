// SPDX-License-Identifier: Apache-2.0
// What cards of every model do between a root port and a link.
#pragma once

#include "tests/unit/lt/lt_host.h"

namespace ringside::test {

/// Frames both ways at once, one from alice, three from bob; `us` until they are there. `together`:
/// bob's three are used together. Alice's rings.
inline Rings frames_cross_the_wire(LtPair& pair, unsigned us = 20, bool together = true) {
  Rings a = bring_up(pair.alice, kBasic | kEventIdx);
  Rings b = bring_up(pair.bob, kBasic);
  pair.alice.make_available(a.rx, 64);
  pair.alice.notify(a.rx);
  pair.bob.make_available(b.rx, 64);
  pair.bob.notify(b.rx);
  for (unsigned i = 0; i < 72; ++i) {
    pair.alice.store(a.tx.buffers + i, static_cast<uint8_t>(i));
    pair.bob.store(b.tx.buffers + i, static_cast<uint8_t>(200 - i));
  }
  pair.alice.make_available(a.tx, 1);
  pair.alice.notify(a.tx);
  pair.bob.make_available(b.tx, 3);
  pair.bob.notify(b.tx);
  wait_us(us);
  EXPECT_EQ(pair.alice.used_idx(a.tx), 1);
  EXPECT_EQ(pair.alice.used_idx(a.rx), 3);
  EXPECT_EQ(pair.bob.used_idx(b.tx), 3);
  EXPECT_EQ(pair.bob.used_idx(b.rx), 1);
  EXPECT_EQ(pair.bob.load<uint8_t>(b.rx.buffers + 12), 12);
  EXPECT_EQ(pair.bob.load<uint8_t>(b.rx.buffers + 71), 71);
  EXPECT_EQ(pair.alice.load<uint8_t>(a.rx.buffers + 12), 188);
  EXPECT_EQ(pair.bob.messages[1], 1u);
  EXPECT_GE(pair.bob.messages[2], 1u);
  EXPECT_LE(pair.bob.messages[2], together ? 1u : 3u);
  EXPECT_GE(pair.alice.messages[1], 1u);
  return a;
}

inline void receive_waits_for_buffers_then_goes_on(LtPair& pair) {
  Rings a = bring_up(pair.alice, kBasic);
  Rings b = bring_up(pair.bob, kBasic | kEventIdx);
  pair.bob.make_available(b.rx, 2);
  pair.bob.notify(b.rx);
  pair.alice.make_available(a.tx, 5);
  pair.alice.notify(a.tx);
  wait_us(20);
  EXPECT_EQ(pair.bob.used_idx(b.rx), 2);
  EXPECT_EQ(pair.bob.avail_event(b.rx), 2);  // armed: tell me of entry 2
  pair.bob.make_available(b.rx, 10);
  pair.bob.notify(b.rx);
  wait_us(5);
  EXPECT_EQ(pair.bob.used_idx(b.rx), 5);
}

inline constexpr hw::TimePs kShortHold = 50'000'000;

inline hw::NicConfig card_with_short_hold() {
  hw::NicConfig config;
  config.hold_bound_ps = kShortHold;
  return config;
}

/// Firmware that never answers.
inline constexpr rs_firmware_ops kSilentFirmware{0, [](void*, const rs_bus*) { return 0; }};

/// A card_with_short_hold() and alice's kSilentFirmware: she learns of it `slack_ps` late at most.
inline void a_read_that_is_held_too_long_needs_a_reset(LtPair& pair, hw::TimePs slack_ps) {
  pair.alice.enable_pci(true);
  const hw::TimePs before = sc_core::sc_time_stamp().value();
  pair.alice.set_status(1);
  EXPECT_EQ(pair.alice.status(), VIRTIO_STATUS_DEVICE_NEEDS_RESET);
  const hw::TimePs taken = sc_core::sc_time_stamp().value() - before;
  EXPECT_GE(taken, kShortHold);
  EXPECT_LE(taken, kShortHold + slack_ps);
  EXPECT_EQ(pair.alice.counter("error_management_timeout"), 1u);
}

inline void refuses_what_it_does_not_decode(LtPair& pair) {
  pair.alice.enable_pci(true);
  const uint64_t refused = pair.alice.port.counters().unsupported_requests;
  EXPECT_EQ(pair.alice.port.memory_read(pair.alice.bar() + BarLayout::kSize, 4), 0xFFFFFFFFu);
  EXPECT_EQ(pair.alice.port.memory_read(pair.alice.bar() + 2, 4), 0xFFFFFFFFu);
  pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0);
  EXPECT_EQ(pair.alice.port.memory_read(pair.alice.bar(), 4), 0xFFFFFFFFu);
  EXPECT_EQ(pair.alice.port.counters().unsupported_requests, refused + 3);
}

/// A read that the root complex refuses is an error that stops the device and tells the driver.
/// STS-D-003.
inline void dma_outside_memory_needs_reset(LtPair& pair) {
  Rings a = bring_up(pair.alice, kBasic);
  pair.alice.store(a.tx.desc, formats::VirtqDesc{0x1000, 72, 0, 0});
  pair.alice.make_available(a.tx, 1);
  pair.alice.notify(a.tx);
  wait_us(10);
  EXPECT_EQ(pair.alice.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
  EXPECT_EQ(pair.alice.messages[0], 1u);
  EXPECT_EQ(pair.alice.counter("error_dma_read"), 1u);
  EXPECT_EQ(pair.alice.used_idx(a.tx), 0);
  // And a reset brings it back.
  EXPECT_EQ(pair.alice.negotiate(kBasic), 11);
}

}  // namespace ringside::test
