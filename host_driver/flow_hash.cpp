// SPDX-License-Identifier: Apache-2.0
// See flow_hash.h.
#include "host_driver/flow_hash.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "formats/byte_order.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {
namespace {

// Offsets and values of Ethernet II with 802.1Q, RFC 791, RFC 8200, RFC 9293 and RFC 768.
constexpr std::size_t kEtherType = 12, kEthernetHeader = 14, kVlanTag = 4;
constexpr uint16_t kVlan = 0x8100, kIpv4 = 0x0800, kIpv6 = 0x86DD;
constexpr std::size_t kIpv4Header = 20, kIpv4Fragment = 6, kIpv4Protocol = 9, kIpv4Addresses = 12;
constexpr uint16_t kIpv4FragmentBits = 0x3FFF;  ///< more fragments, or an offset
constexpr std::size_t kIpv6Header = 40, kIpv6Next = 6, kIpv6Addresses = 8;
constexpr std::size_t kAddressBytes4 = 8, kAddressBytes6 = 32, kPortBytes = 4;
constexpr uint8_t kTcp = 6, kUdp = 17;
/// A tag, the longest header, and ports, of which any IPv4 options may come first.
constexpr std::size_t kMostBytes = kEthernetHeader + kVlanTag + 60 + kPortBytes;

using formats::load_be;
using formats::load_le;
using formats::load_u8;
using Bytes = std::span<const std::byte>;

/// The frame's first bytes in one piece: the first fragment, or a copy in `room`.
Bytes first_bytes(const TxFrame& frame, std::span<std::byte, kMostBytes> room) {
  std::size_t size = 0;
  for (const TxFragment& fragment : frame.fragments) {
    if (fragment.size == 0) continue;
    if (size == 0 && fragment.size >= kMostBytes) return {fragment.data, kMostBytes};
    const std::size_t part = std::min<std::size_t>(fragment.size, kMostBytes - size);
    std::memcpy(room.data() + size, fragment.data, part);
    size += part;
    if (size == kMostBytes) break;
  }
  return Bytes(room).first(size);
}

/// Every input bit reaches the high bits: a multiplication by an odd constant, words at a time.
void mix(uint64_t& hash, Bytes bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += 4) {
    hash = (hash ^ load_le<uint32_t>(&bytes[at])) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
  }
}

}  // namespace

unsigned flow_queue(const TxFrame& frame, unsigned queues) {
  std::byte room[kMostBytes];
  Bytes bytes = first_bytes(frame, room);
  if (bytes.size() < kEthernetHeader) return 0;
  uint16_t type = load_be<uint16_t>(&bytes[kEtherType]);
  std::size_t header = kEthernetHeader;
  if (type == kVlan && bytes.size() >= kEthernetHeader + kVlanTag) {
    type = load_be<uint16_t>(&bytes[kEtherType + kVlanTag]);
    header += kVlanTag;
  }
  bytes = bytes.subspan(header);
  uint64_t hash = 0;
  uint8_t protocol = 0;
  std::size_t ports = 0;
  if (type == kIpv4 && bytes.size() >= kIpv4Header) {
    mix(hash, bytes.subspan(kIpv4Addresses, kAddressBytes4));
    ports = std::to_integer<std::size_t>(bytes[0] & std::byte{0x0F}) * 4;
    const bool whole = (load_be<uint16_t>(&bytes[kIpv4Fragment]) & kIpv4FragmentBits) == 0;
    if (whole && ports >= kIpv4Header) protocol = load_u8(&bytes[kIpv4Protocol]);
  } else if (type == kIpv6 && bytes.size() >= kIpv6Header) {
    mix(hash, bytes.subspan(kIpv6Addresses, kAddressBytes6));
    protocol = load_u8(&bytes[kIpv6Next]);
    ports = kIpv6Header;
  } else {
    return 0;
  }
  if ((protocol == kTcp || protocol == kUdp) && bytes.size() >= ports + kPortBytes) {
    mix(hash, bytes.subspan(ports, kPortBytes));
  }
  return static_cast<unsigned>((hash >> 32) * queues >> 32);
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
