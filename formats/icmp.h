// SPDX-License-Identifier: Apache-2.0
// ICMP headers: version 4 (RFC 792) and version 6 (RFC 4443), which share their first eight bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "formats/byte_order.h"
#include "formats/units.h"

namespace ringside::formats {

/// A message of at least eight bytes; which version it is the caller knows from the IP header.
class IcmpView {
 public:
  static constexpr std::size_t kMinBytes = 8;
  static constexpr uint8_t kV4EchoReply = 0, kV4Unreachable = 3, kV4EchoRequest = 8;
  static constexpr uint8_t kV6Unreachable = 1, kV6PacketTooBig = 2;
  static constexpr uint8_t kV6EchoRequest = 128, kV6EchoReply = 129;
  static constexpr uint8_t kV6RouterSolicitation = 133, kV6RouterAdvertisement = 134;
  static constexpr uint8_t kV6NeighborSolicitation = 135, kV6NeighborAdvertisement = 136;

  static std::optional<IcmpView> parse(ByteView bytes) {
    if (bytes.size() < kMinBytes) return std::nullopt;
    return IcmpView(bytes);
  }
  uint8_t type() const { return load_u8(bytes_.data()); }
  uint8_t code() const { return load_u8(bytes_.data() + 1); }
  uint16_t checksum() const { return load_be<uint16_t>(bytes_.data() + 2); }
  /// Of echo messages.
  uint16_t identifier() const { return load_be<uint16_t>(bytes_.data() + 4); }
  uint16_t sequence() const { return load_be<uint16_t>(bytes_.data() + 6); }
  /// Behind the first eight bytes.
  ByteView payload() const { return bytes_.subspan(kMinBytes); }

 private:
  explicit IcmpView(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

}  // namespace ringside::formats
