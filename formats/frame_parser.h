// SPDX-License-Identifier: Apache-2.0
// Where the layers of an Ethernet frame begin and end, what is malformed in it, and whether its
// checksums hold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "formats/ethernet.h"
#include "formats/units.h"

namespace ringside::formats {

enum class Network : uint8_t { kNone, kArp, kIpv4, kIpv6, kLlc, kOther };
enum class Transport : uint8_t { kNone, kTcp, kUdp, kIcmpv4, kIcmpv6, kOther };

/// The first thing that is wrong with a frame.
enum class Defect : uint8_t {
  kNone,
  kEthernetTruncated,
  kVlanTruncated,
  kLlcLength,
  kArpTruncated,
  kIpv4Truncated,
  kIpv4Version,
  kIpv4HeaderLength,
  kIpv4TotalLength,
  kIpv4Options,
  kIpv6Truncated,
  kIpv6Version,
  kIpv6PayloadLength,
  kIpv6ExtensionTruncated,
  kIpv6TooManyExtensions,
  kTcpTruncated,
  kTcpDataOffset,
  kTcpOptions,
  kUdpTruncated,
  kUdpLength,
  kIcmpTruncated,
};

/// What it is, in words for a report.
std::string_view describe(Defect defect);

/// Offsets are from the frame's first byte and never beyond its end. A layer that was not reached
/// has its kind at kNone and its offset at the end of the last one that was.
struct ParsedFrame {
  static constexpr std::size_t kMaxVlanTags = 4;

  Defect defect = Defect::kNone;
  /// Tags from the outside in. Tags beyond kMaxVlanTags make the network kOther.
  std::array<VlanTag, kMaxVlanTags> vlan{};
  uint8_t vlan_tags = 0;
  /// Behind the tags; an 802.3 length for Network::kLlc.
  uint16_t ether_type = 0;

  Network network = Network::kNone;
  uint32_t l3_offset = 0;
  /// End of the network packet as its own length says; Ethernet padding comes behind it.
  uint32_t l3_end = 0;

  /// Protocol behind the IP header and its extension headers.
  uint8_t ip_protocol = 0;
  /// Part of a datagram; the transport of a later fragment (offset not 0) is kNone.
  bool fragment = false;

  Transport transport = Transport::kNone;
  uint32_t l4_offset = 0;
  /// Behind the innermost header that was understood, up to the end that it gives.
  uint32_t payload_offset = 0;
  uint32_t payload_end = 0;

  bool ok() const { return defect == Defect::kNone; }
  bool is_ip() const { return network == Network::kIpv4 || network == Network::kIpv6; }
  /// `frame` is the one that was parsed.
  ByteView payload(ByteView frame) const {
    return frame.subspan(payload_offset, payload_end - payload_offset);
  }
};

/// Any bytes at all are allowed. Time is bounded by the frame's size. A frame that a capture cut
/// short has a defect of length or truncation.
ParsedFrame parse_frame(ByteView frame);

enum class ChecksumVerdict : uint8_t {
  kAbsent,  ///< no such field, not computed by the sender, or not decidable (a fragment, a defect)
  kGood,
  kBad,
};

struct ChecksumReport {
  ChecksumVerdict ipv4_header = ChecksumVerdict::kAbsent;
  ChecksumVerdict transport = ChecksumVerdict::kAbsent;
  bool any_bad() const {
    return ipv4_header == ChecksumVerdict::kBad || transport == ChecksumVerdict::kBad;
  }
};

/// Checks what there is of IPv4 header and TCP, UDP, ICMP checksums. `parsed` is
/// parse_frame(frame). UDP over IPv6 without a checksum is bad (RFC 8200, section 8.1).
ChecksumReport verify_checksums(ByteView frame, const ParsedFrame& parsed);

}  // namespace ringside::formats
