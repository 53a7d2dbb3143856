// SPDX-License-Identifier: Apache-2.0
// Descriptors of every kind that a front end may hand over, and how many this process has.
#pragma once

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>

#include "testbench/vhost/owned_fd.h"

namespace ringside::test {

/// Open descriptors of this process.
inline std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// An event descriptor that takes no more: who writes to it blocks unless told not to.
inline tb::OwnedFd make_full_event() {
  tb::OwnedFd fd(::eventfd(0, EFD_CLOEXEC));
  const uint64_t full = UINT64_MAX - 1;
  if (::write(fd.get(), &full, sizeof(full)) != sizeof(full)) fd.reset();
  return fd;
}

/// Two ends of a pipe or of a pair of sockets.
struct Ends {
  tb::OwnedFd first, second;
  static Ends pipe() {
    int fds[2] = {-1, -1};
    if (::pipe2(fds, O_CLOEXEC) != 0) return {};
    return {tb::OwnedFd(fds[0]), tb::OwnedFd(fds[1])};
  }
  static Ends sockets() {
    int fds[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return {};
    return {tb::OwnedFd(fds[0]), tb::OwnedFd(fds[1])};
  }
};

/// The same open file for reading alone.
inline tb::OwnedFd reopen_read_only(const tb::OwnedFd& fd) {
  const std::string name = "/proc/self/fd/" + std::to_string(fd.get());
  return tb::OwnedFd(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace ringside::test
