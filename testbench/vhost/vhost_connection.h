// SPDX-License-Identifier: Apache-2.0
// The socket of a front end: whole messages with their descriptors in, replies out. Never blocks.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "formats/status.h"
#include "testbench/vhost/owned_fd.h"
#include "testbench/vhost/vhost_message.h"

namespace ringside::tb {

class VhostConnection {
 public:
  /// `socket`: connected, non-blocking.
  explicit VhostConnection(OwnedFd socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.get(); }

  enum class Received : uint8_t {
    kMessage,  ///< `message` and `descriptors` are a whole one; descriptors that no message has a
               ///< use for are closed and invalid
    kNothing,  ///< not all of it is there
    kEnd,      ///< the front end went; error() says so if it did in the middle of a message
    kBad,      ///< error() says what is wrong: no more can be read
  };
  /// Reads no further than the end of one message, so that descriptors belong to it.
  Received receive(VhostMessage& message, std::vector<OwnedFd>& descriptors);

  /// A front end that leaves so many replies unread that the kernel takes no more is at fault.
  Status send(std::span<const std::byte> bytes);

  const std::string& error() const { return error_; }

 private:
  /// Until `wanted` bytes of the message are there; anything but kMessage ends receive().
  Received read_until(std::size_t wanted);
  Received bad(std::string error);

  OwnedFd socket_;
  std::array<std::byte, sizeof(VhostHeader) + kVhostMaxPayload> bytes_{};
  std::size_t size_ = 0;  ///< bytes of the message that are there
  std::vector<OwnedFd> descriptors_;
  std::string error_;
};

}  // namespace ringside::tb
