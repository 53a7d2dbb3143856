// SPDX-License-Identifier: Apache-2.0
// Runs of linked descriptors that the cycle-approximate card reads at once
// (docs/hardware/theory.md): how long they are, those that fail, and resets.
#include "hw_model/pcie/bus_observer.h"
#include "tests/unit/at/at_host.h"

namespace ringside::test {
namespace {

/// What the card asked for.
struct Requests : hw::BusObserver {
  void tlp_sent(hw::BusDirection direction, const hw::Tlp& tlp, hw::TimePs, hw::TimePs) override {
    if (direction != hw::BusDirection::kUp || tlp.type != hw::TlpType::kMemRead) return;
    ++reads;
    if (tlp.purpose == hw::Purpose::kDescriptors) descriptors.push_back(tlp.length / 16);
  }
  unsigned reads = 0;
  std::vector<uint32_t> descriptors;  ///< of each read that names some
};

/// Of the descriptors from 0 on, every `length` are a chain.
void link_chains(LtHost& host, const TestQueue& queue, unsigned length) {
  for (unsigned i = 0; i + 1 < queue.size; ++i) {
    if (i % length == length - 1) continue;
    host.store(queue.desc + uint64_t{16} * i + 12, uint32_t{VIRTQ_DESC_F_NEXT} | (i + 1) << 16);
  }
}

/// Gives `count` chains of `length` to the card, the first one at descriptor `head`.
void give(LtHost& host, TestQueue& queue, unsigned length, unsigned count, unsigned head = 0) {
  for (unsigned i = 0; i < count; ++i, ++queue.avail_idx) {
    host.store(
        queue.avail + SplitRing::avail_entry(static_cast<uint16_t>(queue.avail_idx % queue.size)),
        static_cast<uint16_t>(head + i * length));
  }
  host.store(queue.avail + SplitRing::kAvailIdx, queue.avail_idx);
  host.notify(queue);
}

/// A queue that reads runs of seven: chains of eight went through it.
Rings bring_up_with_runs(LtHost& host) {
  Rings rings = bring_up(host, kBasic, 64, 16);
  link_chains(host, rings.tx, 8);
  give(host, rings.tx, 8, 4);
  wait_us(200);
  EXPECT_EQ(host.used_idx(rings.tx), 4);
  return rings;
}

/// Descriptors in each read for one more chain of eight.
std::vector<uint32_t> reads_of_a_chain(LtHost& host, TestQueue& queue) {
  Requests requests;
  host.nic->observe_bus(&requests);
  give(host, queue, 8, 1);
  wait_us(50);
  host.nic->observe_bus(nullptr);
  return requests.descriptors;
}

TEST(AtRuns, AreAsLongAsTheLastChainsHad) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up_with_runs(pair.alice);
    EXPECT_EQ(reads_of_a_chain(pair.alice, a.tx), (std::vector<uint32_t>{1, 7}));
    // Each chain of one descriptor takes one off.
    for (unsigned i = 0; i < 4; ++i) {
      give(pair.alice, a.tx, 1, 1, 7);
      wait_us(5);
    }
    EXPECT_EQ(reads_of_a_chain(pair.alice, a.tx), (std::vector<uint32_t>{1, 3, 3, 3}));
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");
  }));
}

TEST(AtRuns, BeginWithOneBehindAReset) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    bring_up_with_runs(pair.alice);
    Rings a = bring_up(pair.alice, kBasic, 64, 16);
    link_chains(pair.alice, a.tx, 8);
    EXPECT_EQ(reads_of_a_chain(pair.alice, a.tx), std::vector<uint32_t>(8, 1));
  }));
}

/// Resets while runs wait to be asked for: they are given up, and not asked for again in parts.
void reset_gives_up_runs(const hw::NicConfig& config) {
  AtPair pair(config);
  ASSERT_TRUE(pair.run([&] {
    for (unsigned round = 0; round < 30; ++round) {
      Rings a = bring_up_with_runs(pair.alice);
      give(pair.alice, a.tx, 8, 4, 32);
      sc_core::wait(500 + 97 * round, sc_core::SC_NS);
      pair.alice.set_status(0);
      ASSERT_EQ(pair.alice.status(), 0);
      Requests late;
      pair.alice.nic->observe_bus(&late);
      wait_us(50);
      pair.alice.nic->observe_bus(nullptr);
      EXPECT_EQ(late.reads, 0u) << round;
      ASSERT_EQ(pair.alice.nic->audit_at_rest(), "") << round;
    }
    EXPECT_GT(pair.alice.counter("pcie_cancelled_reads"), 0u);
  }));
}

TEST(AtRuns, ResetGivesUpThoseThatWaitForTags) {
  hw::NicConfig config;
  config.pipeline.read_tags = 1;
  reset_gives_up_runs(config);
}

TEST(AtRuns, ResetGivesUpThoseThatWaitForCredits) {
  hw::NicConfig config;
  config.pcie.root.non_posted = {1, 256};
  config.pcie.root.drain_ps = 400'000;
  reset_gives_up_runs(config);
}

TEST(AtRuns, ResetGivesUpThoseThatWaitForBusMasterEnable) {
  hw::NicConfig config;
  config.root_complex.read_latency_ps = 2'000'000;
  AtPair pair(config);
  ASSERT_TRUE(pair.run([&] {
    for (unsigned round = 0; round < 40; ++round) {
      Rings a = bring_up(pair.alice, kBasic, 128, 16);
      link_chains(pair.alice, a.tx, 5);
      give(pair.alice, a.tx, 5, 25);
      sc_core::wait(500 + 300 * round, sc_core::SC_NS);
      pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0x2);
      sc_core::wait(1 + 37 * round, sc_core::SC_NS);
      pair.alice.set_status(0);
      ASSERT_EQ(pair.alice.status(), 0);
      pair.alice.port.config_write(hw::PciConfig::kCommand, 2, 0x6);
      wait_us(50);
      ASSERT_EQ(pair.alice.nic->audit_at_rest(), "") << round;
    }
  }));
}

/// A transmit queue whose table reaches beyond the end of memory behind its 60th descriptor, and
/// which reads runs of nine; then a chain of two, whose run fails.
TestQueue chain_whose_run_fails(LtHost& host) {
  TestQueue queue = bring_up(host, kBasic, 64, 16).tx;
  host.set_status(0);
  EXPECT_EQ(host.status(), 0);
  EXPECT_EQ(host.negotiate(kBasic), 11);
  const uint64_t from = std::exchange(
      queue.desc, host.memory.arena_base() + host.memory.arena_size() - uint64_t{16} * 60);
  for (uint64_t at = 0; at < uint64_t{16} * 60; at += 16) {
    host.store(queue.desc + at, host.load<formats::VirtqDesc>(from + at));
  }
  for (unsigned i = 0; i < 59; ++i) {
    if (i % 10 == 9 || i == 53) continue;
    host.store(queue.desc + uint64_t{16} * i + 12, uint32_t{VIRTQ_DESC_F_NEXT} | (i + 1) << 16);
  }
  host.set(CommonCfg::kQueueSelect, 2, 1);
  host.set(CommonCfg::kQueueSize, 2, queue.size);
  host.set(CommonCfg::kQueueDesc, 8, queue.desc);
  host.set(CommonCfg::kQueueDriver, 8, queue.avail);
  host.set(CommonCfg::kQueueDevice, 8, queue.used);
  host.set(CommonCfg::kQueueEnable, 2, 1);
  host.set_status(15);
  EXPECT_EQ(host.status(), 15);
  give(host, queue, 10, 2);
  wait_us(150);
  EXPECT_EQ(host.used_idx(queue), 2);
  give(host, queue, 2, 1, 52);
  return queue;
}

TEST(AtRuns, OneThatFailsIsReadAgainByItself) {
  AtPair pair;
  ASSERT_TRUE(pair.run([&] {
    Requests requests;
    pair.alice.nic->observe_bus(&requests);
    const TestQueue queue = chain_whose_run_fails(pair.alice);
    wait_us(50);
    pair.alice.nic->observe_bus(nullptr);
    EXPECT_EQ(pair.alice.used_idx(queue), 3);
    EXPECT_EQ(pair.alice.status(), 15);
    // Nine, cut where memory ends, which is where a page does.
    ASSERT_GE(requests.descriptors.size(), 4u);
    EXPECT_EQ(std::vector(requests.descriptors.end() - 4, requests.descriptors.end()),
              (std::vector<uint32_t>{1, 7, 2, 1}));
    EXPECT_EQ(pair.alice.nic->audit_at_rest(), "");
  }));
}

TEST(AtRuns, OneThatFailsBehindAResetIsNotReadAgain) {
  hw::NicConfig slow;
  slow.root_complex.read_latency_ps = 4'000'000;
  AtPair pair(slow);
  ASSERT_TRUE(pair.run([&] {
    for (unsigned round = 0; round < 40; ++round) {
      chain_whose_run_fails(pair.alice);
      sc_core::wait(1000 + 700 * round, sc_core::SC_NS);
      pair.alice.set_status(0);
      ASSERT_EQ(pair.alice.status(), 0);
      Requests late;
      pair.alice.nic->observe_bus(&late);
      wait_us(60);
      pair.alice.nic->observe_bus(nullptr);
      EXPECT_EQ(late.reads, 0u) << round;
      ASSERT_EQ(pair.alice.nic->audit_at_rest(), "") << round;
    }
  }));
}

}  // namespace
}  // namespace ringside::test
