// SPDX-License-Identifier: Apache-2.0
// What the card counts: frames, drops by place, DMA, interrupts, and driver errors by reason.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringside::hw {

enum class Counter : uint8_t {
  kTxFrames,
  kTxBytes,
  kTxDropShort,  ///< under 14 bytes, or no whole virtio_net_hdr
  kTxDropLong,   ///< over MTU + 14 + 4
  kTxDropLinkDown,
  kRxFrames,
  kRxBytes,
  kRxDropFcs,
  kRxDropShort,
  kRxDropLong,        ///< over MTU + 14, + 4 with a VLAN tag
  kRxDropNotReady,    ///< no DRIVER_OK or Bus Master Enable, or the queue is off or suspended
  kRxDropBufferFull,  ///< the card's receive buffer had no room
  kRxDropNoFit,       ///< without MRG_RXBUF: longer than the driver's buffer
  kRxDropChosen,      ///< dropped by a choice of the scheduler
  kRxDropReset,       ///< waited in the card's buffer when the device was reset
  kRxDropInactive,    ///< waited there when the pairs were changed: for one that was switched off,
                      ///< or where another's part is now
  kDmaReads,
  kDmaReadBytes,
  kDmaWrites,
  kDmaWriteBytes,
  kMsixMessages,
  kIntxAsserts,
  kDoorbells,
  kUsedIndexWrites,
  kDeviceResets,
  kFunctionResets,
  kHoldsExpired,
  kDeviceErrors,
  // -- later additions, behind the others so that numbers in trace files stay
  kRxDropQueueShare,  ///< the queue has its share of the receive buffer (ReceiveBuffer)
  kCount
};

/// Why the device set DEVICE_NEEDS_RESET.
enum class DeviceError : uint8_t {
  kAvailIndexJump,  ///< more available than the queue holds
  kHeadOutOfRange,  ///< an available ring entry names no descriptor
  kNextOutOfRange,
  kChainTooLong,   ///< a loop, or more descriptors than allowed
  kChainTooLarge,  ///< over 2^32 bytes
  kIndirectNotNegotiated,
  kIndirectWithNext,
  kIndirectNested,
  kIndirectSize,  ///< a table of 0 bytes, of no whole descriptors, or of too many
  kZeroLength,
  kReadableAfterWritable,
  kAddressWraps,
  kNoUsableBuffer,  ///< transmit without a readable, receive or control without a
                    ///< writable descriptor
  kDmaRead,
  kDmaWrite,
  kManagementTimeout,
  kQueueSetup,  ///< queue_enable with something else than 1, or of a queue that cannot be
  kCount
};

std::string_view counter_name(Counter counter);
std::string_view error_name(DeviceError error);

struct Counters {
  std::array<uint64_t, static_cast<std::size_t>(Counter::kCount)> values{};
  std::array<uint64_t, static_cast<std::size_t>(DeviceError::kCount)> errors{};
  uint64_t& operator[](Counter counter) { return values[static_cast<std::size_t>(counter)]; }
  uint64_t operator[](Counter counter) const { return values[static_cast<std::size_t>(counter)]; }
  uint64_t& operator[](DeviceError error) { return errors[static_cast<std::size_t>(error)]; }
  uint64_t operator[](DeviceError error) const { return errors[static_cast<std::size_t>(error)]; }
};

}  // namespace ringside::hw
