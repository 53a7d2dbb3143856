// SPDX-License-Identifier: Apache-2.0
#include "testbench/vhost/vhost_session.h"

#include <utility>
#include <vector>

namespace ringside::tb {
namespace {

/// Messages that are handled before others have their turn.
constexpr int kBurst = 32;

}  // namespace

VhostSession::VhostSession(OwnedFd socket, VhostTarget& target, FdWatcher& watcher,
                           std::function<void(const std::string&)> ended)
    : watcher_(watcher),
      ended_(std::move(ended)),
      connection_(std::move(socket)),
      device_(target, watcher, [this](const std::string& reason) { end(reason); }) {
  if (!over_ && !watcher_.watch(connection_.fd(), [this] { on_readable(); })) {
    end("the socket cannot be waited for");
  }
}

VhostSession::~VhostSession() {
  if (!over_) watcher_.unwatch(connection_.fd());
  over_ = true;
}

void VhostSession::on_readable() {
  for (int i = 0; i < kBurst && !over_; ++i) {
    if (!step()) return;
  }
}

bool VhostSession::step() {
  VhostMessage message;
  std::vector<OwnedFd> descriptors;
  switch (connection_.receive(message, descriptors)) {
    case VhostConnection::Received::kNothing:
      return false;
    case VhostConnection::Received::kEnd:
      end(connection_.error().empty() ? "the front end left" : connection_.error());
      return false;
    case VhostConnection::Received::kBad:
      end(connection_.error());
      return false;
    case VhostConnection::Received::kMessage:
      break;
  }
  std::vector<std::byte> reply;
  const Status handled = device_.handle(message, std::move(descriptors), reply);
  const Status sent = connection_.send(reply);
  if (!handled.ok()) {
    end(handled.error);
  } else if (!sent.ok()) {
    end(sent.error);
  }
  return !over_;
}

void VhostSession::end(const std::string& reason) {
  if (over_) return;
  over_ = true;
  watcher_.unwatch(connection_.fd());
  watcher_.post([this, reason, alive = std::weak_ptr<const bool>(alive_)] {
    if (alive.expired()) return;
    const auto ended = std::move(ended_);
    ended(reason);
  });
}

}  // namespace ringside::tb
