// SPDX-License-Identifier: Apache-2.0
// A socket in the file system on which one front end after another finds a card.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "formats/status.h"
#include "testbench/vhost/fd_watcher.h"
#include "testbench/vhost/owned_fd.h"
#include "testbench/vhost/vhost_session.h"
#include "testbench/vhost/vhost_target.h"

namespace ringside::tb {

class VhostServer {
 public:
  /// `target` and `watcher` outlive the server. `log` gets one line, without its end, for every
  /// front end that went.
  VhostServer(VhostTarget& target, FdWatcher& watcher, std::function<void(const std::string&)> log);
  /// Ends the connection and removes the socket, if the file is still the one that listen() made.
  ~VhostServer();
  VhostServer(const VhostServer&) = delete;
  VhostServer& operator=(const VhostServer&) = delete;

  /// Makes the socket and waits for front ends. One that comes while the process has no descriptor
  /// left is taken once it has. A socket that nobody listens on any more is
  /// replaced; one line if somebody does, if the file is no socket or the path is impossible.
  Status listen(const std::string& path);

  bool connected() const { return session_ != nullptr; }
  /// Front ends that came so far.
  uint64_t connections() const { return connections_; }

 private:
  void on_connect();
  void end_session(const std::string& reason);
  /// Accepts the next front end when it comes.
  bool wait();
  /// A front end is there and no descriptor for it: looks again in a while, with one line in all.
  void wait_for_descriptors(const char* why);

  VhostTarget& target_;
  FdWatcher& watcher_;
  std::function<void(const std::string&)> log_;
  std::string path_;
  OwnedFd socket_;
  OwnedFd timer_;         ///< made in time: when there is no descriptor left, there is none for it
  bool starved_ = false;  ///< timer_ runs, and the socket is not watched
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::unique_ptr<VhostSession> session_;
  uint64_t connections_ = 0;
};

}  // namespace ringside::tb
