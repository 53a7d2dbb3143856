// SPDX-License-Identifier: Apache-2.0
// parse_frame: one layer after the other, each handing over to the next only what its length
// allows.
#include "formats/frame_parser.h"

#include <algorithm>

#include "formats/arp.h"
#include "formats/icmp.h"
#include "formats/ipv4.h"
#include "formats/ipv6.h"
#include "formats/tcp.h"
#include "formats/udp.h"

namespace ringside::formats {
namespace {

class FrameParser {
 public:
  explicit FrameParser(ByteView frame) : frame_(frame) {}

  ParsedFrame run() {
    ethernet();
    return result_;
  }

 private:
  ByteView range(std::size_t from, std::size_t to) const { return frame_.subspan(from, to - from); }
  /// Keeps the first defect: what comes later is usually its consequence.
  void defect(Defect what) {
    if (result_.defect == Defect::kNone) result_.defect = what;
  }
  void payload(std::size_t from, std::size_t to) {
    result_.payload_offset = static_cast<uint32_t>(from);
    result_.payload_end = static_cast<uint32_t>(to);
  }
  /// Nothing is known behind `offset`; the offsets of the layers above point there.
  void layers_from(std::size_t offset, std::size_t end) {
    result_.l3_offset = result_.l4_offset = static_cast<uint32_t>(offset);
    result_.l3_end = static_cast<uint32_t>(end);
    payload(offset, end);
  }

  void ethernet() {
    layers_from(frame_.size(), frame_.size());
    const auto view = EthernetView::parse(frame_);
    if (!view) return defect(Defect::kEthernetTruncated);
    std::size_t offset = kEthernetHeaderBytes;
    uint16_t type = view->type();
    while (is_vlan_type(type) && result_.vlan_tags < ParsedFrame::kMaxVlanTags) {
      if (frame_.size() - offset < kVlanTagBytes) return defect(Defect::kVlanTruncated);
      result_.vlan[result_.vlan_tags++] = {type, load_be<uint16_t>(frame_.data() + offset)};
      type = load_be<uint16_t>(frame_.data() + offset + 2);
      offset += kVlanTagBytes;
    }
    result_.ether_type = type;
    layers_from(offset, frame_.size());
    if (type == kEtherTypeIpv4) return ipv4(offset);
    if (type == kEtherTypeIpv6) return ipv6(offset);
    if (type == kEtherTypeArp) return arp(offset);
    if (type >= kEtherTypeMin) {
      result_.network = Network::kOther;
      return;
    }
    result_.network = Network::kLlc;
    if (type > frame_.size() - offset) return defect(Defect::kLlcLength);
    layers_from(offset, offset + type);
  }

  void arp(std::size_t offset) {
    result_.network = Network::kArp;
    const ByteView bytes = frame_.subspan(offset);
    if (bytes.size() < ArpView::kFixedBytes) return defect(Defect::kArpTruncated);
    // Sender and target, each a hardware and a protocol address (RFC 826).
    const std::size_t addresses =
        std::size_t{load_u8(bytes.data() + 4)} + load_u8(bytes.data() + 5);
    const std::size_t size = ArpView::kFixedBytes + 2 * addresses;
    if (bytes.size() < size) return defect(Defect::kArpTruncated);
    result_.l3_end = static_cast<uint32_t>(offset + size);
    result_.l4_offset = result_.l3_end;
    payload(offset + size, offset + size);
  }

  void ipv4(std::size_t offset) {
    const ByteView bytes = frame_.subspan(offset);
    if (bytes.empty()) return defect(Defect::kIpv4Truncated);
    if (load_u8(bytes.data()) >> 4 != 4) return defect(Defect::kIpv4Version);
    if (bytes.size() < Ipv4View::kMinBytes) return defect(Defect::kIpv4Truncated);
    const auto ip = Ipv4View::parse(bytes);
    if (!ip) return defect(Defect::kIpv4HeaderLength);
    result_.network = Network::kIpv4;
    result_.ip_protocol = ip->protocol();
    result_.fragment = ip->is_fragment();
    if (ip->total_length() < ip->header_bytes() || ip->total_length() > bytes.size()) {
      defect(Defect::kIpv4TotalLength);
    }
    OptionCursor options = ip->options();
    for (Option option; options.next(option);) continue;
    if (options.malformed()) defect(Defect::kIpv4Options);
    const std::size_t begin = offset + ip->header_bytes();
    const std::size_t end = begin + ip->payload().size();
    result_.l3_end = static_cast<uint32_t>(end);
    transport(begin, end, ip->protocol(), ip->fragment_offset() != 0);
  }

  void ipv6(std::size_t offset) {
    const ByteView bytes = frame_.subspan(offset);
    if (bytes.empty()) return defect(Defect::kIpv6Truncated);
    if (load_u8(bytes.data()) >> 4 != 6) return defect(Defect::kIpv6Version);
    const auto ip = Ipv6View::parse(bytes);
    if (!ip) return defect(Defect::kIpv6Truncated);
    result_.network = Network::kIpv6;
    if (ip->payload_length() > bytes.size() - Ipv6View::kBytes) defect(Defect::kIpv6PayloadLength);
    const std::size_t begin = offset + Ipv6View::kBytes;
    const std::size_t end = begin + ip->payload().size();
    result_.l3_end = static_cast<uint32_t>(end);

    using End = Ipv6ExtensionCursor::End;
    Ipv6ExtensionCursor cursor(*ip);
    for (Ipv6Extension extension; cursor.next(extension);) {
      if (extension.type == kProtocolFragment) {
        result_.fragment |= Ipv6Fragment::of(extension.bytes).is_fragment();
      }
    }
    result_.ip_protocol = cursor.next_header();
    const std::size_t upper = begin + cursor.offset();
    if (cursor.end() == End::kTruncated || cursor.end() == End::kTooMany) {
      defect(cursor.end() == End::kTooMany ? Defect::kIpv6TooManyExtensions
                                           : Defect::kIpv6ExtensionTruncated);
      result_.l4_offset = static_cast<uint32_t>(upper);
      return payload(upper, end);
    }
    transport(upper, end, cursor.next_header(), cursor.end() == End::kLaterFragment);
  }

  void transport(std::size_t begin, std::size_t end, uint8_t protocol, bool later_fragment) {
    result_.l4_offset = static_cast<uint32_t>(begin);
    payload(begin, end);
    if (later_fragment) return;
    const bool v4 = result_.network == Network::kIpv4;
    if (protocol == kProtocolTcp) {
      tcp(begin, end);
    } else if (protocol == kProtocolUdp) {
      udp(begin, end);
    } else if (protocol == (v4 ? kProtocolIcmpv4 : kProtocolIcmpv6)) {
      if (end - begin < IcmpView::kMinBytes) return defect(Defect::kIcmpTruncated);
      result_.transport = v4 ? Transport::kIcmpv4 : Transport::kIcmpv6;
      payload(begin + IcmpView::kMinBytes, end);
    } else if (v4 || protocol != kProtocolNoNextHeader) {
      result_.transport = Transport::kOther;
    }
  }

  void tcp(std::size_t begin, std::size_t end) {
    const ByteView segment = range(begin, end);
    if (segment.size() < TcpView::kMinBytes) return defect(Defect::kTcpTruncated);
    const auto view = TcpView::parse(segment);
    if (!view) return defect(Defect::kTcpDataOffset);
    result_.transport = Transport::kTcp;
    OptionCursor options = view->options();
    for (Option option; options.next(option);) continue;
    if (options.malformed()) defect(Defect::kTcpOptions);
    payload(begin + view->header_bytes(), end);
  }

  void udp(std::size_t begin, std::size_t end) {
    const auto view = UdpView::parse(range(begin, end));
    if (!view) return defect(Defect::kUdpTruncated);
    result_.transport = Transport::kUdp;
    // The first fragment has less than the whole datagram.
    if (view->length() < UdpView::kBytes || (view->length() > end - begin && !result_.fragment)) {
      defect(Defect::kUdpLength);
    }
    payload(begin + UdpView::kBytes, begin + UdpView::kBytes + view->payload().size());
  }

  const ByteView frame_;
  ParsedFrame result_;
};

}  // namespace

ParsedFrame parse_frame(ByteView frame) { return FrameParser(frame).run(); }

std::string_view describe(Defect defect) {
  switch (defect) {
    case Defect::kNone:
      return "nothing is wrong";
    case Defect::kEthernetTruncated:
      return "shorter than an Ethernet header";
    case Defect::kVlanTruncated:
      return "ends inside a VLAN tag";
    case Defect::kLlcLength:
      return "the 802.3 length is beyond the end of the frame";
    case Defect::kArpTruncated:
      return "ends inside the ARP packet";
    case Defect::kIpv4Truncated:
      return "ends inside the IPv4 header";
    case Defect::kIpv4Version:
      return "the type is IPv4 and the version is not 4";
    case Defect::kIpv4HeaderLength:
      return "the IPv4 header length is below 20 bytes or beyond the end of the frame";
    case Defect::kIpv4TotalLength:
      return "the IPv4 total length is inside the header or beyond the end of the frame";
    case Defect::kIpv4Options:
      return "an IPv4 option has a wrong length";
    case Defect::kIpv6Truncated:
      return "ends inside the IPv6 header";
    case Defect::kIpv6Version:
      return "the type is IPv6 and the version is not 6";
    case Defect::kIpv6PayloadLength:
      return "the IPv6 payload length is beyond the end of the frame";
    case Defect::kIpv6ExtensionTruncated:
      return "an IPv6 extension header is beyond the end of the packet";
    case Defect::kIpv6TooManyExtensions:
      return "there are more than 16 IPv6 extension headers";
    case Defect::kTcpTruncated:
      return "ends inside the TCP header";
    case Defect::kTcpDataOffset:
      return "the TCP data offset is below 5 words or beyond the end of the packet";
    case Defect::kTcpOptions:
      return "a TCP option has a wrong length";
    case Defect::kUdpTruncated:
      return "ends inside the UDP header";
    case Defect::kUdpLength:
      return "the UDP length is below 8 or beyond the end of the packet";
    case Defect::kIcmpTruncated:
      return "ends inside the ICMP header";
  }
  return "unknown";
}

}  // namespace ringside::formats
