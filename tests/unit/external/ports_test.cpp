// SPDX-License-Identifier: Apache-2.0
// Ports of the outside: a plug that loops back, and a TAP whose kernel is a socket of the test. One
// simulation a process: run by CTest.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "testbench/external/loopback.h"
#include "testbench/external/tap_interface.h"
#include "testbench/external/tap_port.h"
#include "tests/unit/external/outside_rig.h"

namespace ringside::test {
namespace {

constexpr uint64_t kMs = 1'000'000'000;

void send_at(OutsideRig& rig, uint64_t ps, const hw::FramePtr& frame) {
  sc_core::sc_spawn([&rig, ps, frame] {
    sc_core::wait(sc_core::sc_time::from_value(ps));
    rig.link.end(1).transmit(frame);
  });
}

TEST(Loopback, SendsBackWhatIsWhole) {
  OutsideRig rig;
  tb::Loopback plug;
  rig.plug(plug);
  const hw::FramePtr broken = rig.frame(100, 2);
  broken->fcs_ok = false;
  send_at(rig, 0, rig.frame(60, 1));
  send_at(rig, 10, broken);
  send_at(rig, 20, rig.frame(1514, 3));
  sc_core::sc_start(1, sc_core::SC_MS);
  ASSERT_EQ(rig.listener.arrivals.size(), 2u);
  EXPECT_EQ(rig.listener.arrivals[0].bytes, OutsideRig::content(60, 1));
  EXPECT_EQ(rig.listener.arrivals[1].bytes, OutsideRig::content(1514, 3));
  EXPECT_EQ(rig.listener.arrivals[0].start_ps, 57'600u);  // when its last bit was here
  EXPECT_EQ(OutsideRig::count(plug, "rx_frames"), 2u);
  EXPECT_EQ(OutsideRig::count(plug, "rx_bytes"), 1574u);
  EXPECT_EQ(OutsideRig::count(plug, "rx_drop_fcs"), 1u);
}

/// A TAP port on one end of a pair of sockets that keep messages apart, as a TAP does.
struct TapRig : OutsideRig {
  explicit TapRig(uint64_t rate_bps = 10'000'000'000) : OutsideRig(rate_bps) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
    kernel = ends[1];
    port = std::make_unique<tb::TapPort>("probe", ends[0], loop, pool, [this](const auto& why) {
      lost += why;
      loop.stop();
    });
    plug(*port);
  }
  ~TapRig() { close(kernel); }
  TapRig(const TapRig&) = delete;
  TapRig& operator=(const TapRig&) = delete;
  void write_frame(const std::vector<std::byte>& bytes) const {
    EXPECT_EQ(write(kernel, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  std::vector<std::byte> read_frame() const {
    std::vector<std::byte> bytes(70'000);
    const ssize_t size = read(kernel, bytes.data(), bytes.size());
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }
  void stop_after(std::size_t frames) {
    listener.heard = [this, frames] {
      if (listener.arrivals.size() == frames) loop.stop();
    };
  }

  tb::ExternalLoop loop{tb::Pace::kDemand};
  std::unique_ptr<tb::TapPort> port;
  std::string lost;
  int kernel = -1;
};

TEST(TapPort, CarriesFramesBothWays) {
  TapRig rig;
  rig.write_frame(OutsideRig::content(60, 1));
  rig.write_frame(OutsideRig::content(1514, 2));
  send_at(rig, 1000, rig.frame(9014, 3));
  rig.stop_after(2);
  rig.loop.run();
  sc_core::sc_start(1, sc_core::SC_MS);
  ASSERT_EQ(rig.listener.arrivals.size(), 2u);
  EXPECT_EQ(rig.listener.arrivals[0].bytes, OutsideRig::content(60, 1));
  EXPECT_EQ(rig.listener.arrivals[1].bytes, OutsideRig::content(1514, 2));
  EXPECT_EQ(rig.read_frame(), OutsideRig::content(9014, 3));
  EXPECT_EQ(rig.read_frame().size(), 0u);
  EXPECT_EQ(OutsideRig::count(*rig.port, "tx_frames"), 2u);
  EXPECT_EQ(OutsideRig::count(*rig.port, "tx_bytes"), 1574u);
  EXPECT_EQ(OutsideRig::count(*rig.port, "rx_frames"), 1u);
  EXPECT_EQ(OutsideRig::count(*rig.port, "rx_bytes"), 9014u);
  EXPECT_EQ(rig.lost, "");
}

TEST(TapPort, LeavesFramesInTheKernelWhileTheLinkIsBehind) {
  TapRig rig(1'000'000'000);
  constexpr std::size_t kFrames = 200;
  uint64_t most = 0;
  std::size_t written = 0;
  // The socket holds some hundred messages; the link is kept supplied.
  const auto refill = [&] {
    while (written < kFrames) {
      const auto bytes = OutsideRig::content(1514, static_cast<uint8_t>(written));
      if (write(rig.kernel, bytes.data(), bytes.size()) < 0) break;
      ++written;
    }
  };
  refill();
  rig.listener.heard = [&] {
    const uint64_t now = sc_core::sc_time_stamp().value();
    most = std::max<uint64_t>(most,
                              rig.link.end(0).free_at() - std::min(now, rig.link.end(0).free_at()));
    refill();
    if (rig.listener.arrivals.size() == kFrames) rig.loop.stop();
  };
  rig.loop.run();
  ASSERT_EQ(rig.listener.arrivals.size(), kFrames);
  uint64_t expected_start = rig.listener.arrivals[0].start_ps;
  unsigned gaps = 0;
  for (std::size_t i = 0; i < kFrames; ++i) {
    EXPECT_EQ(rig.listener.arrivals[i].bytes[0], static_cast<std::byte>(i));
    gaps += rig.listener.arrivals[i].start_ps == expected_start ? 0 : 1;
    expected_start = rig.listener.arrivals[i].start_ps + rig.link.end(0).wire_time(1514);
  }
  EXPECT_GT(most, 0u);
  EXPECT_LE(most, tb::queue_ahead_ps(rig.link.end(0)) + rig.link.end(0).wire_time(1514));
  EXPECT_LE(gaps, 60u);  // none if the looks come in time
}

TEST(TapPort, CountsWhatIsNoFrameAndWhatIsNotTaken) {
  TapRig rig;
  rig.write_frame(OutsideRig::content(13, 1));
  rig.write_frame(OutsideRig::content(tb::kMaxOutsideFrameBytes + 40, 2));
  rig.write_frame(OutsideRig::content(14, 3));
  rig.write_frame(OutsideRig::content(tb::kMaxOutsideFrameBytes, 4));
  rig.stop_after(2);
  rig.loop.run();
  ASSERT_EQ(rig.listener.arrivals.size(), 2u);
  EXPECT_EQ(rig.listener.arrivals[0].bytes.size(), 60u);  // padded
  EXPECT_EQ(rig.listener.arrivals[1].bytes, OutsideRig::content(tb::kMaxOutsideFrameBytes, 4));
  EXPECT_EQ(OutsideRig::count(*rig.port, "tx_drop_size"), 2u);
  EXPECT_EQ(OutsideRig::count(*rig.port, "tx_frames"), 2u);

  const hw::FramePtr broken = rig.frame(100, 2);
  broken->fcs_ok = false;
  rig.link.end(1).transmit(broken);
  // More than the other side's queue holds: it does not read.
  for (int i = 0; i < 2000; ++i) rig.link.end(1).transmit(rig.frame(1514, 1));
  sc_core::sc_start(100, sc_core::SC_MS);
  uint64_t taken = 0;
  while (!rig.read_frame().empty()) ++taken;
  EXPECT_EQ(OutsideRig::count(*rig.port, "rx_drop_fcs"), 1u);
  EXPECT_GT(taken, 0u);
  EXPECT_LT(taken, 2000u);
  EXPECT_EQ(OutsideRig::count(*rig.port, "rx_frames"), taken);
  EXPECT_EQ(OutsideRig::count(*rig.port, "rx_drop_refused"), 2000 - taken);
  EXPECT_EQ(rig.lost, "");
}

TEST(TapPort, SaysOnceThatTheOtherSideWent) {
  TapRig rig;
  shutdown(rig.kernel, SHUT_RDWR);
  rig.loop.run();
  EXPECT_EQ(rig.lost, "interface 'probe' was removed");
  // What still comes from the link is dropped, and nothing is watched: no spin.
  rig.link.end(1).transmit(rig.frame(60, 1));
  rig.loop.run();
  EXPECT_EQ(OutsideRig::count(*rig.port, "rx_drop_refused"), 1u);
  EXPECT_EQ(rig.lost, "interface 'probe' was removed");
  EXPECT_LT(rig.loop.looks(), 10u);
}

TEST(TapInterface, SaysWhatIsMissing) {
  int descriptor = -1;
  EXPECT_EQ(tb::open_tap({.interface = "ringside-none"}, &descriptor).error,
            "no interface is named 'ringside-none'; expected one made by: ip tuntap add dev "
            "ringside-none mode tap, or create = true");
  EXPECT_EQ(tb::open_tap({.interface = "lo", .create = true}, &descriptor).error,
            "interface 'lo' exists already; expected another name, or no create");
  for (const char* name : {"", "sixteen-letters-", "a b", "a/b", "tap%d", ".."}) {
    EXPECT_NE(tb::open_tap({.interface = name}, &descriptor).error.find("cannot be the name"),
              std::string::npos)
        << name;
  }
  // Refused whoever asks: by the device, or because it is no TAP.
  const Status no_tap = tb::open_tap({.interface = "lo"}, &descriptor);
  EXPECT_FALSE(no_tap.ok());
  EXPECT_NE(no_tap.error.find("; expected "), std::string::npos) << no_tap.error;
  EXPECT_EQ(descriptor, -1);
  EXPECT_TRUE(tb::interface_exists("lo"));
}

}  // namespace
}  // namespace ringside::test
