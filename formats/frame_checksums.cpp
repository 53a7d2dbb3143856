// SPDX-License-Identifier: Apache-2.0
// verify_checksums: the checksums of a parsed frame, computed again.
#include "formats/checksum.h"
#include "formats/frame_parser.h"
#include "formats/ipv4.h"
#include "formats/ipv6.h"
#include "formats/udp.h"

namespace ringside::formats {
namespace {

ChecksumVerdict verdict(const ChecksumSum& sum) {
  return sum.folded() == 0xFFFF ? ChecksumVerdict::kGood : ChecksumVerdict::kBad;
}

/// A source route that is not used up: the pseudo header has its last address, which is not in the
/// header's destination field.
bool has_open_source_route(const Ipv4View& ip) {
  OptionCursor cursor = ip.options();
  for (Option option; cursor.next(option);) {
    const bool route =
        option.kind == Ipv4View::kOptionLooseRoute || option.kind == Ipv4View::kOptionStrictRoute;
    // The pointer counts from 1 at the option's kind; beyond the length means used up.
    if (route && (option.data.empty() || load_u8(option.data.data()) <= option.data.size() + 2)) {
      return true;
    }
  }
  return false;
}

/// Adds the pseudo header; false if its addresses are not known.
bool add_pseudo_header(ChecksumSum& sum, ByteView packet, const ParsedFrame& parsed,
                       uint32_t length) {
  if (parsed.network == Network::kIpv4) {
    const auto ip = Ipv4View::parse(packet);
    if (!ip || has_open_source_route(*ip)) return false;
    sum.add_pseudo_header(ip->source(), ip->destination(), parsed.ip_protocol,
                          static_cast<uint16_t>(length));
    return true;
  }
  const auto ip = Ipv6View::parse(packet);
  if (!ip) return false;
  Ipv6Address destination = ip->destination();
  Ipv6ExtensionCursor cursor(*ip);
  for (Ipv6Extension extension; cursor.next(extension);) {
    if (extension.type != kProtocolRouting || segments_left(extension.bytes) == 0) continue;
    const auto final = final_destination(extension.bytes);
    if (!final) return false;
    destination = *final;
  }
  sum.add_pseudo_header(ip->source(), destination, parsed.ip_protocol, length);
  return true;
}

ChecksumVerdict verify_transport(ByteView packet, ByteView segment, const ParsedFrame& parsed) {
  ChecksumSum sum;
  if (parsed.transport == Transport::kIcmpv4) {
    sum.add(segment);
    return verdict(sum);
  }
  if (parsed.transport == Transport::kUdp) {
    const auto udp = UdpView::parse(segment);
    if (!udp || udp->length() < UdpView::kBytes || udp->length() > segment.size()) {
      return ChecksumVerdict::kAbsent;
    }
    if (udp->checksum() == 0) {
      return parsed.network == Network::kIpv4 ? ChecksumVerdict::kAbsent : ChecksumVerdict::kBad;
    }
    segment = segment.first(udp->length());
  }
  if (!add_pseudo_header(sum, packet, parsed, static_cast<uint32_t>(segment.size()))) {
    return ChecksumVerdict::kAbsent;
  }
  sum.add(segment);
  return verdict(sum);
}

}  // namespace

ChecksumReport verify_checksums(ByteView frame, const ParsedFrame& parsed) {
  ChecksumReport report;
  if (!parsed.is_ip()) return report;
  const ByteView packet = frame.subspan(parsed.l3_offset);
  if (parsed.network == Network::kIpv4) {
    if (const auto ip = Ipv4View::parse(packet)) {
      ChecksumSum sum;
      sum.add(ip->header());
      report.ipv4_header = verdict(sum);
    }
  }
  const bool cut = parsed.defect == Defect::kIpv4TotalLength ||
                   parsed.defect == Defect::kIpv6PayloadLength || parsed.fragment;
  const bool known = parsed.transport != Transport::kNone && parsed.transport != Transport::kOther;
  if (known && !cut) {
    report.transport = verify_transport(
        packet, frame.subspan(parsed.l4_offset, parsed.l3_end - parsed.l4_offset), parsed);
  }
  return report;
}

}  // namespace ringside::formats
