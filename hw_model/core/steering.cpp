// SPDX-License-Identifier: Apache-2.0
// The flow hash of automatic receive steering. NMQ-D-005, NMQ-D-007.
#include "hw_model/core/steering.h"

#include <bit>

#include "formats/ethernet.h"
#include "formats/ipv4.h"
#include "formats/ipv6.h"

namespace ringside::hw {

using formats::load_be;

namespace {

/// MurmurHash3's finaliser: every bit of the result depends on every bit of `x`.
constexpr uint32_t mix(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85EBCA6B;
  x = (x ^ (x >> 13)) * 0xC2B2AE35;
  return x ^ (x >> 16);
}

/// Both, because either alone maps whole ranges of neighbouring pairs to one value.
constexpr uint32_t symmetric(uint32_t a, uint32_t b) { return (a + b) ^ std::rotl(a ^ b, 16); }

uint32_t fold_ipv6(const std::byte* address) {
  uint32_t folded = 0;
  for (unsigned i = 0; i < 4; ++i) {
    folded = std::rotl(folded, 7) ^ load_be<uint32_t>(address + std::size_t{4} * i);
  }
  return folded;
}

bool has_ports(uint8_t protocol) {
  return protocol == formats::kProtocolTcp || protocol == formats::kProtocolUdp;
}

}  // namespace

unsigned steer(ByteView frame, unsigned pairs) {
  std::size_t at = formats::kEthernetHeaderBytes;
  if (frame.size() < at) return 0;
  auto type = load_be<uint16_t>(frame.data() + at - 2);
  if (type == formats::kEtherTypeVlan && frame.size() >= at + formats::kVlanTagBytes) {
    at += formats::kVlanTagBytes;
    type = load_be<uint16_t>(frame.data() + at - 2);
  }
  const ByteView packet = frame.subspan(at);
  uint32_t hash;
  std::size_t ports_at = packet.size();
  if (type == formats::kEtherTypeIpv4) {
    const auto ip = formats::Ipv4View::parse(packet);
    if (!ip) return 0;
    hash = symmetric(load_be<uint32_t>(packet.data() + 12), load_be<uint32_t>(packet.data() + 16));
    if (has_ports(ip->protocol()) && !ip->is_fragment()) ports_at = ip->header_bytes();
  } else if (type == formats::kEtherTypeIpv6) {
    const auto ip = formats::Ipv6View::parse(packet);
    if (!ip) return 0;
    hash = symmetric(fold_ipv6(packet.data() + 8), fold_ipv6(packet.data() + 24));
    if (has_ports(ip->next_header())) ports_at = formats::Ipv6View::kBytes;
  } else {
    return 0;
  }
  hash = mix(hash);
  if (ports_at + 4 <= packet.size()) {
    hash = mix(hash ^ symmetric(load_be<uint16_t>(packet.data() + ports_at),
                                load_be<uint16_t>(packet.data() + ports_at + 2)));
  }
  return static_cast<unsigned>((uint64_t{hash} * pairs) >> 32);
}

}  // namespace ringside::hw
