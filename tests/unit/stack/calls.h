// SPDX-License-Identifier: Apache-2.0
// Calls: the fixture of the socket tests, with a connection from alice to bob on request.
#pragma once

#include "tests/support/gtest.h"
#include "tests/unit/stack/two_hosts.h"

namespace ringside::test {

inline constexpr uint64_t kMs = 1'000'000, kSecond = 1'000'000'000;

class Calls : public ::testing::Test {
 protected:
  TwoHosts hosts;
  stack::Sockets& alice = hosts.alice.sockets();
  stack::Sockets& bob = hosts.bob.sockets();

  int stream(stack::Sockets& sockets) {
    return sockets.socket(stack::Family::kIpv4, stack::SocketType::kStream);
  }
  int listener(int backlog, uint16_t port = 80) {
    const int fd = stream(bob);
    EXPECT_EQ(bob.bind(fd, stack::SocketAddress::any(stack::Family::kIpv4, port)), 0);
    EXPECT_EQ(bob.listen(fd, backlog), 0);
    return fd;
  }
  void sleep(uint64_t ns) { hosts.world.sleep_until(hosts.world.now_ns() + ns); }
  int64_t option(stack::Sockets& sockets, int fd, stack::SocketOption which) {
    int64_t value = -1;
    EXPECT_EQ(sockets.get_option(fd, which, &value), 0);
    return value;
  }
  /// Runs `body` with a connection from alice to bob.
  template <typename Body>
  void connected(Body body, uint64_t limit_s = 600) {
    hosts.world.process([this, body] {
      const int server = listener(5);
      const int at_alice = stream(alice);
      ASSERT_EQ(alice.connect(at_alice, hosts.bob4(80)), 0);
      const int at_bob = bob.accept(server, nullptr);
      ASSERT_GE(at_bob, 3);
      body(at_alice, at_bob);
      bob.close(server);
    });
    EXPECT_TRUE(hosts.run(limit_s));
  }
  std::array<std::byte, 100000> buffer;
};

}  // namespace ringside::test
