// SPDX-License-Identifier: Apache-2.0
// What the followed card must write to host memory, byte for byte, and in which order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "formats/units.h"
#include "hw_model/pcie/purpose.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// Writes of one kind and queue come in the order in which they were decided; they may be cut
/// anywhere. Used entries come behind the payload of their chains, the index behind the entries.
class WriteCheck {
 public:
  /// `chain`: the first that it is for, with payload and used entries.
  void expect(TimePs time_ps, Purpose purpose, unsigned queue, uint64_t address, ByteView bytes,
              uint32_t chain);
  /// What the write does not agree with, in words; empty if it is right.
  std::string posted(Purpose purpose, unsigned queue, uint64_t address, ByteView bytes);
  /// Nothing of this kind is still to be written.
  bool done(Purpose purpose, unsigned queue) const;
  /// Writes of this kind that were expected so far, and those of them that came.
  uint64_t expected(Purpose purpose, unsigned queue) const;
  uint64_t written(Purpose purpose, unsigned queue) const;
  /// What was expected first of all that is missing, in words, if it is older than `before_ps`;
  /// else empty.
  std::string overdue(TimePs before_ps) const;
  /// All that is missing, in words, with the time at which it was decided: by queue.
  std::vector<std::pair<TimePs, std::string>> missing() const;

 private:
  enum class Lane : uint8_t { kPayload, kUsed, kNotify, kCount };
  struct Expected {
    TimePs time_ps;
    Purpose purpose;
    uint32_t chain;
    uint64_t address;
    std::size_t done = 0;
    std::vector<std::byte> bytes;
  };
  static Lane lane_of(Purpose purpose);
  using Key = std::pair<unsigned, Lane>;
  struct LaneState {
    std::deque<Expected> waiting;
    uint64_t written = 0;
  };
  const LaneState* find(Purpose purpose, unsigned queue) const;
  std::map<Key, LaneState> lanes_;
};

}  // namespace ringside::hw
