// SPDX-License-Identifier: Apache-2.0
// The Ethernet port seam: whole frames, handed over at their end, with start and end times. No
// cut-through across the port. Plain C++; times are simulation time in picoseconds.
#pragma once

#include <cstdint>

#include "hw_model/wire/frame.h"

namespace ringside::hw {

using TimePs = uint64_t;

/// What receives frames from the wire: a NIC, a switch port, a capture.
class EthernetReceiver {
 public:
  virtual ~EthernetReceiver() = default;
  /// Called at simulation time `end_ps`, when the last bit has arrived; `start_ps` was its first.
  virtual void receive_frame(const FramePtr& frame, TimePs start_ps, TimePs end_ps) = 0;
  /// The carrier came or went.
  virtual void carrier_change(bool up) = 0;
};

/// One side's end of a link. The link serialises: preamble, padding to 60 bytes, FCS and gap.
class EthernetPort {
 public:
  virtual ~EthernetPort() = default;
  /// Names who gets the frames that arrive at this end. Once, before the simulation starts.
  virtual void attach(EthernetReceiver& receiver) = 0;
  /// Sends a frame behind those already given, not before `earliest_ps`; returns when its last bit
  /// leaves. May be called ahead of time: frames queue without bound, so callers bound themselves
  /// with free_at().
  virtual TimePs transmit(const FramePtr& frame, TimePs earliest_ps = 0) = 0;
  /// When the first bit of the next frame could leave (in the past: at once).
  virtual TimePs free_at() const = 0;
  /// Time on the wire of a frame of `bytes` (without FCS), with preamble, padding, FCS and gap.
  virtual TimePs wire_time(uint64_t bytes) const = 0;
  virtual uint64_t rate_bps() const = 0;
  virtual bool carrier() const = 0;
};

}  // namespace ringside::hw
