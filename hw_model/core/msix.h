// SPDX-License-Identifier: Apache-2.0
// The MSI-X table and pending bit array (PCI Express Base Specification, "MSI-X").
#pragma once

#include <cstdint>
#include <vector>

namespace ringside::hw {

/// Entries of 16 bytes (address, data, vector control) and one pending bit each.
class MsixTable {
 public:
  explicit MsixTable(unsigned vectors) : entries_(vectors) { reset(); }
  unsigned vectors() const { return static_cast<unsigned>(entries_.size()); }
  /// All entries zero and masked, nothing pending.
  void reset();
  void clear_pending();

  /// 32-bit words by byte offset; 0 outside.
  uint32_t read_table(uint32_t offset) const;
  void write_table(uint32_t offset, uint32_t value);
  uint32_t read_pending(uint32_t offset) const;

  bool masked(unsigned vector) const { return (entries_[vector].control & 1) != 0; }
  bool pending(unsigned vector) const { return entries_[vector].pending; }
  void set_pending(unsigned vector, bool on) {
    any_pending_ = any_pending_ || on;
    entries_[vector].pending = on;
  }
  /// False if certainly none is pending.
  bool any_pending() const { return any_pending_; }
  uint64_t address(unsigned vector) const;
  uint32_t data(unsigned vector) const { return entries_[vector].data; }

 private:
  struct Entry {
    uint32_t address_low = 0, address_high = 0, data = 0, control = 1;
    bool pending = false;
  };
  std::vector<Entry> entries_;
  bool any_pending_ = false;
};

}  // namespace ringside::hw
