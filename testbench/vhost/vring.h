// SPDX-License-Identifier: Apache-2.0
// A queue as a front end sets it up, message by message.
#pragma once

#include <cstdint>
#include <optional>

#include "formats/status.h"
#include "testbench/vhost/owned_fd.h"
#include "testbench/vhost/peer_memory.h"
#include "testbench/vhost/vhost_target.h"
#include "testbench/vhost/vhost_user.h"

namespace ringside::tb {

struct Vring {
  uint16_t size = 0;
  uint16_t base = 0;
  std::optional<VhostVringAddress> address;
  OwnedFd kick, call, error;
  bool enabled = false;
  /// It runs; what it was started with.
  std::optional<VhostQueue> running;

  /// Everything that a start needs has been said. A kick descriptor is the front end's wish to
  /// start ("Ring states").
  bool ready() const { return kick.valid() && size != 0 && address.has_value(); }

  /// Rings by bus address, if each lies in one region of `memory` and is aligned as VIRTIO 1.4
  /// 2.7 wants. Only of a ready one.
  Status translate(const PeerMemory& memory, VhostQueue& result) const;
};

}  // namespace ringside::tb
