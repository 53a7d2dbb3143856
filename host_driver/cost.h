// SPDX-License-Identifier: Apache-2.0
// Kinds of host CPU work that driver and stack report to Platform::charge. What each costs is the
// platform's business (testbench: docs/cost-model.md).
#pragma once

#include <cstdint>

namespace ringside::driver {

/// One unit of each kind: an entry, a frame, a descriptor, a call, or a byte.
enum class Cost : uint8_t {
  kInterruptEntry,    ///< hard interrupt: entry and exit
  kSoftirqEntry,      ///< raising and entering softirq
  kNapiPoll,          ///< one poll call of the driver
  kReceiveFrame,      ///< driver work for one received frame
  kReceiveRefill,     ///< posting one receive buffer
  kTransmitFrame,     ///< driver work for one transmitted frame
  kTransmitFragment,  ///< mapping one fragment of a frame
  kTransmitComplete,  ///< reclaiming one transmitted frame
  kMmioWrite,         ///< a posted register write
  kMmioRead,          ///< a register read: the core is stalled for the round trip
  kConfigAccess,      ///< a configuration space access
  kStackReceive,      ///< IP and transport input of one frame
  kStackTransmit,     ///< transport and IP output of one frame
  kChecksumByte,      ///< checksum in software
  kCopyByte,          ///< copy between application and stack
  kSystemCall,        ///< entry and exit
  kWakeUp,            ///< waking a sleeping context
  kContextSwitch,     ///< switching to another process context
  kTimer,             ///< one expired timer
  kCount
};

}  // namespace ringside::driver
