// SPDX-License-Identifier: Apache-2.0
// What a card takes and gives at its pins, in the order in which it happens: for a follower.
#pragma once

#include <cstdint>

#include "formats/units.h"
#include "hw_model/pcie/purpose.h"
#include "hw_model/registers/management_interface.h"
#include "hw_model/trace/nic_trace.h"
#include "hw_model/wire/frame.h"

namespace ringside::hw {

/// All calls of one clock cycle come before those of the next; within a cycle what goes in comes
/// first, then the trace records, then what comes out.
class CardTap {
 public:
  virtual ~CardTap() = default;
  /// The time of what follows.
  virtual void at(TimePs time_ps) = 0;
  // -- in
  virtual void carrier(bool up, uint32_t speed_mbps) = 0;
  /// The last beat of a frame from the MAC. Frames are counted from 0.
  virtual void frame_in(const FramePtr& frame) = 0;
  /// Bytes of a completion of read `tag`; `ok` false: the read failed. `last`: none follows.
  virtual void read_completion(uint32_t tag, ByteView data, bool ok, bool last) = 0;
  /// The command that firmware executes next.
  virtual void command(const rs_command& command) = 0;
  /// Firmware read `value` from a register of the management block.
  virtual void management_read(uint32_t offset, uint32_t value) = 0;
  /// Firmware is done with the oldest management event.
  virtual void event_popped() = 0;
  // -- trace
  virtual void record(const TraceRecord& record) = 0;
  // -- out
  virtual void read_request(uint32_t tag, Purpose purpose, unsigned queue, uint64_t address,
                            uint32_t size) = 0;
  /// A posted write; data as the TLP has it.
  virtual void posted(Purpose purpose, unsigned queue, uint64_t address, ByteView data) = 0;
  /// An INTx message.
  virtual void message(bool asserted) = 0;
  virtual void frame_out(ByteView bytes) = 0;
};

}  // namespace ringside::hw
