// SPDX-License-Identifier: Apache-2.0
// Builds frames for the tests of the parser, from hexadecimal text.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "formats/units.h"

namespace ringside::formats {

/// Bytes from pairs of hexadecimal digits; anything else separates.
inline std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  int high = -1;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::byte>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

/// Frames that several tests use; all checksums are right.
inline constexpr std::string_view kEthernetIpv4 = "02000000000b 02000000000a 0800 ";
inline constexpr std::string_view kEthernetIpv6 = "02000000000b 02000000000a 86dd ";

}  // namespace ringside::formats
