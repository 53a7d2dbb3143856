// SPDX-License-Identifier: Apache-2.0
// UDP and echo sockets between two stacks.
#include <cerrno>

#include "tests/support/gtest.h"
#include "tests/unit/stack/two_hosts.h"

namespace ringside::test {
namespace {

using stack::Family;
using stack::SocketAddress;
using stack::SocketOption;
using stack::SocketType;

constexpr uint64_t kMs = 1'000'000;

class Datagrams : public ::testing::Test {
 protected:
  TwoHosts hosts;
  stack::Sockets& alice = hosts.alice.sockets();
  stack::Sockets& bob = hosts.bob.sockets();
  std::array<std::byte, 70000> buffer;

  void sleep(uint64_t ns) { hosts.world.sleep_until(hosts.world.now_ns() + ns); }
  int bound(stack::Sockets& sockets, Family family, uint16_t port) {
    const int fd = sockets.socket(family, SocketType::kDatagram);
    EXPECT_EQ(sockets.bind(fd, SocketAddress::any(family, port)), 0);
    return fd;
  }
  /// Alice sends `size` bytes to bob, who sends them back.
  void echo(Family family, const SocketAddress& to, std::size_t size) {
    hosts.world.process([this, family, to, size] {
      const int at_bob = bound(bob, family, to.port);
      const int at_alice = alice.socket(family, SocketType::kDatagram);
      const Bytes data = pattern(size, size);
      ASSERT_EQ(alice.sendto(at_alice, data, to), static_cast<int64_t>(size));
      SocketAddress from;
      ASSERT_EQ(bob.recvfrom(at_bob, buffer, &from), static_cast<int64_t>(size));
      EXPECT_TRUE(std::equal(data.begin(), data.end(), buffer.begin()));
      EXPECT_EQ(from.ip.family, family);
      ASSERT_EQ(bob.sendto(at_bob, data, from), static_cast<int64_t>(size));
      SocketAddress back;
      ASSERT_EQ(alice.recvfrom(at_alice, buffer, &back), static_cast<int64_t>(size));
      EXPECT_EQ(back, to);
      EXPECT_TRUE(std::equal(data.begin(), data.end(), buffer.begin()));
      alice.close(at_alice), bob.close(at_bob);
    });
    EXPECT_TRUE(hosts.run(30));
  }
  /// Alice pings `to` with `payload` bytes; the answer must be hers.
  void ping(Family family, const SocketAddress& to, std::size_t payload) {
    hosts.world.process([this, family, to, payload] {
      const int fd = alice.socket(family, SocketType::kEcho);
      ASSERT_GE(fd, 3);
      ASSERT_EQ(alice.set_option(fd, SocketOption::kReceiveTimeout, 1000 * kMs), 0);
      Bytes request(8);
      const bool v6 = family == Family::kIpv6;
      request[0] = std::byte{static_cast<uint8_t>(v6 ? 128 : 8)};
      request[7] = std::byte{42};  // sequence number
      const Bytes data = pattern(payload, 9);
      request.insert(request.end(), data.begin(), data.end());
      ASSERT_EQ(alice.sendto(fd, request, to), static_cast<int64_t>(request.size()));
      SocketAddress from;
      ASSERT_EQ(alice.recvfrom(fd, buffer, &from), static_cast<int64_t>(request.size()));
      EXPECT_EQ(from.ip, to.ip);
      EXPECT_EQ(buffer[0], std::byte{static_cast<uint8_t>(v6 ? 129 : 0)});
      EXPECT_EQ(buffer[7], std::byte{42});
      SocketAddress local;
      EXPECT_EQ(alice.local_address(fd, &local), 0);
      EXPECT_EQ(static_cast<uint16_t>(static_cast<unsigned>(buffer[4]) << 8 |
                                      static_cast<unsigned>(buffer[5])),
                local.port);
      EXPECT_TRUE(std::equal(data.begin(), data.end(), buffer.begin() + 8));
      alice.close(fd);
    });
    EXPECT_TRUE(hosts.run(30));
  }
};

// A device with few receive buffers and a socket that nobody reads: the others must go on.
TEST(ReceiveBuffers, UnreadDataCannotKeepThemAll) {
  FakeDeviceOptions options;
  options.buffers = 16;
  stack::StackConfig config;
  config.rx_hold_buffers = 8;
  TwoHosts hosts(options, config);
  hosts.world.process([&hosts] {
    stack::Sockets& alice = hosts.alice.sockets();
    stack::Sockets& bob = hosts.bob.sockets();
    const int unread = bob.socket(Family::kIpv4, SocketType::kDatagram);
    const int read = bob.socket(Family::kIpv4, SocketType::kDatagram);
    EXPECT_EQ(bob.bind(unread, SocketAddress::any(Family::kIpv4, 100)), 0);
    EXPECT_EQ(bob.bind(read, SocketAddress::any(Family::kIpv4, 200)), 0);
    const int at_alice = alice.socket(Family::kIpv4, SocketType::kDatagram);
    const Bytes data = pattern(1000, 1);
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(alice.sendto(at_alice, data, hosts.bob4(100)), 1000);
      hosts.world.sleep_until(hosts.world.now_ns() + kMs);
    }
    EXPECT_EQ(alice.sendto(at_alice, data, hosts.bob4(200)), 1000);
    Bytes got(1000);
    EXPECT_EQ(bob.recvfrom(read, got, nullptr), 1000);
    EXPECT_EQ(got, data);
    EXPECT_LE(hosts.bob.device.buffers_held(), 8u);
    EXPECT_GT(hosts.bob.stack->statistics().rx_copied_bytes, 40u * 1000);
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(bob.recvfrom(unread, got, nullptr), 1000);
      EXPECT_EQ(got, data);
    }
    EXPECT_EQ(hosts.bob.device.buffers_held(), 0u);
    alice.close(at_alice), bob.close(unread), bob.close(read);
  });
  EXPECT_TRUE(hosts.run(30));
}

TEST_F(Datagrams, EchoOverIpv4) { echo(Family::kIpv4, hosts.bob4(7), 100); }
TEST_F(Datagrams, EchoOverIpv6) { echo(Family::kIpv6, hosts.bob6(7), 100); }
TEST_F(Datagrams, EmptyOverIpv4) { echo(Family::kIpv4, hosts.bob4(7), 0); }
TEST_F(Datagrams, LargestUnfragmented) { echo(Family::kIpv4, hosts.bob4(7), 1472); }
TEST_F(Datagrams, InFragmentsOverIpv4) { echo(Family::kIpv4, hosts.bob4(7), 10000); }
TEST_F(Datagrams, InFragmentsOverIpv6) { echo(Family::kIpv6, hosts.bob6(7), 10000); }
TEST_F(Datagrams, LargestOfAll) { echo(Family::kIpv4, hosts.bob4(7), 65507); }
TEST_F(Datagrams, PingIpv4) { ping(Family::kIpv4, hosts.bob4(0), 56); }
TEST_F(Datagrams, PingIpv6) { ping(Family::kIpv6, hosts.bob6(0), 56); }
TEST_F(Datagrams, PingInFragmentsOverIpv4) { ping(Family::kIpv4, hosts.bob4(0), 5000); }
TEST_F(Datagrams, PingInFragmentsOverIpv6) { ping(Family::kIpv6, hosts.bob6(0), 5000); }
TEST_F(Datagrams, PingLinkLocal) { ping(Family::kIpv6, {hosts.bob.stack->link_local(), 0}, 56); }

TEST_F(Datagrams, ALostFragmentLosesTheDatagramAndItsMemory) {
  hosts.alice.device.filter = [](uint64_t, Bytes& frame) { return frame.size() != 642; };
  hosts.world.process([&] {
    const int at_bob = bound(bob, Family::kIpv4, 7);
    const int at_alice = alice.socket(Family::kIpv4, SocketType::kDatagram);
    // 5016 bytes of UDP are three fragments of 1480 and one of 576 (with headers 610)...
    EXPECT_EQ(alice.sendto(at_alice, pattern(5040, 1), hosts.bob4(7)), 5040);  // ... and here 642
    sleep(kMs);
    EXPECT_EQ(bob.recv(at_bob, buffer, stack::kMsgDontWait), -EAGAIN);
    EXPECT_GT(hosts.bob.device.buffers_held(), 0u);
    sleep(60'000 * kMs);
    EXPECT_EQ(hosts.bob.device.buffers_held(), 0u);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Datagrams, ErrorsOfSending) {
  hosts.world.process([&] {
    const int fd = alice.socket(Family::kIpv4, SocketType::kDatagram);
    EXPECT_EQ(alice.send(fd, pattern(1, 1)), -EDESTADDRREQ);
    EXPECT_EQ(alice.sendto(fd, pattern(65508, 1), hosts.bob4(7)), -EMSGSIZE);
    EXPECT_EQ(alice.sendto(fd, pattern(1, 1), hosts.bob6(7)), -EAFNOSUPPORT);
    EXPECT_EQ(alice.sendto(fd, pattern(1, 1), hosts.bob4(0)), -EINVAL);
    EXPECT_EQ(alice.sendto(fd, pattern(1, 1), SocketAddress::v4(10, 0, 0, 255, 7)), -EACCES);
    const int echo = alice.socket(Family::kIpv4, SocketType::kEcho);
    EXPECT_EQ(alice.sendto(echo, pattern(7, 1), hosts.bob4(0)), -EINVAL);
    const int other = bound(alice, Family::kIpv4, 9);
    EXPECT_EQ(alice.bind(fd, SocketAddress::any(Family::kIpv4, 9)), -EADDRINUSE);
    EXPECT_EQ(alice.close(other), 0);
    EXPECT_EQ(alice.bind(fd, SocketAddress::any(Family::kIpv4, 9)), 0);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Datagrams, Broadcast) {
  hosts.world.process([&] {
    const int at_bob = bound(bob, Family::kIpv4, 7);
    const int fd = alice.socket(Family::kIpv4, SocketType::kDatagram);
    EXPECT_EQ(alice.set_option(fd, SocketOption::kBroadcast, 1), 0);
    EXPECT_EQ(alice.sendto(fd, pattern(5, 1), SocketAddress::v4(10, 0, 0, 255, 7)), 5);
    EXPECT_EQ(bob.set_option(at_bob, SocketOption::kReceiveTimeout, kMs), 0);
    EXPECT_EQ(bob.recv(at_bob, buffer), 5);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Datagrams, AConnectedSocketHearsItsPeerOnly) {
  hosts.world.process([&] {
    const int at_bob = bound(bob, Family::kIpv4, 7);
    const int friendly = bound(alice, Family::kIpv4, 1000);
    const int stranger = bound(alice, Family::kIpv4, 1001);
    EXPECT_EQ(bob.connect(at_bob, SocketAddress::v4(10, 0, 0, 1, 1000)), 0);
    EXPECT_EQ(alice.sendto(stranger, pattern(5, 1), hosts.bob4(7)), 5);
    EXPECT_EQ(alice.sendto(friendly, pattern(6, 1), hosts.bob4(7)), 6);
    EXPECT_EQ(bob.recv(at_bob, buffer), 6);
    EXPECT_EQ(bob.send(at_bob, pattern(8, 1)), 8);
    EXPECT_EQ(alice.recv(friendly, buffer), 8);
    EXPECT_EQ(alice.recv(stranger, buffer, stack::kMsgDontWait), -EAGAIN);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Datagrams, ALongDatagramIsCutAndAFullBufferDrops) {
  hosts.world.process([&] {
    const int at_bob = bound(bob, Family::kIpv4, 7);
    const int fd = alice.socket(Family::kIpv4, SocketType::kDatagram);
    EXPECT_EQ(alice.connect(fd, hosts.bob4(7)), 0);
    EXPECT_EQ(alice.send(fd, pattern(100, 1)), 100);
    EXPECT_EQ(alice.send(fd, pattern(50, 1)), 50);
    sleep(kMs);
    EXPECT_EQ(bob.recv(at_bob, std::span(buffer).first(10), stack::kMsgPeek), 10);
    EXPECT_EQ(bob.recv(at_bob, std::span(buffer).first(10)), 10);
    EXPECT_EQ(bob.recv(at_bob, std::span(buffer).first(60)), 50);
    EXPECT_EQ(bob.set_option(at_bob, SocketOption::kReceiveBuffer, 10 * (1000 + 256)), 0);
    for (int i = 0; i < 15; ++i) EXPECT_EQ(alice.send(fd, pattern(1000, 1)), 1000);
    sleep(kMs);
    int64_t dropped = 0;
    EXPECT_EQ(bob.get_option(at_bob, SocketOption::kReceiveDropped, &dropped), 0);
    EXPECT_EQ(dropped, 5);
    EXPECT_EQ(hosts.bob.stack->statistics().udp_receive_dropped, 5u);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(bob.recv(at_bob, buffer), 1000);
    EXPECT_EQ(bob.recv(at_bob, buffer, stack::kMsgDontWait), -EAGAIN);
  });
  EXPECT_TRUE(hosts.run());
  EXPECT_EQ(hosts.bob.device.buffers_held(), 0u);
}

TEST_F(Datagrams, TwoEchoSocketsDoNotMixTheirReplies) {
  hosts.world.process([&] {
    const int first = alice.socket(Family::kIpv4, SocketType::kEcho);
    const int second = alice.socket(Family::kIpv4, SocketType::kEcho);
    EXPECT_EQ(alice.bind(first, SocketAddress::any(Family::kIpv4, 77)), 0);
    EXPECT_EQ(alice.bind(second, SocketAddress::any(Family::kIpv4, 77)), -EADDRINUSE);
    EXPECT_EQ(alice.bind(second, SocketAddress::any(Family::kIpv4, 78)), 0);
    Bytes request(20);
    request[0] = std::byte{8};
    EXPECT_EQ(alice.sendto(first, request, hosts.bob4(0)), 20);
    sleep(kMs);
    EXPECT_EQ(alice.recv(second, buffer, stack::kMsgDontWait), -EAGAIN);
    EXPECT_EQ(alice.recv(first, buffer, stack::kMsgDontWait), 20);
    alice.close(first), alice.close(second);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Datagrams, SendingWaitsForRoomInTheQueue) {
  FakeDeviceOptions options;
  options.ring_frames = 4;
  options.picoseconds_per_byte = 8000;
  stack::StackConfig config;
  config.txqueue_frames = 8;
  config.udp_receive_bytes = 1 << 20;
  TwoHosts slow(options, config);
  slow.world.process([&] {
    const int at_bob = bound(slow.bob.sockets(), Family::kIpv4, 7);
    stack::Sockets& sender = slow.alice.sockets();
    const int fd = sender.socket(Family::kIpv4, SocketType::kDatagram);
    EXPECT_EQ(sender.connect(fd, slow.bob4(7)), 0);
    EXPECT_EQ(sender.send(fd, pattern(1, 1)), 1);  // the address is resolved
    slow.world.sleep_until(slow.world.now_ns() + kMs);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(sender.send(fd, pattern(1000, 1)), 1000);
    int refused = 0;
    for (int i = 0; i < 30; ++i) {
      refused += sender.send(fd, pattern(1000, 1), stack::kMsgDontWait) == -EAGAIN;
    }
    EXPECT_GT(refused, 10);
    slow.world.sleep_until(slow.world.now_ns() + 10 * kMs);
    int received = 0;
    while (slow.bob.sockets().recv(at_bob, buffer, stack::kMsgDontWait) > 0) ++received;
    EXPECT_EQ(received, 1 + 100 + 30 - refused);
  });
  EXPECT_TRUE(slow.run());
}

}  // namespace
}  // namespace ringside::test
