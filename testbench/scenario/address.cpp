// SPDX-License-Identifier: Apache-2.0
// IP addresses to and from text, on top of formats/address.h.
#include "testbench/scenario/address.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "formats/address.h"

namespace ringside::tb {
namespace {

unsigned address_bits(IpVersion version) { return version == IpVersion::kV4 ? 32 : 128; }

bool bit(const IpAddress& address, unsigned index) {
  return (address.bytes[index / 8] >> (7 - index % 8) & 1) != 0;
}

}  // namespace

std::optional<IpAddress> parse_ip(IpVersion version, std::string_view text) {
  IpAddress address;
  address.version = version;
  const auto copy = [&](const auto& parsed) -> std::optional<IpAddress> {
    if (!parsed) return std::nullopt;
    std::copy(parsed->bytes.begin(), parsed->bytes.end(), address.bytes.begin());
    return address;
  };
  return version == IpVersion::kV4 ? copy(formats::parse_ipv4(text))
                                   : copy(formats::parse_ipv6(text));
}

std::optional<IpInterface> parse_interface(IpVersion version, std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<IpAddress> address = parse_ip(version, text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  IpInterface interface;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), interface.prefix_length);
  if (!address || error != std::errc{} || end != digits.data() + digits.size() ||
      interface.prefix_length > address_bits(version)) {
    return std::nullopt;
  }
  interface.address = *address;
  return interface;
}

bool is_host_address(const IpInterface& interface) {
  const IpAddress& address = interface.address;
  const unsigned bits = address_bits(address.version);
  const unsigned prefix = interface.prefix_length;
  bool all_zero = true;
  bool all_one = true;
  for (unsigned i = prefix; i < bits; ++i) (bit(address, i) ? all_zero : all_one) = false;
  if (address.version == IpVersion::kV4) {
    const uint8_t first = address.bytes[0];
    if (first == 0 || first == 127 || first >= 224) return false;
    // RFC 3021: a /31 has two hosts and no broadcast address; a /32 is one host.
    return prefix >= 31 || (!all_zero && !all_one);
  }
  const bool loopback_or_none = [&] {
    for (std::size_t i = 0; i < 15; ++i) {
      if (address.bytes[i] != 0) return false;
    }
    return address.bytes[15] <= 1;
  }();
  // RFC 4291, 2.6.1: an all-zero interface identifier is the subnet-router anycast address.
  return !loopback_or_none && address.bytes[0] != 0xFF && (prefix >= 127 || !all_zero);
}

bool same_subnet(const IpInterface& interface, const IpAddress& other) {
  if (interface.address.version != other.version) return false;
  for (unsigned i = 0; i < interface.prefix_length; ++i) {
    if (bit(interface.address, i) != bit(other, i)) return false;
  }
  return true;
}

std::string to_string(const IpAddress& address) {
  if (address.version == IpVersion::kV4) {
    formats::Ipv4Address v4;
    std::copy_n(address.bytes.begin(), v4.bytes.size(), v4.bytes.begin());
    return formats::format_ipv4(v4);
  }
  return formats::format_ipv6({address.bytes});
}

}  // namespace ringside::tb
