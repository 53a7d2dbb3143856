// SPDX-License-Identifier: Apache-2.0
// A learning switch: store and forward, IEEE 802.1Q clause 8 without spanning tree and VLANs. Plain
// C++: what it does happens while a frame arrives, so that it needs no events of its own.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "hw_model/wire/ethernet_port.h"
#include "hw_model/wire/mac_table.h"

namespace ringside::hw {

struct SwitchConfig {
  unsigned ports = 0;
  /// From a frame's last bit in to its first bit out, at the earliest.
  TimePs latency_ps = 1'000'000;
  /// Frames that wait for one port or leave by it, bytes without FCS; what exceeds it is dropped.
  uint64_t queue_bytes = 512 << 10;
  std::size_t table_entries = 8192;
  /// Stations that were silent for longer are forgotten; 0: never.
  TimePs ageing_ps = 300'000'000'000'000;
};

/// Received frames: rx = forwarded + flooded + filtered + the drops of the first group. Each that
/// is forwarded or flooded counts at every port that it goes to, as sent or as dropped there.
struct SwitchPortCounters {
  uint64_t rx_frames = 0;
  uint64_t rx_bytes = 0;
  uint64_t rx_forwarded = 0;      ///< to the one port that leads to their station
  uint64_t rx_flooded = 0;        ///< to all other ports: group or unknown address
  uint64_t rx_filtered = 0;       ///< their station is on the side that they came from
  uint64_t rx_drop_fcs = 0;       ///< damaged on the way
  uint64_t rx_drop_reserved = 0;  ///< to an address that no bridge forwards, 802.1Q 8.6.3
  uint64_t tx_frames = 0;
  uint64_t tx_bytes = 0;
  uint64_t tx_drop_full = 0;       ///< the port's queue had no room
  uint64_t tx_drop_link_down = 0;  ///< the port had no carrier
  uint64_t queue_bytes_max = 0;    ///< the most that the port's queue has held
};

class Switch {
 public:
  explicit Switch(const SwitchConfig& config);
  Switch(const Switch&) = delete;
  Switch& operator=(const Switch&) = delete;

  /// Plugs one end of a link into a port; once for each port. Ports without a link take no part.
  void connect(unsigned port, EthernetPort& end);

  unsigned ports() const { return static_cast<unsigned>(ports_.size()); }
  const SwitchPortCounters& counters(unsigned port) const { return ports_[port].counters; }
  const MacTable& table() const { return table_; }

 private:
  struct Leaving {
    TimePs end_ps;
    uint64_t bytes;
  };
  class Port final : public EthernetReceiver {
   public:
    void receive_frame(const FramePtr& frame, TimePs start_ps, TimePs end_ps) override;
    void carrier_change(bool up) override;

    Switch* owner = nullptr;
    unsigned index = 0;
    EthernetPort* end = nullptr;
    std::deque<Leaving> queue;
    uint64_t queue_bytes = 0;
    SwitchPortCounters counters;
  };

  void send(Port& port, const FramePtr& frame, TimePs now_ps);

  SwitchConfig config_;
  MacTable table_;
  std::vector<Port> ports_;
};

}  // namespace ringside::hw
