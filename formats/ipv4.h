// SPDX-License-Identifier: Apache-2.0
// The IPv4 header with options (RFC 791, section 3.1).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "formats/address.h"
#include "formats/byte_order.h"
#include "formats/option_cursor.h"
#include "formats/units.h"

namespace ringside::formats {

/// Protocol numbers, shared with IPv6's Next Header (IANA "Assigned Internet Protocol Numbers").
enum IpProtocol : uint8_t {
  kProtocolHopByHop = 0,
  kProtocolIcmpv4 = 1,
  kProtocolTcp = 6,
  kProtocolUdp = 17,
  kProtocolRouting = 43,
  kProtocolFragment = 44,
  kProtocolAuthentication = 51,
  kProtocolIcmpv6 = 58,
  kProtocolNoNextHeader = 59,
  kProtocolDestinationOptions = 60,
};

/// A header that is whole, options included. The total length is as the packet says it: payload()
/// cuts it to what is there.
class Ipv4View {
 public:
  static constexpr std::size_t kMinBytes = 20;
  static constexpr uint8_t kOptionLooseRoute = 131, kOptionStrictRoute = 137;

  /// Nothing if version is not 4, or the header length is below 20 or beyond the bytes.
  static std::optional<Ipv4View> parse(ByteView bytes) {
    if (bytes.size() < kMinBytes || load_u8(bytes.data()) >> 4 != 4) return std::nullopt;
    const Ipv4View view(bytes);
    if (view.header_bytes() < kMinBytes || view.header_bytes() > bytes.size()) return std::nullopt;
    return view;
  }
  std::size_t header_bytes() const { return (std::size_t{load_u8(bytes_.data())} & 15) * 4; }
  uint8_t dscp() const { return load_u8(bytes_.data() + 1) >> 2; }
  uint8_t ecn() const { return load_u8(bytes_.data() + 1) & 3; }
  uint16_t total_length() const { return load_be<uint16_t>(bytes_.data() + 2); }
  uint16_t identification() const { return load_be<uint16_t>(bytes_.data() + 4); }
  bool dont_fragment() const { return (load_u8(bytes_.data() + 6) & 0x40) != 0; }
  bool more_fragments() const { return (load_u8(bytes_.data() + 6) & 0x20) != 0; }
  /// In bytes.
  std::size_t fragment_offset() const {
    return (std::size_t{load_be<uint16_t>(bytes_.data() + 6)} & 0x1FFF) * 8;
  }
  bool is_fragment() const { return more_fragments() || fragment_offset() != 0; }
  uint8_t ttl() const { return load_u8(bytes_.data() + 8); }
  uint8_t protocol() const { return load_u8(bytes_.data() + 9); }
  uint16_t checksum() const { return load_be<uint16_t>(bytes_.data() + 10); }
  Ipv4Address source() const { return load_bytes<Ipv4Address>(bytes_.data() + 12); }
  Ipv4Address destination() const { return load_bytes<Ipv4Address>(bytes_.data() + 16); }
  ByteView header() const { return bytes_.first(header_bytes()); }
  OptionCursor options() const { return OptionCursor(header().subspan(kMinBytes)); }
  /// Behind the header, up to the total length or the end of the bytes.
  ByteView payload() const {
    const std::size_t end = std::min<std::size_t>(total_length(), bytes_.size());
    return end <= header_bytes() ? ByteView()
                                 : bytes_.subspan(header_bytes(), end - header_bytes());
  }

 private:
  explicit Ipv4View(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

}  // namespace ringside::formats
