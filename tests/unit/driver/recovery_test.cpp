// SPDX-License-Identifier: Apache-2.0
// Configuration changes, DEVICE_NEEDS_RESET, back-off, giving up, stop, and wakes over all of them.
#include "tests/unit/driver/rig.h"

namespace ringside::test {
namespace {

// CLAUSES: NCF-R-006, NCF-R-012
TEST(Link, ChangesReachTheClient) {
  Rig rig;
  rig.must_open();
  rig.device.config.speed = 25000;
  rig.device.set_link(false);
  rig.run_us(10);
  EXPECT_FALSE(rig.driver->link().up);
  EXPECT_EQ(rig.driver->link().speed_mbps, 25000u);
  rig.device.configuration_changed();  // nothing new
  rig.run_us(10);
  rig.device.set_link(true);
  rig.run_us(10);
  EXPECT_EQ(rig.client.links, (std::vector<bool>{true, false, true}));
  EXPECT_EQ(rig.counter("config_changes"), 3u);
  rig.expect_clean();
}

// CLAUSES: STS-R-004, RST-R-001
TEST(Reset, NeedsResetIsAnswered) {
  Rig rig;
  rig.must_open();
  rig.device.log.clear();
  rig.device.busy_resets = 3;
  rig.device.set_needs_reset();
  rig.run_us(50);
  EXPECT_EQ(rig.device.log, std::vector<std::string>{"reset"});
  EXPECT_FALSE(rig.pci.bus_master);
  rig.run_us(1100);
  EXPECT_NE(rig.device.status & VIRTIO_STATUS_DRIVER_OK, 0);
  EXPECT_TRUE(rig.pci.bus_master);
  EXPECT_EQ(rig.send(), TxResult::kOk);
  EXPECT_TRUE(rig.device.receive(Rig::frame(60, 1)));
  rig.run_us(300);
  EXPECT_EQ(rig.device.transmitted.size(), 1u);
  EXPECT_EQ(rig.client.received, 1u);
  EXPECT_EQ(rig.client.links, std::vector<bool>{true});  // the link was not lost
  rig.expect_clean();
}

// CLAUSES: CLN-R-002
TEST(Reset, StepsComeInOrder) {  // status 0, then vectors, then memory
  Rig rig;
  rig.must_open();
  std::vector<std::string> steps;
  rig.device.busy_resets = 2;
  rig.pci.trace = [&](const char* what) {
    steps.emplace_back(what);
    EXPECT_EQ(rig.device.status, 0);
  };
  rig.client.stopping = true;
  rig.driver->stop();
  EXPECT_EQ(steps, (std::vector<std::string>{"synchronize", "synchronize", "synchronize",
                                             "interrupts_disable"}));
  rig.driver.reset();
  EXPECT_EQ(steps[4], "free");
}

TEST(Reset, HeldFramesComeBackOnceAndBusyClientsAreWoken) {
  Rig rig;
  rig.device.automatic = false;
  rig.must_open();
  while (rig.send() == TxResult::kOk) {
  }
  const size_t held = rig.in_flight();
  EXPECT_GT(held, 100u);
  EXPECT_EQ(rig.client.wakes, 0u);
  rig.device.set_needs_reset();
  rig.run_us(50);
  EXPECT_EQ(rig.in_flight(), 0u);
  EXPECT_EQ(rig.client.completed, held);
  EXPECT_EQ(rig.send(), TxResult::kBusy);  // while it waits to come back
  EXPECT_EQ(rig.client.wakes, 0u);
  rig.run_us(1100);
  EXPECT_EQ(rig.client.wakes, 1u);
  EXPECT_EQ(rig.send(), TxResult::kOk);
  rig.run_us(1000);
  rig.expect_clean();
}

TEST(Reset, BuffersOfTheClientOutliveIt) {
  Rig rig;
  rig.client.release_at_once = false;
  rig.options.ring_size = 16;
  rig.must_open();
  for (unsigned i = 0; i < 8; ++i) {
    ASSERT_TRUE(rig.device.receive(Rig::frame(60, static_cast<uint8_t>(i))));
    rig.run_us(1);
  }
  rig.device.set_needs_reset();
  rig.run_us(1200);
  for (unsigned i = 0; i < 16; ++i) {
    rig.device.receive(Rig::frame(60, 0xF0));
    rig.run_us(1);
  }
  for (unsigned i = 0; i < 8; ++i) {
    const auto& segment = rig.client.held.at(i);
    const auto* bytes = reinterpret_cast<const uint8_t*>(segment.data);
    EXPECT_EQ(Bytes(bytes, bytes + segment.size), Rig::frame(60, static_cast<uint8_t>(i)));
  }
  rig.client.release_all();
  rig.run_us(200);
  EXPECT_EQ(rig.counter("rx_queue_0_bad_releases"), 0u);
  rig.expect_clean();
}

TEST(Reset, PauseGrowsAndThenItGivesUp) {
  Rig rig;
  rig.options.reset_attempts = 4;
  rig.must_open();
  rig.device.refuse_features = true;
  rig.device.log.clear();
  rig.send();
  rig.device.set_needs_reset();
  std::vector<uint64_t> times;
  const uint64_t start = rig.platform.now_ns();
  size_t resets = 0;
  for (unsigned i = 0; i < 20'000; ++i) {
    rig.run_us(1);
    size_t count = 0;
    for (const std::string& line : rig.device.log) count += line == "FAILED";
    if (count != resets) times.push_back((rig.platform.now_ns() - start) / 1'000'000);
    resets = count;
  }
  EXPECT_EQ(times, (std::vector<uint64_t>{1, 3, 7, 15}));  // pauses of 1, 2, 4, 8 ms
  EXPECT_TRUE(rig.platform.logged("given up"));
  EXPECT_EQ(rig.send(), TxResult::kDrop);
  EXPECT_FALSE(rig.driver->link().up);
  EXPECT_EQ(rig.client.links, (std::vector<bool>{true, false}));
  EXPECT_EQ(rig.in_flight(), 0u);
  // A later stop and open start afresh.
  rig.client.stopping = true;
  rig.driver->stop();
  rig.client.stopping = false;
  rig.device.refuse_features = false;
  rig.must_open();
  EXPECT_EQ(rig.send(), TxResult::kOk);
}

TEST(Reset, BusyClientHearsOfGivingUp) {
  Rig rig;
  rig.options.reset_attempts = 1;
  rig.must_open();
  rig.device.refuse_features = true;
  rig.device.set_needs_reset();
  rig.run_us(50);
  EXPECT_EQ(rig.send(), TxResult::kBusy);
  rig.run_us(5000);
  EXPECT_EQ(rig.client.wakes, 1u);
  EXPECT_EQ(rig.send(), TxResult::kDrop);
}

TEST(Reset, OtherFeaturesAfterwardsAreRefused) {
  Rig rig;
  rig.options.reset_attempts = 2;
  rig.must_open();
  rig.device.offered &= ~rig.feature(VIRTIO_NET_F_MRG_RXBUF);
  rig.device.set_needs_reset();
  rig.run_us(10'000);
  EXPECT_TRUE(rig.platform.logged("other features"));
  EXPECT_EQ(rig.send(), TxResult::kDrop);
}

// CLAUSES: NCF-R-003
TEST(Reset, AnotherMacAddressAfterwardsIsRefused) {
  Rig rig;
  rig.options.reset_attempts = 2;
  rig.must_open();
  const MacAddress before = rig.driver->mac();
  rig.device.config.mac[5] ^= 1;
  rig.device.set_needs_reset();
  rig.run_us(10'000);
  EXPECT_TRUE(rig.platform.logged("another MAC address"));
  EXPECT_EQ(rig.driver->mac(), before);
  EXPECT_EQ(rig.send(), TxResult::kDrop);
}

TEST(Reset, DeviceThatCannotBeFoundAgainIsNotWrittenTo) {
  Rig rig;
  rig.options.reset_attempts = 1;
  rig.must_open();
  rig.device.space[0] ^= 1;  // the vendor ID
  rig.device.set_needs_reset();
  rig.run_us(10'000);
  EXPECT_TRUE(rig.platform.logged("not a virtio network device"));
  rig.device.log.clear();
  rig.client.stopping = true;
  rig.driver->stop();
  EXPECT_TRUE(rig.device.log.empty());
  EXPECT_EQ(rig.device.errors, 0u);
  EXPECT_EQ(rig.pci.flr_count, 1u);
  EXPECT_FALSE(rig.pci.bus_master);
}

TEST(Reset, DeviceThatDoesNotResetLosesItsDma) {
  Rig rig;
  rig.options.reset_timeout_ns = 1'000'000;
  rig.device.automatic = false;
  rig.must_open();
  rig.send();
  rig.device.reset_hangs = true;
  rig.client.stopping = true;
  rig.driver->stop();
  EXPECT_EQ(rig.pci.flr_count, 1u);
  EXPECT_FALSE(rig.pci.bus_master);
  EXPECT_EQ(rig.in_flight(), 0u);
  EXPECT_TRUE(rig.platform.logged("does not finish its reset"));
}

TEST(Reset, LongHealthMakesThePauseShortAgain) {
  Rig rig;
  rig.options.reset_backoff_max_ns = 20'000'000;
  rig.options.reset_attempts = 3;
  rig.must_open();
  for (unsigned i = 0; i < 10; ++i) {
    rig.device.set_needs_reset();
    rig.run_us(1200);
    ASSERT_NE(rig.device.status & VIRTIO_STATUS_DRIVER_OK, 0) << i;
    rig.run_us(25'000);
  }
  EXPECT_EQ(rig.counter("resets"), 10u);
}

TEST(Reset, SharedVectorSeesChangesAfterwards) {
  Rig rig;
  rig.options.msix_vectors = 1;
  rig.must_open();
  for (unsigned i = 0; i < 3; ++i) {
    rig.device.set_needs_reset();
    rig.device.interrupt(0);
    rig.run_us(20'000);
    ASSERT_EQ(rig.counter("resets"), i + 1);
  }
  rig.device.set_link(false);
  rig.run_us(2000);
  EXPECT_FALSE(rig.driver->link().up);
}

TEST(Reset, SharedVectorSeesChangesAfterAnAttemptThatFailed) {
  Rig rig;
  rig.options.msix_vectors = 1;
  rig.must_open();
  rig.device.start_needs_reset = true;  // an interrupt says so while the driver starts the device
  rig.device.set_needs_reset();
  rig.device.interrupt(0);
  rig.run_us(2500);
  rig.device.start_needs_reset = false;
  rig.run_us(20'000);
  ASSERT_NE(rig.device.status & VIRTIO_STATUS_DRIVER_OK, 0);
  rig.device.set_link(false);
  rig.run_us(2000);
  EXPECT_FALSE(rig.driver->link().up);
}

TEST(Stop, CompletesEverythingAndDoesNotWake) {
  Rig rig;
  rig.device.automatic = false;
  rig.must_open();
  for (unsigned i = 0; i < 10; ++i) rig.send(600, 2, i % 2 == 0);
  rig.client.stopping = true;
  rig.driver->stop();
  EXPECT_EQ(rig.in_flight(), 0u);
  EXPECT_EQ(rig.client.completed, 10u);
  EXPECT_EQ(rig.device.status, 0);
  EXPECT_FALSE(rig.pci.bus_master);
  rig.run_us(5000);  // no timer or work is left that does anything
  EXPECT_EQ(rig.client.completed, 10u);
  EXPECT_EQ(rig.client.wakes, 0u);
  rig.driver->stop();  // once more does nothing
  rig.expect_clean();
}

// The last configuration change may still wait for its turn when the driver goes.
TEST(Stop, NothingIsLeftThatWouldTouchTheDriver) {
  for (const bool at_once : {true, false}) {
    Rig rig;
    rig.must_open();
    rig.device.busy_resets = 20;
    rig.platform.after(at_once ? 0 : 3'000, [&] { rig.device.configuration_changed(); });
    if (at_once) rig.device.set_needs_reset();
    rig.client.stopping = true;
    rig.driver->stop();
    rig.driver.reset();
    rig.run_us(10'000);
    rig.expect_clean();
  }
}

TEST(Stop, WithoutStopNothingIsLeftEither) {
  Rig rig;
  rig.must_open();
  rig.device.busy_resets = 20;
  rig.platform.after(3'000, [&] { rig.device.configuration_changed(); });
  rig.client.stopping = true;
  rig.driver.reset();
  rig.run_us(10'000);
  rig.expect_clean();
}

TEST(Watchdog, FindsFramesWhoseInterruptWasLost) {
  Rig rig;
  rig.options.watchdog_ns = 1'000'000;
  rig.must_open();
  rig.pci.lose_interrupts = true;
  for (unsigned i = 0; i < 3; ++i) {
    ASSERT_TRUE(rig.device.receive(Rig::frame(60, static_cast<uint8_t>(i))));
    rig.run_us(2'500);
    EXPECT_EQ(rig.client.received, i + 1);
    EXPECT_EQ(rig.counter("rx_queue_0_missed_interrupts"), i + 1);
  }
  EXPECT_TRUE(rig.platform.logged("an interrupt that did not come"));
  rig.pci.lose_interrupts = false;
  for (unsigned i = 0; i < 100; ++i) {
    ASSERT_TRUE(rig.device.receive(Rig::frame(60, 1)));
    rig.run_us(100);
  }
  EXPECT_EQ(rig.client.received, 103u);
  EXPECT_EQ(rig.counter("rx_queue_0_missed_interrupts"), 3u) << "interrupts come again";
  rig.expect_clean();
}

// CLAUSES: STS-R-004
TEST(Watchdog, FindsADeviceThatNeedsAResetAndSaysNothing) {
  for (const uint8_t status : {uint8_t{0x4F}, uint8_t{0}, uint8_t{0xFF}}) {
    Rig rig;
    rig.options.watchdog_ns = 1'000'000;
    rig.must_open();
    rig.device.status = status;
    rig.run_us(4'000);
    EXPECT_EQ(rig.counter("faults"), 1u);
    EXPECT_EQ(rig.counter("recoveries"), 1u);
    EXPECT_EQ(rig.send(), TxResult::kOk);
    rig.run_us(300);
    EXPECT_EQ(rig.device.transmitted.size(), 1u);
    rig.expect_clean();
  }
}

TEST(Watchdog, CanBeSwitchedOffAndEndsWithStop) {
  Rig rig;
  rig.options.watchdog_ns = 0;
  rig.must_open();
  rig.device.status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
  rig.run_us(10'000'000);
  EXPECT_EQ(rig.counter("faults"), 0u);
  Rig other;
  other.must_open();
  other.client.stopping = true;
  other.driver->stop();
  const uint64_t accesses = other.pci.accesses;
  other.run_us(10'000'000);
  EXPECT_EQ(other.pci.accesses, accesses);
}

TEST(Stop, DuringTheBackOff) {
  Rig rig;
  rig.must_open();
  rig.device.set_needs_reset();
  rig.run_us(100);
  rig.client.stopping = true;
  rig.driver->stop();
  rig.device.log.clear();
  rig.run_us(10'000);
  EXPECT_TRUE(rig.device.log.empty());
  rig.client.stopping = false;
  rig.must_open();
  EXPECT_TRUE(rig.device.receive(Rig::frame(60, 1)));
  rig.run_us(5);
  EXPECT_EQ(rig.client.received, 1u);
  rig.expect_clean();
}

TEST(Statistics, NamesAreEthtools) {
  Rig rig;
  rig.must_open();
  for (unsigned i = 0; i < 3; ++i) rig.send(100);
  ASSERT_TRUE(rig.device.receive(Rig::frame(200, 1)));
  rig.run_us(300);
  EXPECT_EQ(rig.counter("rx_queue_0_packets"), 1u);
  EXPECT_EQ(rig.counter("rx_queue_0_bytes"), 200u);
  EXPECT_EQ(rig.counter("rx_queue_0_kicks"), 1u);
  EXPECT_EQ(rig.counter("rx_queue_0_drops"), 0u);
  EXPECT_EQ(rig.counter("tx_queue_0_packets"), 3u);
  EXPECT_EQ(rig.counter("tx_queue_0_bytes"), 300u);
  EXPECT_EQ(rig.counter("tx_queue_0_tx_timeouts"), 0u);
  EXPECT_GE(rig.counter("tx_queue_0_kicks"), 1u);
}

}  // namespace
}  // namespace ringside::test
