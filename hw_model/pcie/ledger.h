// SPDX-License-Identifier: Apache-2.0
// The PCIe ledger: TLPs and bytes by purpose and direction, kept by the card.
#pragma once

#include <array>
#include <cstdint>

#include "hw_model/pcie/purpose.h"

namespace ringside::hw {

struct LedgerEntry {
  uint64_t tlps = 0;
  uint64_t payload_bytes = 0;  ///< bytes that count, without padding to double words
  uint64_t link_bytes = 0;     ///< header, payload as the link carries it, framing; no DLLPs
};

enum class BusDirection : uint8_t { kUp, kDown };  ///< towards the host, towards the card

struct PcieLedger {
  std::array<std::array<LedgerEntry, static_cast<std::size_t>(Purpose::kCount)>, 2> entries{};
  LedgerEntry& at(BusDirection direction, Purpose purpose) {
    return entries[static_cast<std::size_t>(direction)][static_cast<std::size_t>(purpose)];
  }
  const LedgerEntry& at(BusDirection direction, Purpose purpose) const {
    return entries[static_cast<std::size_t>(direction)][static_cast<std::size_t>(purpose)];
  }
  void add(BusDirection direction, Purpose purpose, uint32_t payload_bytes, uint32_t link_bytes) {
    LedgerEntry& entry = at(direction, purpose);
    ++entry.tlps;
    entry.payload_bytes += payload_bytes;
    entry.link_bytes += link_bytes;
  }
  /// Undoes one add() of the same.
  void take_back(BusDirection direction, Purpose purpose, uint32_t payload_bytes,
                 uint32_t link_bytes) {
    LedgerEntry& entry = at(direction, purpose);
    --entry.tlps;
    entry.payload_bytes -= payload_bytes;
    entry.link_bytes -= link_bytes;
  }
};

}  // namespace ringside::hw
