// SPDX-License-Identifier: Apache-2.0
// Descriptor chains in a host's memory, good and bad, and what they mean: a walk of its own, to
// compare hardware with (virtio 1.4, "The Virtqueue Descriptor Table", "Indirect Descriptors").
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "formats/random.h"
#include "formats/virtio.h"
#include "hw_model/core/counters.h"

namespace ringside::test {

/// Host memory at one place of the bus; elsewhere reads give zeros.
class HostBytes {
 public:
  static constexpr uint64_t kBase = 0x7F00'0000'0000;
  explicit HostBytes(std::size_t bytes) : bytes_(bytes) {}

  void read(uint64_t address, uint8_t* to, std::size_t count) const {
    for (std::size_t i = 0; i < count; ++i) {
      const uint64_t at = address + i - kBase;
      to[i] = at < bytes_.size() ? bytes_[at] : uint8_t{0};
    }
  }
  template <typename T>
  T get(uint64_t address) const {
    T value;
    uint8_t raw[sizeof value];
    read(address, raw, sizeof value);
    std::memcpy(&value, raw, sizeof value);
    return value;
  }
  /// `address` must be of this memory.
  template <typename T>
  void put(uint64_t address, const T& value) {
    std::memcpy(&bytes_.at(address - kBase + sizeof value - 1) - (sizeof value - 1), &value,
                sizeof value);
  }

 private:
  std::vector<uint8_t> bytes_;
};

/// Where a virtqueue lies and what was agreed about it.
struct RingPlace {
  uint64_t desc = 0, driver = 0, device = 0;
  uint64_t tables = 0;  ///< room for an indirect table of each head
  uint32_t table_entries = 0;
  uint32_t size_log2 = 0;
  bool transmit = false;
  bool indirect = true;
  uint32_t size() const { return 1u << size_log2; }
};

struct ChainSegment {
  uint64_t address;
  uint32_t length;
};

/// What a chain comes to.
struct WalkedChain {
  std::optional<hw::DeviceError> error;
  std::vector<ChainSegment> segments;  ///< the readable ones first
  uint32_t readable = 0;
  uint64_t readable_bytes = 0, writable_bytes = 0;
  std::vector<uint32_t> links;  ///< descriptors of the ring's table behind the head
  uint64_t table = 0;           ///< the indirect table, if there is one
  uint32_t table_entries = 0;   ///< 0: there is none
};

/// Walks the chain that begins at descriptor `head`.
WalkedChain walk_chain(const HostBytes& memory, const RingPlace& ring, uint16_t head);

/// Makes chains of a queue out of descriptors that are free.
class ChainMaker {
 public:
  struct Style {
    uint32_t segments_min = 1, segments_max = 6;
    unsigned indirect_percent = 40;
    unsigned table_only_percent = 50;  ///< of those: no segment in the ring's own table
    unsigned in_order_percent = 50;    ///< descriptors of a chain, and chains, follow each other
    unsigned damage_percent = 0;       ///< one field of the chain is set to something odd
  };

  ChainMaker(HostBytes& memory, const RingPlace& ring, const Style& style, uint64_t seed);

  /// The head of a new chain, which takes descriptors until release(); none if too few are free.
  std::optional<uint16_t> make();
  void release(uint16_t head);
  /// Descriptors of the ring's table in the chain.
  uint32_t descriptors(uint16_t head) const { return static_cast<uint32_t>(owned_[head].size()); }

 private:
  formats::VirtqDesc segment(bool writable);
  void make_table(uint64_t address, uint32_t entries, uint32_t used, uint32_t readable);
  void damage(uint16_t head);
  /// `near`: a descriptor of the same table that belongs to the chain; `entries`: of the table.
  void damage(formats::VirtqDesc& descriptor, uint16_t near, uint32_t entries);

  HostBytes& memory_;
  RingPlace ring_;
  Style style_;
  SplitMix64 random_;
  std::vector<uint16_t> free_;                ///< in the order in which they are taken
  std::vector<std::vector<uint16_t>> owned_;  ///< by head
};

}  // namespace ringside::test
