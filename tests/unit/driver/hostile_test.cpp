// SPDX-License-Identifier: Apache-2.0
// A device that writes what it must not: the driver notices, touches nothing outside its buffers,
// reports, resets with a growing pause, and works again with a device that behaves.
#include "tests/unit/driver/rig.h"

namespace ringside::test {
namespace {

constexpr uint64_t kRecoveryUs = 1100;  // the first pause is 1 ms

/// The device's fault was noticed and survived; both directions work again.
void expect_recovered(Rig& rig, const std::string& part, uint64_t resets = 1) {
  rig.run_us(50);
  EXPECT_TRUE(rig.platform.logged(part)) << "no log line with: " << part;
  EXPECT_EQ(rig.counter("faults"), resets);
  EXPECT_EQ(rig.in_flight(), 0u);  // given back although the device never used them
  rig.run_us(kRecoveryUs);
  EXPECT_EQ(rig.counter("resets"), resets);
  EXPECT_NE(rig.device.status & VIRTIO_STATUS_DRIVER_OK, 0);
  rig.device.automatic = true;
  rig.device.transmitted.clear();
  rig.client.frames.clear();
  for (unsigned i = 0; i < 600; ++i) {
    ASSERT_EQ(rig.send(700, 3, false, static_cast<uint8_t>(i)), TxResult::kOk);
    ASSERT_TRUE(rig.device.receive(Rig::frame(300, static_cast<uint8_t>(i))));
    rig.run_us(2);
  }
  rig.run_us(500);
  ASSERT_EQ(rig.device.transmitted.size(), 600u);
  ASSERT_EQ(rig.client.frames.size(), 600u);
  for (unsigned i = 0; i < 600; ++i) {
    ASSERT_EQ(rig.device.transmitted[i], Rig::frame(700, static_cast<uint8_t>(i)));
    ASSERT_EQ(rig.client.frames[i], Rig::frame(300, static_cast<uint8_t>(i)));
  }
  EXPECT_EQ(rig.in_flight(), 0u);
  rig.expect_clean();
}

struct Hostile : public ::testing::TestWithParam<unsigned> {
  /// Opens, and leaves five transmitted frames with the device.
  void prepare() {
    rig.device.automatic = false;
    rig.must_open();
    for (unsigned i = 0; i < 5; ++i) ASSERT_EQ(rig.send(600, 1 + i), TxResult::kOk);
  }
  Rig rig;
};

TEST_P(Hostile, UsedIdOutsideTheTable) {
  prepare();
  rig.device.put_used(GetParam(), 256, 0);
  rig.device.interrupt(GetParam());
  expect_recovered(rig, "outside the descriptor table");
}

TEST_P(Hostile, HugeUsedId) {
  prepare();
  rig.device.put_used(GetParam(), 0xFFFFFFFF, 0);
  rig.device.interrupt(GetParam());
  expect_recovered(rig, "outside the descriptor table");
}

TEST_P(Hostile, UsedTwice) {
  prepare();
  FakeDevice::Chain chain;
  ASSERT_TRUE(rig.device.take(GetParam(), &chain));
  rig.device.put_used(GetParam(), chain.head, 72);
  rig.device.put_used(GetParam(), chain.head, 72);
  rig.device.interrupt(GetParam());
  expect_recovered(rig, "no outstanding buffer");
}

TEST_P(Hostile, UsedIndexJumpsForward) {
  prepare();
  rig.device.write_used_idx(GetParam(), 1000);
  rig.device.interrupt(GetParam());
  expect_recovered(rig, "used index passed");
}

TEST_P(Hostile, UsedIndexGoesBack) {
  prepare();
  rig.device.write_used_idx(GetParam(), 0xFFFF);
  rig.device.interrupt(GetParam());
  expect_recovered(rig, "used index passed");
}
INSTANTIATE_TEST_SUITE_P(Queue, Hostile, ::testing::Values(0u, 1u));

TEST_F(Hostile, UsedIdInTheMiddleOfAChain) {
  rig.options.features &= ~rig.feature(VIRTIO_F_INDIRECT_DESC);
  prepare();
  rig.device.put_used(1, 1, 0);  // the first frame's second descriptor
  rig.device.interrupt(1);
  expect_recovered(rig, "no outstanding buffer");
}

TEST_F(Hostile, UsedLengthLargerThanTheBuffer) {
  prepare();
  FakeDevice::Chain chain;
  ASSERT_TRUE(rig.device.take(0, &chain));
  rig.device.put_used(0, chain.head, 2049);
  rig.device.interrupt(0);
  expect_recovered(rig, "larger than the buffer");
  EXPECT_EQ(rig.counter("rx_queue_0_length_errors"), 1u);
}

TEST_F(Hostile, UsedLengthLargerInAMergedBuffer) {
  prepare();
  ASSERT_TRUE(rig.device.receive_cut(Rig::frame(60, 1), {72, 0xFFFFFFF0}, 2));
  rig.device.interrupt(0);
  expect_recovered(rig, "larger than the buffer");
}

TEST_F(Hostile, DescriptorsAndAvailableRingOverwritten) {
  // All of the driver's own memory in the rings is scribbled on; only its shadow counts.
  prepare();
  FakeDevice::Chain chains[5];
  for (auto& chain : chains) ASSERT_TRUE(rig.device.take(1, &chain));
  const Bytes noise(256 * 16, 0xFF);
  for (const auto& queue : {rig.device.queues[0], rig.device.queues[1]}) {
    ASSERT_TRUE(rig.pci.dma_write(queue.descriptors, noise.data(), noise.size()));
    ASSERT_TRUE(rig.pci.dma_write(queue.driver, noise.data(), 4 + 2 * 256));
  }
  for (auto& chain : chains) rig.device.put_used(1, chain.head, 0);
  rig.device.interrupt(1);
  rig.run_us(5);
  EXPECT_EQ(rig.client.completed, 5u);
  EXPECT_EQ(rig.counter("faults"), 0u);
  EXPECT_EQ(rig.pci.live_maps, 256u);  // every fragment was unmapped as it had been mapped
}

TEST_F(Hostile, InterruptStormWithoutCause) {
  prepare();
  for (unsigned i = 0; i < 10'000; ++i) rig.device.interrupt(i % 2);
  rig.run_us(5);
  EXPECT_EQ(rig.counter("faults"), 0u);
  EXPECT_LT(rig.counter("rx_queue_0_polls"), 100u);
}

TEST_F(Hostile, ConfigurationThatNeverSettlesWhileRunning) {
  prepare();
  rig.device.torn_reads = 3 * 64;  // as often as the driver tries
  rig.device.configuration_changed();
  expect_recovered(rig, "never settles");
}

TEST_F(Hostile, DeviceForgetsThatItIsLive) {
  prepare();
  rig.device.status = 0;
  rig.device.configuration_changed();
  expect_recovered(rig, "no longer live");
}

TEST_F(Hostile, NothingIsEverCompleted) {  // a bounded time, also with a dead device
  rig.options.tx_stall_timeout_ns = 5'000'000;
  prepare();
  rig.run_us(4'000);
  EXPECT_EQ(rig.in_flight(), 5u);
  rig.run_us(1'300);
  EXPECT_EQ(rig.in_flight(), 0u);
  EXPECT_EQ(rig.counter("tx_queue_0_tx_timeouts"), 1u);
  EXPECT_EQ(rig.counter("tx_queue_0_abandoned"), 5u);
  expect_recovered(rig, "no transmitted frame was completed");
}

TEST_F(Hostile, TheOnlyFrameIsNeverCompleted) {
  rig.options.tx_stall_timeout_ns = 5'000'000;
  rig.device.automatic = false;
  rig.must_open();
  ASSERT_EQ(rig.send(), TxResult::kOk);
  rig.run_us(4'000);
  EXPECT_EQ(rig.in_flight(), 1u);
  rig.run_us(1'300);
  EXPECT_EQ(rig.in_flight(), 0u);
  EXPECT_EQ(rig.counter("tx_queue_0_tx_timeouts"), 1u);
  expect_recovered(rig, "no transmitted frame was completed");
}

TEST(HostileNoise, RandomUsedRingsNeverHurt) {
  // Whatever stands in the used rings, the driver stays inside its buffers and recovers.
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Rig rig;
    Random random(seed);
    rig.options.ring_size = 16;
    rig.options.reset_attempts = 1'000;
    rig.options.reset_backoff_max_ns = 2'000'000;
    rig.device.automatic = false;
    rig.must_open();
    for (unsigned i = 0; i < 60; ++i) {
      rig.send(60 + static_cast<uint32_t>(random.below(1400)),
               1 + static_cast<unsigned>(random.below(16)), random.one_in(2));
      const auto queue = static_cast<unsigned>(random.below(2));
      for (uint64_t n = random.below(4); n != 0; --n) {
        const auto id = static_cast<uint32_t>(random.one_in(8) ? random.next() : random.below(16));
        const auto len =
            static_cast<uint32_t>(random.one_in(8) ? random.next() : random.below(2048));
        rig.device.put_used(queue, id, len);
      }
      if (random.one_in(20)) {
        rig.device.write_used_idx(queue, static_cast<uint16_t>(random.next()));
      }
      rig.device.interrupt(queue);
      rig.run_us(random.below(600));
    }
    rig.run_us(10'000);
    EXPECT_EQ(rig.client.violations, 0u) << "seed " << seed;
    rig.client.stopping = true;
    rig.driver->stop();
    EXPECT_EQ(rig.in_flight(), 0u) << "seed " << seed;
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
}

}  // namespace
}  // namespace ringside::test
