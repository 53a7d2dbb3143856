// SPDX-License-Identifier: Apache-2.0
// What a NetworkStack is made of: addresses, sizes, timers, seed, and where its memory comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stack/socket_address.h"

namespace ringside::stack {

/// An address of the interface and how many of its leading bits name the network.
struct InterfaceAddress {
  IpAddress ip;
  unsigned prefix_bits = 0;
};

/// Where the stack's memory comes from. Everything that a device may be asked to read lies in it,
/// so a host gives its DMA arena (PciAccess::alloc_buffer/free_buffer have this form). The stack
/// takes chunks of 64 KiB or more and cuts them up itself. `alloc` may fail with null.
struct MemoryCallbacks {
  void* context = nullptr;
  std::byte* (*alloc)(void* context, std::size_t size) = nullptr;
  void (*free)(void* context, std::byte* data, std::size_t size) = nullptr;
};

struct StackConfig {
  std::string hostname = "host";
  std::optional<InterfaceAddress> ipv4;
  std::vector<InterfaceAddress> ipv6;  ///< at most 3, beside the link-local one made from the MAC
  IpAddress gateway_v4;                ///< kNone: no default route
  IpAddress gateway_v6;
  uint32_t mtu = 0;  ///< IP packet, bytes, 576 to 9000; 0: the device's
  /// Decides initial sequence numbers, ports and IP ids.
  uint64_t seed = 1;

  uint32_t txqueue_frames = 1000;         ///< between netif and driver, as `ip link ... txqueuelen`
  uint32_t backlog_frames = 1000;         ///< received while the stack is locked
  uint32_t tcp_window_bytes = 512 << 10;  ///< receive window per connection, up to 4 MiB
  uint32_t tcp_send_bytes = 512 << 10;    ///< send buffer per connection, up to 4 MiB
  /// The driver's receive buffers that unread data may keep; beyond that, frames are copied, so
  /// that sockets which nobody reads cannot starve the others.
  uint32_t rx_hold_buffers = 2048;
  uint32_t tcp_timer_ms = 5;      ///< tick of TCP's timers, 1 to 250; RTO is at least 6 ticks
  uint32_t time_wait_ms = 60000;  ///< 2 MSL
  uint32_t udp_receive_bytes =
      212992;  ///< per socket, 256 for each datagram included; what does not fit is dropped
};

}  // namespace ringside::stack
