// SPDX-License-Identifier: Apache-2.0
// See altered_frames.h.
#include "testbench/run/altered_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "formats/frame_parser.h"

namespace ringside::tb {

namespace {

using formats::Network;
using formats::Transport;

constexpr uint32_t kAddressBytes = 12;

AlteredPart ipv6_header_part(uint32_t offset, uint32_t bit) {
  // Version 4 bits, traffic class 8, flow label 20; length, next header, hop limit; RFC 8200 3.
  if (offset == 0) return bit % 8 >= 4 ? AlteredPart::kIpHeader : AlteredPart::kUnprotected;
  if (offset < 4 || offset == 7) return AlteredPart::kUnprotected;
  return offset < 7 ? AlteredPart::kIpHeader : AlteredPart::kOther;
}

}  // namespace

std::string_view name_of(AlteredPart part) {
  switch (part) {
    case AlteredPart::kAddresses:
      return "Ethernet addresses";
    case AlteredPart::kPadding:
      return "padding";
    case AlteredPart::kUnprotected:
      return "headers without checksum";
    case AlteredPart::kEtherType:
      return "the Ethernet type";
    case AlteredPart::kIpHeader:
      return "the IP header";
    case AlteredPart::kTransport:
      return "TCP or UDP";
    default:
      return "fragments, ICMP or IPv6 addresses";
  }
}

AlteredPart altered_part(ByteView frame, uint32_t bit) {
  std::vector<std::byte> sent(frame.begin(), frame.end());
  sent[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
  const formats::ParsedFrame parsed = formats::parse_frame(sent);
  const uint32_t byte = bit / 8;
  if (byte < kAddressBytes) return AlteredPart::kAddresses;
  if (byte < parsed.l3_offset) return AlteredPart::kEtherType;
  if (byte >= parsed.l3_end) return AlteredPart::kPadding;
  if (!parsed.is_ip()) return AlteredPart::kUnprotected;
  if (byte < parsed.l4_offset) {
    return parsed.network == Network::kIpv4 ? AlteredPart::kIpHeader
                                            : ipv6_header_part(byte - parsed.l3_offset, bit);
  }
  if (parsed.fragment) return AlteredPart::kOther;
  const bool summed =
      formats::verify_checksums(sent, parsed).transport == formats::ChecksumVerdict::kGood;
  if (!summed) return AlteredPart::kOther;
  return parsed.transport == Transport::kTcp || parsed.transport == Transport::kUdp
             ? AlteredPart::kTransport
             : AlteredPart::kOther;
}

class AlteredFrames::Watch final : public hw::LinkObserver {
 public:
  Watch(AlteredFrames& owner, unsigned end, std::size_t host, const MacAddress& mac)
      : owner_(owner), end_(end), host_(host), mac_(mac) {}
  void frame_arrived(unsigned end, const hw::Frame& frame, hw::TimePs, hw::TimePs) override {
    if (!frame.altered || end != end_) return;
    Arrived& arrived = owner_.arrived(host_);
    if (!frame.fcs_ok) {
      ++arrived.damaged;
      return;
    }
    const AlteredPart part = altered_part(frame.bytes, frame.altered_bit);
    const bool group = (static_cast<uint8_t>(frame.bytes[0]) & 1) != 0;
    const bool here = group || std::memcmp(frame.bytes.data(), mac_.data(), mac_.size()) == 0;
    if (here || part == AlteredPart::kAddresses) {
      ++arrived.parts[static_cast<std::size_t>(part)];
    } else {
      ++arrived.elsewhere;
    }
  }

 private:
  AlteredFrames& owner_;
  unsigned end_;
  std::size_t host_;
  MacAddress mac_;
};

AlteredFrames::AlteredFrames() = default;
AlteredFrames::~AlteredFrames() = default;

void AlteredFrames::watch(hw::Link& link, unsigned end, std::size_t host, const MacAddress& mac) {
  watches_.push_back(std::make_unique<Watch>(*this, end, host, mac));
  link.observe(watches_.back().get());
}

AlteredFrames::Arrived& AlteredFrames::arrived(std::size_t host) {
  if (host >= arrived_.size()) arrived_.resize(host + 1);
  return arrived_[host];
}

CheckResult AlteredFrames::check(const std::vector<std::string>& hosts,
                                 const std::vector<CaughtFrames>& caught) const {
  CheckResult result{"silent corruption accounted for", true, {}};
  Parts sum{};
  uint64_t total = 0, elsewhere = 0, damaged = 0, unread = 0;
  std::string wrong;
  for (std::size_t host = 0; host < caught.size(); ++host) {
    const Arrived arrived = host < arrived_.size() ? arrived_[host] : Arrived{};
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += arrived.parts[i];
      total += arrived.parts[i];
    }
    elsewhere += arrived.elsewhere;
    damaged += arrived.damaged;
    unread += caught[host].unread;
    const auto of = [&](AlteredPart part) { return arrived.parts[static_cast<std::size_t>(part)]; };
    // What was dropped unread may have been one of them; what is flooded may be looked at.
    const auto fits = [&](uint64_t expected, uint64_t seen, uint64_t more, const char* where) {
      if (seen + caught[host].unread >= expected && seen <= expected + more) return;
      if (!wrong.empty()) wrong += "; ";
      wrong += fmt::format("{} caught {} of {} hits in {}", hosts[host], seen, expected, where);
    };
    fits(of(AlteredPart::kEtherType), caught[host].ether_type,
         of(AlteredPart::kUnprotected) + arrived.elsewhere, "the Ethernet type");
    // A wrong length of an IPv6 packet may be found by the sum of what is in it.
    fits(of(AlteredPart::kIpHeader) + of(AlteredPart::kTransport),
         caught[host].ip_header + caught[host].transport,
         of(AlteredPart::kOther) + arrived.elsewhere, "IP headers, TCP and UDP");
  }
  result.pass = wrong.empty();
  for (std::size_t i = 0; i < sum.size(); ++i) {
    if (sum[i] == 0) continue;
    result.detail += fmt::format("{}{} in {}", result.detail.empty() ? "" : ", ", sum[i],
                                 name_of(static_cast<AlteredPart>(i)));
  }
  result.detail = fmt::format("{} altered frames arrived{}{}", total,
                              result.detail.empty() ? "" : ": ", result.detail);
  if (elsewhere != 0) result.detail += fmt::format("; {} flooded ones for others", elsewhere);
  if (damaged != 0) result.detail += fmt::format("; {} with a wrong FCS besides", damaged);
  if (unread != 0) result.detail += fmt::format("; {} frames were dropped unread", unread);
  if (!wrong.empty()) result.detail = wrong + " (" + result.detail + ")";
  return result;
}

}  // namespace ringside::tb
