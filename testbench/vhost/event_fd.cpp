// SPDX-License-Identifier: Apache-2.0
#include "testbench/vhost/event_fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ringside::tb {

bool is_event_fd(const OwnedFd& fd) {
  const std::string name = "/proc/self/fd/" + std::to_string(fd.get());
  std::array<char, 64> target{};
  const ssize_t size = ::readlink(name.c_str(), target.data(), target.size());
  return size >= 0 &&
         std::string_view(target.data(), static_cast<std::size_t>(size)) == "anon_inode:[eventfd]";
}

Status prepare_event_fd(const OwnedFd& fd) {
  // Anything else might never become ready, or raise signals.
  if (!is_event_fd(fd)) return Status::failure("not an event descriptor");
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return Status::failure(std::strerror(errno));
  }
  return Status::success();
}

OwnedFd make_event_fd() { return OwnedFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

void signal_event_fd(const OwnedFd& fd) {
  if (!fd.valid()) return;
  // O_NONBLOCK belongs to the front end too, which may have taken it away.
  pollfd room{fd.get(), POLLOUT, 0};
  if (::poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(fd.get(), &one, sizeof(one));
}

bool drain_event_fd(const OwnedFd& fd) {
  uint64_t count;
  iovec place{&count, sizeof(count)};
  ssize_t got = ::preadv2(fd.get(), &place, 1, -1, RWF_NOWAIT);
  if (got < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)) {
    // A kernel before 5.8. A front end that takes O_NONBLOCK away and reads in between makes this
    // wait for its next kick.
    pollfd ready{fd.get(), POLLIN, 0};
    if (::poll(&ready, 1, 0) == 0) return true;
    got = ::read(fd.get(), &count, sizeof(count));
  }
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

}  // namespace ringside::tb
