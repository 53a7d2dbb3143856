// SPDX-License-Identifier: Apache-2.0
// A front end for tests: what it sends is written as bytes here, right or wrong.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "testbench/vhost/owned_fd.h"
#include "testbench/vhost/vhost_user.h"

namespace ringside::test {

using Bytes = std::vector<std::byte>;

/// No descriptors.
inline constexpr std::span<const int> kNone;

/// Plain structures one after the other.
template <typename... T>
Bytes bytes_of(const T&... values) {
  Bytes bytes((sizeof(T) + ... + 0));
  std::size_t at = 0;
  ((std::memcpy(bytes.data() + at, &values, sizeof(T)), at += sizeof(T)), ...);
  return bytes;
}

/// A file in memory of `size` bytes, as front ends share.
inline tb::OwnedFd make_memory(std::size_t size) {
  tb::OwnedFd file(::memfd_create("front-end", MFD_CLOEXEC));
  if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) file.reset();
  return file;
}

inline tb::OwnedFd make_event() { return tb::OwnedFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

/// How often the event descriptor was signalled since the last time.
inline uint64_t events(const tb::OwnedFd& fd) {
  uint64_t count = 0;
  return ::read(fd.get(), &count, sizeof(count)) == sizeof(count) ? count : 0;
}

inline void signal(const tb::OwnedFd& fd) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(fd.get(), &one, sizeof(one));
}

class FrontEnd {
 public:
  explicit FrontEnd(tb::OwnedFd socket) : socket_(std::move(socket)) {}
  /// Connects to a path; invalid() if nobody listens.
  explicit FrontEnd(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
        0) {
      socket_.reset();
    }
  }

  bool valid() const { return socket_.valid(); }
  int fd() const { return socket_.get(); }
  void close() { socket_.reset(); }

  /// Any bytes with any descriptors; false if the back end closed, or takes no more now.
  bool send_bytes(std::span<const std::byte> bytes, std::span<const int> descriptors = {}) {
    iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(64 * sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    if (!descriptors.empty()) {
      header.msg_control = control.data();
      header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
      cmsghdr* part = CMSG_FIRSTHDR(&header);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
      std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
    }
    const ssize_t sent = ::sendmsg(fd(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == static_cast<ssize_t>(bytes.size());
  }
  bool send(tb::VhostRequest request, const Bytes& payload = {},
            std::span<const int> descriptors = {}, uint32_t flags = tb::kVhostVersion) {
    const tb::VhostHeader header{static_cast<uint32_t>(request), flags,
                                 static_cast<uint32_t>(payload.size())};
    Bytes bytes = bytes_of(header);
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return send_bytes(bytes, descriptors);
  }
  bool send(tb::VhostRequest request, const Bytes& payload, const tb::OwnedFd& descriptor) {
    const int fd = descriptor.get();
    return send(request, payload, std::span(&fd, 1));
  }

  /// Everything that is there to read now.
  Bytes receive() {
    Bytes bytes;
    std::array<std::byte, 4096> piece;
    for (;;) {
      const ssize_t got = ::recv(fd(), piece.data(), piece.size(), MSG_DONTWAIT);
      if (got <= 0) return bytes;
      bytes.insert(bytes.end(), piece.begin(), piece.begin() + got);
    }
  }
  /// The back end has closed its side, after what receive() took.
  bool closed() {
    std::byte byte;
    return ::recv(fd(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0 ||
           (errno != EAGAIN && errno != EWOULDBLOCK);
  }

 private:
  tb::OwnedFd socket_;
};

/// The bytes of a reply as the specification has it.
inline Bytes reply_of(tb::VhostRequest request, uint64_t value) {
  return bytes_of(
      tb::VhostHeader{static_cast<uint32_t>(request), tb::kVhostVersion | tb::kVhostFlagReply, 8},
      value);
}
inline Bytes reply_of(tb::VhostRequest request, uint32_t index, uint32_t num) {
  return reply_of(request, index | uint64_t{num} << 32);
}

}  // namespace ringside::test
