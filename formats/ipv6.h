// SPDX-License-Identifier: Apache-2.0
// The IPv6 header (RFC 8200, section 3) and a bounded walk over its extension headers (section 4;
// Authentication Header: RFC 4302, section 2).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "formats/address.h"
#include "formats/byte_order.h"
#include "formats/ipv4.h"
#include "formats/units.h"

namespace ringside::formats {

/// A whole fixed header. Jumbograms (RFC 2675) are not known: their payload is empty.
class Ipv6View {
 public:
  static constexpr std::size_t kBytes = 40;

  /// Nothing if it is short or the version is not 6.
  static std::optional<Ipv6View> parse(ByteView bytes) {
    if (bytes.size() < kBytes || load_u8(bytes.data()) >> 4 != 6) return std::nullopt;
    return Ipv6View(bytes);
  }
  uint8_t traffic_class() const {
    return static_cast<uint8_t>(load_be<uint32_t>(bytes_.data()) >> 20);
  }
  uint32_t flow_label() const { return load_be<uint32_t>(bytes_.data()) & 0xFFFFF; }
  uint16_t payload_length() const { return load_be<uint16_t>(bytes_.data() + 4); }
  uint8_t next_header() const { return load_u8(bytes_.data() + 6); }
  uint8_t hop_limit() const { return load_u8(bytes_.data() + 7); }
  Ipv6Address source() const { return load_bytes<Ipv6Address>(bytes_.data() + 8); }
  Ipv6Address destination() const { return load_bytes<Ipv6Address>(bytes_.data() + 24); }
  /// Behind the fixed header, up to the payload length or the end of the bytes.
  ByteView payload() const {
    const ByteView rest = bytes_.subspan(kBytes);
    return rest.first(std::min<std::size_t>(rest.size(), payload_length()));
  }

 private:
  explicit Ipv6View(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

/// One extension header, whole.
struct Ipv6Extension {
  uint8_t type = 0;
  ByteView bytes;
};

/// The Fragment header's fields (RFC 8200, section 4.5).
struct Ipv6Fragment {
  static constexpr std::size_t kBytes = 8;
  std::size_t offset_bytes = 0;
  bool more = false;
  uint32_t identification = 0;
  /// An atomic fragment (RFC 6946) is a whole packet.
  bool is_fragment() const { return more || offset_bytes != 0; }
  /// `header` is an Ipv6Extension of type Fragment.
  static Ipv6Fragment of(ByteView header) {
    const auto word = load_be<uint16_t>(header.data() + 2);
    return {word & 0xFFF8u, (word & 1) != 0, load_be<uint32_t>(header.data() + 4)};
  }
};

/// Walks the chain of extension headers. Stops at the first header that is not one, behind a
/// fragment header with an offset, at the end of the bytes, or after kMaxHeaders.
class Ipv6ExtensionCursor {
 public:
  static constexpr unsigned kMaxHeaders = 16;
  enum class End : uint8_t { kNone, kUpperLayer, kLaterFragment, kTruncated, kTooMany };

  Ipv6ExtensionCursor(uint8_t next_header, ByteView payload)
      : next_header_(next_header), payload_(payload) {}
  explicit Ipv6ExtensionCursor(const Ipv6View& ip)
      : Ipv6ExtensionCursor(ip.next_header(), ip.payload()) {}

  /// The next extension header into `extension`; false at the end, which end() names.
  bool next(Ipv6Extension& extension);
  End end() const { return end_; }
  /// After the walk: number of the upper-layer protocol (or of the header that could not be read).
  uint8_t next_header() const { return next_header_; }
  /// Bytes of the payload that the headers so far take.
  std::size_t offset() const { return offset_; }

  static constexpr bool is_extension(uint8_t type) {
    return type == kProtocolHopByHop || type == kProtocolRouting || type == kProtocolFragment ||
           type == kProtocolDestinationOptions || type == kProtocolAuthentication;
  }

 private:
  bool stop(End end) {
    end_ = end;
    return false;
  }
  uint8_t next_header_;
  ByteView payload_;
  std::size_t offset_ = 0;
  unsigned headers_ = 0;
  End end_ = End::kNone;
};

/// The final destination that a Routing header names while segments are left: types 0 (RFC 2460),
/// 2 (RFC 6275) and 4 (RFC 8754). Nothing if none are left, or the header is of another type or
/// wrong.
std::optional<Ipv6Address> final_destination(ByteView routing_header);
/// Segments left in a Routing header (an Ipv6Extension of that type).
inline uint8_t segments_left(ByteView routing_header) { return load_u8(routing_header.data() + 3); }

}  // namespace ringside::formats
