// SPDX-License-Identifier: Apache-2.0
// What the standard demands of a driver at every moment: every register access, descriptor and
// header of a whole life (bring-up, traffic, recovery, stop) is watched.
#include <algorithm>
#include <cstring>
#include <set>

#include "tests/unit/driver/rig.h"

namespace ringside::test {
namespace {

using formats::VirtioNetConfig;
using formats::VirtioNetHdr;
using formats::VirtqDesc;

struct RegisterAccess {
  bool write;
  uint64_t offset;
  unsigned width;
  uint64_t value;
};

/// Notes every access to the device's BAR.
class WatchedRig : public Rig {
 public:
  WatchedRig() {
    device.on_read = [this](uint64_t offset, unsigned width, const uint64_t* value) {
      accesses.push_back({false, offset, width, *value});
    };
    device.on_write = [this](uint64_t offset, unsigned width, uint64_t value) {
      accesses.push_back({true, offset, width, value});
      return false;
    };
  }

  ~WatchedRig() {
    // The driver's last writes come while there is still something to note them.
    client.stopping = true;
    driver.reset();
  }

  /// Bring-up, frames each way, a recovery, frames again, stop, and all of it once more.
  void whole_life() {
    for (int i = 0; i < 2; ++i) {
      must_open();
      both_ways();
      device.set_needs_reset();
      run_us(5'000);
      both_ways();
      device.set_link(false);
      run_us(100);
      device.set_link(true);
      run_us(100);
      driver->stop();
    }
    EXPECT_EQ(client.completed, 4u * kFrames);
    EXPECT_EQ(client.frames.size(), 4u * kFrames);
    expect_clean();
  }

  void both_ways() {
    for (unsigned i = 0; i < kFrames; ++i) {
      EXPECT_EQ(send(60 + 100 * i, 1 + i % 4), TxResult::kOk);
      EXPECT_TRUE(device.receive(frame(60 + 100 * i, static_cast<uint8_t>(i))));
      run_us(20);
    }
    run_us(1'000);
  }

  /// Of one register of the common configuration.
  std::vector<uint64_t> writes_of(uint32_t field) const {
    std::vector<uint64_t> values;
    for (const RegisterAccess& access : accesses) {
      if (access.write && access.offset == field) values.push_back(access.value);
    }
    return values;
  }

  static constexpr unsigned kFrames = 12;
  std::vector<RegisterAccess> accesses;
};

bool within(uint64_t offset, uint64_t begin, uint64_t bytes) {
  return offset >= begin && offset < begin + bytes;
}

// CLAUSES: STS-R-002
TEST(Clauses, StatusBitsAreOnlyAdded) {
  WatchedRig rig;
  rig.whole_life();
  uint64_t status = 0;
  const std::vector<uint64_t> writes = rig.writes_of(formats::kDeviceStatus);
  ASSERT_GE(writes.size(), 20u);
  for (const uint64_t written : writes) {
    if (written != 0) {
      EXPECT_EQ(written & status, status) << std::hex << written;
    }
    status = written;
  }
}

// CLAUSES: INI-R-006, INI-R-005
TEST(Clauses, NothingFollowsAStepThatFailed) {
  WatchedRig rig;
  rig.device.refuse_features = true;
  EXPECT_FALSE(rig.open().ok());
  const std::vector<uint64_t> status = rig.writes_of(formats::kDeviceStatus);
  ASSERT_FALSE(status.empty());
  EXPECT_NE(status.back() & VIRTIO_STATUS_FAILED, 0u);
  EXPECT_TRUE(rig.writes_of(formats::kQueueEnable).empty());
  for (const uint64_t written : status) EXPECT_EQ(written & VIRTIO_STATUS_DRIVER_OK, 0u);
  EXPECT_EQ(rig.device.queues[0].notifications + rig.device.queues[1].notifications, 0u);
}

// CLAUSES: INI-R-002, INI-R-003, NCF-R-001
TEST(Clauses, ConfigurationIsReadBeforeFeaturesOkAndNeverWritten) {
  WatchedRig rig;
  rig.whole_life();
  bool negotiated = false;
  unsigned read_before = 0;
  for (const RegisterAccess& access : rig.accesses) {
    if (access.write && access.offset == formats::kDeviceStatus) {
      negotiated = negotiated || (access.value & VIRTIO_STATUS_FEATURES_OK) != 0;
    }
    if (!within(access.offset, FakeDevice::kConfig, FakeDevice::kNotify - FakeDevice::kConfig)) {
      continue;
    }
    EXPECT_FALSE(access.write) << access.offset;
    if (!negotiated) ++read_before;
  }
  EXPECT_GT(read_before, 0u);  // the MTU
}

// CLAUSES: INI-R-004
TEST(Clauses, FeaturesAreWrittenOnlyBeforeFeaturesOk) {
  WatchedRig rig;
  rig.whole_life();
  uint64_t status = 0;
  unsigned writes = 0;
  for (const RegisterAccess& access : rig.accesses) {
    if (!access.write) continue;
    if (access.offset == formats::kDeviceStatus) status = access.value;
    if (access.offset != formats::kDriverFeature) continue;
    ++writes;
    EXPECT_EQ(status & VIRTIO_STATUS_FEATURES_OK, 0u);
    EXPECT_NE(status & VIRTIO_STATUS_DRIVER, 0u);
  }
  EXPECT_EQ(writes, 8u);  // two words in each of four bring-ups
}

// CLAUSES: INI-R-007
TEST(Clauses, NoNotificationBeforeDriverOk) {
  WatchedRig rig;
  rig.whole_life();
  uint64_t status = 0;
  unsigned notifications = 0;
  for (const RegisterAccess& access : rig.accesses) {
    if (!access.write) continue;
    if (access.offset == formats::kDeviceStatus) status = access.value;
    if (access.offset < FakeDevice::kNotify) continue;
    ++notifications;
    EXPECT_NE(status & VIRTIO_STATUS_DRIVER_OK, 0u);
  }
  EXPECT_GT(notifications, 8u);
}

// CLAUSES: PAN-R-001, PAN-R-002, PAN-R-003, PAN-R-004
TEST(Clauses, NotificationsHaveTheirWidthAndTheirQueue) {
  for (const bool data : {false, true}) {
    WatchedRig rig;
    if (data) {
      rig.device.offered |= rig.feature(VIRTIO_F_NOTIFICATION_DATA);
    } else {
      rig.device.offered &= ~rig.feature(VIRTIO_F_NOTIFICATION_DATA);
    }
    rig.whole_life();
    std::set<uint64_t> queues;
    for (const RegisterAccess& access : rig.accesses) {
      if (!access.write || access.offset < FakeDevice::kNotify) continue;
      EXPECT_EQ(access.width, data ? 4u : 2u);
      const uint64_t queue = (access.offset - FakeDevice::kNotify) / FakeDevice::kMultiplier;
      EXPECT_EQ(access.value & 0xFFFF, queue);
      queues.insert(queue);
    }
    EXPECT_EQ(queues, (std::set<uint64_t>{0, 1}));
  }
}

// And what is missing is not accepted.
// CLAUSES: FEA-R-001, FEA-R-006
TEST(Clauses, WorksWithoutEveryFeatureButOne) {
  std::vector<uint64_t> missing = {driver::kSupportedFeatures &
                                   ~formats::feature_bit(VIRTIO_F_VERSION_1)};
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (bit != VIRTIO_F_VERSION_1 && ((driver::kSupportedFeatures >> bit) & 1) != 0) {
      missing.push_back(uint64_t{1} << bit);
    }
  }
  EXPECT_GE(missing.size(), 12u);
  for (const uint64_t features : missing) {
    SCOPED_TRACE(features);
    Rig rig;
    rig.options.queue_pairs = 2;
    rig.device.offered = driver::kSupportedFeatures;
    rig.device.offer_pairs(2);
    rig.device.offered &= ~features;
    rig.must_open();
    EXPECT_EQ(rig.device.accepted & features, 0u);
    EXPECT_EQ(rig.send(100, 2), TxResult::kOk);
    rig.run_us(1'000);
    EXPECT_TRUE(rig.device.receive(Rig::frame(1000, 9)));
    rig.run_us(1'000);
    EXPECT_EQ(rig.client.completed, 1u);
    ASSERT_EQ(rig.client.frames.size(), 1u);
    EXPECT_EQ(rig.client.frames[0], Rig::frame(1000, 9));
    rig.expect_clean();
  }
}

/// Everything that the standard says of one buffer's descriptors.
void check_chain(const FakeDevice::Chain& chain, uint16_t queue_size) {
  uint64_t bytes = 0;
  bool writable = false;
  for (const VirtqDesc& element : chain.elements) {
    const bool writes = (element.flags & VIRTQ_DESC_F_WRITE) != 0;
    EXPECT_TRUE(writes || !writable) << "a readable element behind a writable one";
    writable = writable || writes;
    bytes += element.len;
    EXPECT_NE(element.len, 0u);
  }
  EXPECT_FALSE(chain.elements.empty());
  EXPECT_LT(bytes, uint64_t{1} << 32);
  // A fragment takes one element, the header one more at most: nothing is cut without need.
  EXPECT_LE(chain.elements.size(), 17u);
  EXPECT_LE(chain.elements.size(), queue_size);
}

// CLAUSES: VQS-R-002, VQS-R-003, VQS-R-004, VQS-R-008
TEST(Clauses, ChainsKeepTheRulesOfDescriptors) {
  for (const uint16_t size : {uint16_t{4}, uint16_t{8}, uint16_t{64}}) {
    for (const bool indirect : {false, true}) {
      Rig rig;
      rig.device.num_queues = 2;
      for (auto& queue : rig.device.queues) queue.max_size = queue.size = size;
      if (!indirect) rig.device.offered &= ~rig.feature(VIRTIO_F_INDIRECT_DESC);
      rig.must_open();
      for (unsigned fragments = 1; fragments <= 16; ++fragments) {
        // What does not fit a small ring's descriptors is not sent, or in one piece.
        rig.send(1400, fragments, false, static_cast<uint8_t>(fragments));
        rig.run_us(1'000);
      }
      EXPECT_GE(rig.device.chains.size(), std::min(size - 1u, 16u));
      for (const auto& chain : rig.device.chains) check_chain(chain, size);
      FakeDevice::Chain receive;
      ASSERT_TRUE(rig.device.take(0, &receive));
      check_chain(receive, size);
      rig.expect_clean();
    }
  }
  Rig rig;  // the control queue's buffers have both kinds of elements
  rig.options.queue_pairs = 2;
  rig.device.offer_pairs(2);
  rig.device.control = ControlManner::kSilent;
  rig.options.control_timeout_ns = 100'000;
  rig.must_open();
  FakeDevice::Chain command;
  ASSERT_TRUE(rig.device.take(4, &command));
  check_chain(command, rig.device.queues[4].size);
  EXPECT_NE(command.elements.back().flags & VIRTQ_DESC_F_WRITE, 0);
}

// CLAUSES: CLN-R-001
TEST(Clauses, ExposedBuffersStayAsTheyAre) {
  Rig rig;
  rig.device.offered &= ~rig.feature(VIRTIO_F_INDIRECT_DESC);
  rig.must_open();
  rig.device.automatic = false;
  struct Exposed {
    unsigned queue;
    BusAddress at;
    VirtqDesc was;
  };
  std::vector<Exposed> exposed;
  const auto note = [&](unsigned queue) {
    const auto& q = rig.device.queues[queue];
    for (uint16_t i = q.taken; i != rig.device.avail_idx(queue); ++i) {
      uint16_t index = 0;
      const BusAddress entry = q.driver + 4 + 2u * (i % q.size);
      std::memcpy(&index, rig.pci.dma(entry, 2), 2);
      for (;;) {
        const BusAddress at = q.descriptors + 16u * index;
        VirtqDesc descriptor;
        std::memcpy(&descriptor, rig.pci.dma(at, sizeof descriptor), sizeof descriptor);
        exposed.push_back({queue, at, descriptor});
        if ((descriptor.flags & VIRTQ_DESC_F_NEXT) == 0) break;
        index = descriptor.next;
      }
    }
  };
  for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(rig.send(300, 3), TxResult::kOk);
  note(0);
  note(1);
  EXPECT_GT(exposed.size(), 256u);
  // More is sent and received meanwhile, around the ring.
  for (unsigned i = 0; i < 40; ++i) {
    EXPECT_EQ(rig.send(200, 1 + i % 3), TxResult::kOk);
    rig.run_us(10);
  }
  for (const Exposed& one : exposed) {
    VirtqDesc now;
    std::memcpy(&now, rig.pci.dma(one.at, sizeof now), sizeof now);
    EXPECT_EQ(std::memcmp(&now, &one.was, sizeof now), 0) << "queue " << one.queue;
  }
  rig.device.automatic = true;
  rig.device.transmit();
  rig.run_us(1'000);
  rig.expect_clean();
}

// CLAUSES: RSV-R-001, RSV-R-003, RSV-R-007, NCF-R-002
TEST(Clauses, AcceptsWhatItShouldWhenOffered) {
  for (const unsigned bit :
       {VIRTIO_F_VERSION_1, VIRTIO_F_ACCESS_PLATFORM, VIRTIO_F_ORDER_PLATFORM, VIRTIO_NET_F_MAC}) {
    Rig rig;
    rig.device.offered = rig.feature(VIRTIO_F_VERSION_1) | rig.feature(bit);
    rig.must_open();
    EXPECT_TRUE(rig.device.has(bit)) << bit;
  }
}

// With or without the feature, the device is given what the platform makes of memory for it: on a
// platform with an IOMMU translated addresses, on others physical ones.
// CLAUSES: RSV-R-004, RSV-R-005
TEST(Clauses, AddressesAreThePlatforms) {
  for (const bool platform : {false, true}) {
    WatchedRig rig;
    rig.device.offered |= rig.feature(VIRTIO_F_ACCESS_PLATFORM);
    if (!platform) rig.device.offered &= ~rig.feature(VIRTIO_F_ACCESS_PLATFORM);
    rig.must_open();
    rig.both_ways();
    const auto of_platform = [](uint64_t address) {
      return within(address, FakePci::kBase, 96u << 20);
    };
    for (unsigned queue = 0; queue < 2; ++queue) {
      EXPECT_TRUE(of_platform(rig.device.queues[queue].descriptors));
      EXPECT_TRUE(of_platform(rig.device.queues[queue].driver));
      EXPECT_TRUE(of_platform(rig.device.queues[queue].device));
    }
    for (const auto& chain : rig.device.chains) {
      for (const VirtqDesc& element : chain.elements) {
        // The fake's dma() lets through only what was mapped and still is.
        EXPECT_TRUE(of_platform(element.addr)) << std::hex << element.addr;
      }
    }
    EXPECT_EQ(rig.device.chains.size(), WatchedRig::kFrames);
    rig.expect_clean();
  }
}

// CLAUSES: PDI-R-003, PDI-R-004
TEST(Clauses, RevisionAndSubsystemDoNotMatter) {
  for (const uint8_t id : {0x00, 0x01, 0x7F, 0xFF}) {
    Rig rig;
    rig.device.space[0x08] = id;
    for (unsigned at = 0x2C; at < 0x30; ++at) rig.device.space[at] = id;
    rig.must_open();
    rig.expect_clean();
  }
}

/// Width of the field of a structure that begins at `offset`; 0: none begins there.
unsigned common_width(uint64_t offset) {
  using formats::CommonCfg;
  switch (offset) {
    case CommonCfg::kDeviceStatus:
    case CommonCfg::kConfigGeneration:
      return 1;
    case CommonCfg::kConfigMsixVector:
    case CommonCfg::kNumQueues:
    case CommonCfg::kQueueSelect:
    case CommonCfg::kQueueSize:
    case CommonCfg::kQueueMsixVector:
    case CommonCfg::kQueueEnable:
    case CommonCfg::kQueueNotifyOff:
    case CommonCfg::kQueueNotifConfigData:
    case CommonCfg::kQueueReset:
      return 2;
    default:
      return offset % 4 == 0 ? 4 : 0;  // the others are 32-bit fields or halves of 64-bit ones
  }
}

unsigned config_width(uint64_t offset) {
  if (offset < 6 || offset == offsetof(VirtioNetConfig, duplex) ||
      offset == offsetof(VirtioNetConfig, rss_max_key_size)) {
    return 1;
  }
  if (offset >= offsetof(VirtioNetConfig, speed) && offset % 4 == 0) return 4;
  return offset % 2 == 0 ? 2 : 0;
}

// CLAUSES: PLY-R-001, PLY-R-002, PCP-R-005
TEST(Clauses, FieldsAreAccessedAtTheirWidth) {
  WatchedRig rig;
  rig.options.queue_pairs = 2;
  rig.device.offer_pairs(2);
  rig.device.capabilities[2].length = 0x800;  // far more than there are fields for
  rig.device.lay_out();
  rig.whole_life();
  std::set<uint64_t> halves;
  for (const RegisterAccess& access : rig.accesses) {
    SCOPED_TRACE(access.offset);
    if (access.offset < FakeDevice::kIsr) {
      EXPECT_LT(access.offset, formats::kCommonCfgBytes);
      EXPECT_EQ(access.width, common_width(access.offset));
      if (access.write && within(access.offset, formats::kQueueDesc, 24)) {
        halves.insert(access.offset);
      }
    } else if (access.offset < FakeDevice::kConfig) {
      EXPECT_EQ(access.offset, FakeDevice::kIsr);
      EXPECT_EQ(access.width, 1u);
    } else if (access.offset < FakeDevice::kNotify) {
      const uint64_t field = access.offset - FakeDevice::kConfig;
      EXPECT_LT(field, sizeof(VirtioNetConfig));
      EXPECT_EQ(access.width, config_width(field));
    }
  }
  EXPECT_EQ(halves, (std::set<uint64_t>{0x20, 0x24, 0x28, 0x2C, 0x30, 0x34}));
}

// The driver has no use for the window in configuration space.
// CLAUSES: PCP-R-008, PCA-R-001, PCA-R-002
TEST(Clauses, CapabilitiesAreNotWrittenAndTheWindowNotUsed) {
  WatchedRig rig;
  rig.device.capabilities.insert(
      rig.device.capabilities.begin(),
      {VIRTIO_PCI_CAP_PCI_CFG, 0, 0, 0, sizeof(formats::VirtioPciCap) + 4});
  rig.device.lay_out();
  const uint32_t window = 0x40 + sizeof(formats::VirtioPciCap);
  unsigned reads = 0;
  rig.device.on_config_read = [&](uint32_t offset, unsigned, const uint32_t*) {
    ++reads;
    EXPECT_FALSE(within(offset, window, 4));
  };
  rig.whole_life();  // the fake counts a write beside the command register as an error
  EXPECT_GT(reads, 20u);
}

// CLAUSES: PCC-R-001, PCC-R-006
TEST(Clauses, ReadOnlyFieldsAreNotWrittenAndQueuesNotDisabled) {
  WatchedRig rig;
  rig.options.queue_pairs = 2;
  rig.device.offer_pairs(2);
  rig.whole_life();
  for (const uint32_t field :
       {formats::kDeviceFeature, formats::kNumQueues, formats::kConfigGeneration,
        formats::kQueueNotifyOff, formats::kQueueNotifConfigData}) {
    EXPECT_TRUE(rig.writes_of(field).empty()) << field;
  }
  const std::vector<uint64_t> enables = rig.writes_of(formats::kQueueEnable);
  EXPECT_EQ(enables, std::vector<uint64_t>(20, 1));  // five queues, four bring-ups
}

// CLAUSES: PIS-R-001
TEST(Clauses, IsrIsNotReadOnAQueueInterruptWithMsix) {
  WatchedRig rig;
  rig.must_open();
  ASSERT_TRUE(rig.pci.msix_on);
  const uint64_t before = rig.device.isr_reads;
  rig.both_ways();
  EXPECT_GT(rig.pci.handler_calls, 4u);
  EXPECT_EQ(rig.device.isr_reads, before);
  rig.expect_clean();
}

// CLAUSES: PMX-R-002
TEST(Clauses, AFunctionWithOneVectorWorks) {
  WatchedRig rig;
  rig.pci.msix_vectors = 1;
  rig.device.msix_table = 1;
  rig.must_open();
  rig.both_ways();
  EXPECT_EQ(rig.client.completed, WatchedRig::kFrames);
  EXPECT_EQ(rig.client.frames.size(), WatchedRig::kFrames);
  rig.expect_clean();
}

/// A TCP segment over IPv4 with the ECN bits of RFC 3168 set.
Bytes ecn_segment() {
  Bytes bytes = Rig::frame(200, 3);
  bytes[12] = 0x08;
  bytes[13] = 0x00;
  bytes[14] = 0x45;
  bytes[15] = 0x03;  // CE
  bytes[23] = 6;
  bytes[14 + 20 + 13] = 0xC0 | 0x10;  // CWR, ECE, ACK
  return bytes;
}

// Without offloads a header says nothing but where the frame begins.
// CLAUSES: NTX-R-004, NTX-R-007, NTX-R-009, NTX-R-011, NTX-R-013, NTX-R-014, NTX-R-017
// CLAUSES: NTX-R-020, NTX-R-022, NTX-R-023, NTX-R-042, NTX-R-043, NRB-R-004
TEST(Clauses, TransmitHeadersAskForNothing) {
  Rig rig;
  rig.device.offered = ~uint64_t{0};
  rig.must_open();
  EXPECT_EQ(rig.send_bytes(ecn_segment()), TxResult::kOk);
  for (unsigned i = 0; i < 30; ++i) {
    EXPECT_EQ(rig.send(60 + 48 * i, 1 + i % 5), TxResult::kOk);
    rig.run_us(20);
  }
  // Nothing that would need segmentation.
  EXPECT_EQ(rig.send(1800), TxResult::kDrop);
  rig.run_us(1'000);
  ASSERT_EQ(rig.device.headers.size(), 31u);
  for (const Bytes& bytes : rig.device.headers) {
    ASSERT_EQ(bytes.size(), sizeof(VirtioNetHdr));
    VirtioNetHdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    EXPECT_EQ(header.flags, 0);
    EXPECT_EQ(header.gso_type, VIRTIO_NET_HDR_GSO_NONE);
  }
  EXPECT_EQ(rig.device.transmitted[0], ecn_segment());
  rig.expect_clean();
}

// CLAUSES: NRB-R-003, NRB-R-005
TEST(Clauses, EveryReceiveQueueHasBuffersThatHoldAHeader) {
  for (const uint32_t bytes : {64u, 2048u}) {
    Rig rig;
    rig.options.queue_pairs = 4;
    rig.options.rx_buffer_bytes = bytes;
    rig.device.offer_pairs(4);
    rig.must_open();
    for (unsigned queue = 0; queue < 8; queue += 2) {
      EXPECT_EQ(rig.device.avail_idx(queue), rig.device.queues[queue].size) << queue;
      FakeDevice::Chain chain;
      while (rig.device.take(queue, &chain)) {
        uint32_t room = 0;
        for (const VirtqDesc& element : chain.elements) room += element.len;
        ASSERT_GE(room, sizeof(VirtioNetHdr));
      }
    }
  }
}

/// A frame of 100 bytes behind `header`.
void receive_with(Rig& rig, const VirtioNetHdr& header) {
  FakeDevice::Chain chain;
  ASSERT_TRUE(rig.device.take(0, &chain));
  Bytes bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  const Bytes frame = Rig::frame(100, 1);
  bytes.insert(bytes.end(), frame.begin(), frame.end());
  rig.pci.dma_write(chain.elements[0].addr, bytes.data(), bytes.size());
  rig.device.put_used(0, chain.head, static_cast<uint32_t>(bytes.size()));
  rig.device.interrupt(0);
  rig.run_us(100);
}

// The frame reaches the client unchanged, whatever the header says of its checksum, and with no
// word that it would be right: the stack sums for itself.
// CLAUSES: NRX-R-001, NRX-R-004, NRX-R-007
TEST(Clauses, ReceiveHeadersThatMeanNothingChangeNothing) {
  Rig rig;
  rig.must_open();
  std::vector<VirtioNetHdr> headers;
  for (unsigned flags = 0; flags < 256; ++flags) {
    // Bit 3 with bit 0 is about tunnels.
    if ((flags & 9) != 9) headers.push_back({static_cast<uint8_t>(flags), 0, 0, 0, 0xFFFF, 7, 1});
  }
  for (const VirtioNetHdr& header : headers) receive_with(rig, header);
  ASSERT_EQ(rig.client.frames.size(), headers.size());
  for (const Bytes& frame : rig.client.frames) EXPECT_EQ(frame, Rig::frame(100, 1));
  EXPECT_EQ(rig.counter("rx_queue_0_header_errors"), 0u);
  rig.expect_clean();
}

// CLAUSES: NRX-R-008, NRX-R-010, NRX-R-011
TEST(Clauses, ReceiveHeadersThatSpeakOfImpossibleTunnelsAreDropped) {
  constexpr uint8_t kNeeds = VIRTIO_NET_HDR_F_NEEDS_CSUM, kValid = VIRTIO_NET_HDR_F_DATA_VALID;
  constexpr uint8_t kOuter = VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM;
  constexpr uint8_t kV4 = VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4;
  constexpr uint8_t kV6 = VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6;
  struct Case {
    uint8_t flags, gso_type;
    bool accepted;
  };
  const Case cases[] = {
      {kNeeds, kV4 | kV6 | 1, false},  // NRX-R-008
      {kNeeds, kV4 | 1, true},         // one tunnel, as it should be
      {kNeeds, kV6 | 4, true},
      {0, kV4 | 1, false},                // NRX-R-010: not summed
      {kNeeds | kValid, kV4 | 1, false},  // said to be valid
      {kNeeds, kV6, false},               // of no inner type
      {kNeeds | kOuter, 1, false},        // NRX-R-011
      {kNeeds | kOuter, kV4 | 1, true},
      {kOuter, 1, true},
  };
  Rig rig;
  rig.must_open();
  uint64_t dropped = 0, accepted = 0;
  for (const Case& one : cases) {
    SCOPED_TRACE(&one - cases);
    receive_with(rig, {one.flags, one.gso_type, 54, 40, 34, 16, 1});
    ++(one.accepted ? accepted : dropped);
    EXPECT_EQ(rig.client.frames.size(), accepted);
    EXPECT_EQ(rig.counter("rx_queue_0_header_errors"), dropped);
  }
  rig.expect_clean();
}

}  // namespace
}  // namespace ringside::test
