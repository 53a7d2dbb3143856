// SPDX-License-Identifier: Apache-2.0
// A switch between ports that the test plays: where frames go, when, and what is dropped.
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "hw_model/wire/switch.h"
#include "tests/support/gtest.h"

namespace ringside::hw {
namespace {

constexpr TimePs kLatencyPs = 700'000;
constexpr TimePs kPsPerByte = 800;  // 10 Gbit/s
constexpr MacAddress kBroadcast = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

MacAddress station(uint8_t number) { return {0x02, 0, 0, 0, 0, number}; }

/// A link's end without a link: it serialises and keeps what it was given.
struct FakePort : EthernetPort {
  void attach(EthernetReceiver& to) override { receiver = &to; }
  TimePs transmit(const FramePtr& frame, TimePs earliest_ps) override {
    const TimePs start = std::max(earliest_ps, free_ps);
    free_ps = start + wire_time(frame->bytes.size());
    sent.push_back({frame, start});
    return free_ps;
  }
  TimePs free_at() const override { return free_ps; }
  TimePs wire_time(uint64_t bytes) const override { return bytes * kPsPerByte; }
  uint64_t rate_bps() const override { return 10'000'000'000; }
  bool carrier() const override { return up; }
  void set_carrier(bool now) {
    up = now;
    receiver->carrier_change(now);
  }

  struct Sent {
    FramePtr frame;
    TimePs start_ps;
  };
  EthernetReceiver* receiver = nullptr;
  TimePs free_ps = 0;
  bool up = true;
  std::vector<Sent> sent;
};

struct SwitchRig {
  explicit SwitchRig(unsigned ports, SwitchConfig config = {}) {
    config.ports = ports;
    config.latency_ps = kLatencyPs;
    device = std::make_unique<Switch>(config);
    this->ports = std::vector<FakePort>(ports);
    for (unsigned i = 0; i < ports; ++i) device->connect(i, this->ports[i]);
  }
  FramePtr frame(const MacAddress& to, const MacAddress& from, std::size_t bytes = 100) {
    FramePtr made = pool.make();
    made->bytes.assign(bytes, std::byte{0x5A});
    for (std::size_t i = 0; i < 6; ++i) {
      made->bytes[i] = static_cast<std::byte>(to[i]);
      made->bytes[6 + i] = static_cast<std::byte>(from[i]);
    }
    return made;
  }
  void arrive(unsigned port, const FramePtr& frame, TimePs at_ps) {
    ports[port].receiver->receive_frame(frame, at_ps - frame->bytes.size() * kPsPerByte, at_ps);
  }
  std::string sent() const {
    std::string text;
    for (const FakePort& port : ports) {
      text += (text.empty() ? "" : " ") + std::to_string(port.sent.size());
    }
    return text;
  }

  FramePool pool;
  std::unique_ptr<Switch> device;
  std::vector<FakePort> ports;
};

TEST(Switch, FloodsWhatItDoesNotKnowAndNeverSendsBack) {
  SwitchRig rig(4);
  rig.arrive(1, rig.frame(station(9), station(1)), 1'000'000);
  EXPECT_EQ(rig.sent(), "1 0 1 1");
  rig.arrive(2, rig.frame(kBroadcast, station(2)), 2'000'000);
  EXPECT_EQ(rig.sent(), "2 1 1 2");
  rig.arrive(2, rig.frame({0x01, 0, 0x5E, 0, 0, 1}, station(2)), 3'000'000);
  EXPECT_EQ(rig.sent(), "3 2 1 3");
  EXPECT_EQ(rig.device->counters(1).rx_flooded, 1u);
  EXPECT_EQ(rig.device->counters(2).rx_flooded, 2u);
}

TEST(Switch, SendsToTheOnePortThatLeadsToAStation) {
  SwitchRig rig(4);
  rig.arrive(3, rig.frame(kBroadcast, station(3)), 1'000'000);
  rig.arrive(0, rig.frame(station(3), station(0)), 2'000'000);
  rig.arrive(3, rig.frame(station(0), station(3)), 3'000'000);
  EXPECT_EQ(rig.sent(), "2 1 1 1");
  EXPECT_EQ(rig.device->counters(0).rx_forwarded, 1u);
  // It moves to port 1 and is followed there.
  rig.arrive(1, rig.frame(station(9), station(3)), 4'000'000);
  rig.arrive(0, rig.frame(station(3), station(0)), 5'000'000);
  EXPECT_EQ(rig.ports[1].sent.size(), 2u);
  EXPECT_EQ(rig.device->table().counters().moved, 1u);
}

TEST(Switch, FiltersFramesOfOneSide) {
  SwitchRig rig(2);
  rig.arrive(0, rig.frame(kBroadcast, station(1)), 1'000'000);
  rig.arrive(0, rig.frame(station(1), station(2)), 2'000'000);
  EXPECT_EQ(rig.sent(), "0 1");
  EXPECT_EQ(rig.device->counters(0).rx_filtered, 1u);
}

TEST(Switch, StoresAndForwardsAfterItsLatency) {
  SwitchRig rig(2);
  const FramePtr first = rig.frame(station(1), station(0), 1000);
  rig.arrive(0, first, 5'000'000);
  rig.arrive(0, rig.frame(station(1), station(0), 60), 5'100'000);
  ASSERT_EQ(rig.ports[1].sent.size(), 2u);
  EXPECT_EQ(rig.ports[1].sent[0].start_ps, 5'000'000 + kLatencyPs);
  EXPECT_EQ(rig.ports[1].sent[1].start_ps, 5'000'000 + kLatencyPs + 1000 * kPsPerByte);
  EXPECT_EQ(&*rig.ports[1].sent[0].frame, &*first);  // not a copy
}

TEST(Switch, DropsWhatItsQueueCannotHold) {
  SwitchConfig config;
  config.queue_bytes = 1000;
  SwitchRig rig(3, config);
  for (int i = 0; i < 7; ++i) rig.arrive(0, rig.frame(kBroadcast, station(0), 300), 1'000'000);
  EXPECT_EQ(rig.sent(), "0 3 3");
  const SwitchPortCounters& counters = rig.device->counters(1);
  EXPECT_EQ(counters.tx_drop_full, 4u);
  EXPECT_EQ(counters.tx_frames, 3u);
  EXPECT_EQ(counters.queue_bytes_max, 900u);
  // A smaller frame still fits; a frame leaves the queue with its last bit.
  rig.arrive(0, rig.frame(kBroadcast, station(0), 100), 1'000'000);
  EXPECT_EQ(counters.tx_drop_full, 4u);
  const TimePs first_gone = 1'000'000 + kLatencyPs + 300 * kPsPerByte;
  rig.arrive(0, rig.frame(kBroadcast, station(0), 300), first_gone - 1);
  EXPECT_EQ(counters.tx_drop_full, 5u);
  rig.arrive(0, rig.frame(kBroadcast, station(0), 300), first_gone);
  EXPECT_EQ(counters.tx_drop_full, 5u);
  EXPECT_EQ(counters.queue_bytes_max, 1000u);
}

TEST(Switch, DropsDamagedAndReservedFramesUnlearned) {
  SwitchRig rig(2);
  const FramePtr damaged = rig.frame(kBroadcast, station(1));
  damaged->fcs_ok = false;
  rig.arrive(0, damaged, 1'000'000);
  rig.arrive(0, rig.frame({0x01, 0x80, 0xC2, 0, 0, 0x0F}, station(2)), 2'000'000);
  EXPECT_EQ(rig.sent(), "0 0");
  EXPECT_EQ(rig.device->table().size(), 0u);
  EXPECT_EQ(rig.device->counters(0).rx_drop_fcs, 1u);
  EXPECT_EQ(rig.device->counters(0).rx_drop_reserved, 1u);
  rig.arrive(0, rig.frame({0x01, 0x80, 0xC2, 0, 0, 0x10}, station(2)), 3'000'000);
  EXPECT_EQ(rig.sent(), "0 1");
}

TEST(Switch, ForgetsStationsAndFramesOfAPortWithoutCarrier) {
  SwitchConfig config;
  config.queue_bytes = 200;
  SwitchRig rig(3, config);
  rig.arrive(1, rig.frame(kBroadcast, station(1)), 1'000'000);
  rig.arrive(0, rig.frame(station(1), station(0), 200), 2'000'000);
  rig.ports[1].set_carrier(false);
  EXPECT_EQ(rig.device->table().size(), 1u);
  rig.arrive(0, rig.frame(station(1), station(0)), 3'000'000);  // unknown now
  EXPECT_EQ(rig.sent(), "1 1 2");
  EXPECT_EQ(rig.device->counters(1).tx_drop_link_down, 1u);
  rig.ports[1].set_carrier(true);
  rig.arrive(0, rig.frame(kBroadcast, station(0), 200), 3'000'000);  // the queue is empty
  EXPECT_EQ(rig.sent(), "1 2 2");
  EXPECT_EQ(rig.device->counters(2).tx_drop_full, 1u);  // that one's is not
}

TEST(Switch, AccountsForEveryFrameOfRandomTraffic) {
  constexpr unsigned kPorts = 5;
  SwitchConfig config;
  config.queue_bytes = 4000;
  config.table_entries = 6;
  config.ageing_ps = 40'000'000;
  SwitchRig rig(kPorts, config);
  std::mt19937_64 random(7);
  TimePs now = 1'000'000;
  unsigned arrived = 0;
  uint64_t copies = 0;  // that were to leave
  for (int i = 0; i < 20'000; ++i) {
    now += random() % (i % 2000 == 0 ? 200'000'000 : 400'000);
    const auto port = static_cast<unsigned>(random() % kPorts);
    const auto to = static_cast<uint8_t>(random() % 9);
    const auto from = static_cast<uint8_t>(random() % 2 * kPorts + port);
    const FramePtr frame =
        rig.frame(to == 8 ? kBroadcast : station(to), station(from), 60 + random() % 1455);
    frame->fcs_ok = random() % 50 != 0;
    rig.arrive(port, frame, now);
    ++arrived;
  }
  SwitchPortCounters sum;
  for (unsigned port = 0; port < kPorts; ++port) {
    const SwitchPortCounters& counters = rig.device->counters(port);
    sum.rx_frames += counters.rx_frames;
    sum.rx_forwarded += counters.rx_forwarded;
    sum.rx_flooded += counters.rx_flooded;
    sum.rx_filtered += counters.rx_filtered;
    sum.rx_drop_fcs += counters.rx_drop_fcs;
    sum.tx_frames += counters.tx_frames;
    sum.tx_drop_full += counters.tx_drop_full;
    EXPECT_EQ(counters.tx_frames, rig.ports[port].sent.size());
    EXPECT_LE(counters.queue_bytes_max, config.queue_bytes);
    for (const FakePort::Sent& sent : rig.ports[port].sent) {
      // Its source is never behind the port that it leaves by.
      EXPECT_NE(static_cast<unsigned>(sent.frame->bytes[11]) % kPorts, port);
    }
  }
  copies = sum.rx_forwarded + sum.rx_flooded * (kPorts - 1);
  EXPECT_EQ(sum.rx_frames, arrived);
  EXPECT_EQ(sum.rx_frames, sum.rx_forwarded + sum.rx_flooded + sum.rx_filtered + sum.rx_drop_fcs);
  EXPECT_EQ(sum.tx_frames + sum.tx_drop_full, copies);
  EXPECT_GT(sum.tx_drop_full, 0u);
  EXPECT_GT(sum.rx_forwarded, 1000u);
  EXPECT_GT(rig.device->table().counters().refused, 0u);
  EXPECT_GT(rig.device->table().counters().aged, 0u);
}

}  // namespace
}  // namespace ringside::hw
