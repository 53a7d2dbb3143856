// SPDX-License-Identifier: Apache-2.0
// Duties of the driver that hold over its whole life, or whatever the device is like: which
// registers it touches and how, what it negotiates, which memory it exposes, what it sends.
#include <array>
#include <map>

#include "host_driver/virtio_net_options.h"
#include "tests/unit/driver/access_log.h"

namespace ringside::test {
namespace {

using formats::VirtqDesc;

// CLAUSES: STS-R-002, INI-R-001
TEST(Life, StatusBitsAreSetOneAfterTheOtherAndNeverCleared) {
  LoggedRig rig;
  rig.live();
  std::vector<uint64_t> values;
  for (const Access& access : rig.log) {
    if (!access.write || !access.to_common(formats::kDeviceStatus)) continue;
    EXPECT_EQ(access.width, 1u);
    if (access.value != 0) {
      EXPECT_EQ(access.status & ~access.value, 0u);
    }
    values.push_back(access.value);
  }
  EXPECT_EQ(values, (std::vector<uint64_t>{0, 1, 3, 11, 15, 0, 0, 1, 3, 11, 15, 0}));
}

// CLAUSES: PCC-R-001, PCC-R-006, NCF-R-001
TEST(Life, OnlyRegistersForTheDriverAreWritten) {
  LoggedRig rig;
  rig.device.offer_pairs(2);
  rig.options.queue_pairs = 2;
  rig.live();
  unsigned writes = 0;
  for (const Access& access : rig.log) {
    if (!access.write) continue;
    ++writes;
    EXPECT_FALSE(access.to_config()) << access.offset;
    EXPECT_NE(access.offset, FakeDevice::kIsr);
    for (const uint32_t field :
         {formats::kDeviceFeature, formats::kNumQueues, formats::kConfigGeneration,
          formats::kQueueNotifyOff, formats::kQueueNotifConfigData}) {
      EXPECT_FALSE(access.to_common(field)) << access.offset;
    }
    if (access.to_common(formats::kQueueEnable)) {
      EXPECT_EQ(access.value, 1u);
    }
  }
  EXPECT_GT(writes, 50u);
}

// Each field as wide as it is, 64-bit ones in halves.
// CLAUSES: PLY-R-001, PLY-R-002
TEST(Life, AccessesAreOfNaturalWidth) {
  const std::map<uint64_t, unsigned> widths = {
      {0x00, 4},
      {0x04, 4},
      {0x08, 4},
      {0x0C, 4},
      {0x10, 2},
      {0x12, 2},
      {0x14, 1},
      {0x15, 1},
      {0x16, 2},
      {0x18, 2},
      {0x1A, 2},
      {0x1C, 2},
      {0x1E, 2},
      {0x20, 4},
      {0x24, 4},
      {0x28, 4},
      {0x2C, 4},
      {0x30, 4},
      {0x34, 4},
      {0x1000, 1},
      // mac byte by byte, status, max_virtqueue_pairs, mtu, speed, duplex
      {0x2000, 1},
      {0x2001, 1},
      {0x2002, 1},
      {0x2003, 1},
      {0x2004, 1},
      {0x2005, 1},
      {0x2006, 2},
      {0x2008, 2},
      {0x200A, 2},
      {0x200C, 4},
      {0x2010, 1}};
  for (const bool msix : {true, false}) {
    LoggedRig rig;
    rig.device.offer_pairs(2);
    rig.options.queue_pairs = 2;
    if (!msix) rig.pci.msix_vectors = 0;
    rig.live();
    std::map<uint64_t, unsigned> seen;
    for (const Access& access : rig.log) {
      if (access.to_doorbell()) continue;
      const auto natural = widths.find(access.offset);
      ASSERT_NE(natural, widths.end()) << access.offset;
      EXPECT_EQ(access.width, natural->second) << access.offset;
      ++seen[access.offset];
    }
    for (const uint64_t field : {0x20u, 0x24u, 0x28u, 0x2Cu, 0x30u, 0x34u}) {
      EXPECT_NE(seen[field], 0u) << field;
    }
  }
}

// Nothing but the command register is written in configuration space (FakeDevice counts the rest).
// CLAUSES: PCP-R-008
TEST(Life, CapabilitiesAreNotWritten) {
  LoggedRig rig;
  const auto before = rig.device.space;
  rig.live();
  for (std::size_t at = 0; at < before.size(); ++at) {
    if (at == 4 || at == 5) continue;
    EXPECT_EQ(rig.device.space[at], before[at]) << at;
  }
  EXPECT_EQ(rig.device.errors, 0u) << rig.device.first_error;
}

// With MSI-X nothing reads it, whatever interrupts come.
// CLAUSES: PIS-R-001
TEST(Life, IsrStatusIsLeftAloneWithMsix) {
  for (const unsigned vectors : {1u, 2u, 3u, 8u}) {
    LoggedRig rig;
    rig.pci.msix_vectors = vectors;
    rig.live();
    EXPECT_EQ(rig.device.isr_reads, 0u) << vectors;
  }
}

// CLAUSES: PDI-R-003, PDI-R-004
TEST(BringUp, AnyRevisionAndSubsystem) {
  for (const unsigned revision : {0u, 1u, 2u, 0xFFu}) {
    for (const unsigned subsystem : {0u, 1u, 0x40u, 0x1100u, 0xFFFFu}) {
      Rig rig;
      rig.device.space[0x08] = static_cast<uint8_t>(revision);
      for (const unsigned at : {0x2Cu, 0x2Eu}) {  // vendor, device
        rig.device.space[at] = static_cast<uint8_t>(subsystem);
        rig.device.space[at + 1] = static_cast<uint8_t>(subsystem >> 8);
      }
      rig.must_open();
      EXPECT_EQ(rig.send(), TxResult::kOk);
    }
  }
}

// The MTU is read to decide, before features are written; nothing is written to the configuration.
// CLAUSES: INI-R-002, INI-R-003
TEST(BringUp, ConfigurationIsOnlyReadWhileFeaturesAreNegotiated) {
  LoggedRig rig;
  rig.must_open();
  unsigned reads = 0;
  bool written = false;
  for (const Access& access : rig.log) {
    if ((access.status & VIRTIO_STATUS_FEATURES_OK) != 0) break;
    written = written || (access.write && access.to_common(formats::kDriverFeature));
    if (!access.to_config()) continue;
    EXPECT_FALSE(access.write);
    EXPECT_FALSE(written);
    ++reads;
  }
  EXPECT_TRUE(written);
  EXPECT_GT(reads, 0u);
}

// After the step that fails come a reset where queues were enabled, and FAILED; nothing else.
// CLAUSES: INI-R-005, INI-R-006, INI-R-007
TEST(BringUp, NothingFollowsAFailure) {
  const struct {
    const char* what;
    std::function<void(LoggedRig&)> break_it;
    uint8_t reached;  ///< device_status when the step failed
  } cases[] = {
      {"VERSION_1", [](LoggedRig& r) { r.device.offered = r.feature(VIRTIO_NET_F_MAC); }, 3},
      {"FEATURES_OK", [](LoggedRig& r) { r.device.refuse_features = true; }, 3},
      {"the address", [](LoggedRig& r) { r.device.config.mac[0] = 1; }, 11},
      {"the queues", [](LoggedRig& r) { r.device.num_queues = 1; }, 11},
      {"a queue's size", [](LoggedRig& r) { r.device.queues[1].max_size = 3; }, 11},
      {"a doorbell", [](LoggedRig& r) { r.device.queues[1].notify_off = 100; }, 11},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    LoggedRig rig;
    c.break_it(rig);
    rig.device.queues[1].size = rig.device.queues[1].max_size;
    EXPECT_FALSE(rig.open().ok());
    rig.run_us(10'000);
    EXPECT_NE(rig.device.status & VIRTIO_STATUS_FAILED, 0);
    uint8_t most = 0;
    for (const Access& access : rig.log) {
      EXPECT_FALSE(access.to_doorbell());
      if (access.write && access.to_common(formats::kDeviceStatus)) {
        EXPECT_EQ(access.value & VIRTIO_STATUS_DRIVER_OK, 0u);
      }
      most |= access.status;
    }
    EXPECT_EQ(most & ~VIRTIO_STATUS_FAILED, c.reached);
    const Access& last = *std::find_if(rig.log.rbegin(), rig.log.rend(),
                                       [](const Access& access) { return access.write; });
    EXPECT_TRUE(last.to_common(formats::kDeviceStatus));
    EXPECT_NE(last.value & VIRTIO_STATUS_FAILED, 0u);
  }
}

// All that it knows and is offered; with more than one pair, MQ and the control queue too.
// CLAUSES: RSV-R-001, RSV-R-003, RSV-R-007, NCF-R-002, NCF-R-007, FEA-R-001
TEST(Features, KnownOnesAreAcceptedWhenOffered) {
  for (const uint64_t offered : {driver::kSupportedFeatures, ~uint64_t{0}}) {
    Rig rig;
    rig.device.offer_pairs(2);
    rig.options.queue_pairs = 2;
    rig.device.offered = offered;
    rig.must_open();
    EXPECT_EQ(rig.device.accepted, driver::kSupportedFeatures);
    for (const unsigned bit : {VIRTIO_F_VERSION_1, VIRTIO_F_ACCESS_PLATFORM,
                               VIRTIO_F_ORDER_PLATFORM, VIRTIO_NET_F_MAC, VIRTIO_NET_F_MTU}) {
      EXPECT_TRUE(rig.device.has(bit)) << bit;
    }
  }
}

// Without any one of them, and with VERSION_1 alone, it works all the same, and accepts nothing
// that is missing.
// CLAUSES: FEA-R-006, FEA-R-001
TEST(Features, EachMayBeMissing) {
  std::vector<uint64_t> offers = {formats::feature_bit(VIRTIO_F_VERSION_1)};
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (bit != VIRTIO_F_VERSION_1 && (driver::kSupportedFeatures >> bit & 1) != 0) {
      offers.push_back(driver::kSupportedFeatures & ~formats::feature_bit(bit));
    }
  }
  ASSERT_EQ(offers.size(), 13u);
  for (const uint64_t offered : offers) {
    SCOPED_TRACE(offered);
    LoggedRig rig;
    rig.device.offer_pairs(2);
    rig.options.queue_pairs = 2;
    rig.device.offered = offered;
    rig.must_open();
    EXPECT_EQ(rig.device.accepted & ~offered, 0u);
    rig.traffic();
    rig.expect_clean();
  }
}

// What the device is given are addresses that PciAccess made, in ranges that are mapped for it,
// with and without ACCESS_PLATFORM: translation is the platform's.
// CLAUSES: RSV-R-004, RSV-R-005
TEST(Memory, EveryAddressIsOneOfThePlatforms) {
  for (const bool access_platform : {true, false}) {
    Rig rig;
    if (!access_platform) rig.device.offered &= ~rig.feature(VIRTIO_F_ACCESS_PLATFORM);
    rig.must_open();
    for (unsigned queue = 0; queue < 2; ++queue) {
      const FakeDevice::Queue& q = rig.device.queues[queue];
      for (const auto& [address, bytes] :
           {std::pair<uint64_t, uint64_t>{q.descriptors, 16u * q.size},
            {q.driver, 6u + 2 * q.size},
            {q.device, 6u + 8 * q.size}}) {
        EXPECT_NE(rig.pci.dma(address, bytes), nullptr);
      }
    }
    FakeDevice::Chain chain;
    unsigned buffers = 0;
    while (rig.device.take(0, &chain)) {
      for (const VirtqDesc& element : chain.elements) {
        const Bytes bytes(element.len, 0x55);
        EXPECT_TRUE(rig.pci.dma_write(element.addr, bytes.data(), bytes.size()));
        ++buffers;
      }
    }
    EXPECT_EQ(buffers, 256u);
    rig.device.automatic = false;
    for (unsigned fragments = 1; fragments < 9; ++fragments)
      ASSERT_EQ(rig.send(600, fragments), TxResult::kOk);
    while (rig.device.take(1, &chain)) {
      for (const VirtqDesc& element : chain.elements) {
        EXPECT_NE(rig.pci.dma(element.addr, element.len), nullptr);
      }
    }
    rig.expect_clean();
  }
}

/// Descriptors, available entries and indirect tables of everything that is exposed.
std::vector<Bytes> exposed_entries(Rig& rig) {
  std::vector<Bytes> entries;
  const auto keep = [&](uint64_t address, std::size_t bytes) {
    const auto* from = reinterpret_cast<const uint8_t*>(rig.pci.dma(address, bytes));
    ASSERT_NE(from, nullptr);
    entries.emplace_back(from, from + bytes);
  };
  for (unsigned queue = 0; queue < 2; ++queue) {
    const FakeDevice::Queue& q = rig.device.queues[queue];
    for (uint16_t at = q.used_idx; at != rig.device.avail_idx(queue); ++at) {
      keep(q.driver + formats::SplitRing::avail_entry(at % q.size), 2);
      uint16_t id = 0;
      std::memcpy(&id, entries.back().data(), 2);
      for (;;) {
        keep(q.descriptors + 16u * id, 16);
        VirtqDesc descriptor;
        std::memcpy(&descriptor, entries.back().data(), 16);
        if ((descriptor.flags & VIRTQ_DESC_F_INDIRECT) != 0) keep(descriptor.addr, descriptor.len);
        if ((descriptor.flags & VIRTQ_DESC_F_NEXT) == 0) break;
        id = descriptor.next;
      }
    }
  }
  return entries;
}

// Whatever is added, received, or happens to the link meanwhile.
// CLAUSES: CLN-R-001
TEST(Memory, EntriesOfExposedBuffersStay) {
  for (const bool indirect : {true, false}) {
    Rig rig;
    if (!indirect) rig.device.offered &= ~rig.feature(VIRTIO_F_INDIRECT_DESC);
    rig.options.ring_size = 64;
    rig.device.automatic = false;
    rig.must_open();
    for (unsigned i = 0; i < 3; ++i) ASSERT_EQ(rig.send(600, 1 + i), TxResult::kOk);
    for (unsigned round = 0; round < 4; ++round) {
      const std::vector<Bytes> before = exposed_entries(rig);
      ASSERT_GT(before.size(), 128u);
      ASSERT_EQ(rig.send(60, 1 + round), TxResult::kOk);
      rig.device.interrupt(0);
      rig.device.interrupt(1);
      rig.device.set_link(round % 2 != 0);
      rig.run_us(100);
      const std::vector<Bytes> after = exposed_entries(rig);
      for (const Bytes& entry : before) {
        EXPECT_NE(std::find(after.begin(), after.end(), entry), after.end());
      }
    }
    rig.device.transmit();
    rig.run_us(2000);
    rig.expect_clean();
  }
}

// Memory goes back only when device_status has read 0, however long that takes.
// CLAUSES: CLN-R-002, RST-R-001
TEST(Memory, IsTakenBackFromADeviceThatIsResetOnly) {
  Rig rig;
  rig.device.busy_resets = 5;
  rig.must_open();
  rig.device.automatic = false;
  ASSERT_EQ(rig.send(), TxResult::kOk);
  unsigned busy_reads = 0;
  bool reset = false;
  rig.device.on_write = [&](uint64_t offset, unsigned, uint64_t value) {
    reset = reset || (offset == formats::kDeviceStatus && value == 0);
    return false;
  };
  rig.device.on_read = [&](uint64_t offset, unsigned, uint64_t* value) {
    if (!reset || offset != formats::kDeviceStatus) return;
    EXPECT_EQ(rig.pci.live_maps, 257u);  // receive buffers and the frame
    EXPECT_EQ(rig.client.completed, 0u);
    if (*value != 0) ++busy_reads;
  };
  rig.client.stopping = true;
  rig.driver->stop();
  EXPECT_TRUE(reset);
  EXPECT_EQ(busy_reads, 5u);
  EXPECT_EQ(rig.pci.live_maps, 256u);  // of the pool
  EXPECT_EQ(rig.client.completed, 1u);
}

// No chain is longer than the queue or than the driver says, nor larger than a frame and its
// header; what would be is refused.
// CLAUSES: VQS-R-003, VQS-R-004, VQS-R-008
TEST(Chains, AreBounded) {
  for (const bool indirect : {true, false}) {
    for (const uint32_t ring : {4u, 8u, 256u}) {
      Rig rig;
      if (!indirect) rig.device.offered &= ~rig.feature(VIRTIO_F_INDIRECT_DESC);
      rig.options.ring_size = ring;
      rig.options.rx_buffer_bytes = 2048;
      rig.must_open();
      unsigned sent = 0;
      for (unsigned fragments = 1; fragments <= 20; ++fragments) {
        for (const uint32_t size : {60u, 1518u, 1519u, 2000u}) {
          const TxResult result = rig.send(size, fragments);
          const bool fits =
              size <= 1518 && fragments < ring && fragments <= rig.options.max_tx_fragments;
          EXPECT_EQ(result == TxResult::kOk, fits) << size << " in " << fragments;
          if (result == TxResult::kOk) ++sent;
          rig.run_us(300);
        }
      }
      ASSERT_EQ(rig.device.chains.size(), sent);
      for (const FakeDevice::Chain& chain : rig.device.chains) {
        uint64_t bytes = 0;
        for (const VirtqDesc& element : chain.elements) bytes += element.len;
        EXPECT_LE(chain.elements.size(), ring);
        EXPECT_LE(chain.elements.size(), 1 + rig.options.max_tx_fragments);
        EXPECT_LE(bytes, 12u + 1518);
      }
      rig.expect_clean();
    }
  }
}

// A control command: what the device reads, then where it answers.
// CLAUSES: VQS-R-002
TEST(Chains, WritableElementsComeLast) {
  LoggedRig rig;
  rig.device.offer_pairs(2);
  rig.options.queue_pairs = 2;
  rig.options.control_timeout_ns = 3'000'000;
  rig.device.control = ControlManner::kSilent;
  rig.must_open();
  FakeDevice::Chain chain;
  ASSERT_TRUE(rig.device.take(4, &chain));
  ASSERT_GE(chain.elements.size(), 2u);
  unsigned readable = 0;
  bool writable = false;
  for (const VirtqDesc& element : chain.elements) {
    if ((element.flags & VIRTQ_DESC_F_WRITE) != 0) {
      writable = true;
    } else {
      EXPECT_FALSE(writable);
      ++readable;
    }
  }
  EXPECT_TRUE(writable);
  EXPECT_GE(readable, 1u);
}

// Even the smallest buffer holds the header, which is 12 bytes for what the driver negotiates.
// CLAUSES: NRB-R-003, NRB-R-004
TEST(Receive, BuffersHoldAtLeastTheHeader) {
  Rig rig;
  rig.options.rx_buffer_bytes = 64;
  rig.must_open();
  FakeDevice::Chain chain;
  unsigned buffers = 0;
  for (; rig.device.take(0, &chain); ++buffers) {
    uint64_t bytes = 0;
    for (const VirtqDesc& element : chain.elements) bytes += element.len;
    EXPECT_GE(bytes, 12u);
  }
  EXPECT_GT(buffers, 0u);
  Rig frames;
  frames.options.rx_buffer_bytes = 64;
  frames.must_open();
  ASSERT_TRUE(frames.device.receive_cut(Rig::frame(60, 3), {12 + 52, 8}, 2));
  frames.run_us(5);
  ASSERT_EQ(frames.client.frames.size(), 1u);
  EXPECT_EQ(frames.client.frames[0], Rig::frame(60, 3));
  frames.expect_clean();
}

// CLAUSES: NRB-R-005
TEST(Receive, EveryQueueInUseIsFilled) {
  Rig rig;
  rig.device.offer_pairs(4);
  rig.options.queue_pairs = 3;
  rig.must_open();
  for (unsigned pair = 0; pair < 3; ++pair) EXPECT_EQ(rig.device.avail_idx(2 * pair), 256) << pair;
  EXPECT_EQ(rig.device.queues[6].enable, 0u);
}

// Bits and offsets that were not negotiated change nothing: the frame is handed over as it came,
// and no more is said about it.
// CLAUSES: NRX-R-001, NRX-R-003, NRX-R-004, NRX-R-009
TEST(Receive, HeaderFieldsThatWereNotNegotiatedAreIgnored) {
  std::vector<formats::VirtioNetHdr> headers(1);
  for (unsigned bit = 0; bit < 8; ++bit) {
    headers.emplace_back().flags = static_cast<uint8_t>(1u << bit);
    headers.emplace_back().gso_type = static_cast<uint8_t>(1u << bit);
  }
  for (const uint16_t value : {uint16_t{1}, uint16_t{34}, uint16_t{0xFFFF}}) {
    headers.emplace_back().hdr_len = value;
    headers.emplace_back().gso_size = value;
    for (const uint8_t flags : {uint8_t{0}, uint8_t{2}}) {
      formats::VirtioNetHdr& header = headers.emplace_back();
      header.flags = flags;
      header.csum_start = header.csum_offset = value;
    }
  }
  for (const bool mergeable : {true, false}) {
    Rig rig;
    if (!mergeable) rig.device.offered &= ~rig.feature(VIRTIO_NET_F_MRG_RXBUF);
    rig.must_open();
    for (const formats::VirtioNetHdr& header : headers) {
      rig.device.receive_header = header;
      rig.client.frames.clear();
      const Bytes frame = Rig::flow_frame(5, 100, 9);
      ASSERT_TRUE(rig.device.receive(frame));
      rig.run_us(5);
      ASSERT_EQ(rig.client.frames.size(), 1u);
      EXPECT_EQ(rig.client.frames[0], frame);
    }
    EXPECT_EQ(rig.counter("faults"), 0u);
    rig.expect_clean();
  }
}

/// Frames that a driver with offloads would ask something for: TCP over both families with
/// congestion marks, UDP, a UDP tunnel, and one that is larger than an MSS.
std::vector<Bytes> tempting_frames() {
  std::vector<Bytes> frames;
  for (const uint32_t size : {60u, 600u, 1514u, 2014u}) {
    Bytes udp = Rig::flow_frame(7, size, 1);
    frames.push_back(udp);
    udp[36] = 4789 >> 8;  // destination port: VXLAN
    udp[37] = 4789 & 0xFF;
    frames.push_back(udp);
    Bytes tcp = udp;
    tcp[15] = 3;     // CE
    tcp[23] = 6;     // TCP
    tcp[47] = 0xC2;  // CWR, ECE, SYN
    frames.push_back(tcp);
    Bytes ipv6(size, 0x11);
    ipv6[12] = 0x86;
    ipv6[13] = 0xDD;
    ipv6[14] = 0x60;
    ipv6[15] = 0x30;
    ipv6[20] = 6;
    frames.push_back(ipv6);
  }
  return frames;
}

// No offload is asked for, whatever the frame: the whole header is 0.
// CLAUSES: NTX-R-001, NTX-R-002, NTX-R-003, NTX-R-007, NTX-R-009, NTX-R-011, NTX-R-013, NTX-R-014
// CLAUSES: NTX-R-017, NTX-R-020, NTX-R-022, NTX-R-023, NTX-R-031, NTX-R-042, NTX-R-043, NTX-R-045
TEST(Transmit, HeaderIsZeroWhateverTheFrame) {
  Rig rig;
  rig.device.offered = driver::kSupportedFeatures;
  rig.device.config.mtu = 2000;
  rig.must_open();
  for (const Bytes& frame : tempting_frames()) {
    for (const unsigned fragments : {1u, 5u}) {
      ASSERT_EQ(rig.send_bytes(frame, fragments), TxResult::kOk);
      rig.run_us(5);
      EXPECT_EQ(rig.device.headers.back(), Bytes(12, 0));
      EXPECT_EQ(rig.device.transmitted.back(), frame);
    }
  }
  EXPECT_EQ(rig.device.transmitted.size(), 32u);
  rig.expect_clean();
}

}  // namespace
}  // namespace ringside::test
