// SPDX-License-Identifier: Apache-2.0
// What a card's traffic on the bus is for: the rows of the PCIe ledger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringside::hw {

/// Why a request was made; its completions carry the same. A sideband of the models: it is on no
/// wire.
enum class Purpose : uint8_t {
  kDoorbell,       ///< available buffer notification
  kAvailIndex,     ///< available ring: idx
  kAvailEntries,   ///< available ring: ring[]
  kUsedEvent,      ///< available ring: used_event or flags
  kDescriptors,    ///< descriptor table
  kIndirectTable,  ///< indirect descriptor table
  kPayload,        ///< virtio_net_hdr and frame, or a control command
  kUsedEntries,    ///< used ring: ring[]
  kUsedIndex,      ///< used ring: idx
  kAvailEvent,     ///< used ring: avail_event or flags
  kInterrupt,      ///< MSI-X write or INTx message
  kRegisterRead,   ///< memory read of a register
  kRegisterWrite,  ///< memory write to a register that is no doorbell
  kConfig,         ///< configuration space
  kCount
};

/// The coarser classes in which the ledger is printed.
enum class LedgerRow : uint8_t {
  kDoorbell,
  kAvailRing,
  kDescriptor,
  kPayload,
  kUsedRing,
  kInterrupt,
  kRegister,  ///< register reads and writes, configuration space
  kCount
};

constexpr LedgerRow ledger_row(Purpose purpose) {
  switch (purpose) {
    case Purpose::kDoorbell:
      return LedgerRow::kDoorbell;
    case Purpose::kAvailIndex:
    case Purpose::kAvailEntries:
    case Purpose::kUsedEvent:
      return LedgerRow::kAvailRing;
    case Purpose::kDescriptors:
    case Purpose::kIndirectTable:
      return LedgerRow::kDescriptor;
    case Purpose::kPayload:
      return LedgerRow::kPayload;
    case Purpose::kUsedEntries:
    case Purpose::kUsedIndex:
    case Purpose::kAvailEvent:
      return LedgerRow::kUsedRing;
    case Purpose::kInterrupt:
      return LedgerRow::kInterrupt;
    default:
      return LedgerRow::kRegister;
  }
}

constexpr std::string_view name_of(LedgerRow row) {
  constexpr std::string_view kNames[] = {"doorbell",  "avail_ring", "descriptor", "payload",
                                         "used_ring", "interrupt",  "register"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(LedgerRow::kCount));
  return kNames[static_cast<std::size_t>(row)];
}

constexpr std::string_view name_of(Purpose purpose) {
  constexpr std::string_view kNames[] = {
      "doorbell",  "avail_index",   "avail_entries",  "used_event", "descriptors",
      "indirect",  "payload",       "used_entries",   "used_index", "avail_event",
      "interrupt", "register_read", "register_write", "config"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(Purpose::kCount));
  return kNames[static_cast<std::size_t>(purpose)];
}

}  // namespace ringside::hw
