// SPDX-License-Identifier: Apache-2.0
// One front end, from its connection to its end: socket and device together.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "testbench/vhost/fd_watcher.h"
#include "testbench/vhost/owned_fd.h"
#include "testbench/vhost/vhost_connection.h"
#include "testbench/vhost/vhost_device.h"
#include "testbench/vhost/vhost_target.h"

namespace ringside::tb {

class VhostSession {
 public:
  /// `socket`: connected, non-blocking. `ended` is posted once, with one line: the front end left,
  /// or the reason for which nothing more is read from it; then this object is to be destroyed,
  /// which detaches the target and then closes and unmaps everything.
  VhostSession(OwnedFd socket, VhostTarget& target, FdWatcher& watcher,
               std::function<void(const std::string&)> ended);
  ~VhostSession();
  VhostSession(const VhostSession&) = delete;
  VhostSession& operator=(const VhostSession&) = delete;

 private:
  void on_readable();
  /// One message; false if there is no more to do now.
  bool step();
  void end(const std::string& reason);

  FdWatcher& watcher_;
  std::function<void(const std::string&)> ended_;
  bool over_ = false;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  VhostConnection connection_;
  VhostDevice device_;
};

}  // namespace ringside::tb
