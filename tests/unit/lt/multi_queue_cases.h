// SPDX-License-Identifier: Apache-2.0
// Several queue pairs and the control virtqueue between a root port and a link, for cards of any
// model.
#pragma once

#include <algorithm>

#include "hw_model/core/steering.h"
#include "tests/support/flow_frame.h"
#include "tests/support/gtest.h"
#include "tests/unit/lt/lt_host.h"

namespace ringside::test {

inline constexpr uint64_t kMultiQueue =
    formats::feature_bit(VIRTIO_NET_F_CTRL_VQ) | formats::feature_bit(VIRTIO_NET_F_MQ);

inline void after_us(unsigned us) { sc_core::wait(us, sc_core::SC_US); }

inline hw::NicConfig card_with(uint16_t pairs) {
  hw::NicConfig config;
  config.queue_pairs = pairs;
  return config;
}

/// Receiveq and transmitq of each pair at 2k and 2k + 1, controlq last; queue q has vector q + 1.
struct MultiRings {
  std::vector<TestQueue> queues;
  TestQueue& rx(unsigned pair) { return queues[std::size_t{2} * pair]; }
  TestQueue& tx(unsigned pair) { return queues[std::size_t{2} * pair + 1]; }
  TestQueue& control() { return queues.back(); }
};

inline MultiRings bring_up_pairs(LtHost& host, unsigned pairs, uint16_t size, uint32_t tx_bytes) {
  host.enable_pci(true);
  EXPECT_EQ(host.negotiate(kBasic | kMultiQueue), 11);
  MultiRings rings;
  for (unsigned queue = 0; queue < 2 * pairs; ++queue) {
    rings.queues.push_back(host.make_queue(queue, size, queue % 2 == 0 ? 1600 : tx_bytes,
                                           static_cast<uint16_t>(queue + 1)));
  }
  TestQueue control = host.make_queue(2 * pairs, 16, 16, static_cast<uint16_t>(2 * pairs + 1));
  host.store(control.desc, formats::VirtqDesc{control.buffers, 4, VIRTQ_DESC_F_NEXT, 1});
  host.store(control.desc + 16, formats::VirtqDesc{control.buffers + 8, 1, VIRTQ_DESC_F_WRITE, 0});
  rings.queues.push_back(control);
  host.set_status(15);
  EXPECT_EQ(host.status(), 15);
  return rings;
}

/// VQ_PAIRS_SET as a driver does it: returns the ack once the buffer is used.
inline unsigned set_pairs(LtHost& host, TestQueue& control, uint16_t pairs) {
  host.store<uint32_t>(control.buffers,
                       VIRTIO_NET_CTRL_MQ | VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET << 8 | pairs << 16);
  host.store<uint8_t>(control.buffers + 8, 0xEE);
  const uint16_t before = host.used_idx(control);
  const auto slot = static_cast<uint16_t>(control.avail_idx % control.size);
  host.store<uint16_t>(control.avail + SplitRing::avail_entry(slot), 0);
  host.store(control.avail + SplitRing::kAvailIdx, ++control.avail_idx);
  host.notify(control);
  for (unsigned i = 0; i < 10 && host.used_idx(control) == before; ++i) after_us(1);
  EXPECT_EQ(host.used_idx(control), static_cast<uint16_t>(before + 1));
  return host.load<uint8_t>(control.buffers + 8);
}

/// Puts a frame of a flow of pair `wanted` of `pairs` into every buffer of `queue`.
inline void fill(LtHost& host, const TestQueue& queue, unsigned wanted, unsigned pairs) {
  TestFlow flow;
  while (hw::steer(flow_frame(flow), pairs) != wanted) ++flow.source_port;
  const std::vector<std::byte> bytes = flow_frame(flow);
  for (unsigned i = 0; i < queue.size; ++i) {
    std::memcpy(
        host.memory.translate(queue.buffers + uint64_t{queue.buffer_bytes} * i + 12, bytes.size()),
        bytes.data(), bytes.size());
  }
}

// Cards of 8 pairs.
inline void eight_pairs_carry_traffic(LtPair& pair) {
  ASSERT_TRUE(pair.run([&] {
    MultiRings a = bring_up_pairs(pair.alice, 8, 64, 80);
    MultiRings b = bring_up_pairs(pair.bob, 8, 64, 80);
    EXPECT_EQ(set_pairs(pair.alice, a.control(), 8), unsigned{VIRTIO_NET_OK});
    EXPECT_EQ(set_pairs(pair.bob, b.control(), 8), unsigned{VIRTIO_NET_OK});
    EXPECT_EQ(set_pairs(pair.bob, b.control(), 9), unsigned{VIRTIO_NET_ERR});
    for (unsigned k = 0; k < 8; ++k) {
      for (auto [host, rings] : {std::pair{&pair.alice, &a}, {&pair.bob, &b}}) {
        fill(*host, rings->tx(k), 7 - k, 8);
        host->make_available(rings->rx(k), 64);
        host->notify(rings->rx(k));
      }
    }
    for (unsigned k = 0; k < 8; ++k) {
      for (auto [host, rings] : {std::pair{&pair.alice, &a}, {&pair.bob, &b}}) {
        host->make_available(rings->tx(k), 40 + k);
        host->notify(rings->tx(k));
      }
    }
    after_us(100);
    for (unsigned k = 0; k < 8; ++k) {
      for (auto [host, rings] : {std::pair{&pair.alice, &a}, {&pair.bob, &b}}) {
        EXPECT_EQ(host->used_idx(rings->tx(k)), 40 + k);
        EXPECT_EQ(host->used_idx(rings->rx(7 - k)), 40 + k);
        EXPECT_GT(host->messages[2 * k + 1], 0u);
        EXPECT_GT(host->messages[2 * k + 2], 0u);
      }
    }
    EXPECT_EQ(pair.bob.messages[17], 2u);
    EXPECT_EQ(pair.bob.counter("rx_frames"), 8 * 40 + 28u);
    EXPECT_EQ(pair.bob.counter("tx_frames"), 8 * 40 + 28u);
  }));
}

inline hw::NicConfig small_transmit_buffer() {
  hw::NicConfig config = card_with(4);
  config.tx_buffer_bytes = 4096;
  return config;
}
inline hw::LinkConfig slow_wire() {
  hw::LinkConfig wire;
  wire.rate_bps = 1'000'000'000;
  return wire;
}

// A slow wire is shared: no transmit queue is ahead of another by more than its turns.
// Cards of small_transmit_buffer() on a slow_wire().
inline void transmit_queues_take_turns(LtPair& pair) {
  ASSERT_TRUE(pair.run([&] {
    MultiRings a = bring_up_pairs(pair.alice, 4, 64, 1012);
    EXPECT_EQ(set_pairs(pair.alice, a.control(), 4), unsigned{VIRTIO_NET_OK});
    for (unsigned k = 0; k < 4; ++k) pair.alice.make_available(a.tx(k), 64);
    for (unsigned k = 0; k < 4; ++k) pair.alice.notify(a.tx(k));
    for (unsigned i = 0; i < 15; ++i) {
      after_us(100);
      uint16_t least = 64, most = 0;
      for (unsigned k = 0; k < 4; ++k) {
        least = std::min(least, pair.alice.used_idx(a.tx(k)));
        most = std::max(most, pair.alice.used_idx(a.tx(k)));
      }
      EXPECT_LE(most - least, 16) << i;
      EXPECT_GT(most, 0);
    }
    after_us(2000);
    for (unsigned k = 0; k < 4; ++k) EXPECT_EQ(pair.alice.used_idx(a.tx(k)), 64);
    EXPECT_LE(pair.link.end(0).free_at(), sc_core::sc_time_stamp().value());
  }));
}

// A receive queue without buffers keeps its own frames waiting and nobody else's.
// Cards of 2 pairs.
inline void an_empty_receive_queue_holds_up_no_other(LtPair& pair) {
  ASSERT_TRUE(pair.run([&] {
    MultiRings a = bring_up_pairs(pair.alice, 2, 64, 80);
    MultiRings b = bring_up_pairs(pair.bob, 2, 64, 80);
    EXPECT_EQ(set_pairs(pair.bob, b.control(), 2), unsigned{VIRTIO_NET_OK});
    pair.bob.make_available(b.rx(1), 64);
    pair.bob.notify(b.rx(1));
    for (unsigned k = 0; k < 2; ++k) {
      fill(pair.alice, a.tx(k), k, 2);
      pair.alice.make_available(a.tx(k), 10);
      pair.alice.notify(a.tx(k));
    }
    after_us(10);
    EXPECT_EQ(pair.bob.used_idx(b.rx(0)), 0);
    EXPECT_EQ(pair.bob.used_idx(b.rx(1)), 10);
    pair.bob.make_available(b.rx(0), 64);
    pair.bob.notify(b.rx(0));
    after_us(10);
    EXPECT_EQ(pair.bob.used_idx(b.rx(0)), 10);
  }));
}

inline hw::NicConfig small_receive_buffer() {
  hw::NicConfig config = card_with(2);
  config.rx_buffer_bytes = 65536;
  return config;
}

// However much arrives for a receive queue without buffers, the other loses nothing, and what waits
// is delivered when buffers come. Cards of small_receive_buffer().
inline void an_empty_receive_queue_starves_no_other(LtPair& pair) {
  ASSERT_TRUE(pair.run([&] {
    MultiRings a = bring_up_pairs(pair.alice, 2, 64, 1012);
    MultiRings b = bring_up_pairs(pair.bob, 2, 64, 1012);
    EXPECT_EQ(set_pairs(pair.alice, a.control(), 2), unsigned{VIRTIO_NET_OK});
    EXPECT_EQ(set_pairs(pair.bob, b.control(), 2), unsigned{VIRTIO_NET_OK});
    for (unsigned k = 0; k < 2; ++k) fill(pair.alice, a.tx(k), k, 2);
    uint16_t sent = 0;
    for (unsigned round = 0; round < 5; ++round) {
      pair.bob.make_available(b.rx(1), 64);
      pair.bob.notify(b.rx(1));
      for (unsigned k = 0; k < 2; ++k) {
        pair.alice.make_available(a.tx(k), 64);
        pair.alice.notify(a.tx(k));
      }
      after_us(50);
      sent = static_cast<uint16_t>(sent + 64);
      EXPECT_EQ(pair.alice.used_idx(a.tx(0)), sent);
      EXPECT_EQ(pair.bob.used_idx(b.rx(1)), sent);
    }
    constexpr unsigned kWaiting = 49;  // of 1000 bytes: three quarters of the buffer
    EXPECT_EQ(pair.bob.counter("rx_drop_queue_share"), sent - kWaiting);
    EXPECT_EQ(pair.bob.counter("rx_drop_buffer_full"), 0u);
    EXPECT_EQ(pair.bob.used_idx(b.rx(0)), 0);
    pair.bob.make_available(b.rx(0), 64);
    pair.bob.notify(b.rx(0));
    after_us(50);
    EXPECT_EQ(pair.bob.used_idx(b.rx(0)), kWaiting);
  }));
}

// A reset between a command and firmware's answer: nothing comes late. RST-D-002, NMQ-D-001.
// Cards of 2 pairs.
inline void reset_while_firmware_works(LtPair& pair) {
  ASSERT_TRUE(pair.run([&] {
    MultiRings a = bring_up_pairs(pair.alice, 2, 64, 80);
    TestQueue& control = a.control();
    pair.alice.store<uint32_t>(control.buffers, VIRTIO_NET_CTRL_MQ | 2 << 16);
    pair.alice.store<uint16_t>(control.avail + SplitRing::avail_entry(0), 0);
    pair.alice.store<uint16_t>(control.avail + SplitRing::kAvailIdx, 1);
    pair.alice.notify(control);
    sc_core::wait(500, sc_core::SC_NS);
    EXPECT_EQ(pair.alice.negotiate(kBasic | kMultiQueue), 11);
    after_us(10);
    EXPECT_EQ(pair.alice.used_idx(control), 0);
    MultiRings again = bring_up_pairs(pair.alice, 2, 64, 80);
    EXPECT_EQ(set_pairs(pair.alice, again.control(), 2), unsigned{VIRTIO_NET_OK});
  }));
}

}  // namespace ringside::test
