// SPDX-License-Identifier: Apache-2.0
// A single loss, then silence: the segment must be sent again although nothing else is sent, which
// needs the driver to give its memory back in bounded time.
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "formats/frame_parser.h"
#include "host_driver/virtio_net_driver.h"
#include "hw_model/wire/link.h"
#include "stack/network_stack.h"
#include "stack/sockets.h"
#include "testbench/host/sim_host.h"
#include "testbench/run/make_nic.h"
#include "tests/support/gtest.h"

namespace ringside::tb {
namespace {

using stack::SocketAddress;

constexpr uint64_t kNsPerMs = 1'000'000;
constexpr uint16_t kPort = 20;

/// An end of a link that loses the first frame with TCP payload.
class LosingPort : public hw::EthernetPort {
 public:
  explicit LosingPort(hw::EthernetPort& end) : end_(end) {}
  void attach(hw::EthernetReceiver& receiver) override { end_.attach(receiver); }
  hw::TimePs transmit(const hw::FramePtr& frame, hw::TimePs earliest_ps) override {
    const formats::ParsedFrame parsed = formats::parse_frame(frame->bytes);
    const bool data =
        parsed.transport == formats::Transport::kTcp && parsed.payload_offset != parsed.payload_end;
    if (data && ++data_frames == 1) {
      return sc_core::sc_time_stamp().value() + end_.wire_time(frame->bytes.size());
    }
    return end_.transmit(frame, earliest_ps);
  }
  hw::TimePs free_at() const override { return end_.free_at(); }
  hw::TimePs wire_time(uint64_t bytes) const override { return end_.wire_time(bytes); }
  uint64_t rate_bps() const override { return end_.rate_bps(); }
  bool carrier() const override { return end_.carrier(); }

  unsigned data_frames = 0;

 private:
  hw::EthernetPort& end_;
};

struct Side {
  std::unique_ptr<SimHost> host;
  std::unique_ptr<hw::NicModel> nic;
  std::unique_ptr<driver::NetDevice> device;
  std::unique_ptr<stack::NetworkStack> stack;
};

/// Two hosts; what alice sends passes a LosingPort.
class World {
 public:
  explicit World(const driver::VirtioNetOptions& options)
      : link_("wire", {}), losing(link_.end(0)) {
    for (unsigned i = 0; i < 2; ++i) build(i, options);
  }

  void build(unsigned i, const driver::VirtioNetOptions& options) {
    Side& side = sides[i];
    const std::string name = i == 0 ? "alice" : "bob";
    SimHostConfig host;
    host.name = name;
    host.seed = i + 1;
    side.host = std::make_unique<SimHost>(name.c_str(), host, nullptr);
    hw::NicConfig nic;
    nic.mac[5] = static_cast<uint8_t>(i + 1);
    side.nic = make_nic(ModelKind::kLt, name, nic, frames_);
    side.host->plug(0, *side.nic);
    side.nic->connect(i == 0 ? losing : link_.end(1));
    side.device = std::make_unique<driver::VirtioNetDriver>(side.host->pci(0),
                                                            side.host->platform(), options);
    stack::StackConfig config;
    config.hostname = name;
    config.ipv4 = {stack::IpAddress::v4(10, 0, 0, static_cast<uint8_t>(i + 1)), 24};
    config.seed = i + 1;
    std::string error;
    side.stack = stack::NetworkStack::create(*side.device, side.host->platform(),
                                             side.host->stack_memory(), config, &error);
    EXPECT_EQ(error, "");
  }

  Side& alice() { return sides[0]; }
  Side& bob() { return sides[1]; }

 private:
  hw::FramePool frames_;
  hw::Link link_;
  Side sides[2];

 public:
  LosingPort losing;
};

/// Alice sends 500 bytes once and then nothing; returns when they reached bob, ns after the send.
uint64_t time_until_arrival(const driver::VirtioNetOptions& options) {
  // Contexts that never end refer to it.
  auto* world = new World(options);
  uint64_t sent_ns = 0;
  uint64_t arrived_ns = 0;
  std::vector<std::byte> received;
  world->bob().host->platform().spawn("server", [&, world] {
    world->bob().host->enumerate();
    EXPECT_EQ(world->bob().stack->start().error, "");
    stack::Sockets& sockets = world->bob().stack->sockets();
    const int listener = sockets.socket(stack::Family::kIpv4, stack::SocketType::kStream);
    EXPECT_EQ(sockets.bind(listener, SocketAddress::any(stack::Family::kIpv4, kPort)), 0);
    EXPECT_EQ(sockets.listen(listener, 1), 0);
    const int connection = sockets.accept(listener, nullptr);
    EXPECT_GE(connection, 0);
    received.resize(500);
    EXPECT_EQ(sockets.recv(connection, received, stack::kMsgWaitAll), 500);
    arrived_ns = world->bob().host->platform().now_ns();
    sc_core::sc_pause();
  });
  const std::vector<std::byte> message(500, std::byte{0x5A});
  world->alice().host->platform().spawn("client", [&, world] {
    driver::Platform& platform = world->alice().host->platform();
    world->alice().host->enumerate();
    EXPECT_EQ(world->alice().stack->start().error, "");
    platform.sleep_until(5 * kNsPerMs);  // bob listens
    stack::Sockets& sockets = world->alice().stack->sockets();
    const int connection = sockets.socket(stack::Family::kIpv4, stack::SocketType::kStream);
    EXPECT_EQ(sockets.connect(connection, SocketAddress::v4(10, 0, 0, 2, kPort)), 0);
    sent_ns = platform.now_ns();
    EXPECT_EQ(sockets.send(connection, message), 500);
  });
  sc_core::sc_start(5, sc_core::SC_SEC);
  EXPECT_EQ(received, message);
  EXPECT_EQ(world->losing.data_frames, 2u) << "lost once, sent once more";
  return arrived_ns - sent_ns;
}

// The time-out after the handshake is 200 ms, in ticks of 10 ms.
constexpr uint64_t kBoundNs = 230 * kNsPerMs;

TEST(SingleLossThenIdle, IsRepairedAfterOneTimeout) {
  const uint64_t taken = time_until_arrival({});
  EXPECT_GE(taken, 190 * kNsPerMs);
  EXPECT_LE(taken, kBoundNs);
}

TEST(SingleLossThenIdle, IsRepairedWithTheReclaimTimerAlone) {
  driver::VirtioNetOptions options;
  options.tx_interrupts = false;
  EXPECT_LE(time_until_arrival(options), kBoundNs);
}

TEST(SingleLossThenIdle, IsRepairedWithInterruptsAlone) {
  driver::VirtioNetOptions options;
  options.tx_reclaim_timeout_ns = 0;
  EXPECT_LE(time_until_arrival(options), kBoundNs);
}

// The memory is what it hangs on: a driver that keeps it for a second delays the repair as long.
TEST(SingleLossThenIdle, WaitsForMemoryThatTheDriverKeeps) {
  driver::VirtioNetOptions options;
  options.tx_interrupts = false;
  options.tx_reclaim_timeout_ns = 1000 * kNsPerMs;
  EXPECT_GT(time_until_arrival(options), 900 * kNsPerMs);
}

}  // namespace
}  // namespace ringside::tb
