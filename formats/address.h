// SPDX-License-Identifier: Apache-2.0
// MAC, IPv4 and IPv6 addresses as values, as text, and back.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/units.h"

namespace ringside::formats {

/// Bytes in network order.
struct Ipv4Address {
  std::array<uint8_t, 4> bytes{};
  auto operator<=>(const Ipv4Address&) const = default;
};

/// Bytes in network order.
struct Ipv6Address {
  std::array<uint8_t, 16> bytes{};
  auto operator<=>(const Ipv6Address&) const = default;
};

/// Six groups of two hexadecimal digits, all separated by ':' or all by '-'. Empty: not one.
std::optional<MacAddress> parse_mac(std::string_view text);
/// Lower case, separated by ':'.
std::string format_mac(const MacAddress& address);

/// Dotted decimal, four numbers from 0 to 255 without leading zeros (RFC 6943, section 3.1.1).
std::optional<Ipv4Address> parse_ipv4(std::string_view text);
std::string format_ipv4(const Ipv4Address& address);

/// Every form of RFC 4291, section 2.2; no zone, no prefix length.
std::optional<Ipv6Address> parse_ipv6(std::string_view text);
/// The form of RFC 5952, with dotted decimal for IPv4-mapped addresses (section 5).
std::string format_ipv6(const Ipv6Address& address);

constexpr bool is_multicast(const MacAddress& address) { return (address[0] & 1) != 0; }
constexpr bool is_broadcast(const MacAddress& address) {
  return address == MacAddress{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
}
constexpr bool is_multicast(const Ipv4Address& address) {
  return (address.bytes[0] & 0xF0) == 0xE0;
}
constexpr bool is_multicast(const Ipv6Address& address) { return address.bytes[0] == 0xFF; }

}  // namespace ringside::formats
