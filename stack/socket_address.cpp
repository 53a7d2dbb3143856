// SPDX-License-Identifier: Apache-2.0
// Text of addresses, through the C library's inet_pton and inet_ntop.
#include "stack/socket_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace ringside::stack {

IpAddress IpAddress::v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  return {Family::kIpv4, {a, b, c, d}};
}

IpAddress IpAddress::any(Family family) { return {family, {}}; }

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  IpAddress address;
  if (::inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) {
    address.family = Family::kIpv4;
    return address;
  }
  if (::inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) {
    address.family = Family::kIpv6;
    return address;
  }
  return std::nullopt;
}

bool IpAddress::is_any() const {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family == Family::kNone) return "none";
  ::inet_ntop(family == Family::kIpv4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

SocketAddress SocketAddress::v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port) {
  return {IpAddress::v4(a, b, c, d), port};
}

SocketAddress SocketAddress::any(Family family, uint16_t port) {
  return {IpAddress::any(family), port};
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), port);
  const std::optional<IpAddress> ip = IpAddress::parse(host);
  if (error != std::errc{} || end != digits.end() || !ip ||
      brackets != (ip->family == Family::kIpv6)) {
    return std::nullopt;
  }
  return SocketAddress{*ip, port};
}

std::string SocketAddress::to_string() const {
  std::string text;
  if (ip.family == Family::kIpv6) text += '[';
  text += ip.to_string();
  if (ip.family == Family::kIpv6) text += ']';
  text += ':';
  text += std::to_string(port);
  return text;
}

}  // namespace ringside::stack
