// SPDX-License-Identifier: Apache-2.0
// NetDevice: the seam between a network driver and the stack above it. Knows neither lwIP nor
// virtio. The testbench binds the two sides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/status.h"
#include "formats/units.h"

namespace ringside::driver {

using ringside::Status;

/// One piece of a frame to transmit; memory that PciAccess::map accepts.
struct TxFragment {
  const std::byte* data;
  uint32_t size;
};

/// A whole Ethernet frame without FCS. The fragments' bytes belong to the device from an accepted
/// transmit until NetDeviceClient::transmit_complete(cookie), which comes exactly once, within a
/// bounded virtual time even when nothing more is sent, also over a reset.
struct TxFrame {
  std::span<const TxFragment> fragments;
  void* cookie;
};

enum class TxResult : uint8_t {
  kOk,    ///< accepted
  kBusy,  ///< not accepted; transmit_wake() will come, and then the frame may be offered again
  kDrop,  ///< never acceptable (too large, link closed): the caller keeps the frame, counts it
};

/// Names a receive buffer while the client holds it.
using RxBufferId = uint32_t;

/// Part of a received frame. The bytes belong to the client until it releases `buffer`.
struct RxSegment {
  std::byte* data;
  uint32_t size;
  RxBufferId buffer;
};

/// What a driver calls. All calls come in softirq context unless said otherwise.
class NetDeviceClient {
 public:
  virtual ~NetDeviceClient() = default;
  /// A frame without FCS; the client owns all its segments' buffers from here on.
  virtual void receive(std::span<const RxSegment> segments) = 0;
  /// After the last frame of one poll.
  virtual void receive_done() = 0;
  /// `cookie`'s memory is the client's again. Also called from NetDevice::stop (process context).
  virtual void transmit_complete(void* cookie) = 0;
  /// There is room again after kBusy. A device with several queues means one of them: a frame for
  /// another may be told kBusy again, and then a further wake comes. A client that sends nothing
  /// between kBusy and the wake, and then the refused frame first, keeps its order.
  virtual void transmit_wake() = 0;
  virtual void link_change(bool up) = 0;
};

/// A named counter; names are those of `ethtool -S` for virtio-net where it has them.
struct Counter {
  std::string_view name;
  uint64_t value;
};

struct LinkInfo {
  bool up = false;
  uint32_t speed_mbps = 0xFFFFFFFF;  ///< all ones: unknown
  uint8_t duplex = 0xFF;             ///< 1 full, 0 half, 0xff unknown
};

class NetDevice {
 public:
  virtual ~NetDevice() = default;
  /// Brings the device up and binds `client` (process context). Receive may begin before it
  /// returns.
  virtual Status open(NetDeviceClient& client) = 0;
  /// Stops the device and completes every held transmit frame (process context). Receive buffers
  /// that the client still holds stay valid until released.
  virtual void stop() = 0;
  /// From process or softirq context. `more` says that another frame follows at once, so that the
  /// doorbell may wait for it. Frames of one flow stay in order; flows may pass each other.
  virtual TxResult transmit(const TxFrame& frame, bool more) = 0;
  /// Gives a receive buffer back; from any context but hard interrupt.
  virtual void release(RxBufferId buffer) = 0;

  virtual MacAddress mac() const = 0;
  /// Largest IP packet, bytes.
  virtual uint32_t mtu() const = 0;
  virtual LinkInfo link() const = 0;
  /// Negotiated virtio feature bits 0 to 63; 0 before open.
  virtual uint64_t features() const = 0;
  virtual std::vector<Counter> statistics() const = 0;
};

}  // namespace ringside::driver
