// SPDX-License-Identifier: Apache-2.0
// The socket calls' results and errno values, as on Linux.
#include "stack/sockets.h"

#include <cerrno>

#include "tests/support/gtest.h"
#include "tests/unit/stack/calls.h"

namespace ringside::test {
namespace {

using stack::Family;
using stack::Shutdown;
using stack::SocketAddress;
using stack::SocketOption;
using stack::SocketType;

TEST_F(Calls, ConnectIsRefusedWhereNobodyListens) {
  hosts.world.process([&] {
    const int fd = stream(alice);
    EXPECT_EQ(alice.connect(fd, hosts.bob4(81)), -ECONNREFUSED);
    EXPECT_EQ(option(alice, fd, SocketOption::kError), 0);
    // The socket can be used again.
    const int server = listener(1, 81);
    EXPECT_EQ(alice.connect(fd, hosts.bob4(81)), 0);
    EXPECT_EQ(alice.connect(fd, hosts.bob4(81)), -EISCONN);
    EXPECT_EQ(alice.close(fd), 0);
    EXPECT_EQ(bob.close(server), 0);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Calls, ConnectTimesOutWhenNobodyAnswers) {
  hosts.world.process([&] {
    const int fd = stream(alice);
    EXPECT_EQ(alice.connect(fd, SocketAddress::v4(10, 0, 0, 77, 80)), -ETIMEDOUT);
    const int other = stream(alice);
    EXPECT_EQ(alice.set_option(other, SocketOption::kSendTimeout, 100 * kMs), 0);
    const uint64_t before = hosts.world.now_ns();
    EXPECT_EQ(alice.connect(other, SocketAddress::v4(10, 0, 0, 77, 80)), -EINPROGRESS);
    EXPECT_EQ(hosts.world.now_ns() - before, 100 * kMs);
    alice.close(other);
    alice.close(fd);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Calls, ConnectHasNoRouteOutOfTheNetwork) {
  hosts.world.process([&] {
    const int fd = alice.socket(Family::kIpv6, SocketType::kStream);
    EXPECT_EQ(alice.connect(fd, *SocketAddress::parse("[2001:db8::1]:80")), -ETIMEDOUT);
    EXPECT_EQ(alice.connect(stream(alice), hosts.bob6(80)), -EAFNOSUPPORT);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Calls, ConnectWithoutBlocking) {
  hosts.world.process([&] {
    const int server = listener(5);
    const int fd = stream(alice);
    EXPECT_EQ(alice.set_option(fd, SocketOption::kNonBlocking, 1), 0);
    EXPECT_EQ(alice.connect(fd, hosts.bob4(80)), -EINPROGRESS);
    EXPECT_EQ(alice.connect(fd, hosts.bob4(80)), -EALREADY);
    EXPECT_EQ(alice.send(fd, pattern(1, 1)), -EAGAIN);
    EXPECT_EQ(alice.ready(fd), 0);
    EXPECT_EQ(alice.wait_ready(fd, stack::kPollOut, hosts.world.now_ns() + kSecond),
              static_cast<int>(stack::kPollOut));
    EXPECT_EQ(option(alice, fd, SocketOption::kError), 0);
    EXPECT_EQ(alice.connect(fd, hosts.bob4(80)), -EISCONN);
    EXPECT_EQ(alice.recv(fd, buffer), -EAGAIN);
    const int refused = stream(alice);
    EXPECT_EQ(alice.set_option(refused, SocketOption::kNonBlocking, 1), 0);
    EXPECT_EQ(alice.connect(refused, hosts.bob4(81)), -EINPROGRESS);
    const int ready = alice.wait_ready(refused, stack::kPollOut, hosts.world.now_ns() + kSecond);
    EXPECT_EQ(ready, static_cast<int>(stack::kPollOut | stack::kPollErr | stack::kPollHup));
    EXPECT_EQ(option(alice, refused, SocketOption::kError), ECONNREFUSED);
    EXPECT_EQ(option(alice, refused, SocketOption::kError), 0);
    alice.close(fd), alice.close(refused), bob.close(server);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Calls, BindAndListenCheckTheAddress) {
  hosts.world.process([&] {
    const int first = listener(1);
    const int second = stream(bob);
    EXPECT_EQ(bob.bind(second, SocketAddress::any(Family::kIpv4, 80)), -EADDRINUSE);
    EXPECT_EQ(bob.bind(second, SocketAddress::v4(10, 0, 0, 9, 80)), -EADDRNOTAVAIL);
    EXPECT_EQ(bob.bind(second, SocketAddress::any(Family::kIpv6, 80)), -EAFNOSUPPORT);
    EXPECT_EQ(bob.bind(second, SocketAddress::v4(10, 0, 0, 2, 81)), 0);
    EXPECT_EQ(bob.bind(second, SocketAddress::v4(10, 0, 0, 2, 82)), -EINVAL);
    SocketAddress name;
    EXPECT_EQ(bob.local_address(second, &name), 0);
    EXPECT_EQ(name, SocketAddress::v4(10, 0, 0, 2, 81));
    EXPECT_EQ(bob.accept(second, nullptr), -EINVAL);
    EXPECT_EQ(bob.listen(second, 3), 0);
    EXPECT_EQ(bob.listen(second, 4), 0);
    EXPECT_EQ(bob.recv(second, buffer), -ENOTCONN);
    EXPECT_EQ(bob.close(first), 0);
    EXPECT_EQ(bob.close(first), -EBADF);
    EXPECT_EQ(bob.close(second), 0);
    EXPECT_EQ(bob.listen(first, 1), -EBADF);
    EXPECT_EQ(bob.socket(Family::kNone, SocketType::kStream), -EAFNOSUPPORT);
    EXPECT_EQ(bob.listen(bob.socket(Family::kIpv4, SocketType::kDatagram), 1), -EOPNOTSUPP);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Calls, ReuseAddressAllowsAPortInTimeWait) {
  connected([&](int at_alice, int at_bob) {
    // Bob closes first, so that his side waits.
    EXPECT_EQ(bob.close(at_bob), 0);
    EXPECT_EQ(alice.recv(at_alice, buffer), 0);
    EXPECT_EQ(alice.close(at_alice), 0);
    sleep(10 * kMs);
  });
  hosts.world.process([&] {
    const int plain = stream(bob);
    EXPECT_EQ(bob.bind(plain, SocketAddress::any(Family::kIpv4, 80)), -EADDRINUSE);
    EXPECT_EQ(bob.set_option(plain, SocketOption::kReuseAddress, 1), 0);
    EXPECT_EQ(bob.bind(plain, SocketAddress::any(Family::kIpv4, 80)), 0);
    EXPECT_EQ(bob.listen(plain, 1), 0);
    EXPECT_EQ(bob.close(plain), 0);
    sleep(61 * kSecond);  // 2 MSL
    const int later = stream(bob);
    EXPECT_EQ(bob.bind(later, SocketAddress::any(Family::kIpv4, 80)), 0);
    EXPECT_EQ(bob.close(later), 0);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Calls, CloseWithUnreadDataResets) {  // RFC 1122 4.2.2.13
  connected([&](int at_alice, int at_bob) {
    EXPECT_EQ(alice.send(at_alice, pattern(1000, 1)), 1000);
    sleep(kMs);
    EXPECT_EQ(bob.close(at_bob), 0);
    sleep(kMs);
    EXPECT_EQ(alice.recv(at_alice, buffer), -ECONNRESET);
    EXPECT_EQ(alice.recv(at_alice, buffer), 0);
    EXPECT_EQ(alice.send(at_alice, pattern(1, 1)), -EPIPE);
    EXPECT_EQ(alice.close(at_alice), 0);
  });
}

TEST_F(Calls, CloseWithUnreadDataAfterHalfCloseResets) {
  connected([&](int at_alice, int at_bob) {
    EXPECT_EQ(bob.shutdown(at_bob, Shutdown::kWrite), 0);
    sleep(kMs);
    EXPECT_EQ(alice.recv(at_alice, buffer), 0);
    EXPECT_EQ(alice.send(at_alice, pattern(1000, 1)), 1000);
    sleep(kMs);
    EXPECT_EQ(bob.close(at_bob), 0);
    sleep(kMs);
    EXPECT_EQ(option(alice, at_alice, SocketOption::kError), EPIPE);
    EXPECT_EQ(alice.close(at_alice), 0);
  });
}

TEST_F(Calls, DataToAClosedPeerIsReset) {
  connected([&](int at_alice, int at_bob) {
    EXPECT_EQ(bob.close(at_bob), 0);
    sleep(kMs);
    EXPECT_EQ(alice.ready(at_alice),
              static_cast<int>(stack::kPollIn | stack::kPollOut | stack::kPollReadHup));
    EXPECT_EQ(alice.send(at_alice, pattern(1, 1)), 1);
    sleep(kMs);
    EXPECT_EQ(alice.send(at_alice, pattern(1, 1)), -EPIPE);
    EXPECT_EQ(alice.close(at_alice), 0);
  });
}

TEST_F(Calls, LingerZeroResets) {
  connected([&](int at_alice, int at_bob) {
    EXPECT_EQ(bob.set_option(at_bob, SocketOption::kLingerReset, 1), 0);
    EXPECT_EQ(bob.close(at_bob), 0);
    sleep(kMs);
    EXPECT_EQ(alice.recv(at_alice, buffer), -ECONNRESET);
    EXPECT_EQ(alice.close(at_alice), 0);
  });
}

TEST_F(Calls, ReceivedDataIsReadBeforeTheReset) {
  connected([&](int at_alice, int at_bob) {
    EXPECT_EQ(bob.send(at_bob, pattern(10, 1)), 10);
    EXPECT_EQ(bob.set_option(at_bob, SocketOption::kLingerReset, 1), 0);
    sleep(kMs);
    EXPECT_EQ(bob.close(at_bob), 0);
    sleep(kMs);
    EXPECT_EQ(alice.recv(at_alice, buffer), 10);
    EXPECT_EQ(alice.recv(at_alice, buffer), -ECONNRESET);
    EXPECT_EQ(alice.close(at_alice), 0);
  });
}

TEST_F(Calls, HalfCloseKeepsTheOtherDirection) {
  connected([&](int at_alice, int at_bob) {
    EXPECT_EQ(alice.shutdown(at_alice, Shutdown::kWrite), 0);
    EXPECT_EQ(alice.send(at_alice, pattern(1, 1)), -EPIPE);
    EXPECT_EQ(bob.recv(at_bob, buffer), 0);
    EXPECT_EQ(bob.recv(at_bob, buffer), 0);
    EXPECT_EQ(bob.send(at_bob, pattern(500, 1)), 500);
    sleep(kMs);
    EXPECT_EQ(alice.recv(at_alice, buffer), 500);
    EXPECT_EQ(bob.shutdown(at_bob, Shutdown::kWrite), 0);
    EXPECT_EQ(alice.recv(at_alice, buffer), 0);
    // Both directions have ended: neither side's handle may be used by lwIP any more.
    sleep(200 * kSecond);
    EXPECT_EQ(alice.recv(at_alice, buffer), 0);
    EXPECT_EQ(bob.send(at_bob, pattern(1, 1)), -EPIPE);
    EXPECT_EQ(alice.close(at_alice), 0);
    EXPECT_EQ(bob.close(at_bob), 0);
  });
}

TEST_F(Calls, ShutdownOfReadingGivesTheEnd) {
  connected([&](int at_alice, int at_bob) {
    EXPECT_EQ(alice.shutdown(at_alice, Shutdown::kRead), 0);
    EXPECT_EQ(alice.recv(at_alice, buffer), 0);
    EXPECT_EQ(bob.send(at_bob, pattern(700'000, 1)), 700'000);  // more than the window: thrown away
    EXPECT_EQ(alice.send(at_alice, pattern(10, 1)), 10);
    EXPECT_EQ(bob.recv(at_bob, buffer), 10);
    alice.close(at_alice), bob.close(at_bob);
  });
}

TEST_F(Calls, PeekAndWaitAll) {
  connected([&](int at_alice, int at_bob) {
    EXPECT_EQ(alice.send(at_alice, pattern(1000, 1)), 1000);
    sleep(kMs);
    EXPECT_EQ(bob.recv(at_bob, std::span(buffer).first(10), stack::kMsgPeek), 10);
    EXPECT_EQ(buffer[9], pattern(10, 1)[9]);
    hosts.world.process([this, at_alice] {
      sleep(5 * kMs);
      EXPECT_EQ(alice.send(at_alice, pattern(500, 1)), 500);
    });
    const uint64_t before = hosts.world.now_ns();
    EXPECT_EQ(bob.recv(at_bob, std::span(buffer).first(1500), stack::kMsgWaitAll), 1500);
    EXPECT_GE(hosts.world.now_ns() - before, 5 * kMs);
    EXPECT_EQ(bob.recv(at_bob, buffer, stack::kMsgDontWait), -EAGAIN);
    alice.close(at_alice), bob.close(at_bob);
  });
}

TEST_F(Calls, TimeOutsBoundSendAndReceive) {
  connected([&](int at_alice, int at_bob) {
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kReceiveTimeout, 20 * kMs), 0);
    uint64_t before = hosts.world.now_ns();
    EXPECT_EQ(alice.recv(at_alice, buffer), -EAGAIN);
    EXPECT_EQ(hosts.world.now_ns() - before, 20 * kMs);
    // Nobody reads: what fits is queued, then the time-out ends the call with a short count.
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kSendTimeout, 30 * kMs), 0);
    const Bytes data = pattern(4 << 20, 1);
    const int64_t sent = alice.send(at_alice, data);
    EXPECT_GE(sent, 512 << 10);
    EXPECT_LT(sent, 2 << 20);
    // What the window took since then may be filled again.
    const int64_t more = alice.send(at_alice, std::span(data).subspan(sent));
    before = hosts.world.now_ns();
    EXPECT_EQ(alice.send(at_alice, data), -EAGAIN);
    EXPECT_EQ(hosts.world.now_ns() - before, 30 * kMs);
    const std::size_t queued = static_cast<std::size_t>(sent + std::max<int64_t>(more, 0));
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kSendTimeout, -1), -EDOM);
    // Then the reader starts; the zero window opens again and all of it arrives.
    Bytes all;
    while (all.size() < queued) {
      const int64_t got = bob.recv(at_bob, buffer);
      ASSERT_GT(got, 0);
      all.insert(all.end(), buffer.begin(), buffer.begin() + got);
    }
    EXPECT_TRUE(std::equal(all.begin(), all.end(), data.begin()));
    alice.close(at_alice), bob.close(at_bob);
  });
}

TEST_F(Calls, BacklogBoundsWaitingConnections) {
  int done = 0;
  hosts.world.process([&] {
    const int server = listener(2);
    sleep(100 * kMs);
    EXPECT_EQ(done, 2);  // the third SYN is dropped, as on Linux
    for (int i = 0; i < 3; ++i) {
      const int fd = bob.accept(server, nullptr);
      ASSERT_GE(fd, 0);
      bob.close(fd);
    }
    bob.close(server);
  });
  for (int i = 0; i < 3; ++i) {
    hosts.world.process([&] {
      sleep(kMs);
      const int fd = stream(alice);
      EXPECT_EQ(alice.connect(fd, hosts.bob4(80)), 0);
      ++done;
      EXPECT_EQ(alice.recv(fd, buffer), 0);
      alice.close(fd);
    });
  }
  EXPECT_TRUE(hosts.run());
  EXPECT_EQ(done, 3);
}

TEST_F(Calls, ClosingAListenerResetsWhatWasNotAccepted) {
  hosts.world.process([&] {
    const int server = listener(2);
    const int fd = stream(alice);
    EXPECT_EQ(alice.connect(fd, hosts.bob4(80)), 0);
    sleep(kMs);
    EXPECT_EQ(bob.close(server), 0);
    sleep(kMs);
    EXPECT_EQ(alice.recv(fd, buffer), -ECONNRESET);
    alice.close(fd);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Calls, AConnectionMayEndBeforeItIsAccepted) {
  hosts.world.process([&] {
    const int server = listener(2);
    const int fd = stream(alice);
    EXPECT_EQ(alice.connect(fd, hosts.bob4(80)), 0);
    EXPECT_EQ(alice.set_option(fd, SocketOption::kLingerReset, 1), 0);
    EXPECT_EQ(alice.close(fd), 0);
    sleep(kMs);
    const int ended = bob.accept(server, nullptr);
    ASSERT_GE(ended, 3);
    EXPECT_EQ(bob.recv(ended, buffer), -ECONNRESET);
    bob.close(ended), bob.close(server);
  });
  EXPECT_TRUE(hosts.run());
}

TEST_F(Calls, CloseWakesThoseWhoSleepOnTheSocket) {
  connected([&](int at_alice, int at_bob) {
    hosts.world.process([this, at_alice] {
      sleep(kMs);
      EXPECT_EQ(alice.close(at_alice), 0);
    });
    EXPECT_EQ(alice.recv(at_alice, buffer), -EBADF);
    EXPECT_EQ(bob.recv(at_bob, buffer), 0);
    EXPECT_EQ(bob.close(at_bob), 0);
  });
}

TEST_F(Calls, KeepAliveFindsADeadPeer) {
  connected([&](int at_alice, int at_bob) {
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kKeepAlive, 1), 0);
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kKeepIdle, 10), 0);
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kKeepInterval, 2), 0);
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kKeepCount, 3), 0);
    EXPECT_EQ(option(alice, at_alice, SocketOption::kKeepIdle), 10);
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kKeepCount, 0), -EINVAL);
    sleep(60 * kSecond);  // answered while the peer is there
    EXPECT_EQ(alice.recv(at_alice, buffer, stack::kMsgDontWait), -EAGAIN);
    hosts.alice.device.filter = [](uint64_t, Bytes&) { return false; };
    const uint64_t before = hosts.world.now_ns();
    EXPECT_EQ(alice.recv(at_alice, buffer), -ETIMEDOUT);
    EXPECT_LE(hosts.world.now_ns() - before, 17 * kSecond);
    alice.close(at_alice), bob.close(at_bob);
  });
}

TEST_F(Calls, RetransmissionGivesUp) {
  connected(
      [&](int at_alice, int at_bob) {
        hosts.alice.device.filter = [](uint64_t, Bytes&) { return false; };
        EXPECT_EQ(alice.send(at_alice, pattern(10, 1)), 10);
        EXPECT_EQ(alice.recv(at_alice, buffer), -ETIMEDOUT);
        EXPECT_EQ(alice.send(at_alice, pattern(10, 1)), -EPIPE);
        alice.close(at_alice), bob.close(at_bob);
      },
      3600);
}

TEST_F(Calls, OptionsOfStreams) {
  connected([&](int at_alice, int at_bob) {
    EXPECT_EQ(option(alice, at_alice, SocketOption::kMaxSegment), 1448);
    EXPECT_EQ(option(alice, at_alice, SocketOption::kSendBuffer), 512 << 10);
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kNoDelay, 1), 0);
    EXPECT_EQ(option(alice, at_alice, SocketOption::kNoDelay), 1);
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kTtl, 0), -EINVAL);
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kTtl, 7), 0);
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kError, 0), -ENOPROTOOPT);
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kV6Only, 1), -ENOPROTOOPT);
    int ttl = 0;
    hosts.alice.device.tap = [&](ByteView frame) { ttl = static_cast<int>(frame[22]); };
    EXPECT_EQ(alice.send(at_alice, pattern(1, 1)), 1);
    EXPECT_EQ(ttl, 7);
    SocketAddress peer, local;
    EXPECT_EQ(alice.peer_address(at_alice, &peer), 0);
    EXPECT_EQ(peer, hosts.bob4(80));
    EXPECT_EQ(alice.local_address(at_alice, &local), 0);
    EXPECT_EQ(bob.peer_address(at_bob, &peer), 0);
    EXPECT_EQ(peer, local);
    EXPECT_EQ(alice.peer_address(stream(alice), &peer), -ENOTCONN);
    EXPECT_EQ(alice.shutdown(stream(alice), Shutdown::kBoth), -ENOTCONN);
    alice.close(at_alice), bob.close(at_bob);
  });
}

TEST_F(Calls, WatchReportsReadiness) {
  connected([&](int at_alice, int at_bob) {
    int calls = 0;
    EXPECT_EQ(bob.watch(
                  at_bob, [](void* count, int) { ++*static_cast<int*>(count); }, &calls),
              0);
    EXPECT_EQ(bob.ready(at_bob), static_cast<int>(stack::kPollOut));
    EXPECT_EQ(alice.send(at_alice, pattern(1, 1)), 1);
    EXPECT_EQ(bob.wait_ready(at_bob, stack::kPollIn, hosts.world.now_ns() + kSecond),
              static_cast<int>(stack::kPollIn));
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(bob.recv(at_bob, buffer), 1);
    // Room again wakes those that wait for either.
    EXPECT_EQ(bob.set_option(at_bob, SocketOption::kNonBlocking, 1), 0);
    while (bob.send(at_bob, pattern(100'000, 1)) > 0) sleep(kMs);
    hosts.world.process([this, at_alice] {
      sleep(kMs);
      while (alice.recv(at_alice, buffer, stack::kMsgDontWait) > 0) sleep(kMs);
    });
    const uint64_t limit = hosts.world.now_ns() + kSecond;
    EXPECT_EQ(bob.wait_ready(at_bob, stack::kPollIn | stack::kPollOut, limit),
              static_cast<int>(stack::kPollOut));
    EXPECT_LT(hosts.world.now_ns(), limit);
    sleep(kSecond);
    calls = 1;
    EXPECT_EQ(bob.wait_ready(at_bob, stack::kPollIn, hosts.world.now_ns() + kMs), 0);
    EXPECT_EQ(alice.close(at_alice), 0);
    sleep(kMs);
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(bob.close(at_bob), 0);
  });
}

TEST_F(Calls, ANagledSegmentWaitsAndMoreHoldsNothing) {
  connected([&](int at_alice, int at_bob) {
    uint64_t data_frames = 0;
    hosts.alice.device.tap = [&](ByteView frame) { data_frames += frame.size() > 66; };
    for (int i = 0; i < 5; ++i) EXPECT_EQ(alice.send(at_alice, pattern(10, 1)), 10);
    EXPECT_EQ(data_frames, 1u);
    sleep(100 * kMs);
    EXPECT_EQ(data_frames, 2u);
    EXPECT_EQ(alice.set_option(at_alice, SocketOption::kNoDelay, 1), 0);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(alice.send(at_alice, pattern(10, 1)), 10);
    EXPECT_EQ(data_frames, 7u);
    sleep(100 * kMs);
    EXPECT_EQ(bob.recv(at_bob, buffer), 100);
    alice.close(at_alice), bob.close(at_bob);
  });
}

TEST_F(Calls, AHostReachesItself) {
  hosts.world.process([&] {
    const int server = listener(1);
    const int fd = stream(bob);
    EXPECT_EQ(bob.connect(fd, hosts.bob4(80)), 0);
    const int other = bob.accept(server, nullptr);
    EXPECT_EQ(bob.send(fd, pattern(100'000, 3)), 100'000);
    EXPECT_EQ(bob.recv(other, buffer, stack::kMsgWaitAll), 100'000);
    EXPECT_TRUE(std::equal(buffer.begin(), buffer.end(), pattern(100'000, 3).begin()));
    bob.close(fd), bob.close(other), bob.close(server);
  });
  EXPECT_TRUE(hosts.run());
  EXPECT_LE(hosts.bob.device.sent(), 2u);
}

}  // namespace
}  // namespace ringside::test
