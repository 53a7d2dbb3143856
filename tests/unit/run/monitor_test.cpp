// SPDX-License-Identifier: Apache-2.0
// What is recorded later than it happens, frames on their way through a switch, makes the digest
// that recording at once makes. One simulation a process.
#include "testbench/run/monitor.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "hw_model/wire/switch.h"
#include "tests/support/gtest.h"

namespace ringside::tb {
namespace {

constexpr unsigned kStations = 3;
constexpr sc_core::sc_time_unit kUnit = sc_core::SC_US;

struct Nobody : hw::EthernetReceiver {
  void receive_frame(const hw::FramePtr&, hw::TimePs, hw::TimePs) override { ++frames; }
  void carrier_change(bool) override {}
  uint64_t frames = 0;
};

/// Stations around a switch whose queues are short; two monitors see all links, of which one is not
/// told that there is a switch.
struct Star {
  Star() : crossing({.ports = kStations, .queue_bytes = 8000}) {
    for (unsigned i = 0; i < kStations; ++i) {
      const std::string name = "link" + std::to_string(i);
      links.push_back(std::make_unique<hw::Link>(name.c_str(), hw::LinkConfig{}, &arrivals));
      hw::Link& link = *links.back();
      link.end(0).attach(stations[i]);
      crossing.connect(i, link.end(1));
      later.watch_link(link, name, {{name}, {"core." + name, true}}, 100'000'000'000);
      at_once.watch_link(link, name, {{name}, {"core." + name, false}}, 100'000'000'000);
    }
  }
  ~Star() { later.settle(); }
  /// Data for `to`, or for all if there is no such station; no two frames are the same.
  void send(unsigned from, unsigned to) {
    hw::FramePtr frame = pool.make();
    frame->bytes.assign(60 + sent * 37 % 1400, static_cast<std::byte>(sent));
    const auto station = [](unsigned number) { return static_cast<std::byte>(2 + 4 * number); };
    for (std::size_t i = 0; i < 6; ++i) frame->bytes[i] = to < kStations ? station(to) : kAll;
    for (std::size_t i = 6; i < 12; ++i) frame->bytes[i] = station(from);
    ++sent;
    used.insert(&*frame);
    links[from]->end(0).transmit(frame);
  }

  static constexpr std::byte kAll{0xFF};
  hw::FramePool pool;
  hw::Arrivals arrivals;
  hw::Switch crossing;
  Nobody stations[kStations];
  std::vector<std::unique_ptr<hw::Link>> links;
  Monitor later, at_once;
  uint64_t sent = 0;
  std::set<const hw::Frame*> used;
};

TEST(Monitor, FramesThatPassASwitchAreRecordedAsTheyArrivedThere) {
  Star star;
  uint64_t random = 3;
  sc_core::sc_spawn([&] {
    for (unsigned i = 0; i < 4000; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      // Bursts of three stations to one fill its queue, and some of them are lost.
      star.send((random >> 33) % kStations, i % 97 == 0 ? kStations : (random >> 40) % 2);
      if (i % 40 == 39) sc_core::wait(20, kUnit);
    }
  });
  std::vector<std::string> digests;
  for (unsigned part = 0; part < 7; ++part) {
    // In the middle of traffic, too: with frames between the links.
    sc_core::sc_start(part == 6 ? 5000 : 33.4567, kUnit);
    digests.push_back(star.later.digest());
    ASSERT_EQ(digests.back(), star.at_once.digest()) << "part " << part;
    for (unsigned link = 0; link < kStations; ++link) {
      ASSERT_EQ(star.later.data_frames_on_link(link), star.at_once.data_frames_on_link(link));
    }
  }
  EXPECT_NE(digests.front(), digests.back());
  uint64_t dropped = 0;
  for (unsigned port = 0; port < kStations; ++port) {
    dropped += star.crossing.counters(port).tx_drop_full;
  }
  EXPECT_GT(dropped, 0u);
  EXPECT_GT(star.stations[0].frames, 1000u);
}

TEST(Monitor, HoldsABoundedNumberOfFramesThatNeverComeOut) {
  Star star;
  sc_core::sc_spawn([&] {
    for (unsigned i = 0; i < 3000; ++i) {
      star.send(0, 0);  // goes back to where it came from: filtered
      sc_core::wait(1, kUnit);
    }
  });
  sc_core::sc_start(5000, kUnit);
  const hw::SwitchPortCounters& port = star.crossing.counters(0);
  EXPECT_EQ(port.rx_filtered + port.rx_flooded, 3000u);
  EXPECT_EQ(star.later.digest(), star.at_once.digest());
  EXPECT_LT(star.used.size(), 300u) << "frames were not reused";
}

}  // namespace
}  // namespace ringside::tb
