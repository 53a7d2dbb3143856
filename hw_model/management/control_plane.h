// SPDX-License-Identifier: Apache-2.0
// The card's control plane as its hardware sees it: events go in, commands come back later.
#pragma once

#include <memory>

#include "hw_model/registers/management_interface.h"
#include "hw_model/wire/ethernet_port.h"
#include "hw_model/wire/horizon.h"

namespace ringside::hw {

/// Takes commands: the card's hardware.
class CommandSink {
 public:
  virtual ~CommandSink() = default;
  virtual void command(const rs_command& command) = 0;
};

/// Whatever runs the firmware. Events are answered in order, never from within post().
class ControlPlane {
 public:
  virtual ~ControlPlane() = default;
  /// Names who gets the commands. Once, before the simulation starts.
  virtual void attach(CommandSink& sink) = 0;
  virtual void post(const rs_event& event) = 0;
  /// From now on `horizon` knows when the next commands come; what cannot tell unbounds it.
  virtual void report_to(Horizon& horizon) { horizon.unbound(); }
};

/// Firmware compiled for the host: a SystemC module `name` that gives each event to `ops.step`
/// `latency_ps` after it was posted. `ops` must outlive it. Before the simulation starts.
std::unique_ptr<ControlPlane> make_native_control_plane(const char* name,
                                                        const rs_firmware_ops& ops,
                                                        TimePs latency_ps);

}  // namespace ringside::hw
