// SPDX-License-Identifier: Apache-2.0
#include "testbench/vhost/vhost_connection.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "testbench/vhost/event_fd.h"

namespace ringside::tb {
namespace {

/// Whether any message has a use for it. What it has not may be, or hold, the front end's own end
/// of this connection, which would then not end when the front end does.
bool is_useful(const OwnedFd& fd) {
  struct stat status {};
  return ::fstat(fd.get(), &status) == 0 && (S_ISREG(status.st_mode) || is_event_fd(fd));
}

/// Takes every descriptor of a received message, whatever else is wrong with it. One without use is
/// closed, and counts.
void take_descriptors(msghdr& header, std::vector<OwnedFd>& descriptors) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      OwnedFd owned(fd);
      if (!is_useful(owned)) owned.reset();
      descriptors.push_back(std::move(owned));
    }
  }
}

}  // namespace

VhostConnection::Received VhostConnection::bad(std::string error) {
  error_ = std::move(error);
  return Received::kBad;
}

VhostConnection::Received VhostConnection::read_until(std::size_t wanted) {
  while (size_ < wanted) {
    iovec piece{bytes_.data() + size_, wanted - size_};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kVhostMaxRegions * sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(fd(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Received::kNothing;
    if (got <= 0) {
      if (size_ != 0) error_ = fmt::format("the front end went after {} bytes of a message", size_);
      return Received::kEnd;
    }
    take_descriptors(header, descriptors_);
    size_ += static_cast<std::size_t>(got);
    if ((header.msg_flags & MSG_CTRUNC) != 0 || descriptors_.size() > kVhostMaxRegions) {
      return bad(fmt::format("a message with more descriptors than the {} that are possible",
                             kVhostMaxRegions));
    }
  }
  return Received::kMessage;
}

VhostConnection::Received VhostConnection::receive(VhostMessage& message,
                                                   std::vector<OwnedFd>& descriptors) {
  Received received = read_until(sizeof(VhostHeader));
  if (received != Received::kMessage) return received;
  VhostHeader header;
  std::memcpy(&header, bytes_.data(), sizeof(header));
  Status status = check_vhost_header(header);
  if (!status.ok()) return bad(std::move(status.error));
  received = read_until(sizeof(header) + header.size);
  if (received != Received::kMessage) return received;
  status = decode_vhost_message(header, std::span(bytes_).subspan(sizeof(header), header.size),
                                descriptors_.size(), message);
  if (!status.ok()) return bad(std::move(status.error));
  descriptors = std::move(descriptors_);
  descriptors_.clear();
  size_ = 0;
  return Received::kMessage;
}

Status VhostConnection::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return Status::failure("the front end does not read its replies");
    }
    if (sent < 0) return Status::failure("the front end went before a reply was sent");
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return Status::success();
}

}  // namespace ringside::tb
