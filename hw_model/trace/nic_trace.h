// SPDX-License-Identifier: Apache-2.0
// nic_trace: what a card chose and did, record by record, the same for every model (as RVFI is for
// processors). Latencies, the event listing, the Perfetto trace and, later, the follower of a
// hardware card are all made from it.
#pragma once

#include <cstdint>
#include <string_view>

#include "hw_model/pcie/purpose.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// Kinds of record; the comment says which fields count beside time and queue. `chain` is the
/// position of a descriptor chain in its queue (grows from 0 with every reset), `frame` is
/// Frame::id.
enum class TraceKind : uint8_t {
  // -- inputs
  kDoorbell,       ///< the driver notified
  kFrameIn,        ///< `frame`, `size`: taken into the receive buffer; queue = where it will go
  kFrameDropped,   ///< `frame`, `size`, `value` = Counter that counts it; transmit: `chain`
  kRegisterWrite,  ///< `address` in the BAR, `size`, `value`; not doorbells
  kRegisterRead,   ///< `address`, `size`, `value` = what was answered, when it is
  // -- choices
  kSampleAvail,       ///< the available index is asked for
  kFetchIds,          ///< `chain` first, `size` entries
  kFetchDescriptors,  ///< `chain` first, `size` descriptors
  kStartTransmit,     ///< `chain`, `size` bytes of frame; `frame` 0 if it is dropped at once
  kStartReceive,      ///< `chain` first, `value` chains, `frame`, `size` bytes
  kReturnUsed,        ///< `chain` first, `size` entries; `value` = used index after it
  kReadSuppression,   ///< used_event or flags are asked for
  kArmNotify,         ///< `value` = available index asked to be told of
  kSuppressNotify,    ///< NO_NOTIFY is set (without EVENT_IDX)
  kStartCommand,      ///< control virtqueue: `chain`, `size` bytes of command
  // -- effects
  kAvailSampled,       ///< `value` = the index, `size` = how far it moved
  kIdsFetched,         ///< `chain` first, `size` entries
  kDescribed,          ///< `chain` is whole and valid, `size` bytes usable
  kDmaRead,            ///< `purpose`, `id` = read, `address`, `size`; `chain` (first) it is for
  kDmaReadDone,        ///< `purpose`, `id` = read, `size`, `chain`; `value` 0 if it failed
  kDmaWrite,           ///< `purpose`, `address`, `size`, `value` = formats::hash64 of the bytes;
                       ///< `chain` (first) with payload and used entries
  kFrameOut,           ///< `chain`, `frame`, `size`: whole in the transmit buffer, to the port
  kFrameSent,          ///< `frame`, `size`: its last bit left (`value` = first bit, ps). Recorded
                       ///< when the port says when that will be
  kInterruptDecision,  ///< `value` 1: interrupt, 0: suppressed
  kMsix,               ///< `value` = vector; kNoQueue: configuration, or pended and unmasked
  kIntx,               ///< `value` = level
  kManagementEvent,    ///< `value` = rs_event_kind, `id` = sequence
  kManagementCommand,  ///< `value` = rs_command_kind, `id` = sequence
  kDeviceError,        ///< `value` = DeviceError
  kReset,              ///< the data plane forgot everything
  // -- later additions, behind the others so that numbers in files stay
  kQueueSuspended,  ///< the queue takes no further buffers
  kQueueResumed,    ///< it goes on; `chain` = next position, `value` = used index, `size` 1: it
                    ///< was at rest and begins anew behind that index
  kConfigWrite,     ///< `address` in configuration space, `size`, `value`; from hardware cards only
  kConfigRead,      ///< likewise, `value` = what was answered, when it is
  kCount
};

std::string_view name_of(TraceKind kind);

struct TraceRecord {
  /// `queue` of what belongs to no queue: registers, configuration, reset.
  static constexpr uint16_t kNoQueue = 0xFFFF;
  TimePs time_ps = 0;
  TraceKind kind = TraceKind::kDoorbell;
  Purpose purpose = Purpose::kPayload;
  uint16_t queue = 0;
  uint32_t id = 0;
  uint32_t chain = 0;
  uint32_t size = 0;
  uint64_t frame = 0;
  uint64_t address = 0;
  uint64_t value = 0;
};

/// Takes records in the order of a card's decisions. Times of one card may run ahead of simulation
/// time by what its model looks ahead, and so may step back a little from record to record.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void record(const TraceRecord& record) = 0;
  /// Asked when the trace begins. False: it does without the records of DMA transfers, which are
  /// most of all and hash payload; it gets kDmaWrite of used entries and used index alone, without
  /// their hash.
  virtual bool wants_dma() const { return true; }
};

}  // namespace ringside::hw
