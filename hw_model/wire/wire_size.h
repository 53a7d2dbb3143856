// SPDX-License-Identifier: Apache-2.0
// What a frame takes on the wire (IEEE 802.3, 4.2), in bytes.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ringside::hw {

inline constexpr uint64_t kPreambleBytes = 8;
inline constexpr uint64_t kMinFrameBytes = 60;  ///< without FCS; shorter frames are padded
inline constexpr uint64_t kFcsBytes = 4;
inline constexpr uint64_t kInterFrameGapBytes = 12;

/// From one frame's beginning to the next one's: preamble, a frame of `bytes` without FCS and its
/// padding, FCS, gap.
constexpr uint64_t wire_bytes(uint64_t bytes) {
  return kPreambleBytes + std::max(bytes, kMinFrameBytes) + kFcsBytes + kInterFrameGapBytes;
}

}  // namespace ringside::hw
