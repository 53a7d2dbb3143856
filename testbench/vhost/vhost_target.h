// SPDX-License-Identifier: Apache-2.0
// What a vhost-user session does to the card behind it, and what the card tells its session. The
// session knows sockets, messages and shared memory; the target knows registers and virtual time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "formats/status.h"

namespace ringside::tb {

/// Memory that the front end shares, mapped into this process by the session.
struct VhostRegion {
  uint64_t bus = 0;  ///< guest physical address: what descriptors name
  std::byte* data = nullptr;
  std::size_t size = 0;  ///< bytes

  bool operator==(const VhostRegion&) const = default;
};

/// A split virtqueue as the front end set it up. Rings are given by bus address, already translated
/// from the front end's own addresses and inside one region each.
struct VhostQueue {
  uint16_t size = 0;  ///< a power of two
  uint16_t base = 0;  ///< available and used index to go on from
  uint64_t descriptors = 0;
  uint64_t available = 0;
  uint64_t used = 0;

  bool operator==(const VhostQueue&) const = default;
};

/// Signals from a card to its front end.
class VhostPeer {
 public:
  virtual ~VhostPeer() = default;
  /// The card sent the interrupt of `queue`.
  virtual void call(unsigned queue) = 0;
  /// The card will not go on (DEVICE_NEEDS_RESET, a hold that expired): `reason` is one line. The
  /// session closes its connection later, not from within this call.
  virtual void broken(const std::string& reason) = 0;
};

/// A card for a vhost-user session. Queue numbers are vhost's and the card's: receiveq of pair k at
/// 2k, transmitq at 2k + 1. Every call returns with nothing under way that it made invalid: memory
/// is removed only when no DMA to it is left.
class VhostTarget {
 public:
  virtual ~VhostTarget() = default;

  /// Virtio feature bits that a front end may be offered: those of the card without what the
  /// front end itself provides (configuration space, control virtqueue) or what means something
  /// else over vhost-user (ACCESS_PLATFORM would be an IOTLB; NOTIFICATION_DATA has no carrier).
  virtual uint64_t features() const = 0;
  virtual unsigned queue_pairs() const = 0;
  virtual uint16_t queue_size_max() const = 0;
  virtual uint16_t mtu() const = 0;

  /// A front end is there; null when it went: the card is reset and its memory is forgotten.
  virtual void attach(VhostPeer* peer) = 0;
  /// The regions from now on, also while queues run: those that stay (equal, so at the same `data`)
  /// go on working. No queue that runs has a ring in one that goes. After a failure the old ones
  /// are in force until attach(nullptr), which follows.
  virtual Status set_memory(const std::vector<VhostRegion>& regions) = 0;
  /// A subset of features(); called while no queue runs.
  virtual Status set_features(uint64_t features) = 0;
  /// Starts a queue that is stopped; it is disabled. `setup` is checked: its size is at most
  /// queue_size_max(), its rings are aligned and lie in memory. There were memory and features.
  virtual Status start(unsigned queue, const VhostQueue& setup) = 0;
  /// Stops a queue when what it has under way is done; the index to go on from.
  virtual uint16_t stop(unsigned queue) = 0;
  /// Whether a started queue takes part in traffic: VHOST_USER_SET_VRING_ENABLE.
  virtual void enable(unsigned queue, bool enabled) = 0;
  /// The front end kicked a started queue, or it was enabled just now and may have been kicked
  /// before.
  virtual void kick(unsigned queue) = 0;
};

}  // namespace ringside::tb
