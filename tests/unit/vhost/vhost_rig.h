// SPDX-License-Identifier: Apache-2.0
// A server on a socket in a folder of its own, with a card that checks, for front ends of tests.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "testbench/vhost/vhost_server.h"
#include "tests/unit/vhost/fake_target.h"
#include "tests/unit/vhost/front_end.h"
#include "tests/unit/vhost/poll_loop.h"

namespace ringside::test {

/// A folder that goes when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "vhost-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// Memory and rings as a front end lays them out: two queues of 256 in 2 MiB, which the front end
/// has at kUser and the guest at kBus.
struct Layout {
  static constexpr uint64_t kUser = 0x7F0000000000, kBus = 0x40000000, kSize = 2 << 20;
  static constexpr uint16_t kQueueSize = 256;

  static tb::VhostMemoryRegion region() { return {kBus, kSize, kUser, 0}; }
  static Bytes table() { return bytes_of(uint32_t{1}, uint32_t{0}, region()); }
  static uint64_t ring(unsigned queue) { return queue * uint64_t{0x4000}; }
  static tb::VhostVringAddress address(unsigned queue) {
    const uint64_t at = kUser + ring(queue);
    return {queue, 0, at, at + 0x2000, at + 0x1000, 0};
  }
  static tb::VhostQueue setup(unsigned queue, uint16_t base = 0) {
    const uint64_t at = kBus + ring(queue);
    return {kQueueSize, base, at, at + 0x1000, at + 0x2000};
  }
};

struct VhostRig {
  VhostRig() : server(target, loop, [this](const std::string& line) { log.push_back(line); }) {
    path = folder.file("socket");
    listening = server.listen(path);
    loop.drain();
  }

  /// Sends, and lets the back end do its part.
  bool say(FrontEnd& peer, tb::VhostRequest request, const Bytes& payload = {},
           std::span<const int> descriptors = {}, uint32_t flags = tb::kVhostVersion) {
    const bool sent = peer.send(request, payload, descriptors, flags);
    return loop.drain() && sent;
  }
  bool say(FrontEnd& peer, tb::VhostRequest request, const Bytes& payload,
           const tb::OwnedFd& descriptor, uint32_t flags = tb::kVhostVersion) {
    const int fd = descriptor.get();
    return say(peer, request, payload, std::span(&fd, 1), flags);
  }
  /// NUM, BASE, ADDR, KICK, CALL of a queue as Layout has it.
  bool set_up(FrontEnd& peer, unsigned queue, const tb::OwnedFd& kick, const tb::OwnedFd& call,
              uint32_t base = 0) {
    using tb::VhostRequest;
    return say(peer, VhostRequest::kSetVringCall, bytes_of(uint64_t{queue}), call) &&
           say(peer, VhostRequest::kSetVringNum,
               bytes_of(tb::VhostVringState{queue, Layout::kQueueSize})) &&
           say(peer, VhostRequest::kSetVringBase, bytes_of(tb::VhostVringState{queue, base})) &&
           say(peer, VhostRequest::kSetVringAddr, bytes_of(Layout::address(queue))) &&
           say(peer, VhostRequest::kSetVringKick, bytes_of(uint64_t{queue}), kick);
  }
  /// Features and memory, so that queues can start.
  bool prepare(FrontEnd& peer, const tb::OwnedFd& memory) {
    using tb::VhostRequest;
    return say(peer, VhostRequest::kSetOwner) &&
           say(peer, VhostRequest::kSetProtocolFeatures,
               bytes_of(uint64_t{tb::kVhostProtocolReplyAck | tb::kVhostProtocolStatus})) &&
           say(peer, VhostRequest::kSetFeatures,
               bytes_of(FakeTarget::kFeatures | tb::kVhostFeatureProtocolFeatures)) &&
           say(peer, VhostRequest::kSetMemTable, Layout::table(), memory);
  }

  TemporaryFolder folder;
  PollLoop loop;
  FakeTarget target;
  std::vector<std::string> log;
  std::string path;
  tb::VhostServer server;
  Status listening;
};

}  // namespace ringside::test
