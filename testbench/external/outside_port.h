// SPDX-License-Identifier: Apache-2.0
// What stands at the end of a link in place of a card: something outside the simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hw_model/tlm/nic_model.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::tb {

/// Sizes of frames that a link is given, without FCS: at least a header, at most what the longest
/// IP packet takes with two VLAN tags.
inline constexpr std::size_t kMinOutsideFrameBytes = 14;
inline constexpr std::size_t kMaxOutsideFrameBytes = 65535 + 14 + 8;

class OutsidePort : public hw::EthernetReceiver {
 public:
  OutsidePort() = default;
  OutsidePort(const OutsidePort&) = delete;
  OutsidePort& operator=(const OutsidePort&) = delete;

  /// Takes its end of a link, before the simulation starts.
  virtual void connect(hw::EthernetPort& end) = 0;
  /// As cards name them: tx is what it sent on the link, rx what it received from it.
  virtual std::vector<hw::NicCounter> counters() const = 0;
  void carrier_change(bool) override {}
};

/// How far a port's queue in front of the link may reach before it waits: some full frames, enough
/// to keep the link busy.
inline hw::TimePs queue_ahead_ps(const hw::EthernetPort& end) { return 16 * end.wire_time(1518); }

}  // namespace ringside::tb
