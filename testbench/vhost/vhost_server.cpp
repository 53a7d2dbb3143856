// SPDX-License-Identifier: Apache-2.0
#include "testbench/vhost/vhost_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ringside::tb {
namespace {

/// Front ends that may wait while another one is served.
constexpr int kBacklog = 16;
/// Between looks whether there are descriptors again.
constexpr long kRetryNs = 100'000'000;

Status address_of(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return Status::failure(fmt::format("{}: the path of a socket has 1 to {} bytes", path,
                                       sizeof(address.sun_path) - 1));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return Status::success();
}

Status system_error(const std::string& path) {
  return Status::failure(path + ": " + std::strerror(errno));
}

OwnedFd make_socket() {
  return OwnedFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/// Removes a socket that was left behind. Anything else in the way is an error.
Status make_way(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? Status::success() : system_error(path);
  }
  if (!S_ISSOCK(status.st_mode))
    return Status::failure(path + ": the file exists, and is no socket");
  const OwnedFd probe = make_socket();
  if (!probe.valid()) return system_error(path);
  const int connected =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (connected == 0 || errno == EAGAIN) {
    return Status::failure(path + ": somebody else listens on this socket");
  }
  if (errno != ECONNREFUSED || ::unlink(path.c_str()) != 0) return system_error(path);
  return Status::success();
}

}  // namespace

VhostServer::VhostServer(VhostTarget& target, FdWatcher& watcher,
                         std::function<void(const std::string&)> log)
    : target_(target), watcher_(watcher), log_(std::move(log)) {}

VhostServer::~VhostServer() {
  if (socket_.valid() && session_ == nullptr) {
    watcher_.unwatch(starved_ ? timer_.get() : socket_.get());
  }
  session_.reset();
  if (!socket_.valid()) return;
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

Status VhostServer::listen(const std::string& path) {
  sockaddr_un address;
  Status status = address_of(path, address);
  if (status.ok()) status = make_way(path, address);
  if (!status.ok()) return status;
  OwnedFd made = make_socket();
  timer_ = OwnedFd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  struct stat file {};
  if (!made.valid() || !timer_.valid() ||
      ::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(made.get(), kBacklog) != 0 || ::lstat(path.c_str(), &file) != 0) {
    return system_error(path);
  }
  path_ = path;
  device_ = file.st_dev;
  inode_ = file.st_ino;
  socket_ = std::move(made);
  if (!wait()) return Status::failure(path + ": the socket cannot be waited for");
  return Status::success();
}

bool VhostServer::wait() {
  return watcher_.watch(socket_.get(), [this] { on_connect(); });
}

void VhostServer::on_connect() {
  OwnedFd accepted(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted.valid()) {
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) {
      starved_ = false;  // who waited has gone
      return;
    }
    // It would be tried again at once, for ever.
    watcher_.unwatch(socket_.get());
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      wait_for_descriptors(std::strerror(errno));
      return;
    }
    log_(fmt::format("{}: no more connections: {}", path_, std::strerror(errno)));
    return;
  }
  watcher_.unwatch(socket_.get());
  starved_ = false;
  ++connections_;
  session_ =
      std::make_unique<VhostSession>(std::move(accepted), target_, watcher_,
                                     [this](const std::string& reason) { end_session(reason); });
}

void VhostServer::wait_for_descriptors(const char* why) {
  if (!starved_) log_(fmt::format("{}: a connection waits: {}", path_, why));
  starved_ = true;
  itimerspec once{};
  once.it_value.tv_nsec = kRetryNs;
  ::timerfd_settime(timer_.get(), 0, &once, nullptr);
  watcher_.watch(timer_.get(), [this] {
    watcher_.unwatch(timer_.get());
    wait();
    on_connect();
  });
}

void VhostServer::end_session(const std::string& reason) {
  session_.reset();
  log_(fmt::format("{}: connection closed: {}", path_, reason));
  wait();
}

}  // namespace ringside::tb
