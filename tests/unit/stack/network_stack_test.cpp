// SPDX-License-Identifier: Apache-2.0
// NetworkStack: configuration, instances, link changes, frames that make no sense.
#include "stack/network_stack.h"

#include <array>
#include <cerrno>
#include <cstdlib>

#include "stack/lwip_instance.h"
#include "stack/memory_pool.h"
#include "tests/support/gtest.h"
#include "tests/unit/stack/two_hosts.h"

namespace ringside::test {
namespace {

using stack::Family;
using stack::IpAddress;
using stack::SocketAddress;
using stack::SocketType;
using stack::StackConfig;

TEST(NetworkStack, RefusesBadConfigurations) {
  World world;
  FakePlatform platform(world);
  FakeMemory memory;
  FakeDevice device(platform, MacAddress{2, 0, 0, 0, 0, 1}, {});
  const auto error_of = [&](auto change) {
    StackConfig config;
    change(config);
    std::string error;
    const auto stack =
        stack::NetworkStack::create(device, platform, memory.callbacks(), config, &error);
    EXPECT_EQ(stack == nullptr, !error.empty());
    return error;
  };
  EXPECT_EQ(error_of([](StackConfig&) {}), "");
  EXPECT_NE(error_of([](StackConfig& c) { c.mtu = 100; }).find("mtu"), std::string::npos);
  EXPECT_NE(error_of([](StackConfig& c) { c.mtu = 9001; }).find("mtu"), std::string::npos);
  EXPECT_NE(error_of([](StackConfig& c) { c.tcp_timer_ms = 0; }), "");
  EXPECT_NE(error_of([](StackConfig& c) { c.tcp_window_bytes = 5 << 20; }), "");
  EXPECT_NE(error_of([](StackConfig& c) { c.txqueue_frames = 0; }), "");
  EXPECT_NE(error_of([](StackConfig& c) { c.ipv4 = {IpAddress::any(Family::kIpv6), 24}; }), "");
  EXPECT_NE(error_of([](StackConfig& c) { c.ipv6 = {{*IpAddress::parse("fd00::1"), 48}}; }), "");
  EXPECT_NE(error_of([](StackConfig& c) { c.gateway_v4 = *IpAddress::parse("fd00::1"); }), "");
  EXPECT_EQ(memory.bytes, 0u);
}

TEST(NetworkStack, InstancesHaveTheirOwnState) {
  std::string error;
  std::vector<std::unique_ptr<stack::LwipInstance>> instances;
  std::array<LwipShared, 20> shared{};
  LwipCallbacks callbacks{};
  callbacks.alloc = [](void*, size_t size) { return std::calloc(1, size); };
  callbacks.free = [](void*, void* memory) { std::free(memory); };
  callbacks.random = [](void*) { return uint32_t{7}; };
  LwipSettings settings{};
  settings.tcp_window_bytes = settings.tcp_send_bytes = 65536;
  settings.tcp_timer_ms = 5;
  for (LwipShared& own : shared) {
    instances.push_back(stack::LwipInstance::load(&error));
    ASSERT_NE(instances.back(), nullptr) << error;
    own.now_ns = static_cast<uint64_t>(&own - shared.data()) << 40;
    ASSERT_EQ(instances.back()->operations().init(&callbacks, &settings, &own), kLwipOk);
  }
  // Each one's first timer is due by its own clock; running it moves its own deadline and no
  // other's.
  for (std::size_t i = 0; i < shared.size(); ++i) {
    const std::array<LwipShared, 20> before = shared;
    EXPECT_EQ(before[i].next_deadline_ns >> 40, i);
    shared[i].now_ns = before[i].next_deadline_ns;
    instances[i]->operations().timers();
    for (std::size_t j = 0; j < shared.size(); ++j) {
      EXPECT_EQ(shared[j].next_deadline_ns != before[j].next_deadline_ns, i == j) << i << " " << j;
    }
  }
  instances.erase(instances.begin() + 3, instances.begin() + 7);
  EXPECT_NE(stack::LwipInstance::load(&error), nullptr);
  for (auto& instance : instances) instance->operations().fini();
}

TEST(NetworkStack, GivesAllMemoryBack) {
  World world;
  FakePlatform platform(world);
  FakeMemory memory;
  FakeDevice device(platform, MacAddress{2, 0, 0, 0, 0, 1}, {});
  std::string error;
  auto stack =
      stack::NetworkStack::create(device, platform, memory.callbacks(), StackConfig{}, &error);
  ASSERT_NE(stack, nullptr);
  world.process([&] {
    EXPECT_GE(stack->sockets().socket(Family::kIpv4, SocketType::kStream), 3);
    EXPECT_GE(stack->sockets().socket(Family::kIpv6, SocketType::kDatagram), 3);
  });
  world.run(~uint64_t{0});
  EXPECT_GT(memory.bytes, 0u);
  stack.reset();
  EXPECT_EQ(memory.bytes, 0u);
}

TEST(NetworkStack, ReleasesReceiveBuffersWhenItEnds) {
  auto hosts = std::make_unique<TwoHosts>();
  hosts->world.process([&] {
    stack::Sockets& bob = hosts->bob.sockets();
    const int fd = bob.socket(Family::kIpv4, SocketType::kDatagram);
    ASSERT_EQ(bob.bind(fd, SocketAddress::any(Family::kIpv4, 7)), 0);
    stack::Sockets& alice = hosts->alice.sockets();
    const int sender = alice.socket(Family::kIpv4, SocketType::kDatagram);
    for (int i = 0; i < 3; ++i) alice.sendto(sender, pattern(100, 1), hosts->bob4(7));
  });
  EXPECT_TRUE(hosts->run());
  hosts->world.run_until(hosts->world.now_ns() + 1'000'000);
  EXPECT_EQ(hosts->bob.device.buffers_held(), 3u);
  hosts->bob.stack->stop();
  hosts->bob.stack.reset();
  EXPECT_EQ(hosts->bob.device.buffers_held(), 0u);
}

TEST(NetworkStack, DropsWhatComesBeforeTheInterface) {
  World world;
  FakePlatform platform(world);
  FakeMemory memory;
  FakeDevice device(platform, MacAddress{2, 0, 0, 0, 0, 1}, {});
  std::string error;
  const auto stack =
      stack::NetworkStack::create(device, platform, memory.callbacks(), StackConfig{}, &error);
  ASSERT_NE(stack, nullptr);
  device.on_open = [&] {
    device.inject(pattern(60, 1));
    platform.sleep_until(world.now_ns() + 10'000);
  };
  world.process([&] {
    EXPECT_TRUE(stack->start().ok());
    device.inject(pattern(60, 1));
    platform.sleep_until(world.now_ns() + 10'000);
    EXPECT_EQ(stack->statistics().rx_early_dropped, 1u);
    EXPECT_EQ(stack->statistics().rx_frames, 1u);
    EXPECT_EQ(device.buffers_held(), 0u);
    stack->stop();
  });
  EXPECT_TRUE(world.run(world.now_ns() + 1'000'000'000));
}

TEST(NetworkStack, ResolvesAnAddressOnce) {
  TwoHosts hosts;
  int arp = 0, solicitations = 0;
  hosts.alice.device.tap = [&](ByteView frame) {
    arp += frame[12] == std::byte{8} && frame[13] == std::byte{6};
    solicitations +=
        frame[12] == std::byte{0x86} && frame[20] == std::byte{58} && frame[54] == std::byte{135};
  };
  hosts.world.process([&] {
    stack::Sockets& alice = hosts.alice.sockets();
    const int fd = alice.socket(Family::kIpv6, SocketType::kDatagram);
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(alice.sendto(fd, pattern(10, 1), hosts.bob4(7)), 10);
      EXPECT_EQ(alice.sendto(fd, pattern(10, 1), hosts.bob6(7)), 10);
      hosts.world.sleep_until(hosts.world.now_ns() + 100'000);
    }
  });
  EXPECT_TRUE(hosts.run());
  EXPECT_EQ(arp, 1);
  EXPECT_EQ(solicitations, 1);
}

TEST(NetworkStack, LinkDownStopsAndLinkUpResumes) {
  TwoHosts hosts;
  hosts.world.process([&] {
    stack::Sockets& alice = hosts.alice.sockets();
    stack::Sockets& bob = hosts.bob.sockets();
    const int listener = bob.socket(Family::kIpv4, SocketType::kStream);
    ASSERT_EQ(bob.bind(listener, SocketAddress::any(Family::kIpv4, 80)), 0);
    ASSERT_EQ(bob.listen(listener, 1), 0);
    const int fd = alice.socket(Family::kIpv4, SocketType::kStream);
    ASSERT_EQ(alice.connect(fd, hosts.bob4(80)), 0);
    const int peer = bob.accept(listener, nullptr);
    hosts.alice.device.set_link(false);
    EXPECT_EQ(alice.send(fd, pattern(10, 1)), 10);
    hosts.world.sleep_until(hosts.world.now_ns() + 20'000'000);
    hosts.alice.device.set_link(true);
    std::array<std::byte, 100> buffer;
    EXPECT_EQ(bob.recv(peer, buffer), 10);
    alice.close(fd), bob.close(peer), bob.close(listener);
  });
  EXPECT_TRUE(hosts.run());
}

TEST(NetworkStack, SurvivesFramesThatMakeNoSense) {
  TwoHosts hosts;
  std::vector<Bytes> seen;
  const auto keep = [&](ByteView frame) { seen.emplace_back(frame.begin(), frame.end()); };
  hosts.alice.device.tap = keep;
  hosts.bob.device.tap = keep;
  hosts.world.process([&] {
    stack::Sockets& alice = hosts.alice.sockets();
    const int fd = alice.socket(Family::kIpv6, SocketType::kStream);
    alice.connect(fd, hosts.bob6(81));
    alice.connect(fd, hosts.bob4(81));
    const int datagrams = alice.socket(Family::kIpv4, SocketType::kDatagram);
    alice.sendto(datagrams, pattern(3000, 1), hosts.bob4(81));
    alice.close(fd);
  });
  EXPECT_TRUE(hosts.run());
  hosts.world.run_until(hosts.world.now_ns() + 1'000'000);
  hosts.alice.device.tap = hosts.bob.device.tap = nullptr;
  ASSERT_GT(seen.size(), 8u);
  // Every real frame, cut to every length and with every byte changed in turn.
  uint64_t injected = 0;
  const std::size_t count = seen.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t length = std::min<std::size_t>(seen[i].size(), 120);
    for (std::size_t at = 0; at < length; ++at) {
      hosts.bob.device.inject(std::span(seen[i]).first(at));
      Bytes changed = seen[i];
      changed[at] ^= std::byte{static_cast<uint8_t>(at * 37 + i + 1)};
      hosts.bob.device.inject(changed);
      injected += 2;
    }
    hosts.world.run_until(hosts.world.now_ns() + 100'000);
  }
  EXPECT_GT(injected, 1000u);
  EXPECT_GT(hosts.bob.stack->statistics().rx_protocol_dropped, 100u);
  hosts.world.run_until(hosts.world.now_ns() + 120'000'000'000);
  EXPECT_EQ(hosts.bob.device.buffers_held(), 0u);
  EXPECT_TRUE(hosts.bob.platform.messages().empty());
}

TEST(NetworkStack, StopsAndStartsAgain) {
  TwoHosts hosts;
  hosts.world.process([&] {
    hosts.bob.stack->stop();
    EXPECT_TRUE(hosts.bob.stack->start().ok());
    stack::Sockets& alice = hosts.alice.sockets();
    const int fd = alice.socket(Family::kIpv4, SocketType::kStream);
    EXPECT_EQ(alice.connect(fd, hosts.bob4(80)), -ECONNREFUSED);
  });
  EXPECT_TRUE(hosts.run());
}

TEST(MemoryPool, ReusesBlocksOfASize) {
  FakeMemory memory;
  {
    stack::MemoryPool pool(memory.callbacks());
    void* first = pool.allocate(1000);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 16, 0u);
    pool.free(first);
    EXPECT_EQ(pool.allocate(1010), first);
    EXPECT_EQ(pool.allocate((128 << 10) + 1), nullptr);
    EXPECT_NE(pool.allocate(128 << 10), nullptr);
    const uint64_t taken = pool.taken_bytes();
    EXPECT_EQ(taken, memory.bytes);
    memory.limit = memory.bytes;
    int blocks = 0;
    while (pool.allocate(4096) != nullptr) ++blocks;
    EXPECT_GT(blocks, 10);
    EXPECT_EQ(pool.taken_bytes(), taken);
  }
  EXPECT_EQ(memory.bytes, 0u);
}

TEST(SocketAddress, TextAndBack) {
  for (const char* text : {"10.0.0.1:80", "[fd00::1]:65535", "0.0.0.0:0", "[::]:1"}) {
    const auto address = SocketAddress::parse(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(address->to_string(), text);
  }
  for (const char* text : {"", "10.0.0.1", "10.0.0.1:65536", "10.0.0:1", "fd00::1:80x",
                           "[10.0.0.1]:8", "10.0.0.1:", "10.0.0.1: 8"}) {
    EXPECT_FALSE(SocketAddress::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace ringside::test
