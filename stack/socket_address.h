// SPDX-License-Identifier: Apache-2.0
// SocketAddress: an IPv4 or IPv6 address with a port, independent of the C library's sockaddr.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringside::stack {

enum class Family : uint8_t { kNone = 0, kIpv4 = 4, kIpv6 = 6 };

/// An IP address: 4 or 16 bytes in network order, as `family` says.
struct IpAddress {
  Family family = Family::kNone;
  std::array<uint8_t, 16> bytes{};

  static IpAddress v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
  /// 0.0.0.0 or ::.
  static IpAddress any(Family family);
  /// Dotted quad or RFC 4291 text without a zone; nothing if the text is neither.
  static std::optional<IpAddress> parse(std::string_view text);
  bool is_any() const;
  std::string to_string() const;
  bool operator==(const IpAddress&) const = default;
};

struct SocketAddress {
  IpAddress ip;
  uint16_t port = 0;  ///< host byte order

  static SocketAddress v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);
  static SocketAddress any(Family family, uint16_t port);
  /// "1.2.3.4:80" or "[2001:db8::1]:80".
  static std::optional<SocketAddress> parse(std::string_view text);
  std::string to_string() const;
  bool operator==(const SocketAddress&) const = default;
};

}  // namespace ringside::stack
