// SPDX-License-Identifier: Apache-2.0
// Bring-up: order, discovery, negotiation, interrupts, and the refusal of devices that cannot work.
#include "host_driver/device_status.h"
#include "tests/unit/driver/rig.h"

namespace ringside::test {
namespace {

using driver::Status;

void expect_refused(Rig& rig, const std::string& part) {
  const Status status = rig.open();
  EXPECT_NE(status.error.find(part), std::string::npos) << "error: " << status.error;
  EXPECT_FALSE(rig.pci.bus_master);
  rig.pci.alloc_failures = 0;
  EXPECT_EQ(rig.send(), TxResult::kDrop);
}

void expect_failed_set(Rig& rig) {
  EXPECT_NE(rig.device.status & VIRTIO_STATUS_FAILED, 0);
  EXPECT_EQ(rig.device.status & VIRTIO_STATUS_DRIVER_OK, 0);
}

// CLAUSES: INI-R-001, INI-R-004, INI-R-007, STS-R-001, PCC-R-004
TEST(BringUp, OrderIsTheStandards) {
  Rig rig;
  rig.must_open();
  const std::vector<std::string> expected = {"reset",    "ACKNOWLEDGE", "DRIVER",
                                             "features", "features",    "FEATURES_OK",
                                             "enable 0", "enable 1",    "DRIVER_OK"};
  EXPECT_EQ(rig.device.log, expected);
  EXPECT_EQ(rig.device.accepted, rig.device.offered);
  EXPECT_EQ(rig.driver->features(), rig.device.offered);
  EXPECT_EQ(rig.driver->mac(), (MacAddress{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));  // NCF-R-003
  EXPECT_EQ(rig.driver->mtu(), 1500u);
  EXPECT_TRUE(rig.driver->link().up);
  EXPECT_EQ(rig.driver->link().speed_mbps, 100000u);
  EXPECT_EQ(rig.client.links, std::vector<bool>{true});
  EXPECT_EQ(rig.device.avail_idx(0), 256);  // filled before DRIVER_OK, notified after it
  EXPECT_EQ(rig.device.queues[0].notifications, 1u);
  rig.expect_clean();
}

// CLAUSES: FEA-R-001, FEA-R-004, FEA-R-005, FEA-R-008
TEST(BringUp, UnknownFeaturesAreIgnored) {
  Rig rig;
  rig.device.offered = ~uint64_t{0};
  rig.must_open();
  // With one queue pair, MQ has no use.
  EXPECT_EQ(rig.device.accepted, driver::kSupportedFeatures & ~(rig.feature(VIRTIO_NET_F_CTRL_VQ) |
                                                                rig.feature(VIRTIO_NET_F_MQ)));
  rig.expect_clean();
}

TEST(BringUp, OptionMasksFeatures) {
  Rig rig;
  rig.options.features &= ~rig.feature(VIRTIO_F_EVENT_IDX);
  rig.must_open();
  EXPECT_FALSE(rig.device.has(VIRTIO_F_EVENT_IDX));
  EXPECT_TRUE(rig.device.has(VIRTIO_F_INDIRECT_DESC));
}

// CLAUSES: RSV-R-002, FEA-R-007, INI-R-005
TEST(BringUp, LegacyFeaturesOnlyRefused) {
  Rig rig;
  rig.device.offered &= ~rig.feature(VIRTIO_F_VERSION_1);
  expect_refused(rig, "VIRTIO_F_VERSION_1");
  expect_failed_set(rig);
}

// CLAUSES: NCF-R-004
TEST(BringUp, WithoutMacAddressMakesALocalOne) {
  Rig rig;
  rig.device.offered &= ~rig.feature(VIRTIO_NET_F_MAC);
  rig.must_open();
  EXPECT_EQ(rig.driver->mac()[0] & 0x03, 0x02);
}

TEST(BringUp, MulticastMacRefused) {
  Rig rig;
  rig.device.config.mac[0] = 0x01;
  expect_refused(rig, "MAC");
  expect_failed_set(rig);
}

// CLAUSES: NCF-R-005
TEST(BringUp, WithoutStatusLinkIsUp) {
  Rig rig;
  rig.device.offered &= ~rig.feature(VIRTIO_NET_F_STATUS);
  rig.device.config.status = 0;
  rig.must_open();
  EXPECT_TRUE(rig.driver->link().up);
}

// CLAUSES: NCF-R-011
TEST(BringUp, UnknownSpeedAndDuplex) {
  Rig rig;
  rig.device.config.speed = 0x80000000;
  rig.device.config.duplex = 7;
  rig.must_open();
  EXPECT_EQ(rig.driver->link().speed_mbps, 0xFFFFFFFFu);
  EXPECT_EQ(rig.driver->link().duplex, 0xFF);
}

// CLAUSES: NCF-R-007
TEST(BringUp, MtuIsTaken) {
  Rig rig;
  rig.device.config.mtu = 9000;
  rig.must_open();
  EXPECT_EQ(rig.driver->mtu(), 9000u);
}

// CLAUSES: FEA-R-003
TEST(BringUp, ImpossibleMtuIsNotAccepted) {
  Rig rig;
  rig.device.config.mtu = 67;
  rig.must_open();
  EXPECT_EQ(rig.driver->mtu(), 1500u);
  EXPECT_FALSE(rig.device.has(VIRTIO_NET_F_MTU));
}

// CLAUSES: CFG-R-003, CFG-R-005
TEST(BringUp, ShortConfigurationDropsItsFeatures) {
  Rig rig;
  rig.device.capabilities[2].length = 8;
  rig.device.lay_out();
  rig.must_open();
  EXPECT_TRUE(rig.device.has(VIRTIO_NET_F_STATUS));
  EXPECT_FALSE(rig.device.has(VIRTIO_NET_F_MTU));
  EXPECT_FALSE(rig.device.has(VIRTIO_NET_F_SPEED_DUPLEX));
  rig.expect_clean();
}

// CLAUSES: INI-R-001
TEST(BringUp, RefusedFeaturesFail) {  // step 6
  Rig rig;
  rig.device.refuse_features = true;
  expect_refused(rig, "did not accept the features");
  expect_failed_set(rig);
}

TEST(BringUp, StatusIsShownInWords) {
  using driver::status_text;
  EXPECT_EQ(status_text(0), "0x00");
  EXPECT_EQ(status_text(0x4F),
            "0x4f (ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, DEVICE_NEEDS_RESET)");
  EXPECT_EQ(status_text(0x80), "0x80 (FAILED)");
  EXPECT_EQ(status_text(0x10), "0x10");
  EXPECT_EQ(status_text(0xFF), "0xff (no device answers)");
  Rig rig;
  rig.device.start_needs_reset = true;
  expect_refused(rig, "device_status is 0x4f (ACKNOWLEDGE, DRIVER");
}

// Queues that were enabled may be in use until the device was reset.
// CLAUSES: CLN-R-002, INI-R-005
TEST(BringUp, AFailureBehindQueueEnableResetsBeforeMemoryIsFreed) {
  Rig rig;
  rig.device.on_write = [&](uint64_t offset, unsigned, uint64_t) {
    return offset == formats::kQueueEnable && rig.device.queues[0].enable != 0;
  };
  expect_refused(rig, "the device did not enable queue 1");
  expect_failed_set(rig);
  const auto& log = rig.device.log;
  ASSERT_GE(log.size(), 3u);
  EXPECT_EQ(log[log.size() - 3], "enable 0");
  EXPECT_EQ(log[log.size() - 2], "reset");
  EXPECT_EQ(log[log.size() - 1], "FAILED");
  rig.expect_clean();
}

TEST(BringUp, AFailureBehindQueueEnableTakesTheBusFromADeviceThatDoesNotReset) {
  Rig rig;
  rig.options.reset_timeout_ns = 1'000'000;
  rig.device.on_write = [&](uint64_t offset, unsigned, uint64_t) {
    if (rig.device.queues[0].enable == 0) return false;
    rig.device.reset_hangs = true;
    return offset == formats::kQueueEnable;
  };
  expect_refused(rig, "the device did not enable queue 1");
  EXPECT_EQ(rig.pci.flr_count, 1u);
  EXPECT_TRUE(rig.platform.logged("does not finish its reset"));
}

// CLAUSES: RST-R-001, PCC-R-005
TEST(BringUp, SlowResetIsWaitedFor) {
  Rig rig;
  rig.device.busy_resets = 20;
  const uint64_t before = rig.platform.now_ns();
  EXPECT_TRUE(rig.open().ok());
  EXPECT_GT(rig.platform.now_ns(), before);
  rig.expect_clean();
}

TEST(BringUp, ResetThatNeverEndsIsRefused) {
  Rig rig;
  rig.device.status = 0x0F;
  rig.device.reset_hangs = true;
  expect_refused(rig, "does not read 0");
}

TEST(BringUp, DeviceThatNeedsResetAtOnceIsRefused) {
  Rig rig;
  rig.device.start_needs_reset = true;
  expect_refused(rig, "did not start");
}

// CLAUSES: CFG-R-001, CFG-R-002
TEST(BringUp, TornConfigurationIsReadAgain) {
  Rig rig;
  rig.device.torn_reads = 9;
  rig.must_open();
  EXPECT_EQ(rig.driver->mac()[5], 0x56);
  EXPECT_EQ(rig.device.torn_reads, 0u);
}

TEST(BringUp, ConfigurationThatNeverSettlesIsRefused) {
  Rig rig;
  rig.device.torn_reads = 1'000'000;
  expect_refused(rig, "never settles");
}

// CLAUSES: PDI-R-001
TEST(BringUp, OtherFunctionRefused) {
  Rig rig;
  rig.device.space[2] = 0x42;
  expect_refused(rig, "not a virtio network device");
}

// CLAUSES: PDI-R-002
TEST(BringUp, TransitionalIdWithCapabilitiesWorks) {
  Rig rig;
  rig.device.space[2] = 0x00;
  rig.device.space[3] = 0x10;
  rig.must_open();
  rig.expect_clean();
}

TEST(BringUp, LegacyDeviceRefused) {
  Rig rig;
  rig.device.capabilities.clear();
  rig.device.lay_out();
  expect_refused(rig, "legacy");
}

// CLAUSES: PCP-R-001, PCP-R-002, PCP-R-004, PCP-R-007
TEST(Discovery, UnknownAndDamagedCapabilitiesAreSkipped) {
  Rig rig;
  auto& list = rig.device.capabilities;
  const std::vector<FakeCapability> noise = {
      {77, FakeDevice::kBar, 0, 16},                              // reserved cfg_type
      {VIRTIO_PCI_CAP_COMMON_CFG, 6, 0, 64},                      // reserved BAR
      {VIRTIO_PCI_CAP_COMMON_CFG, FakeDevice::kBar, 0x3FF0, 64},  // past the BAR
      {VIRTIO_PCI_CAP_COMMON_CFG, FakeDevice::kBar, 0xFFFFFFF0, 64},
      {VIRTIO_PCI_CAP_COMMON_CFG, FakeDevice::kBar, 0, 16},  // too short
      {VIRTIO_PCI_CAP_COMMON_CFG, FakeDevice::kBar, 2, 64},  // not aligned
  };
  list.insert(list.begin(), noise.begin(), noise.end());
  list.insert(list.begin(), {0, 0, 0, 0, 4, 0x10});  // not vendor-specific
  rig.device.lay_out();
  rig.must_open();
  rig.expect_clean();
}

TEST(Discovery, TooShortCapabilityIsSkipped) {
  Rig rig;
  rig.device.capabilities.insert(rig.device.capabilities.begin(),
                                 {{VIRTIO_PCI_CAP_COMMON_CFG, FakeDevice::kBar, 0x1800, 64, 8},
                                  {VIRTIO_PCI_CAP_NOTIFY_CFG, FakeDevice::kBar, 0x1900, 8, 16}});
  rig.device.lay_out();
  rig.must_open();
  rig.expect_clean();
}

// CLAUSES: PCP-R-002
TEST(Discovery, FirstUsableInstanceWins) {
  Rig rig;
  rig.device.capabilities.push_back({VIRTIO_PCI_CAP_COMMON_CFG, FakeDevice::kBar, 0x800, 64});
  rig.device.lay_out();
  rig.must_open();
  rig.expect_clean();
}

// CLAUSES: PCP-R-003, PCP-R-006, CFG-R-004
TEST(Discovery, LongerStructuresAreFine) {
  Rig rig;
  for (FakeCapability& capability : rig.device.capabilities) capability.cap_len = 24;
  rig.device.capabilities[0].length = 0x1000;
  rig.device.capabilities[2].length = 0x1000;
  rig.device.lay_out();
  rig.must_open();
  rig.expect_clean();
}

TEST(Discovery, EachMissingStructureIsNamed) {
  const struct {
    size_t index;
    const char* text;
  } cases[] = {{0, "common configuration"}, {1, "ISR"}, {3, "notification"}};
  for (const auto& missing : cases) {
    Rig rig;
    rig.device.capabilities.erase(rig.device.capabilities.begin() +
                                  static_cast<std::ptrdiff_t>(missing.index));
    rig.device.lay_out();
    expect_refused(rig, missing.text);
  }
}

TEST(Discovery, LoopEnds) {
  Rig rig;
  rig.device.space[0x41] = 0x40;
  expect_refused(rig, "loop");
}

TEST(Discovery, DoorbellOutsideItsStructureRefused) {
  Rig rig;
  rig.device.queues[1].notify_off = FakeDevice::kQueues;
  expect_refused(rig, "doorbell of queue 1");
  expect_failed_set(rig);
}

TEST(Queues, DeviceMaximumBoundsTheRing) {
  Rig rig;
  rig.device.queues[0].max_size = rig.device.queues[0].size = 64;
  rig.must_open();
  EXPECT_EQ(rig.device.queues[0].size, 64);
  EXPECT_EQ(rig.device.queues[1].size, 256);
  rig.expect_clean();
}

// CLAUSES: PCC-R-003
TEST(Queues, ImpossibleSizesRefused) {
  const struct {
    uint16_t size;
    const char* text;
  } cases[] = {{0, "does not exist"},
               {3, "impossible size"},
               {0xFFFF, "impossible size"},
               {2, "fewer than 4"}};
  for (const auto& bad : cases) {
    Rig rig;
    rig.device.queues[1].max_size = rig.device.queues[1].size = bad.size;
    expect_refused(rig, bad.text);
    expect_failed_set(rig);
  }
}

TEST(Queues, MissingTransmitQueueRefused) {
  Rig rig;
  rig.device.num_queues = 1;
  expect_refused(rig, "fewer than 2 queues");
}

TEST(Options, OutOfRangeRefusedBeforeTheDeviceIsTouched) {
  const std::function<void(driver::VirtioNetOptions&)> bad[] = {
      [](auto& o) { o.ring_size = 100; },       [](auto& o) { o.ring_size = 2; },
      [](auto& o) { o.ring_size = 65536; },     [](auto& o) { o.rx_buffer_bytes = 63; },
      [](auto& o) { o.napi_budget = 0; },       [](auto& o) { o.max_tx_fragments = 0; },
      [](auto& o) { o.max_tx_fragments = 65; }, [](auto& o) { o.msix_vectors = 0; },
      [](auto& o) { o.indirect_threshold = 0; }};
  for (const auto& change : bad) {
    Rig rig;
    change(rig.options);
    EXPECT_NE(rig.open().error.find("must"), std::string::npos);
    EXPECT_TRUE(rig.device.log.empty());
  }
}

TEST(Open, TwiceRefused) {
  Rig rig;
  rig.must_open();
  EXPECT_NE(rig.open().error.find("open already"), std::string::npos);
  rig.expect_clean();
}

// CLAUSES: STS-R-003
TEST(Open, AgainAfterStopAndAfterFailure) {
  Rig rig;
  rig.device.refuse_features = true;
  EXPECT_FALSE(rig.open().ok());
  rig.device.refuse_features = false;
  rig.must_open();
  rig.client.stopping = true;
  rig.driver->stop();
  rig.client.stopping = false;
  EXPECT_EQ(rig.device.status, 0);
  EXPECT_EQ(rig.driver->features(), 0u);
  EXPECT_EQ(rig.send(), TxResult::kDrop);
  rig.must_open();
  EXPECT_EQ(rig.send(), TxResult::kOk);
  rig.run_us(300);
  EXPECT_EQ(rig.device.transmitted.size(), 1u);
  rig.expect_clean();
}

TEST(Open, NoMemoryForReceiveBuffersRefused) {
  Rig rig;
  rig.pci.alloc_failures = 1'000'000;
  expect_failed_set((expect_refused(rig, "no memory for receive buffers"), rig));
}

TEST(Open, EverythingIsGivenBack) {
  Rig rig;
  rig.must_open();
  EXPECT_GT(rig.pci.live_coherent, 0u);
  rig.client.stopping = true;
  rig.driver.reset();
  EXPECT_EQ(rig.pci.live_coherent, 0u);
  EXPECT_EQ(rig.pci.live_buffers, 0u);
  EXPECT_EQ(rig.pci.live_maps, 0u);
}

class Vectors : public ::testing::TestWithParam<unsigned> {};

// CLAUSES: PMX-R-001, PMX-R-003
TEST_P(Vectors, TrafficAndConfigurationChangesArrive) {
  Rig rig;
  rig.pci.msix_vectors = GetParam();
  rig.device.msix_table = static_cast<uint16_t>(GetParam());
  rig.must_open();
  for (unsigned i = 0; i < 600; ++i) {
    while (rig.send() == TxResult::kBusy) rig.run_us(50);
  }
  EXPECT_TRUE(rig.device.receive(Rig::frame(100, 1)));
  rig.run_us(1000);
  EXPECT_EQ(rig.device.transmitted.size(), 600u);
  EXPECT_EQ(rig.in_flight(), 0u);
  EXPECT_EQ(rig.client.received, 1u);
  rig.device.set_link(false);
  rig.run_us(2000);
  EXPECT_FALSE(rig.driver->link().up);
  rig.device.set_link(true);
  rig.run_us(2000);
  EXPECT_EQ(rig.client.links, (std::vector<bool>{true, false, true}));
  rig.expect_clean();
}
INSTANTIATE_TEST_SUITE_P(Msix, Vectors, ::testing::Values(0u, 1u, 2u, 3u, 8u));

// CLAUSES: PMX-R-005, PMX-R-006
TEST(Interrupts, FewerVectorsWhenTheDeviceMapsFewer) {
  for (const uint16_t mapped : {1, 2}) {
    Rig rig;
    rig.device.msix_table = mapped;
    rig.must_open();
    EXPECT_EQ(rig.device.queues[1].vector, mapped - 1);
    EXPECT_TRUE(rig.device.receive(Rig::frame(100, 1)));
    rig.run_us(10);
    EXPECT_EQ(rig.client.received, 1u);
    rig.expect_clean();
  }
}

TEST(Interrupts, IntxWhenTheDeviceMapsNone) {
  Rig rig;
  rig.device.msix_table = 0;
  EXPECT_TRUE(rig.open().ok());
  rig.expect_clean();
}

TEST(Interrupts, OptionAsksForIntx) {
  Rig rig;
  rig.options.use_msix = false;
  rig.must_open();
  EXPECT_EQ(rig.device.queues[0].vector, 0xFFFF);
  rig.pci.msix_vectors = 0;  // the device raises INTx from here on
  EXPECT_TRUE(rig.device.receive(Rig::frame(100, 1)));
  rig.run_us(10);
  EXPECT_EQ(rig.client.received, 1u);
}

TEST(Interrupts, NoneAtAllRefused) {
  Rig rig;
  rig.pci.msix_vectors = 0;
  rig.pci.has_intx = false;
  expect_refused(rig, "no usable interrupt");
}

// CLAUSES: PCN-R-001
TEST(Interrupts, SharedLineIsReadOnceAndNotClaimed) {
  Rig rig;
  rig.pci.msix_vectors = 0;
  rig.must_open();
  const uint64_t reads = rig.device.isr_reads;
  EXPECT_FALSE(rig.pci.foreign_intx());
  EXPECT_EQ(rig.device.isr_reads, reads + 1);
  EXPECT_EQ(rig.counter("foreign_interrupts"), 1u);
  EXPECT_TRUE(rig.device.receive(Rig::frame(100, 1)));
  EXPECT_EQ(rig.device.isr_reads, reads + 2);
  rig.run_us(10);
  EXPECT_EQ(rig.client.received, 1u);
  rig.expect_clean();
}

// CLAUSES: VQS-R-016
TEST(Interrupts, SpuriousOnesDoNoHarm) {
  Rig rig;
  rig.must_open();
  for (unsigned i = 0; i < 100; ++i) {
    rig.device.interrupt(i & 1);
    rig.run_us(1);
  }
  EXPECT_EQ(rig.client.received, 0u);
  EXPECT_EQ(rig.counter("faults"), 0u);
  EXPECT_EQ(rig.device.isr_reads, 0u);  // PIS-R-001
  rig.expect_clean();
}

}  // namespace
}  // namespace ringside::test
