// SPDX-License-Identifier: Apache-2.0
// Several instances of lwIP share a loaded object: whoever runs inside a callback, lwIP finds the
// variables of its own host when the callback returns.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <set>
#include <vector>

#include "stack/lwip_instance.h"
#include "tests/unit/stack/calls.h"

namespace ringside::test {
namespace {

using stack::Family;
using stack::LwipInstance;
using stack::SocketAddress;
using stack::SocketType;

/// One instance with its memory, and another that works inside its callback.
struct Shared {
  std::unique_ptr<LwipInstance> instance;
  LwipShared shared{};
  std::set<void*> memory;
  Shared* other = nullptr;
  uint64_t others_deadline_ns = 0;  ///< when its callback returned
  unsigned frames = 0;
  bool busy = false;

  ~Shared() {
    for (void* left : memory) std::free(left);
  }
  const LwipOperations& lwip() { return instance->operations(); }
  void run_timers() {
    busy = true;
    shared.now_ns = shared.next_deadline_ns;
    lwip().timers();
    busy = false;
  }
  int transmit(void* frame) {
    ++frames;
    lwip().frame_free(frame);
    if (other != nullptr && !other->busy) other->run_timers();
    if (other != nullptr) others_deadline_ns = other->shared.next_deadline_ns;
    return kLwipOk;
  }
  void start(uint8_t number) {
    LwipCallbacks callbacks{};
    callbacks.context = this;
    callbacks.alloc = [](void* self, size_t size) {
      return *static_cast<Shared*>(self)->memory.insert(std::calloc(1, size)).first;
    };
    callbacks.free = [](void* self, void* given) {
      const bool own = static_cast<Shared*>(self)->memory.erase(given) == 1;
      EXPECT_TRUE(own) << "memory of another instance";
      if (own) std::free(given);
    };
    callbacks.random = [](void*) { return uint32_t{7}; };
    callbacks.transmit = stack::restoring<[](void* self, void* frame, const LwipSlice*, unsigned) {
      return static_cast<Shared*>(self)->transmit(frame);
    }>;
    LwipSettings settings{};
    settings.tcp_window_bytes = settings.tcp_send_bytes = 65536;
    settings.tcp_timer_ms = 5;
    ASSERT_EQ(lwip().init(&callbacks, &settings, &shared), kLwipOk);
    LwipInterface interface {};
    interface.mac[0] = 2;
    interface.mac[5] = number;
    interface.mtu = 1500;
    interface.v4 = {4, {10, 0, 0, number}, 0};
    interface.v4_prefix_bits = 24;
    interface.hostname = "host";
    ASSERT_EQ(lwip().interface_add(&interface), kLwipOk);
    lwip().interface_set_up(1, 1);
  }
};

TEST(Sharing, ACallbackMayRunAnotherInstanceOfTheSameObject) {
  std::string error;
  std::vector<std::unique_ptr<LwipInstance>> unused;
  Shared alice, bob;
  alice.instance = LwipInstance::load(&error);
  ASSERT_NE(alice.instance, nullptr) << error;
  const LwipOperations* const object = &alice.instance->operations();
  while (bob.instance == nullptr) {
    ASSERT_LT(unused.size(), 100u) << "no two instances share an object";
    std::unique_ptr<LwipInstance> next = LwipInstance::load(&error);
    ASSERT_NE(next, nullptr) << error;
    (&next->operations() == object ? bob.instance : unused.emplace_back()) = std::move(next);
  }
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
