// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071) with the pseudo headers of IPv4 (RFC 9293, section 3.1) and IPv6
// (RFC 8200, section 8.1), for monitors and generators. The offload implementations have their own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "formats/address.h"
#include "formats/units.h"

namespace ringside::formats {

/// The one's complement sum of a stream of 16-bit big-endian words, gathered from pieces of any
/// length and alignment. An odd end of the whole stream is padded with a zero byte.
class ChecksumSum {
 public:
  /// Appends `bytes` to the stream.
  void add(ByteView bytes);
  /// Adds a word at an even place, whatever was appended before.
  void add_word(uint16_t value) { sum_ += swap(value); }
  /// Pseudo headers. `length` is that of transport header and payload, in bytes.
  void add_pseudo_header(const Ipv4Address& source, const Ipv4Address& destination,
                         uint8_t protocol, uint16_t length);
  void add_pseudo_header(const Ipv6Address& source, const Ipv6Address& destination,
                         uint8_t next_header, uint32_t length);
  /// The sum folded to 16 bits, as a host number: 0xFFFF over data whose checksum is right.
  uint16_t folded() const;
  /// Its complement: what goes into a checksum field.
  uint16_t checksum() const { return static_cast<uint16_t>(~folded()); }

 private:
  static constexpr uint16_t swap(uint16_t value) { return __builtin_bswap16(value); }
  // Sums run in the machine's order and are swapped once at the end (RFC 1071, section 2 (B)).
  uint64_t sum_ = 0;
  bool odd_ = false;
};

/// Checksum of one range, as a host number.
uint16_t internet_checksum(ByteView bytes);

}  // namespace ringside::formats
