// SPDX-License-Identifier: Apache-2.0
// Several instances of lwIP share a loaded object: whoever runs inside a callback, lwIP finds the
// variables of its own host when the callback returns.
#include <algorithm>
#include <memory>
#include <vector>

#include "tests/unit/stack/calls.h"
#include "tests/unit/stack/instance.h"

namespace ringside::test {
namespace {

using stack::Family;
using stack::LwipInstance;
using stack::SocketAddress;
using stack::SocketType;

TEST(Sharing, ACallbackMayRunAnotherInstanceOfTheSameObject) {
  std::string error;
  Instance alice, bob;
  alice.instance = LwipInstance::load(&error);
  ASSERT_NE(alice.instance, nullptr) << error;
  ASSERT_TRUE(bob.load_beside(alice)) << "no two instances share an object";
  bob.start(2);
  alice.other = &bob;
  for (unsigned i = 0; i < 20; ++i) {
    // The link's coming up is announced, and what was allocated for that is freed behind it.
    const unsigned before = alice.frames;
    alice.busy = true;
    if (i == 0) {
      alice.start(1);
    } else {
      alice.lwip().link_set(0);
      alice.lwip().link_set(1);
    }
    alice.busy = false;
    ASSERT_GT(alice.frames, before);
    ASSERT_EQ(bob.shared.next_deadline_ns, alice.others_deadline_ns);
    ASSERT_GT(bob.shared.next_deadline_ns, bob.shared.now_ns);
    alice.run_timers();
    ASSERT_GT(alice.shared.next_deadline_ns, alice.shared.now_ns) << "its deadline went elsewhere";
  }
  EXPECT_GT(bob.shared.now_ns, 0u);
  alice.lwip().fini();
  bob.lwip().fini();
}

/// As many stacks as there may be loaded objects, which work whenever they are asked.
struct Bystanders {
  explicit Bystanders(World& world) {
    for (int number = 3; number < 11; ++number) {
      hosts.push_back(
          std::make_unique<Host>(world, number, FakeDeviceOptions{}, stack::StackConfig{}));
    }
  }
  void work() {
    ++works;
    for (const auto& host : hosts) EXPECT_EQ(host->stack->statistics().rx_checksum_errors, 0u);
  }
  std::vector<std::unique_ptr<Host>> hosts;
  unsigned works = 0;
};

// Every callback that reports something to a socket ends in what watches it, and received frames
// are given back to the device.
TEST_F(Calls, OthersStacksMayRunInsideCallbacks) {
  Bystanders others(hosts.world);
  const auto work = [](void* context, int) { static_cast<Bystanders*>(context)->work(); };
  const auto on_release = [&others] { others.work(); };
  hosts.alice.device.on_release = hosts.bob.device.on_release = on_release;
  hosts.world.process([&] {
    const int server = listener(5);
    EXPECT_EQ(bob.watch(server, work, &others), 0);
    const int at_alice = stream(alice);
    EXPECT_EQ(alice.watch(at_alice, work, &others), 0);
    ASSERT_EQ(alice.connect(at_alice, hosts.bob4(80)), 0);
    const int at_bob = bob.accept(server, nullptr);
    ASSERT_GE(at_bob, 3);
    EXPECT_EQ(bob.watch(at_bob, work, &others), 0);
    const Bytes sent = pattern(1'000'000, 1);
    hosts.world.process([&, at_alice] {
      EXPECT_TRUE(send_all(alice, at_alice, sent));
      EXPECT_EQ(alice.close(at_alice), 0);
    });
    EXPECT_TRUE(receive_all(bob, at_bob) == sent);
    EXPECT_EQ(bob.close(at_bob), 0);
    EXPECT_EQ(bob.close(server), 0);
    const int reader = bob.socket(Family::kIpv4, SocketType::kDatagram);
    EXPECT_EQ(bob.bind(reader, SocketAddress::any(Family::kIpv4, 7)), 0);
    EXPECT_EQ(bob.watch(reader, work, &others), 0);
    const int writer = alice.socket(Family::kIpv4, SocketType::kDatagram);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(alice.sendto(writer, pattern(100, 1), hosts.bob4(7)), 100);
      EXPECT_EQ(bob.recv(reader, buffer), 100);
    }
    alice.close(writer), bob.close(reader);
  });
  EXPECT_TRUE(hosts.run());
  EXPECT_GT(others.works, 1000u);
}

}  // namespace
}  // namespace ringside::test
