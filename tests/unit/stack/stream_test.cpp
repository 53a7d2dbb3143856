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

/// Bob listens on `family`, alice connects to `to`; each sends its bytes, both must arrive.
void exchange(TwoHosts& hosts, Family family, const SocketAddress& to, const Bytes& up,
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
    EXPECT_TRUE(down.empty() || send_all(sockets, fd, down));
    EXPECT_EQ(sockets.shutdown(fd, stack::Shutdown::kWrite), 0);
    at_bob = receive_all(sockets, fd);
    EXPECT_EQ(sockets.close(fd), 0);
    EXPECT_EQ(sockets.close(listener), 0);
  });
  hosts.world.process([&] {
    stack::Sockets& sockets = hosts.alice.sockets();
    hosts.world.sleep_until(hosts.world.now_ns() + 1000);
    const int fd = sockets.socket(to.ip.family, SocketType::kStream);
    ASSERT_EQ(sockets.connect(fd, to), 0);
    EXPECT_TRUE(up.empty() || send_all(sockets, fd, up));
    EXPECT_EQ(sockets.shutdown(fd, stack::Shutdown::kWrite), 0);
    at_alice = receive_all(sockets, fd);
    EXPECT_EQ(sockets.close(fd), 0);
  });
  EXPECT_TRUE(hosts.run());
  EXPECT_EQ(at_bob, up);
  EXPECT_EQ(at_alice, down);
}

TEST(Stream, CarriesOneByte) {
  TwoHosts hosts;
  exchange(hosts, Family::kIpv4, hosts.bob4(80), pattern(1, 1), {});
}

}  // namespace
}  // namespace ringside::test
