// SPDX-License-Identifier: Apache-2.0
// The driver's side of a split virtqueue: chains of any shape over buffers anywhere in their slots.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "formats/random.h"
#include "formats/virtio.h"
#include "hw_model/pcie/host_memory.h"
#include "tests/differential/tally.h"

namespace ringside::differential {

/// A buffer of a chain.
struct Piece {
  uint64_t address = 0;
  uint32_t size = 0;
  bool writable = false;
};

/// A chain that is with the card.
struct GivenChain {
  std::vector<uint16_t> descriptors;
  std::vector<Piece> pieces;
  unsigned slot = 0;
};

class HuntQueue {
 public:
  /// Buffers of a chain lie in its slot, with some bytes between them; a table behind them.
  static constexpr uint32_t kSlotBytes = 6007, kTableBytes = 16 * 80;
  static constexpr uint32_t kSlotStride = kSlotBytes + kTableBytes + 32;
  static constexpr std::byte kUntouched{0xA5};

  /// The rings and `slots` slots lie from `*next` on, which is moved behind them. `start`: the
  /// index that the queue begins with.
  HuntQueue(hw::HostMemory& memory, SplitMix64& random, Tally& tally, unsigned index, uint16_t size,
            unsigned slots, uint16_t start, uint64_t* next);

  /// Cuts `readable` and then `writable` bytes into pieces in a free slot, whose bytes are set to
  /// kUntouched. Nothing if no slot is free.
  std::optional<GivenChain> lay_out(uint32_t readable, uint32_t writable, unsigned pieces_max);
  /// Writes the chain's descriptors and makes it available, unpublished; false if there are too
  /// few descriptors. `indirect`: tables may be used.
  bool give(GivenChain chain, bool indirect, bool crooked);
  /// An available entry of any number, for misdeeds.
  void give_head(uint16_t head);
  /// Publishes; true if the card asked to be notified.
  bool publish(bool event_idx);
  /// The next chain that the card used and its length.
  struct Used {
    GivenChain chain;
    uint32_t length;
  };
  /// Nothing if there is none; `*bad` if the entry is none that may be.
  std::optional<Used> take_used(bool* bad);
  uint16_t used_idx() const { return load<uint16_t>(used + formats::SplitRing::kUsedIdx); }
  uint16_t left() const { return static_cast<uint16_t>(used_idx() - used_seen); }
  std::size_t given() const { return given_.size(); }
  void free_slot(unsigned slot) { slots_.push_back(slot); }
  uint64_t slot_address(unsigned slot) const { return slots_at_ + uint64_t{kSlotStride} * slot; }
  uint16_t free_descriptors() const { return static_cast<uint16_t>(free_.size()); }

  template <typename T>
  T load(uint64_t address) const {
    T value;
    std::memcpy(&value, memory_.translate(address, sizeof value), sizeof value);
    return value;
  }
  template <typename T>
  void store(uint64_t address, T value) {
    std::memcpy(memory_.translate(address, sizeof value), &value, sizeof value);
  }
  std::byte* at(uint64_t address, std::size_t size) const {
    return memory_.translate(address, size);
  }

  const unsigned index;
  const uint16_t size;
  uint64_t desc = 0, avail = 0, used = 0;
  uint16_t avail_idx, published, used_seen;

 private:
  uint16_t take_descriptor();
  hw::HostMemory& memory_;
  SplitMix64& random_;
  Tally& tally_;
  uint64_t slots_at_ = 0;
  std::vector<unsigned> slots_;
  std::vector<uint16_t> free_;
  unsigned order_;  ///< of free descriptors: 0 oldest first, 1 newest first, 2 any
  std::map<uint32_t, GivenChain> given_;  ///< by head
};

}  // namespace ringside::differential
