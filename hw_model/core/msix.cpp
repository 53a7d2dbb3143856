// SPDX-License-Identifier: Apache-2.0
// Access to the MSI-X table and pending bit array.
#include "hw_model/core/msix.h"

namespace ringside::hw {

void MsixTable::reset() {
  for (Entry& entry : entries_) entry = Entry{};
  any_pending_ = false;
}

void MsixTable::clear_pending() {
  for (Entry& entry : entries_) entry.pending = false;
  any_pending_ = false;
}

uint32_t MsixTable::read_table(uint32_t offset) const {
  const uint32_t index = offset / 16;
  if (index >= entries_.size()) return 0;
  const Entry& entry = entries_[index];
  switch (offset % 16 / 4) {
    case 0:
      return entry.address_low;
    case 1:
      return entry.address_high;
    case 2:
      return entry.data;
    default:
      return entry.control;
  }
}

void MsixTable::write_table(uint32_t offset, uint32_t value) {
  const uint32_t index = offset / 16;
  if (index >= entries_.size()) return;
  Entry& entry = entries_[index];
  switch (offset % 16 / 4) {
    case 0:
      entry.address_low = value & ~uint32_t{3};
      break;
    case 1:
      entry.address_high = value;
      break;
    case 2:
      entry.data = value;
      break;
    default:
      entry.control = value & 1;
      break;
  }
}

uint32_t MsixTable::read_pending(uint32_t offset) const {
  uint32_t bits = 0;
  const uint32_t first = offset / 4 * 32;
  for (uint32_t i = 0; i < 32 && first + i < entries_.size(); ++i) {
    bits |= uint32_t{entries_[first + i].pending} << i;
  }
  return bits;
}

uint64_t MsixTable::address(unsigned vector) const {
  return (uint64_t{entries_[vector].address_high} << 32) | entries_[vector].address_low;
}

}  // namespace ringside::hw
