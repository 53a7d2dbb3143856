// SPDX-License-Identifier: Apache-2.0
#include "testbench/vhost/event_fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace ringside::tb {

Status prepare_event_fd(const OwnedFd& fd) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Status::failure(std::strerror(errno));
  // The kernel's descriptors without a file have no type; of them all, an event descriptor alone
  // can be both read and written by eight bytes.
  if ((status.st_mode & S_IFMT) != 0) return Status::failure("not an event descriptor");
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
  pollfd ready{fd.get(), POLLIN, 0};
  if (::poll(&ready, 1, 0) == 0) return true;
  uint64_t count;
  const ssize_t got = ::read(fd.get(), &count, sizeof(count));
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

}  // namespace ringside::tb
