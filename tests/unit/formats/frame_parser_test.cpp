// SPDX-License-Identifier: Apache-2.0
// parse_frame and verify_checksums over frames written by hand: every layer and every defect.
#include "formats/frame_parser.h"

#include <string>

#include "formats/arp.h"
#include "formats/checksum.h"
#include "formats/icmp.h"
#include "formats/ipv4.h"
#include "formats/ipv6.h"
#include "formats/tcp.h"
#include "formats/udp.h"
#include "tests/support/gtest.h"
#include "tests/unit/formats/frame_builder.h"

namespace ringside::formats {
namespace {

using Bytes = std::vector<std::byte>;

const std::string kAddresses6 =
    "20010db8000000000000000000000001 20010db8000000000000000000000002 ";
/// TCP SYN 10.0.0.1:4096 -> 10.0.0.2:80 with MSS, window scale and timestamps, then "hi".
const std::string kTcpHeader =
    "1000 0050 00000001 00000000 a0 02 ffff 0000 0000 020405b4 01 030307 01 01 080a 00000001 "
    "00000000 ";

Bytes ipv4_frame(uint8_t protocol, const std::string& l4, const std::string& options = "") {
  const std::size_t option_bytes = from_hex(options).size();
  Bytes frame = from_hex(std::string(kEthernetIpv4) +
                         "45 00 0000 1234 4000 40 00 0000 0a000001 0a000002 " + options + l4);
  store_be<uint16_t>(&frame[16], static_cast<uint16_t>(frame.size() - 14));
  frame[14] = static_cast<std::byte>(0x45 + option_bytes / 4);
  frame[23] = std::byte{protocol};
  store_be(&frame[24], internet_checksum(ByteView(frame).subspan(14, 20 + option_bytes)));
  return frame;
}

Bytes ipv6_frame(uint8_t next_header, const std::string& rest) {
  Bytes frame = from_hex(std::string(kEthernetIpv6) + "60000000 0000 00 40 " + kAddresses6 + rest);
  store_be<uint16_t>(&frame[18], static_cast<uint16_t>(frame.size() - 54));
  frame[20] = std::byte{next_header};
  return frame;
}

/// Fills the transport checksum field at `offset` of the transport header.
void fill_checksum(Bytes& frame, std::size_t offset) {
  const ParsedFrame parsed = parse_frame(frame);
  const ByteView segment =
      ByteView(frame).subspan(parsed.l4_offset, parsed.l3_end - parsed.l4_offset);
  ChecksumSum sum;
  if (parsed.network == Network::kIpv4) {
    if (parsed.transport != Transport::kIcmpv4) {
      const auto ip = Ipv4View::parse(ByteView(frame).subspan(14));
      sum.add_pseudo_header(ip->source(), ip->destination(), parsed.ip_protocol,
                            static_cast<uint16_t>(segment.size()));
    }
  } else {
    const auto ip = Ipv6View::parse(ByteView(frame).subspan(14));
    sum.add_pseudo_header(ip->source(), ip->destination(), parsed.ip_protocol,
                          static_cast<uint32_t>(segment.size()));
  }
  sum.add(segment);
  store_be(&frame[parsed.l4_offset + offset], sum.checksum());
}

TEST(FrameParser, TcpOverIpv4) {
  Bytes frame = ipv4_frame(kProtocolTcp, kTcpHeader + "6869");
  fill_checksum(frame, TcpView::kChecksumOffset);
  frame.resize(frame.size() + 3);  // padding of the wire
  const ParsedFrame parsed = parse_frame(frame);
  EXPECT_EQ(parsed.defect, Defect::kNone) << describe(parsed.defect);
  EXPECT_EQ(parsed.network, Network::kIpv4);
  EXPECT_EQ(parsed.transport, Transport::kTcp);
  EXPECT_EQ(parsed.l3_offset, 14u);
  EXPECT_EQ(parsed.l4_offset, 34u);
  EXPECT_EQ(parsed.payload_offset, 74u);
  EXPECT_EQ(parsed.payload_end, 76u);
  EXPECT_EQ(parsed.l3_end, 76u);
  EXPECT_EQ(parsed.payload(frame)[0], std::byte{'h'});
  const auto report = verify_checksums(frame, parsed);
  EXPECT_EQ(report.ipv4_header, ChecksumVerdict::kGood);
  EXPECT_EQ(report.transport, ChecksumVerdict::kGood);

  const auto tcp = TcpView::parse(ByteView(frame).subspan(parsed.l4_offset));
  ASSERT_TRUE(tcp);
  EXPECT_EQ(tcp->source_port(), 4096);
  EXPECT_EQ(tcp->destination_port(), 80);
  EXPECT_EQ(tcp->sequence(), 1u);
  EXPECT_EQ(tcp->flags(), kTcpSyn);
  EXPECT_EQ(tcp->header_bytes(), 40u);
  const auto mss = tcp->option(kTcpOptionMss);
  ASSERT_TRUE(mss);
  EXPECT_EQ(load_be<uint16_t>(mss->data.data()), 1460);
  EXPECT_EQ(tcp->option(kTcpOptionTimestamps)->data.size(), 8u);
  EXPECT_FALSE(tcp->option(kTcpOptionSackPermitted));
}

TEST(FrameParser, EveryWrongByteOfASegmentIsABadChecksum) {
  Bytes frame = ipv4_frame(kProtocolTcp, kTcpHeader + "6869");
  fill_checksum(frame, TcpView::kChecksumOffset);
  for (std::size_t at = 34; at < frame.size(); ++at) {
    frame[at] ^= std::byte{0x04};
    const ParsedFrame parsed = parse_frame(frame);
    if (parsed.transport == Transport::kTcp) {
      EXPECT_EQ(verify_checksums(frame, parsed).transport, ChecksumVerdict::kBad) << at;
    }
    frame[at] ^= std::byte{0x04};
  }
}

TEST(FrameParser, Ipv4HeaderChecksum) {
  Bytes frame = ipv4_frame(kProtocolUdp, "0001 0002 0008 0000");
  EXPECT_EQ(verify_checksums(frame, parse_frame(frame)).ipv4_header, ChecksumVerdict::kGood);
  frame[22] ^= std::byte{1};  // TTL
  EXPECT_EQ(verify_checksums(frame, parse_frame(frame)).ipv4_header, ChecksumVerdict::kBad);
  EXPECT_TRUE(verify_checksums(frame, parse_frame(frame)).any_bad());
}

TEST(FrameParser, Ipv4OptionsAndFields) {
  Bytes frame = ipv4_frame(kProtocolUdp, "0001 0002 000a 0000 6869", "94040000 01010100");
  const ParsedFrame parsed = parse_frame(frame);
  EXPECT_TRUE(parsed.ok()) << describe(parsed.defect);
  EXPECT_EQ(parsed.l4_offset, 42u);
  const auto ip = Ipv4View::parse(ByteView(frame).subspan(14));
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->header_bytes(), 28u);
  EXPECT_EQ(ip->identification(), 0x1234);
  EXPECT_TRUE(ip->dont_fragment());
  EXPECT_FALSE(ip->is_fragment());
  EXPECT_EQ(ip->ttl(), 64);
  OptionCursor cursor = ip->options();
  Option option;
  ASSERT_TRUE(cursor.next(option));
  EXPECT_EQ(option.kind, 0x94);  // router alert, RFC 2113
  EXPECT_EQ(option.data.size(), 2u);
  for (int padding = 0; padding < 3; ++padding) {
    ASSERT_TRUE(cursor.next(option));
    EXPECT_EQ(option.kind, OptionCursor::kPadding);
  }
  EXPECT_FALSE(cursor.next(option));
  EXPECT_FALSE(cursor.malformed());
}

TEST(FrameParser, UdpChecksums) {
  Bytes frame = ipv4_frame(kProtocolUdp, "0001 0002 000a 0000 6869");
  EXPECT_EQ(verify_checksums(frame, parse_frame(frame)).transport, ChecksumVerdict::kAbsent);
  fill_checksum(frame, UdpView::kChecksumOffset);
  EXPECT_EQ(verify_checksums(frame, parse_frame(frame)).transport, ChecksumVerdict::kGood);
  frame[43] ^= std::byte{1};
  EXPECT_EQ(verify_checksums(frame, parse_frame(frame)).transport, ChecksumVerdict::kBad);

  // RFC 8200, section 8.1: over IPv6 a UDP checksum is not optional.
  Bytes six = ipv6_frame(kProtocolUdp, "0001 0002 000a 0000 6869");
  EXPECT_EQ(verify_checksums(six, parse_frame(six)).transport, ChecksumVerdict::kBad);
  fill_checksum(six, UdpView::kChecksumOffset);
  EXPECT_EQ(verify_checksums(six, parse_frame(six)).transport, ChecksumVerdict::kGood);
}

TEST(FrameParser, Icmp) {
  Bytes four = ipv4_frame(kProtocolIcmpv4, "08 00 0000 0001 0002 6162");
  fill_checksum(four, 2);
  ParsedFrame parsed = parse_frame(four);
  EXPECT_EQ(parsed.transport, Transport::kIcmpv4);
  EXPECT_EQ(parsed.payload_offset, 42u);
  EXPECT_EQ(verify_checksums(four, parsed).transport, ChecksumVerdict::kGood);
  const auto icmp = IcmpView::parse(ByteView(four).subspan(34));
  ASSERT_TRUE(icmp);
  EXPECT_EQ(icmp->type(), IcmpView::kV4EchoRequest);
  EXPECT_EQ(icmp->identifier(), 1);
  EXPECT_EQ(icmp->sequence(), 2);

  Bytes six = ipv6_frame(kProtocolIcmpv6, "80 00 0000 0001 0002 61");
  fill_checksum(six, 2);
  parsed = parse_frame(six);
  EXPECT_EQ(parsed.transport, Transport::kIcmpv6);
  EXPECT_EQ(verify_checksums(six, parsed).transport, ChecksumVerdict::kGood);
  // ICMPv6 inside IPv4 is just another protocol.
  EXPECT_EQ(parse_frame(ipv4_frame(kProtocolIcmpv6, "80 00 0000 0001 0002")).transport,
            Transport::kOther);
}

TEST(FrameParser, Arp) {
  const Bytes frame = from_hex(
      "ffffffffffff 02000000000a 0806 0001 0800 06 04 0001 02000000000a 0a000001 000000000000 "
      "0a000002 000000");
  const ParsedFrame parsed = parse_frame(frame);
  EXPECT_TRUE(parsed.ok());
  EXPECT_EQ(parsed.network, Network::kArp);
  EXPECT_EQ(parsed.l3_end, 42u);
  const auto arp = ArpView::parse(ByteView(frame).subspan(14));
  ASSERT_TRUE(arp);
  EXPECT_EQ(arp->operation(), ArpView::kRequest);
  EXPECT_EQ(format_ipv4(arp->sender_ip()), "10.0.0.1");
  EXPECT_EQ(format_ipv4(arp->target_ip()), "10.0.0.2");
  EXPECT_EQ(format_mac(arp->sender_mac()), "02:00:00:00:00:0a");
  EXPECT_EQ(arp->target_mac(), MacAddress{});
  EXPECT_EQ(parse_frame(ByteView(frame).first(41)).defect, Defect::kArpTruncated);
  EXPECT_FALSE(ArpView::parse(ByteView(frame).subspan(14, 27)));
}

TEST(FrameParser, VlanAndQinQ) {
  Bytes frame = ipv4_frame(kProtocolUdp, "0001 0002 0008 0000");
  const Bytes tags = from_hex("88a8 a064 8100 0fff");
  frame.insert(frame.begin() + 12, tags.begin(), tags.end());
  const ParsedFrame parsed = parse_frame(frame);
  EXPECT_TRUE(parsed.ok()) << describe(parsed.defect);
  ASSERT_EQ(parsed.vlan_tags, 2);
  EXPECT_EQ(parsed.vlan[0].tpid, kEtherTypeServiceVlan);
  EXPECT_EQ(parsed.vlan[0].vid(), 100);
  EXPECT_EQ(parsed.vlan[0].pcp(), 5);
  EXPECT_FALSE(parsed.vlan[0].dei());
  EXPECT_EQ(parsed.vlan[1].vid(), 4095);
  EXPECT_EQ(parsed.l3_offset, 22u);
  EXPECT_EQ(parsed.transport, Transport::kUdp);
  EXPECT_EQ(verify_checksums(frame, parsed).ipv4_header, ChecksumVerdict::kGood);
  EXPECT_EQ(parse_frame(ByteView(frame).first(20)).defect, Defect::kVlanTruncated);

  Bytes many = from_hex("02000000000b 02000000000a");
  for (int i = 0; i < 300; ++i) many.insert(many.end(), tags.begin(), tags.end());
  EXPECT_EQ(parse_frame(many).network, Network::kOther);
}

TEST(FrameParser, LlcFrame) {
  Bytes frame = from_hex("0180c2000000 02000000000a 0003 424203 0000");
  ParsedFrame parsed = parse_frame(frame);
  EXPECT_EQ(parsed.network, Network::kLlc);
  EXPECT_EQ(parsed.payload_end - parsed.payload_offset, 3u);
  EXPECT_TRUE(parsed.ok());
  frame[13] = std::byte{6};
  EXPECT_EQ(parse_frame(frame).defect, Defect::kLlcLength);
}

TEST(FrameParser, Ipv6ExtensionHeaders) {
  // Hop-by-hop, destination options, routing type 4 with one segment (left 0), AH of 12 bytes with
  // 4 bytes of padding, fragment header that is atomic, UDP.
  Bytes frame = ipv6_frame(kProtocolHopByHop,
                           "3c 00 010400000000 "
                           "2b 00 010400000000 "
                           "33 02 04 00 00000000 20010db8000000000000000000000002 "
                           "2c 02 0000 00000001 00000001 00000000 "
                           "11 00 0000 00000007 "
                           "0001 0002 000a 0000 6869");
  fill_checksum(frame, UdpView::kChecksumOffset);
  const ParsedFrame parsed = parse_frame(frame);
  EXPECT_TRUE(parsed.ok()) << describe(parsed.defect);
  EXPECT_EQ(parsed.ip_protocol, kProtocolUdp);
  EXPECT_FALSE(parsed.fragment) << "RFC 6946: an atomic fragment is a whole packet";
  EXPECT_EQ(parsed.l4_offset, 54u + 8 + 8 + 24 + 16 + 8);
  EXPECT_EQ(parsed.transport, Transport::kUdp);
  EXPECT_EQ(verify_checksums(frame, parsed).transport, ChecksumVerdict::kGood);

  const auto ip = Ipv6View::parse(ByteView(frame).subspan(14));
  ASSERT_TRUE(ip);
  Ipv6ExtensionCursor cursor(*ip);
  std::vector<unsigned> types;
  for (Ipv6Extension extension; cursor.next(extension);) types.push_back(extension.type);
  EXPECT_EQ(types, (std::vector<unsigned>{0, 60, 43, 51, 44}));
  EXPECT_EQ(cursor.end(), Ipv6ExtensionCursor::End::kUpperLayer);
}

TEST(FrameParser, RoutingHeaderNamesThePseudoHeadersDestination) {
  // RFC 8200, section 8.1: the final destination while segments are left.
  const std::string udp = "0001 0002 0008 ";
  ChecksumSum sum;
  sum.add_pseudo_header(*parse_ipv6("2001:db8::1"), *parse_ipv6("2001:db8::ff"), kProtocolUdp, 8);
  sum.add(from_hex(udp));
  char checksum[5];
  std::snprintf(checksum, sizeof checksum, "%04x", sum.checksum());
  const std::string rest = "20010db80000000000000000000000ff " + udp + checksum;
  for (const char* header :
       {"11 02 00 01 00000000", "11 02 02 01 00000000", "11 02 04 01 00000000"}) {
    const Bytes frame = ipv6_frame(kProtocolRouting, header + rest);
    EXPECT_EQ(verify_checksums(frame, parse_frame(frame)).transport, ChecksumVerdict::kGood)
        << header;
  }
  const Bytes unknown = ipv6_frame(kProtocolRouting, "11 02 63 01 00000000" + rest);
  EXPECT_EQ(verify_checksums(unknown, parse_frame(unknown)).transport, ChecksumVerdict::kAbsent);
  const Bytes arrived = ipv6_frame(kProtocolRouting, "11 02 00 00 00000000" + rest);
  EXPECT_EQ(verify_checksums(arrived, parse_frame(arrived)).transport, ChecksumVerdict::kBad);
}

TEST(FrameParser, OpenIpv4SourceRouteIsNotDecidable) {
  const std::string udp = "0001 0002 0008 1234";
  const Bytes open = ipv4_frame(kProtocolUdp, udp, "83 07 04 0a000003 00");
  EXPECT_EQ(verify_checksums(open, parse_frame(open)).transport, ChecksumVerdict::kAbsent);
  const Bytes used_up = ipv4_frame(kProtocolUdp, udp, "83 07 08 0a000003 00");
  EXPECT_EQ(verify_checksums(used_up, parse_frame(used_up)).transport, ChecksumVerdict::kBad);
}

TEST(FrameParser, Fragments) {
  Bytes first = ipv4_frame(kProtocolUdp, "0001 0002 0100 1234 6869");
  first[20] = std::byte{0x20};
  ParsedFrame parsed = parse_frame(first);
  EXPECT_TRUE(parsed.fragment);
  EXPECT_TRUE(parsed.ok()) << "a first fragment is shorter than its datagram";
  EXPECT_EQ(parsed.transport, Transport::kUdp);
  EXPECT_EQ(verify_checksums(first, parsed).transport, ChecksumVerdict::kAbsent);

  Bytes later = first;
  later[21] = std::byte{2};
  parsed = parse_frame(later);
  EXPECT_TRUE(parsed.fragment);
  EXPECT_EQ(parsed.transport, Transport::kNone);
  EXPECT_EQ(parsed.payload_offset, 34u);

  const Bytes six = ipv6_frame(kProtocolFragment, "11 00 0011 00000007 0001 0002");
  parsed = parse_frame(six);
  EXPECT_TRUE(parsed.fragment);
  EXPECT_EQ(parsed.transport, Transport::kNone);
  EXPECT_EQ(parsed.l4_offset, 62u);
}

TEST(FrameParser, EveryDefectIsNamed) {
  const auto defect_of = [](const Bytes& frame) { return parse_frame(frame).defect; };
  const auto with = [](Bytes frame, std::size_t at, unsigned value) {
    frame[at] = static_cast<std::byte>(value);
    return frame;
  };
  const Bytes udp = ipv4_frame(kProtocolUdp, "0001 0002 0008 0000");
  const Bytes tcp = ipv4_frame(kProtocolTcp, kTcpHeader);
  const Bytes six = ipv6_frame(kProtocolUdp, "0001 0002 0008 0000");
  EXPECT_EQ(defect_of({}), Defect::kEthernetTruncated);
  EXPECT_EQ(defect_of(Bytes(13)), Defect::kEthernetTruncated);
  EXPECT_EQ(defect_of(Bytes(udp.begin(), udp.begin() + 14)), Defect::kIpv4Truncated);
  EXPECT_EQ(defect_of(Bytes(udp.begin(), udp.begin() + 33)), Defect::kIpv4Truncated);
  EXPECT_EQ(defect_of(with(udp, 14, 0x65)), Defect::kIpv4Version);
  EXPECT_EQ(defect_of(with(udp, 14, 0x44)), Defect::kIpv4HeaderLength);
  EXPECT_EQ(defect_of(with(udp, 14, 0x4F)), Defect::kIpv4HeaderLength);
  EXPECT_EQ(defect_of(with(udp, 17, 19)), Defect::kIpv4TotalLength);
  EXPECT_EQ(defect_of(with(udp, 17, 29)), Defect::kIpv4TotalLength);
  EXPECT_EQ(defect_of(ipv4_frame(kProtocolUdp, "0001 0002 0008 0000", "83010000")),
            Defect::kIpv4Options);
  EXPECT_EQ(defect_of(ipv4_frame(kProtocolUdp, "0001 0002 0008 0000", "01010183")),
            Defect::kIpv4Options);
  EXPECT_EQ(defect_of(Bytes(six.begin(), six.begin() + 14)), Defect::kIpv6Truncated);
  EXPECT_EQ(defect_of(Bytes(six.begin(), six.begin() + 53)), Defect::kIpv6Truncated);
  EXPECT_EQ(defect_of(with(six, 14, 0x45)), Defect::kIpv6Version);
  EXPECT_EQ(defect_of(with(six, 19, 9)), Defect::kIpv6PayloadLength);
  EXPECT_EQ(defect_of(ipv6_frame(kProtocolHopByHop, "11 01 0000 00000000")),
            Defect::kIpv6ExtensionTruncated);
  EXPECT_EQ(defect_of(ipv6_frame(kProtocolHopByHop, "11 00 00")), Defect::kIpv6ExtensionTruncated);
  std::string chain;
  for (int i = 0; i < 17; ++i) chain += "3c 00 010400000000 ";
  EXPECT_EQ(defect_of(ipv6_frame(kProtocolDestinationOptions, chain)),
            Defect::kIpv6TooManyExtensions);
  EXPECT_EQ(defect_of(ipv4_frame(kProtocolTcp, "1000 0050")), Defect::kTcpTruncated);
  EXPECT_EQ(defect_of(with(tcp, 46, 0x40)), Defect::kTcpDataOffset);
  EXPECT_EQ(defect_of(with(tcp, 46, 0xB0)), Defect::kTcpDataOffset);
  EXPECT_EQ(defect_of(with(tcp, 55, 0)), Defect::kTcpOptions);
  EXPECT_EQ(defect_of(with(tcp, 55, 21)), Defect::kTcpOptions);
  EXPECT_EQ(defect_of(ipv4_frame(kProtocolUdp, "0001 0002 0008")), Defect::kUdpTruncated);
  EXPECT_EQ(defect_of(with(udp, 39, 7)), Defect::kUdpLength);
  EXPECT_EQ(defect_of(with(udp, 39, 9)), Defect::kUdpLength);
  EXPECT_EQ(defect_of(ipv4_frame(kProtocolIcmpv4, "08 00 0000")), Defect::kIcmpTruncated);
  for (unsigned i = 0; i <= static_cast<unsigned>(Defect::kIcmpTruncated); ++i) {
    EXPECT_NE(describe(static_cast<Defect>(i)), "unknown") << i;
  }
}

TEST(FrameParser, NoNextHeaderHasNoTransport) {
  const ParsedFrame parsed = parse_frame(ipv6_frame(kProtocolNoNextHeader, ""));
  EXPECT_TRUE(parsed.ok());
  EXPECT_EQ(parsed.transport, Transport::kNone);
}

}  // namespace
}  // namespace ringside::formats
