// SPDX-License-Identifier: Apache-2.0
// Frames that say which they are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "formats/random.h"

namespace ringside::differential {

/// Byte 0 to 3 of a frame: its number. Shorter ones have none.
constexpr std::size_t kNumberBytes = 4;
constexpr uint64_t kShapeStream = 1'000'001;

/// Frame `number` of `size` bytes, all different from those of others. Most are IP of some kind or
/// nearly so, each of a flow of its own.
inline std::vector<std::byte> numbered_frame(uint32_t number, std::size_t size, bool vlan) {
  std::vector<std::byte> bytes((size + 7) / 8 * 8 + 16);
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    const uint64_t word = splitmix64(number, at);
    std::memcpy(bytes.data() + at, &word, sizeof word);
  }
  std::memcpy(bytes.data(), &number, sizeof number);
  const auto put = [&bytes](std::size_t at, unsigned value) {
    bytes.resize(std::max(bytes.size(), at + 1));
    bytes[at] = static_cast<std::byte>(value);
  };
  const uint64_t shape = splitmix64(number, kShapeStream);
  const bool ipv6 = (shape & 1) != 0;
  const bool ip = (shape >> 1 & 7) != 0;
  const std::size_t type_at = vlan ? 16 : 12;
  if (vlan) {
    put(12, 0x81);
    put(13, 0x00);
  }
  put(type_at, !ip ? 0x88 : ipv6 ? 0x86 : 0x08);
  put(type_at + 1, !ip ? 0xB5 : ipv6 ? 0xDD : 0x00);
  const std::size_t at = type_at + 2;
  const unsigned version = (shape >> 4 & 15) == 0 ? 5 : ipv6 ? 6 : 4;
  const unsigned words = static_cast<unsigned>(shape >> 8 & 15);  // often too few
  put(at, version << 4 | ((shape >> 12 & 1) != 0 ? 5 : words));
  if (!ipv6 && (shape >> 13 & 7) != 0) put(at + 6, 0x40);  // no fragment
  if (!ipv6 && (shape >> 13 & 7) != 0) put(at + 7, 0);
  if ((shape >> 16 & 3) != 0) put(at + (ipv6 ? 6 : 9), (shape >> 18 & 1) != 0 ? 6 : 17);
  bytes.resize(size);
  return bytes;
}

inline uint32_t number_of(const std::byte* frame) {
  uint32_t number = 0;
  std::memcpy(&number, frame, sizeof number);
  return number;
}

}  // namespace ringside::differential
