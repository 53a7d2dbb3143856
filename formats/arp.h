// SPDX-License-Identifier: Apache-2.0
// ARP for IPv4 over Ethernet (RFC 826).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "formats/address.h"
#include "formats/byte_order.h"
#include "formats/units.h"

namespace ringside::formats {

/// A packet with Ethernet and IPv4 addresses: 28 bytes.
class ArpView {
 public:
  static constexpr std::size_t kBytes = 28;
  static constexpr std::size_t kFixedBytes = 8;
  static constexpr uint16_t kRequest = 1, kReply = 2;

  /// Nothing if it is short, or for other kinds of addresses.
  static std::optional<ArpView> parse(ByteView bytes) {
    if (bytes.size() < kBytes || !is_ipv4_over_ethernet(bytes)) return std::nullopt;
    return ArpView(bytes.first(kBytes));
  }
  /// Hardware type 1, protocol type IPv4, lengths 6 and 4; false if less than kFixedBytes.
  static bool is_ipv4_over_ethernet(ByteView bytes) {
    return bytes.size() >= kFixedBytes && load_be<uint32_t>(bytes.data()) == 0x00010800 &&
           load_be<uint16_t>(bytes.data() + 4) == 0x0604;
  }
  uint16_t operation() const { return load_be<uint16_t>(bytes_.data() + 6); }
  MacAddress sender_mac() const { return load_bytes<MacAddress>(bytes_.data() + 8); }
  Ipv4Address sender_ip() const { return load_bytes<Ipv4Address>(bytes_.data() + 14); }
  MacAddress target_mac() const { return load_bytes<MacAddress>(bytes_.data() + 18); }
  Ipv4Address target_ip() const { return load_bytes<Ipv4Address>(bytes_.data() + 24); }

 private:
  explicit ArpView(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

}  // namespace ringside::formats
