// SPDX-License-Identifier: Apache-2.0
// TCP between two stacks: bytes arrive whole, in both directions and address families.
#include <cerrno>

#include "tests/support/gtest.h"
#include "tests/unit/stack/two_hosts.h"

namespace ringside::test {
namespace {

using stack::Family;
using stack::SocketAddress;
using stack::SocketType;

/// Sends and receives on `fd` at the same time until both directions have ended, then closes it.
Bytes both_ways(Host& host, int fd, const Bytes& outgoing) {
  bool sent = false;
  host.platform.world().process([&host, &outgoing, &sent, fd] {
    EXPECT_TRUE(outgoing.empty() || send_all(host.sockets(), fd, outgoing));
    EXPECT_EQ(host.sockets().shutdown(fd, stack::Shutdown::kWrite), 0);
    sent = true;
  });
  Bytes incoming = receive_all(host.sockets(), fd);
  while (!sent) host.platform.sleep_until(host.platform.now_ns() + 1000);
  EXPECT_EQ(host.sockets().close(fd), 0);
  return incoming;
}

/// Bob listens on `family`, alice connects to `to`; each sends its bytes, both must arrive. Returns
/// the time when both were done; what is still on the wire arrives before it returns.
uint64_t exchange(TwoHosts& hosts, Family family, const SocketAddress& to, const Bytes& up,
                  const Bytes& down) {
  Bytes at_bob, at_alice;
  hosts.world.process([&] {
    stack::Sockets& sockets = hosts.bob.sockets();
    const int listener = sockets.socket(family, SocketType::kStream);
    ASSERT_GE(listener, 3);
    ASSERT_EQ(sockets.bind(listener, SocketAddress::any(family, to.port)), 0);
    ASSERT_EQ(sockets.listen(listener, 5), 0);
    SocketAddress peer;
    const int fd = sockets.accept(listener, &peer);
    ASSERT_GE(fd, 3);
    EXPECT_EQ(peer.ip.family, to.ip.family);
    at_bob = both_ways(hosts.bob, fd, down);
    EXPECT_EQ(sockets.close(listener), 0);
  });
  hosts.world.process([&] {
    stack::Sockets& sockets = hosts.alice.sockets();
    hosts.world.sleep_until(hosts.world.now_ns() + 1000);
    const int fd = sockets.socket(to.ip.family, SocketType::kStream);
    ASSERT_EQ(sockets.connect(fd, to), 0);
    at_alice = both_ways(hosts.alice, fd, up);
  });
  EXPECT_TRUE(hosts.run());
  const uint64_t end_ns = hosts.world.now_ns();
  hosts.world.run_until(end_ns + 50'000'000);
  EXPECT_TRUE(at_bob == up) << at_bob.size() << " of " << up.size() << " bytes";
  EXPECT_TRUE(at_alice == down) << at_alice.size() << " of " << down.size() << " bytes";
  return end_ns;
}

constexpr std::size_t kMiB = 1 << 20;

TEST(Stream, CarriesOneByte) {
  TwoHosts hosts;
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(1, 1), {});
}

TEST(Stream, CarriesNothing) {
  TwoHosts hosts;
  exchange(hosts, Family::kIpv4, hosts.bob4(80), {}, {});
}

// Each host verifies the checksums that the other has completed in software.
// CLAUSES: NTX-R-004
TEST(Stream, CarriesBothDirectionsOverIpv4) {
  TwoHosts hosts;
  const uint64_t end_ns = exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(4 * kMiB + 1, 1),
                                   pattern(3 * kMiB, 2));
  const stack::StackStatistics alice = hosts.alice.stack->statistics();
  EXPECT_EQ(alice.tcp_fast_retransmits + alice.tcp_timeouts, 0u);
  EXPECT_EQ(alice.rx_checksum_errors + alice.rx_protocol_dropped, 0u);
  EXPECT_EQ(hosts.alice.stack->statistics().tx_queue_dropped, 0u);
  // 7 MiB in two directions at 100 Gb/s: nothing waited for a timer.
  EXPECT_LT(end_ns, 3'000'000u);
  EXPECT_EQ(hosts.alice.device.buffers_held(), 0u);
  EXPECT_EQ(hosts.bob.device.buffers_held(), 0u);
}

TEST(Stream, CarriesBothDirectionsOverIpv6) {
  TwoHosts hosts;
  exchange(hosts, Family::kIpv6, hosts.bob6(80), pattern(2 * kMiB + 3, 1), pattern(kMiB, 2));
}

TEST(Stream, ReachesTheLinkLocalAddress) {
  TwoHosts hosts;
  const SocketAddress to{hosts.bob.stack->link_local(), 80};
  EXPECT_EQ(to.ip.to_string(), "fe80::ff:fe00:2");
  exchange(hosts, Family::kIpv6, to, pattern(1000, 1), pattern(2000, 2));
}

TEST(Stream, AListenerOfIpv6TakesIpv4) {
  TwoHosts hosts;
  exchange(hosts, Family::kIpv6, hosts.bob4(80), pattern(1000, 1), pattern(1000, 2));
}

TEST(Stream, CarriesJumboFramesInSeveralBuffers) {
  FakeDeviceOptions options;
  options.mtu = 9000;
  TwoHosts hosts(options);
  std::size_t largest = 0;
  hosts.alice.device.tap = [&](ByteView frame) { largest = std::max(largest, frame.size()); };
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(4 * kMiB, 1), pattern(kMiB, 2));
  EXPECT_EQ(largest, 9014u);
}

TEST(Stream, SendsEveryFullSegmentAsOneFragment) {
  TwoHosts hosts;
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(4 * kMiB, 1), {});
  EXPECT_EQ(hosts.alice.device.most_fragments(), 1u);
}

TEST(Stream, SurvivesLoss) {
  TwoHosts hosts;
  uint64_t random = 7;
  const auto lossy = [&random](uint64_t, Bytes&) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return (random >> 33) % 100 != 0;
  };
  hosts.alice.device.filter = lossy;
  hosts.bob.device.filter = lossy;
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(4 * kMiB, 1), pattern(4 * kMiB, 2));
  const stack::StackStatistics alice = hosts.alice.stack->statistics();
  EXPECT_GT(alice.tcp_fast_retransmits + alice.tcp_timeouts, 0u);
  EXPECT_LT(hosts.world.now_ns(), 60'000'000'000u);
}

// Without a word from the device, checksums are verified here.
// CLAUSES: NRX-R-007
TEST(Stream, SurvivesCorruption) {
  TwoHosts hosts;
  hosts.alice.device.filter = [](uint64_t number, Bytes& frame) {
    if (number % 50 == 20) frame.back() ^= std::byte{0x10};
    return true;
  };
  exchange(hosts, Family::kIpv6, hosts.bob6(80), pattern(kMiB, 1), pattern(kMiB, 2));
  EXPECT_GT(hosts.bob.stack->statistics().rx_checksum_errors, 5u);
}

TEST(Stream, SurvivesASmallRingAndQueue) {
  FakeDeviceOptions options;
  options.ring_frames = 8;
  options.picoseconds_per_byte = 8000;  // 1 Gb/s
  stack::StackConfig config;
  config.txqueue_frames = 16;
  TwoHosts hosts(options, config);
  const uint64_t end_ns =
      exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(4 * kMiB, 1), pattern(kMiB, 2));
  const stack::StackStatistics alice = hosts.alice.stack->statistics();
  EXPECT_GT(alice.tx_busy, 0u);
  EXPECT_GT(alice.tx_queue_dropped, 0u);
  EXPECT_LE(alice.tx_queue_max, 16u);
  // The wake brings the refused segments out at once: nothing waits for a timer. 5 MiB at 1 Gb/s
  // are 44 ms.
  EXPECT_EQ(alice.tcp_timeouts, 0u);
  EXPECT_LT(end_ns, 60'000'000u);
}

TEST(Stream, SurvivesAHostOutOfMemory) {
  TwoHosts hosts;
  hosts.bob.memory.limit = hosts.bob.memory.bytes;
  hosts.alice.memory.limit = hosts.alice.memory.bytes;
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(100000, 1), pattern(100000, 2));
}

/// The send buffer has room, but the host has no memory for it: the sender sleeps and tries again.
TEST(Stream, SendsMoreThanTheHostHasMemoryFor) {
  TwoHosts hosts;
  hosts.alice.memory.limit = hosts.alice.memory.bytes;
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(4 * kMiB, 1), {});
}

/// A lost last segment is sent again within a bounded time, although its buffer is still with the
/// driver for 50 ms: lwIP waits for the completion, which comes.
TEST(Stream, RetransmitsAfterLateCompletion) {
  FakeDeviceOptions options;
  options.completion_ns = 50'000'000;
  TwoHosts hosts(options);
  uint64_t lost_at = 0, again_at = 0;
  hosts.alice.device.filter = [&](uint64_t, Bytes& frame) {
    if (frame.size() < 500) return true;
    if (lost_at == 0) {
      lost_at = hosts.world.now_ns();
      return false;
    }
    again_at = hosts.world.now_ns();
    return true;
  };
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(500, 1), {});
  ASSERT_GT(lost_at, 0u);
  ASSERT_GT(again_at, lost_at + 50'000'000);
  EXPECT_LT(again_at, lost_at + 3'200'000'000);
  EXPECT_GT(hosts.alice.stack->statistics().tcp_timeouts, 0u);
}

TEST(Stream, HoldsSoftirqWorkWhileTheStackIsHeld) {
  FakeDeviceOptions options;
  options.transmit_pause_ns = 3000;  // frames, completions and timers come while transmit() sleeps
  TwoHosts hosts(options);
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(kMiB, 1), pattern(kMiB, 2));
  EXPECT_GT(hosts.alice.stack->statistics().backlog_max, 0u);
  EXPECT_EQ(hosts.alice.stack->statistics().backlog_frames, 0u);
  EXPECT_EQ(hosts.alice.device.frames_held(), 0u);
}

TEST(Stream, DropsWhatTheBacklogCannotHold) {
  FakeDeviceOptions options;
  options.transmit_pause_ns = 100'000;
  stack::StackConfig config;
  config.backlog_frames = 2;
  TwoHosts hosts(options, config);
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(kMiB, 1), pattern(kMiB, 2));
  EXPECT_GT(hosts.alice.stack->statistics().rx_backlog_dropped +
                hosts.bob.stack->statistics().rx_backlog_dropped,
            0u);
  EXPECT_LE(hosts.alice.stack->statistics().backlog_max, 2u);
}

TEST(Stream, ChargesCallsCopiesAndChecksums) {
  TwoHosts hosts;
  constexpr std::size_t kBytes = 100000;
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(kBytes, 1), {});
  const FakePlatform& alice = hosts.alice.platform;
  // socket, connect, send, shutdown, recv until 0, close
  EXPECT_EQ(alice.charged(driver::Cost::kSystemCall), 6u);
  EXPECT_EQ(alice.charged(driver::Cost::kCopyByte), kBytes);
  EXPECT_EQ(hosts.bob.platform.charged(driver::Cost::kCopyByte), kBytes);
  const stack::StackStatistics statistics = hosts.alice.stack->statistics();
  EXPECT_EQ(alice.charged(driver::Cost::kStackTransmit), statistics.tx_frames);
  EXPECT_EQ(alice.charged(driver::Cost::kStackReceive), statistics.rx_frames);
  EXPECT_GE(alice.charged(driver::Cost::kChecksumByte), kBytes);
  EXPECT_LT(alice.charged(driver::Cost::kChecksumByte), kBytes * 12 / 10);
}

// Data is summed as it is copied, and charged with the segment that carries it: each time it
// leaves.
TEST(Stream, ChargesEverySegmentsChecksumWhenItLeaves) {
  TwoHosts hosts;
  uint64_t summed = 0, sent = 0, charged = 0;
  const auto sees = [&summed](ByteView frame) {
    if (frame[12] == std::byte{8} && frame[13] == std::byte{0}) summed += frame.size() - 14;
  };
  hosts.alice.device.tap = [&](ByteView frame) {
    sees(frame);
    ++sent;
  };
  hosts.bob.device.tap = sees;
  uint64_t number = 0;
  hosts.alice.device.filter = [&number](uint64_t, Bytes&) { return ++number % 60 != 30; };
  hosts.world.process([&] {
    hosts.world.sleep_until(60'000);
    charged = hosts.alice.platform.charged(driver::Cost::kChecksumByte);
  });
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(kMiB + 1, 1), {});
  // Of a buffer that was filled at once, not all had left by then.
  EXPECT_LT(charged, 1'000'000u);
  EXPECT_GT(sent, kMiB / 1460 + 10) << "nothing was sent twice";
  EXPECT_EQ(hosts.alice.platform.charged(driver::Cost::kChecksumByte), summed);
}

/// The ordered bytes and times of all frames, folded (FNV-1a).
uint64_t trace(uint64_t seed, std::vector<uint32_t>* sequence_numbers = nullptr) {
  stack::StackConfig config;
  config.seed = seed;
  TwoHosts hosts({}, config);
  uint64_t hash = 14695981039346656037u;
  const auto fold = [&](uint64_t value) { hash = (hash ^ value) * 1099511628211u; };
  const auto tap = [&](ByteView frame) {
    fold(hosts.world.now_ns());
    for (const std::byte byte : frame) fold(static_cast<uint64_t>(byte));
    constexpr std::size_t kFlags = 14 + 20 + 13, kSequence = 14 + 20 + 4;
    if (sequence_numbers != nullptr && frame.size() > kFlags && frame[12] == std::byte{8} &&
        frame[13] == std::byte{0} && frame[23] == std::byte{6} &&
        (frame[kFlags] & std::byte{2}) != std::byte{0}) {
      uint32_t number = 0;
      for (std::size_t i = 0; i < 4; ++i) {
        number = number << 8 | static_cast<uint32_t>(frame[kSequence + i]);
      }
      sequence_numbers->push_back(number);
    }
  };
  hosts.alice.device.tap = tap;
  hosts.bob.device.tap = tap;
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(300000, 1), pattern(1000, 2));
  return hash;
}

TEST(Stream, IsDeterministicAndSeeded) {
  std::vector<uint32_t> first, second, other;
  EXPECT_EQ(trace(5, &first), trace(5, &second));
  EXPECT_NE(trace(5), trace(6, &other));
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first, second);
  EXPECT_NE(first, other);
  EXPECT_NE(first[0], first[1]);
}

TEST(Stream, ManyConnectionsAtOnce) {
  TwoHosts hosts;
  constexpr int kConnections = 100;
  int intact = 0;
  hosts.world.process([&] {
    stack::Sockets& sockets = hosts.bob.sockets();
    const int listener = sockets.socket(Family::kIpv4, SocketType::kStream);
    ASSERT_EQ(sockets.bind(listener, SocketAddress::any(Family::kIpv4, 80)), 0);
    ASSERT_EQ(sockets.listen(listener, 128), 0);
    for (int i = 0; i < kConnections; ++i) {
      const int fd = sockets.accept(listener, nullptr);
      ASSERT_GE(fd, 0);
      hosts.world.process([&hosts, fd] {
        stack::Sockets& echo = hosts.bob.sockets();
        const Bytes data = receive_all(echo, fd);
        EXPECT_TRUE(send_all(echo, fd, data));
        echo.close(fd);
      });
    }
    sockets.close(listener);
  });
  for (int i = 0; i < kConnections; ++i) {
    hosts.world.process([&hosts, &intact, i] {
      stack::Sockets& sockets = hosts.alice.sockets();
      hosts.world.sleep_until(hosts.world.now_ns() + 1000);
      const int fd = sockets.socket(Family::kIpv4, SocketType::kStream);
      ASSERT_EQ(sockets.connect(fd, hosts.bob4(80)), 0);
      const Bytes data = pattern(20000 + 13 * static_cast<std::size_t>(i), 1);
      EXPECT_TRUE(send_all(sockets, fd, data));
      sockets.shutdown(fd, stack::Shutdown::kWrite);
      if (receive_all(sockets, fd) == data) ++intact;
      sockets.close(fd);
    });
  }
  EXPECT_TRUE(hosts.run());
  EXPECT_EQ(intact, kConnections);
}

}  // namespace
}  // namespace ringside::test
