// SPDX-License-Identifier: Apache-2.0
// TLPs, frames, management accesses and trace records of a card in RTL.
#include "tests/unit/rtl_bridge/echo_host.h"

namespace ringside::test {
namespace {

using hw::HostMemory;

constexpr hw::TimePs kCycle = 4000;

/// Copies by the card from one place of host memory to another; the lane of the first byte is the
/// same on both sides, because this card has no rotation.
void copy(EchoHost& host, uint64_t source, uint64_t target, uint32_t length, uint32_t message) {
  host.set(kSource, source);
  host.set(kTarget, target);
  host.set(kMessage, hw::RootPort::kMsiWindow | uint64_t{message} << 32);
  host.set(kGo, length);
}

TEST(RtlBridge, RegistersOfEveryWidth) {
  EchoHost host("host", {}, {});
  ASSERT_TRUE(run_thread([&] {
    EXPECT_EQ(host.port.config_read(0, 4), 0x10411AF4u);
    EXPECT_EQ(host.port.config_read(2, 2), 0x1041u);
    EXPECT_EQ(host.port.config_read(3, 1), 0x10u);
    host.port.config_write(0x10, 4, 0x11223344);
    host.port.config_write(0x12, 1, 0xAA);
    EXPECT_EQ(host.port.config_read(0x10, 4), 0x11AA3344u);
    host.set(kScratch, 0x8877665544332211);
    for (const unsigned width : {1u, 2u, 4u, 8u}) {
      for (unsigned at = 0; at < 8; at += width) {
        uint64_t expected = 0x8877665544332211 >> (8 * at);
        if (width != 8) expected &= (uint64_t{1} << (8 * width)) - 1;
        EXPECT_EQ(host.port.memory_read(EchoHost::kBar + at, width), expected);
      }
    }
  }));
}

TEST(RtlBridge, DebugAccessesTakeNoTime) {
  hw::NicConfig config;
  EchoHost host("host", config, {});
  ASSERT_TRUE(run_thread([&] {
    tlm::tlm_generic_payload payload;
    hw::PcieExtension extension;
    extension.space = hw::PcieSpace::kConfig;
    payload.set_extension(&extension);
    uint32_t value = 0x5555AAAA;
    payload.set_address(0x20);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(4);
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    EXPECT_EQ(host.port.down->transport_dbg(payload), 4u);
    value = 0;
    payload.set_command(tlm::TLM_READ_COMMAND);
    EXPECT_EQ(host.port.down->transport_dbg(payload), 4u);
    EXPECT_EQ(value, 0x5555AAAAu);
    payload.clear_extension(&extension);
    EXPECT_EQ(sc_core::sc_time_stamp().value(), 0u);
    EXPECT_EQ(host.port.config_read(0x20, 4), 0x5555AAAAu);
  }));
}

/// A card that leaves out what it can.
struct FewPins : EchoHost::Hardware {
  bool has_pin(const std::string& name) const override { return !name.starts_with("straps_"); }
};

TEST(RtlBridge, SettingsThatACardDoesNotTakeAreTold) {
  hw::NicConfig plain, set;
  set.mtu = 9000;
  set.features = ~uint64_t{1};
  set.queue_size_max = 4;
  set.pipeline.used_batch = 3;
  set.pipeline.used_timeout_cycles = 7;
  EchoHost all("all", set, {});
  EXPECT_EQ(all.nic->shortfalls(), std::vector<std::string>{});
  plain.queue_size_max = 64;
  EchoHost none("none", plain, {}, {}, std::make_unique<FewPins>());
  EXPECT_EQ(none.nic->shortfalls(), std::vector<std::string>{});
  EchoHost few("few", set, {}, {}, std::make_unique<FewPins>());
  const std::vector<std::string> expected = {
      "this hardware has no pin straps_mtu: mtu 9000 makes no difference",
      "this hardware has no pin straps_features: withhold makes no difference",
      "this hardware has no pin straps_queue_size_max: queue_size_max 4 makes no difference",
      "this hardware has no pin straps_used_batch: used_batch 3 makes no difference",
      "this hardware has no pin straps_used_timeout: used_timeout_cycles 7 makes no difference"};
  EXPECT_EQ(few.nic->shortfalls(), expected);
}

/// Every lane of the first byte, lengths around beats, double words, payloads.
TEST(RtlBridge, ReadsAndWritesOfEveryAlignment) {
  EchoHost host("host", {}, {});
  unsigned copies = 0;
  ASSERT_TRUE(run_thread([&] {
    const uint64_t base = HostMemory::kArenaBase;
    for (const uint32_t length :
         {1u, 2u, 3u, 4u, 5u, 63u, 64u, 65u, 127u, 128u, 129u, 200u, 255u, 256u, 257u, 500u}) {
      for (unsigned lane = 0; lane < 4; ++lane) {
        const uint64_t source = base + 4096 + lane;
        const uint64_t target = base + 8192 + uint64_t{4} * (length % 5) + lane;
        const std::vector<std::byte> bytes = pattern(length, length + lane);
        std::memcpy(host.memory.translate(source, length), bytes.data(), length);
        std::memset(host.memory.translate(target - 8, length + 16), 0xEE, length + 16);
        copy(host, source, target, length, ++copies);
        wait_us(3);
        ASSERT_EQ(host.messages.size(), copies);
        EXPECT_EQ(host.messages.back(), copies);
        EXPECT_EQ(std::memcmp(host.memory.translate(target, length), bytes.data(), length), 0)
            << length << " bytes, lane " << lane;
        EXPECT_EQ(host.memory.translate(target - 1, 1)[0], std::byte{0xEE});
        EXPECT_EQ(host.memory.translate(target + length, 1)[0], std::byte{0xEE});
      }
    }
    host.set(kMessage, uint64_t{1} << 63 | 0x20);
    host.set(kGo, 4);
    wait_us(3);
    EXPECT_EQ(host.levels, std::vector<bool>{true});
  }));
  const hw::PcieLedger& ledger = *host.nic->ledger();
  EXPECT_EQ(ledger.at(hw::BusDirection::kUp, hw::Purpose::kInterrupt).tlps, copies + 1);
  uint64_t tlps = 0;
  for (unsigned i = 0; i < static_cast<unsigned>(hw::Purpose::kCount); ++i) {
    tlps += ledger.at(hw::BusDirection::kUp, static_cast<hw::Purpose>(i)).tlps;
    tlps += ledger.at(hw::BusDirection::kDown, static_cast<hw::Purpose>(i)).tlps;
  }
  EXPECT_EQ(tlps, host.counter("tlps"));
}

TEST(RtlBridge, FramesComeBackInOrder) {
  EchoHost host("host", {}, {});
  std::vector<std::vector<std::byte>> sent;
  ASSERT_TRUE(run_thread([&] {
    wait_us(1);
    for (unsigned i = 0; i < 300; ++i) {
      sent.push_back(pattern(60 + 13 * i % 1455, i));
      host.send(sent.back());
    }
    wait_us(100);
  }));
  ASSERT_EQ(host.received.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(host.received[i]->bytes, sent[i]) << i;
  EXPECT_EQ(host.counter("tx_frames"), sent.size());
  EXPECT_EQ(host.counter("rx_frames"), sent.size());
}

/// The card is bound by the wire: at most two frames wait at the port, none is late.
TEST(RtlBridge, SentFramesKeepTheWireBusyAndWaitInTheCard) {
  hw::LinkConfig wire;
  wire.rate_bps = 25'000'000'000;
  EchoHost host("host", {}, {}, wire);
  constexpr unsigned kFrames = 100;
  std::vector<hw::TimePs> waiting;
  ASSERT_TRUE(run_thread([&] {
    for (unsigned i = 0; i < kFrames; ++i) host.send(pattern(1514, i));
    for (unsigned i = 0; i < 50; ++i) {
      wait_us(1);
      const hw::TimePs now = sc_core::sc_time_stamp().value();
      const hw::TimePs free = host.link.end(0).free_at();
      waiting.push_back(free > now ? free - now : 0);
    }
    wait_us(20);
  }));
  ASSERT_EQ(host.received.size(), kFrames);
  const hw::TimePs frame_ps = host.link.end(0).wire_time(1514);
  for (const hw::TimePs ps : waiting) EXPECT_LE(ps, 3 * frame_ps);
  EXPECT_GE(*std::max_element(waiting.begin(), waiting.end()), frame_ps / 2);
}

/// Firmware that the test itself is.
struct TestControl : hw::ControlPlane {
  void attach(hw::ManagementBus& the_bus) override { bus = &the_bus; }
  void interrupt() override { ++interrupts; }
  hw::ManagementBus* bus = nullptr;
  unsigned interrupts = 0;
};

/// The block is busy every other cycle, has a word of latency, and interrupts for its last word.
TEST(RtlBridge, ManagementAccessesTakeCycles) {
  auto control = std::make_unique<TestControl>();
  TestControl& firmware = *control;
  EchoHost host("host", {}, {hw::ClockMode::kProven, {}}, {},
                std::make_unique<EchoHost::Hardware>(), std::move(control));
  ASSERT_NE(firmware.bus, nullptr);
  EXPECT_TRUE(firmware.bus->takes_time());
  ASSERT_TRUE(run_thread([&] {
    wait_us(1);
    for (uint32_t i = 0; i < 15; ++i) firmware.bus->write(4 * i, 0x01010101 * i);
    const hw::TimePs before = sc_core::sc_time_stamp().value();
    for (uint32_t i = 0; i < 15; ++i) EXPECT_EQ(firmware.bus->read(4 * i), 0x01010101 * i);
    const hw::TimePs taken = sc_core::sc_time_stamp().value() - before;
    EXPECT_EQ(taken % kCycle, 0u);
    EXPECT_GE(taken, 15 * kCycle);
    EXPECT_LE(taken, 30 * kCycle);
    EXPECT_EQ(firmware.interrupts, 0u);
    firmware.bus->write(60, 1);
    wait_us(1);
    EXPECT_EQ(firmware.interrupts, 1u);
    firmware.bus->write(60, 0);
    firmware.bus->write(60, 1);
    EXPECT_EQ(firmware.interrupts, 2u);
  }));
  EXPECT_EQ(host.nic->fault(), "");
}

/// Records of the card's trace, with names of frames and times of edges.
struct Records : hw::TraceSink {
  void record(const hw::TraceRecord& record) override { records.push_back(record); }
  std::vector<hw::TraceRecord> records;
};

TEST(RtlBridge, TraceHasTimesOfEdgesAndNamesOfFrames) {
  EchoHost host("host", {}, {});
  Records trace;
  host.nic->trace(&trace);
  ASSERT_TRUE(run_thread([&] {
    wait_us(1);
    for (unsigned i = 0; i < 3; ++i) host.send(pattern(100 + i, i));
    wait_us(10);
  }));
  std::vector<uint64_t> in, started, sent;
  for (const hw::TraceRecord& record : trace.records) {
    switch (record.kind) {
      case hw::TraceKind::kFrameIn:
        EXPECT_EQ(record.time_ps % kCycle, 0u);
        EXPECT_EQ(record.value, 7u);
        EXPECT_EQ(record.size, 60u);
        in.push_back(record.frame);
        break;
      case hw::TraceKind::kStartTransmit:
        EXPECT_EQ(record.queue, 1u);
        started.push_back(record.frame);
        break;
      case hw::TraceKind::kFrameSent:
        EXPECT_EQ(record.queue, 1u);
        sent.push_back(record.frame);
        break;
      default:
        ADD_FAILURE() << static_cast<unsigned>(record.kind);
    }
  }
  ASSERT_EQ(in.size(), 3u);
  EXPECT_EQ(started, sent);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(host.received[i]->id, sent[i]);
    EXPECT_NE(in[i], sent[i]);
    EXPECT_NE(in[i], 0u);
  }
}

}  // namespace
}  // namespace ringside::test
