// SPDX-License-Identifier: Apache-2.0
// Frames that say which they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "formats/random.h"

namespace ringside::differential {

/// Byte 0 to 3 of a frame: its number. Shorter ones have none.
constexpr std::size_t kNumberBytes = 4;

/// Frame `number` of `size` bytes, all different from those of others.
inline std::vector<std::byte> numbered_frame(uint32_t number, std::size_t size, bool vlan) {
  std::vector<std::byte> bytes((size + 7) / 8 * 8 + 16);
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    const uint64_t word = splitmix64(number, at);
    std::memcpy(bytes.data() + at, &word, sizeof word);
  }
  std::memcpy(bytes.data(), &number, sizeof number);
  bytes[12] = vlan ? std::byte{0x81} : std::byte{0x88};
  bytes[13] = vlan ? std::byte{0x00} : std::byte{0xB5};
  bytes.resize(size);
  return bytes;
}

inline uint32_t number_of(const std::byte* frame) {
  uint32_t number = 0;
  std::memcpy(&number, frame, sizeof number);
  return number;
}

}  // namespace ringside::differential
