// SPDX-License-Identifier: Apache-2.0
// Ethernet II and 802.3 headers and 802.1Q tags (IEEE 802.3 clause 3, IEEE 802.1Q clause 9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "formats/byte_order.h"
#include "formats/units.h"

namespace ringside::formats {

enum EtherType : uint16_t {
  kEtherTypeIpv4 = 0x0800,
  kEtherTypeArp = 0x0806,
  kEtherTypeVlan = 0x8100,  ///< customer tag, 802.1Q
  kEtherTypeIpv6 = 0x86DD,
  kEtherTypeServiceVlan = 0x88A8,  ///< service tag, 802.1ad (QinQ)
};

inline constexpr std::size_t kEthernetHeaderBytes = 14;
inline constexpr std::size_t kVlanTagBytes = 4;
/// Smallest value of the type field that is a type; below it is an 802.3 length.
inline constexpr uint16_t kEtherTypeMin = 0x0600;
/// Smallest frame without FCS; the wire pads up to it.
inline constexpr std::size_t kEthernetMinBytes = 60;

constexpr bool is_vlan_type(uint16_t type) {
  return type == kEtherTypeVlan || type == kEtherTypeServiceVlan;
}

/// Tag control information of one VLAN tag.
struct VlanTag {
  uint16_t tpid = 0;
  uint16_t tci = 0;
  constexpr uint16_t vid() const { return tci & 0x0FFF; }
  constexpr uint8_t pcp() const { return static_cast<uint8_t>(tci >> 13); }
  constexpr bool dei() const { return (tci & 0x1000) != 0; }
};

/// A frame of at least 14 bytes, from destination address to the end of payload.
class EthernetView {
 public:
  /// Nothing if the header is not whole.
  static std::optional<EthernetView> parse(ByteView frame) {
    if (frame.size() < kEthernetHeaderBytes) return std::nullopt;
    return EthernetView(frame);
  }
  MacAddress destination() const { return load_bytes<MacAddress>(bytes_.data()); }
  MacAddress source() const { return load_bytes<MacAddress>(bytes_.data() + 6); }
  /// Type, or 802.3 length if below kEtherTypeMin; of the outermost tag if there is one.
  uint16_t type() const { return load_be<uint16_t>(bytes_.data() + 12); }
  ByteView payload() const { return bytes_.subspan(kEthernetHeaderBytes); }

 private:
  explicit EthernetView(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

}  // namespace ringside::formats
