// SPDX-License-Identifier: Apache-2.0
// NetworkStack: one host's TCP/IP stack (its own copy of lwIP) between a NetDevice and Sockets.
//
// One lock a host guards it. Process contexts sleep for the lock; softirq that finds it held leaves
// its work in a backlog, which is drained when the lock is released. lwIP runs only under the lock,
// and frames that it emits leave when the entry ends, so it is never entered from its own output.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "host_driver/net_device.h"
#include "host_driver/platform.h"
#include "stack/stack_config.h"

namespace ringside::stack {

class Sockets;

/// Layers that drop packets for their form, in the order of StackStatistics::malformed.
enum class Layer : uint8_t { kEthernet, kIpv4, kIcmpv4, kIpv6, kIcmpv6, kUdp, kTcp, kCount };
/// "ipv4".
const char* name_of(Layer layer);

/// Packets of one layer that were dropped for their form.
struct MalformedPackets {
  uint64_t checksum = 0;
  uint64_t length = 0;
  uint64_t protocol = 0;  ///< nobody is there for it: Ethernet type, IP protocol or port
  uint64_t other = 0;     ///< an IP version that is none, ...
};

/// Counted since construction.
struct StackStatistics {
  uint64_t rx_frames = 0, rx_bytes = 0;  ///< handed to lwIP; frames without FCS
  uint64_t tx_frames = 0, tx_bytes = 0;  ///< accepted by the driver
  uint64_t rx_backlog_dropped = 0;       ///< backlog full
  uint64_t rx_memory_dropped = 0;        ///< no memory for lwIP's buffer header
  uint64_t rx_early_dropped = 0;         ///< received before start() had added the interface
  uint64_t rx_protocol_dropped = 0;      ///< by IP, ICMP, UDP or TCP: malformed, checksum, no port
  uint64_t rx_checksum_errors = 0;       ///< of those: wrong checksum
  std::array<MalformedPackets, static_cast<std::size_t>(Layer::kCount)> malformed{};
  uint64_t rx_copied_bytes = 0;    ///< copied because unread data kept too many buffers
  uint64_t tx_queue_dropped = 0;   ///< refused: queue full
  uint64_t tx_device_dropped = 0;  ///< kDrop by the driver, or link closed
  uint64_t tx_busy = 0;            ///< kBusy by the driver
  uint64_t tx_linearized = 0;      ///< frames of too many fragments, copied
  uint64_t tx_queue_frames = 0, tx_queue_max = 0;
  uint64_t backlog_frames = 0, backlog_max = 0;
  uint64_t udp_receive_dropped = 0;   ///< socket buffer full
  uint64_t tcp_fast_retransmits = 0;  ///< segments sent again after duplicate acknowledgements
  uint64_t tcp_timeouts = 0;          ///< expired retransmission timers
  uint64_t memory_bytes = 0;          ///< taken from MemoryCallbacks
};

class NetworkStack final : public driver::NetDeviceClient {
 public:
  /// Loads an instance of the stack. `device`, `platform` and what `memory` points to outlive it.
  /// Null and a message in `error` if the configuration or the platform does not allow it.
  static std::unique_ptr<NetworkStack> create(driver::NetDevice& device, driver::Platform& platform,
                                              const MemoryCallbacks& memory,
                                              const StackConfig& config, std::string* error);
  /// The device must have been stopped (stop()) and every socket be unused.
  ~NetworkStack() override;
  NetworkStack(const NetworkStack&) = delete;
  NetworkStack& operator=(const NetworkStack&) = delete;

  /// Opens the device and brings the interface up (process context). On failure nothing is open.
  driver::Status start();
  /// Takes the interface down and stops the device (process context). Connections stay as they are.
  void stop();

  /// The socket calls of this host.
  Sockets& sockets();
  StackStatistics statistics() const;
  const StackConfig& config() const;
  /// The link-local address made from the MAC; valid after start().
  IpAddress link_local() const;

  // NetDeviceClient
  void receive(std::span<const driver::RxSegment> segments) override;
  void receive_done() override;
  void transmit_complete(void* cookie) override;
  void transmit_wake() override;
  void link_change(bool up) override;

  class Core;

 private:
  explicit NetworkStack(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace ringside::stack
