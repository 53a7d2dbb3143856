// SPDX-License-Identifier: Apache-2.0
// Address text: strict parsers, and the canonical output of RFC 5952.
#include "formats/address.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <span>

#include "formats/hex.h"

namespace ringside::formats {
namespace {

std::optional<uint8_t> hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<uint8_t>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<uint8_t>(digit - 'A' + 10);
  return std::nullopt;
}

/// One group of an IPv6 address: one to four hexadecimal digits.
std::optional<uint16_t> parse_group(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned value = 0;
  for (const char digit : text) {
    const auto nibble = hex_value(digit);
    if (!nibble) return std::nullopt;
    value = value << 4 | *nibble;
  }
  return static_cast<uint16_t>(value);
}

/// A run of groups separated by ':', the last of which may be dotted decimal if `dotted_allowed`.
/// Writes up to eight groups; the number written, or nothing where the text is wrong.
std::optional<std::size_t> parse_groups(std::string_view text, bool dotted_allowed,
                                        std::span<uint16_t, 8> groups) {
  std::size_t count = 0;
  if (text.empty()) return count;
  while (true) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (last && dotted_allowed && part.find('.') != std::string_view::npos) {
      const auto ipv4 = parse_ipv4(part);
      if (!ipv4 || count > 6) return std::nullopt;
      groups[count++] = static_cast<uint16_t>(ipv4->bytes[0] << 8 | ipv4->bytes[1]);
      groups[count++] = static_cast<uint16_t>(ipv4->bytes[2] << 8 | ipv4->bytes[3]);
      return count;
    }
    const auto group = parse_group(part);
    if (!group || count == 8) return std::nullopt;
    groups[count++] = *group;
    if (last) return count;
    text.remove_prefix(colon + 1);
  }
}

void append_number(std::string& text, unsigned value, int base) {
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, base).ptr;
  text.append(digits, end);
}

struct Run {
  std::size_t first = 0;
  std::size_t length = 0;
};

/// The leftmost of the longest runs of zero groups (RFC 5952, section 4.2.3).
Run longest_zero_run(std::span<const uint16_t, 8> groups) {
  Run best, current;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i] != 0) {
      current.length = 0;
      continue;
    }
    if (current.length == 0) current.first = i;
    ++current.length;
    if (current.length > best.length) best = current;
  }
  return best;
}

}  // namespace

std::optional<MacAddress> parse_mac(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  const char separator = text[2];
  if (separator != ':' && separator != '-') return std::nullopt;
  MacAddress address{};
  for (std::size_t i = 0; i < address.size(); ++i) {
    const auto high = hex_value(text[3 * i]);
    const auto low = hex_value(text[3 * i + 1]);
    if (!high || !low || (i < 5 && text[3 * i + 2] != separator)) return std::nullopt;
    address[i] = static_cast<uint8_t>(*high << 4 | *low);
  }
  return address;
}

std::string format_mac(const MacAddress& address) {
  const std::string digits = hex_digits(address);
  std::string text = digits.substr(0, 2);
  for (std::size_t i = 2; i < digits.size(); i += 2) text.append(1, ':').append(digits, i, 2);
  return text;
}

std::optional<Ipv4Address> parse_ipv4(std::string_view text) {
  Ipv4Address address;
  for (std::size_t i = 0; i < 4; ++i) {
    std::size_t digits = 0;
    unsigned value = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      value = value * 10 + static_cast<unsigned>(text[digits] - '0');
      if (++digits > 3) return std::nullopt;
    }
    if (digits == 0 || value > 255 || (digits > 1 && text[0] == '0')) return std::nullopt;
    address.bytes[i] = static_cast<uint8_t>(value);
    text.remove_prefix(digits);
    if (i == 3) break;
    if (text.empty() || text[0] != '.') return std::nullopt;
    text.remove_prefix(1);
  }
  if (!text.empty()) return std::nullopt;
  return address;
}

std::string format_ipv4(const Ipv4Address& address) {
  std::string text;
  for (const uint8_t byte : address.bytes) {
    if (!text.empty()) text.push_back('.');
    append_number(text, byte, 10);
  }
  return text;
}

std::optional<Ipv6Address> parse_ipv6(std::string_view text) {
  std::array<uint16_t, 8> groups{};
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (parse_groups(text, true, groups) != 8) return std::nullopt;
  } else {
    std::array<uint16_t, 8> tail{};
    const auto before = parse_groups(text.substr(0, gap), false, groups);
    const auto after = parse_groups(text.substr(gap + 2), true, tail);
    // "::" stands for at least one group.
    if (!before || !after || *before + *after > 7) return std::nullopt;
    std::copy_n(tail.begin(), *after, groups.end() - static_cast<std::ptrdiff_t>(*after));
  }
  Ipv6Address address;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    address.bytes[2 * i] = static_cast<uint8_t>(groups[i] >> 8);
    address.bytes[2 * i + 1] = static_cast<uint8_t>(groups[i]);
  }
  return address;
}

std::string format_ipv6(const Ipv6Address& address) {
  std::array<uint16_t, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = static_cast<uint16_t>(address.bytes[2 * i] << 8 | address.bytes[2 * i + 1]);
  }
  const bool mapped =
      std::all_of(groups.begin(), groups.begin() + 5, [](uint16_t group) { return group == 0; }) &&
      groups[5] == 0xFFFF;
  if (mapped) {
    const auto& bytes = address.bytes;
    return "::ffff:" + format_ipv4({{bytes[12], bytes[13], bytes[14], bytes[15]}});
  }
  const Run zeros = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size();) {
    // Section 4.2.2: "::" must not shorten a single group.
    if (zeros.length > 1 && i == zeros.first) {
      text += "::";
      i += zeros.length;
      continue;
    }
    if (!text.empty() && text.back() != ':') text.push_back(':');
    append_number(text, groups[i], 16);
    ++i;
  }
  return text;
}

}  // namespace ringside::formats
