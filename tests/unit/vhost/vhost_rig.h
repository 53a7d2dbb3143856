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
#include "tests/unit/vhost/layout.h"
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
