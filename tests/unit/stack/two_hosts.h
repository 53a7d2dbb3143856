// SPDX-License-Identifier: Apache-2.0
// TwoHosts: alice (10.0.0.1, fd00::1) and bob (10.0.0.2, fd00::2), two stacks on one wire.
#pragma once

#include <memory>
#include <string>

#include "stack/network_stack.h"
#include "stack/sockets.h"
#include "tests/unit/stack/fake_device.h"

namespace ringside::test {

/// Memory that counts what it has given out.
struct FakeMemory {
  uint64_t bytes = 0, limit = ~uint64_t{0};
  stack::MemoryCallbacks callbacks();
};

struct Host {
  Host(World& world, int number, const FakeDeviceOptions& options, stack::StackConfig config);
  ~Host();
  FakePlatform platform;
  FakeMemory memory;
  FakeDevice device;
  std::unique_ptr<stack::NetworkStack> stack;
  std::string error;
  stack::Sockets& sockets() { return stack->sockets(); }
};

struct TwoHosts {
  explicit TwoHosts(const FakeDeviceOptions& options = {}, const stack::StackConfig& config = {});
  World world;
  Host alice, bob;
  stack::SocketAddress bob4(uint16_t port) const;
  stack::SocketAddress bob6(uint16_t port) const;
  /// Runs all process contexts to their end; false if they are not there after `limit_s` seconds of
  /// virtual time.
  bool run(uint64_t limit_s = 600) { return world.run(world.now_ns() + limit_s * 1'000'000'000); }
};

/// `size` bytes that depend on `seed`.
Bytes pattern(std::size_t size, uint64_t seed);
/// Sends all of it; true if it went.
bool send_all(stack::Sockets& sockets, int fd, ByteView data);
/// Receives until the end of the stream or an error (then `*error` is the errno).
Bytes receive_all(stack::Sockets& sockets, int fd, int64_t* error = nullptr);

}  // namespace ringside::test
