// SPDX-License-Identifier: Apache-2.0
// A capture that is played onto a link: frames, times, rounds, and files that are no good. One
// simulation a process: run by CTest.
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "testbench/external/pcap_source.h"
#include "tests/unit/external/outside_rig.h"

namespace ringside::test {
namespace {

using tb::PcapPlay;
using tb::PcapSource;

struct Packet {
  uint64_t time_ns;
  std::size_t bytes;
};

struct PcapRig : OutsideRig {
  using OutsideRig::OutsideRig;
  std::string capture(const std::vector<Packet>& packets, uint32_t snap_length = 0) {
    std::string path = folder.path + "/in.pcapng";
    formats::PcapngWriter writer;
    formats::PcapngSection section;
    section.snap_length = snap_length;
    EXPECT_TRUE(writer.open(path, section).ok());
    const uint32_t interface = writer.add_interface({});
    for (std::size_t i = 0; i < packets.size(); ++i) {
      const auto bytes = content(packets[i].bytes, static_cast<uint8_t>(i));
      EXPECT_TRUE(writer.write_packet(interface, packets[i].time_ns, bytes).ok());
    }
    EXPECT_TRUE(writer.close().ok());
    return path;
  }
  std::string refusal(const std::string& file) {
    Status status;
    EXPECT_EQ(PcapSource::open({.file = file}, pool, &status), nullptr);
    return status.error;
  }
  /// Plays from 5 us on, for a second at most.
  void play(const PcapPlay& what) {
    Status status;
    source = PcapSource::open(what, pool, &status);
    ASSERT_TRUE(status.ok()) << status.error;
    plug(*source);
    source->on_end([this] { ++ends; });
    source->start(5'000'000);
    sc_core::sc_start(1, sc_core::SC_SEC);
    EXPECT_EQ(source->failure(), "");
  }
  std::vector<uint64_t> starts() const {
    std::vector<uint64_t> times;
    for (const Arrival& arrival : listener.arrivals) times.push_back(arrival.start_ps);
    return times;
  }

  Folder folder;
  std::unique_ptr<PcapSource> source;
  int ends = 0;
};

TEST(PcapSource, KeepsTheGapsOfTheCapture) {
  PcapRig rig;
  rig.play({.file = rig.capture({{1'700'000'000'000'000'123, 60},
                                 {1'700'000'000'000'100'123, 1514},
                                 {1'700'000'000'000'100'124, 100}})});
  ASSERT_EQ(rig.listener.arrivals.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t sizes[] = {60, 1514, 100};
    EXPECT_EQ(rig.listener.arrivals[i].bytes,
              OutsideRig::content(sizes[i], static_cast<uint8_t>(i)));
  }
  // The third is due when the second is on the wire.
  const uint64_t second = 5'000'000 + 100'000'000;
  EXPECT_EQ(rig.starts(),
            (std::vector<uint64_t>{5'000'000, second, second + rig.link.end(0).wire_time(1514)}));
  EXPECT_EQ(rig.ends, 1);
  EXPECT_TRUE(rig.source->ended());
  EXPECT_EQ(rig.source->frames_total(), 3u);
  EXPECT_EQ(rig.source->frames_sent(), 3u);
  EXPECT_EQ(OutsideRig::count(*rig.source, "tx_bytes"), 1674u);
}

TEST(PcapSource, SendsBackToBackWithoutALongQueue) {
  PcapRig rig(1'000'000'000);
  std::vector<Packet> packets;
  for (uint64_t i = 0; i < 100; ++i) packets.push_back({i * 1'000'000'000, 1514});
  uint64_t most = 0;
  rig.listener.heard = [&] {
    most = std::max<uint64_t>(most, rig.link.end(0).free_at() - sc_core::sc_time_stamp().value());
  };
  rig.play({.file = rig.capture(packets), .repeat = 2, .recorded_gaps = false});
  ASSERT_EQ(rig.listener.arrivals.size(), 200u);
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(rig.listener.arrivals[i].start_ps, 5'000'000 + i * rig.link.end(0).wire_time(1514));
    EXPECT_EQ(rig.listener.arrivals[i].bytes[0], static_cast<std::byte>(i % 100));
  }
  EXPECT_LE(most, tb::queue_ahead_ps(rig.link.end(0)) + rig.link.end(0).wire_time(1514));
}

TEST(PcapSource, RepeatsWithAMeanGapBetweenRounds) {
  PcapRig rig;
  rig.play({.file = rig.capture({{1000, 60}, {3000, 60}, {7000, 60}}), .repeat = 3});
  std::vector<uint64_t> expected;
  for (uint64_t round = 0; round < 3; ++round) {
    for (const uint64_t offset : {0u, 2'000'000u, 6'000'000u}) {
      expected.push_back(5'000'000 + round * 9'000'000 + offset);
    }
  }
  EXPECT_EQ(rig.starts(), expected);
  EXPECT_EQ(rig.source->frames_total(), 9u);
  EXPECT_EQ(rig.ends, 1);
}

TEST(PcapSource, PlaysForEver) {
  PcapRig rig;
  rig.play({.file = rig.capture({{0, 60}, {1'000'000, 60}}), .repeat = 0});
  EXPECT_EQ(rig.source->frames_total(), 0u);
  EXPECT_FALSE(rig.source->ended());
  EXPECT_EQ(rig.ends, 0);
  EXPECT_EQ(rig.listener.arrivals.size(), 1000u);  // one a millisecond
}

TEST(PcapSource, SendsAtOnceWhatTheCaptureHasLate) {
  PcapRig rig;
  rig.play({.file = rig.capture({{5000, 60}, {9000, 60}, {2000, 60}, {10'000, 60}})});
  const uint64_t wire = rig.link.end(0).wire_time(60);
  EXPECT_EQ(rig.starts(),
            (std::vector<uint64_t>{5'000'000, 9'000'000, 9'000'000 + wire, 10'000'000}));
}

TEST(PcapSource, LeavesOutWhatCannotBeSent) {
  PcapRig rig;
  rig.play({.file = rig.capture({{0, 13}, {1000, 60}, {2000, 300}, {3000, 14}}, 256)});
  EXPECT_EQ(rig.starts(), (std::vector<uint64_t>{5'000'000, 7'000'000}));
  EXPECT_EQ(OutsideRig::count(*rig.source, "tx_drop_size"), 1u);
  EXPECT_EQ(OutsideRig::count(*rig.source, "tx_drop_cut"), 1u);
  EXPECT_EQ(OutsideRig::count(*rig.source, "tx_frames"), 2u);
}

TEST(PcapSource, RefusesFilesThatHoldNothingToSend) {
  PcapRig rig;
  EXPECT_NE(rig.refusal(rig.folder.path + "/none").find("/none"), std::string::npos);
  const std::string text = rig.folder.path + "/text";
  std::ofstream(text) << "this is no capture, but long enough to be one";
  EXPECT_NE(rig.refusal(text).find(text + ": cannot read the capture: "), std::string::npos);
  const std::string none = rig.capture({});
  EXPECT_EQ(rig.refusal(none),
            none + ": no frame in it can be sent; expected whole Ethernet frames");
  const std::string cut = rig.capture({{0, 1000}}, 100);
  EXPECT_EQ(rig.refusal(cut), cut +
                                  ": no frame in it can be sent, they were cut when they were "
                                  "captured; expected whole Ethernet frames");
  const std::string broken = rig.capture({{0, 1000}, {1, 1000}});
  std::filesystem::resize_file(broken, std::filesystem::file_size(broken) - 10);
  EXPECT_NE(rig.refusal(broken).find(broken + ": packet 2: "), std::string::npos);
}

TEST(PcapSource, EndsWhenItsFileChanges) {
  PcapRig rig;
  Status status;
  const std::string file = rig.capture({{0, 60}, {1000, 60}});
  rig.source = PcapSource::open({.file = file, .repeat = 0}, rig.pool, &status);
  ASSERT_TRUE(status.ok()) << status.error;
  rig.plug(*rig.source);
  rig.source->on_end([&] { ++rig.ends; });
  rig.source->start(0);
  sc_core::sc_start(1, sc_core::SC_US);
  rig.capture({});
  sc_core::sc_start(1, sc_core::SC_MS);
  EXPECT_EQ(rig.ends, 1);
  EXPECT_EQ(rig.source->failure(), file + " changed while it was played");
}

TEST(PcapSource, CountsWhatComesBack) {
  PcapRig rig;
  Status status;
  rig.source = PcapSource::open({.file = rig.capture({{0, 60}})}, rig.pool, &status);
  ASSERT_TRUE(status.ok()) << status.error;
  rig.plug(*rig.source);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  rig.link.end(1).transmit(rig.frame(100, 1));
  sc_core::sc_start(1, sc_core::SC_MS);
  EXPECT_EQ(OutsideRig::count(*rig.source, "rx_frames"), 1u);
  EXPECT_EQ(OutsideRig::count(*rig.source, "rx_bytes"), 100u);
  EXPECT_TRUE(rig.listener.arrivals.empty());  // it was not started
}

}  // namespace
}  // namespace ringside::test
