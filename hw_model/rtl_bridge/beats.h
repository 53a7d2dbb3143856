// SPDX-License-Identifier: Apache-2.0
// Bytes as beats of the datapath (nic_pkg.sv: beat_t, one segment): byte k is data[8k +: 8].
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "formats/units.h"

namespace ringside::hw {

static_assert(std::endian::native == std::endian::little, "pins are words, packets are bytes");

/// Gives a packet beat by beat.
class BeatCutter {
 public:
  /// Begins with a packet whose first byte is in lane `lane`; `bytes` must stay until done(). One
  /// without bytes is one beat.
  void start(ByteView bytes, uint32_t lane) {
    bytes_ = bytes;
    lane_ = lane;
    sent_ = 0;
    done_ = false;
  }
  bool done() const { return done_; }
  bool first() const { return sent_ == 0; }
  /// Of the next beat of `width` bytes: bytes at its end without meaning; below `width` only where
  /// the packet ends.
  uint32_t empty(uint32_t width) const {
    const auto left = static_cast<uint32_t>(lane_ + bytes_.size()) - sent_;
    return left >= width ? 0 : width - left;
  }
  bool last(uint32_t width) const { return lane_ + bytes_.size() - sent_ <= width; }
  /// Writes the next beat; lanes without a byte become 0.
  void put(uint32_t* data, uint32_t width) const {
    const uint32_t skip = sent_ == 0 ? lane_ : 0;
    const uint32_t from = sent_ == 0 ? 0 : sent_ - lane_;
    const auto count =
        std::min<uint32_t>(width - skip, static_cast<uint32_t>(bytes_.size()) - from);
    auto* bytes = reinterpret_cast<std::byte*>(data);
    if (skip + count != width) std::memset(bytes, 0, width);
    if (count != 0) std::memcpy(bytes + skip, bytes_.data() + from, count);
  }
  /// The beat was taken.
  void advance(uint32_t width) {
    done_ = last(width);
    sent_ += width;
  }

 private:
  ByteView bytes_;
  uint32_t lane_ = 0;
  uint32_t sent_ = 0;  ///< lanes, from lane 0 of the first beat on
  bool done_ = true;
};

/// The bytes of the beat `data` from lane `lane` up to the `empty` last.
inline ByteView beat_bytes(const uint32_t* data, uint32_t width, uint32_t lane, uint32_t empty) {
  if (lane + empty >= width) return {};
  return {reinterpret_cast<const std::byte*>(data) + lane, width - lane - empty};
}

}  // namespace ringside::hw
