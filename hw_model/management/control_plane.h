// SPDX-License-Identifier: Apache-2.0
// The card's control plane as its hardware sees it: it is interrupted, and comes over the bus.
#pragma once

#include <memory>

#include "hw_model/management/management_bus.h"
#include "hw_model/wire/ethernet_port.h"
#include "hw_model/wire/horizon.h"

namespace ringside::hw {

/// Whatever runs the firmware. Events are handled in order, never from within interrupt().
class ControlPlane {
 public:
  virtual ~ControlPlane() = default;
  /// Names the management block. Once, before the simulation starts; `bus` must live until it ends.
  virtual void attach(ManagementBus& bus) = 0;
  /// An event waits. To be called when the interrupt line of the block rises; a block that knows
  /// when each event was posted calls it for each.
  virtual void interrupt() = 0;
  /// From now on `horizon` knows when the next commands come; what cannot tell unbounds it. After
  /// attach().
  virtual void report_to(Horizon& horizon) { horizon.unbound(); }
};

/// Firmware compiled for the host: a SystemC module `name` that lets `ops.step` handle an event
/// `latency_ps` after each interrupt, in order. When no interrupt is left whose latency runs, it
/// goes on at once until no event waits. `ops` must outlive it. Before the simulation starts.
std::unique_ptr<ControlPlane> make_native_control_plane(const char* name,
                                                        const rs_firmware_ops& ops,
                                                        TimePs latency_ps);

}  // namespace ringside::hw
