// SPDX-License-Identifier: Apache-2.0
// Makes the two hosts, and helpers that most tests need.
#include "tests/unit/stack/two_hosts.h"

namespace ringside::test {
namespace {

stack::StackConfig with_addresses(stack::StackConfig config, int number) {
  const auto last = static_cast<uint8_t>(number);
  config.ipv4 = {stack::IpAddress::v4(10, 0, 0, last), 24};
  config.ipv6 = {{*stack::IpAddress::parse("fd00::" + std::to_string(number)), 64}};
  config.hostname = number == 1 ? "alice" : "bob";
  return config;
}

}  // namespace

stack::MemoryCallbacks FakeMemory::callbacks() {
  return {this,
          [](void* self, std::size_t size) -> std::byte* {
            auto* memory = static_cast<FakeMemory*>(self);
            if (memory->bytes + size > memory->limit) return nullptr;
            memory->bytes += size;
            return new std::byte[size];
          },
          [](void* self, std::byte* data, std::size_t size) {
            static_cast<FakeMemory*>(self)->bytes -= size;
            delete[] data;
          }};
}

Host::Host(World& world, int number, const FakeDeviceOptions& options, stack::StackConfig config)
    : platform(world),
      device(platform, MacAddress{2, 0, 0, 0, 0, static_cast<uint8_t>(number)}, options) {
  stack = stack::NetworkStack::create(device, platform, memory.callbacks(),
                                      with_addresses(std::move(config), number), &error);
}

Host::~Host() {
  if (stack != nullptr) stack->stop();
}

TwoHosts::TwoHosts(const FakeDeviceOptions& options, const stack::StackConfig& config)
    : alice(world, 1, options, config), bob(world, 2, options, config) {
  FakeDevice::connect(alice.device, bob.device);
  world.process([this] { alice.stack->start(); });
  world.process([this] { bob.stack->start(); });
  world.run_until(world.now_ns() + 1000);
}

stack::SocketAddress TwoHosts::bob4(uint16_t port) const {
  return stack::SocketAddress::v4(10, 0, 0, 2, port);
}

stack::SocketAddress TwoHosts::bob6(uint16_t port) const {
  return {*stack::IpAddress::parse("fd00::2"), port};
}

Bytes pattern(std::size_t size, uint64_t seed) {
  Bytes bytes(size);
  uint64_t state = seed * 2 + 1;
  for (std::byte& byte : bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<std::byte>(state >> 56);
  }
  return bytes;
}

bool send_all(stack::Sockets& sockets, int fd, ByteView data) {
  return sockets.send(fd, data) == static_cast<int64_t>(data.size());
}

Bytes receive_all(stack::Sockets& sockets, int fd, int64_t* error) {
  Bytes all;
  Bytes part(65536);
  for (;;) {
    const int64_t got = sockets.recv(fd, part);
    if (got <= 0) {
      if (error != nullptr) *error = got;
      return all;
    }
    all.insert(all.end(), part.begin(), part.begin() + got);
  }
}

}  // namespace ringside::test
