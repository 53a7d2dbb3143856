// SPDX-License-Identifier: Apache-2.0
// The parser over public captures: mutated at random, and compared with what tshark says.
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <sstream>

#include "formats/address.h"
#include "formats/arp.h"
#include "formats/frame_parser.h"
#include "formats/icmp.h"
#include "formats/ipv4.h"
#include "formats/ipv6.h"
#include "formats/pcap_reader.h"
#include "formats/tcp.h"
#include "formats/udp.h"
#include "tests/support/gtest.h"
#include "tests/unit/formats/capture_files.h"

namespace ringside::formats {
namespace {

/// Everything that a view can give; the sanitizers see a read beyond the bytes, because the frame
/// is an allocation of exactly its size.
uint64_t touch(ByteView frame) {
  const ParsedFrame parsed = parse_frame(frame);
  EXPECT_LE(parsed.l3_offset, parsed.l3_end);
  EXPECT_LE(parsed.l3_end, frame.size());
  EXPECT_LE(parsed.l4_offset, frame.size());
  EXPECT_LE(parsed.payload_offset, parsed.payload_end);
  EXPECT_LE(parsed.payload_end, frame.size());
  uint64_t sum = verify_checksums(frame, parsed).any_bad();
  const ByteView l3 = frame.subspan(parsed.l3_offset);
  const ByteView l4 = frame.subspan(parsed.l4_offset);
  if (const auto arp = ArpView::parse(l3)) sum += arp->operation() + arp->target_ip().bytes[3];
  if (const auto ip = Ipv4View::parse(l3)) {
    OptionCursor cursor = ip->options();
    for (Option option; cursor.next(option);) sum += option.data.size();
    sum += ip->payload().size() + ip->checksum() + ip->destination().bytes[3];
  }
  if (const auto ip = Ipv6View::parse(l3)) {
    sum += ip->destination().bytes[15];
    Ipv6ExtensionCursor cursor(*ip);
    for (Ipv6Extension extension; cursor.next(extension);) {
      if (extension.type == kProtocolRouting) {
        sum += final_destination(extension.bytes).value_or(Ipv6Address{}).bytes[0];
      }
    }
  }
  if (const auto tcp = TcpView::parse(l4)) {
    sum += tcp->option(255).has_value() + tcp->urgent_pointer() + tcp->payload().size();
  }
  if (const auto udp = UdpView::parse(l4)) sum += udp->payload().size();
  if (const auto icmp = IcmpView::parse(l4)) sum += icmp->sequence() + icmp->payload().size();
  for (const std::byte byte : parsed.payload(frame)) sum += static_cast<uint64_t>(byte);
  return sum;
}

TEST(Captures, MutatedFramesNeverReadBeyondTheirBytes) {
  const auto files = capture_files();
  if (files.empty()) GTEST_SKIP() << kNoCaptures;
  constexpr uint64_t kSeed = 1;
  std::mt19937_64 random(kSeed);
  uint64_t frames = 0;
  uint64_t sum = 0;
  for (const std::string& path : files) {
    PcapReader reader;
    if (!reader.open_ethernet(path).ok()) continue;
    for (int count = 0; count < 60; ++count) {
      const auto packet = reader.next();
      if (!packet) break;
      for (int round = 0; round < 8; ++round) {
        const std::size_t size =
            round == 0 ? packet->bytes.size() : random() % (packet->bytes.size() + 1);
        const auto copy = std::make_unique<std::byte[]>(size);
        std::copy_n(packet->bytes.begin(), size, copy.get());
        // Headers sit in the first bytes: most mutations go there.
        for (uint64_t flips = round == 0 ? 0 : random() % 6; flips > 0 && size > 0; --flips) {
          const std::size_t reach = random() % 2 == 0 ? std::min<std::size_t>(size, 80) : size;
          copy[random() % reach] = static_cast<std::byte>(random());
        }
        sum += touch({copy.get(), size});
        ++frames;
      }
    }
  }
  EXPECT_GT(frames, 1000u) << "captures without frames, seed " << kSeed;
  EXPECT_GT(sum, 0u);
}

TEST(Captures, RandomBytesNeverReadBeyondTheirBytes) {
  std::mt19937_64 random(7);
  constexpr std::array<uint16_t, 5> kTypes{0x0800, 0x86DD, 0x0806, 0x8100, 0x0040};
  uint64_t sum = 0;
  for (int round = 0; round < 50000; ++round) {
    const std::size_t size = random() % 160;
    const auto bytes = std::make_unique<std::byte[]>(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(random());
    if (size > 24) {
      store_be(&bytes[12], kTypes[random() % kTypes.size()]);
      bytes[14] = static_cast<std::byte>(random() % 2 == 0 ? 0x45 + random() % 4 : 0x60);
      if (random() % 2 == 0)
        bytes[20] = static_cast<std::byte>(std::array{0, 43, 44, 51, 60}[random() % 5]);
    }
    sum += touch({bytes.get(), size});
  }
  EXPECT_GT(sum, 0u);
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == separator) {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  return fields;
}

/// tshark's opinion of a capture, one line a packet; empty where tshark is missing.
std::vector<std::string> tshark_lines(const std::string& path) {
  const std::string command =
      "tshark -r '" + path +
      "' -o ip.defragment:FALSE -o ipv6.defragment:FALSE -o ip.check_checksum:TRUE "
      "-o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -o "
      "tcp.relative_sequence_numbers:FALSE "
      "-T fields -E occurrence=f -E separator=/t "
      "-e frame.protocols -e eth.src -e ip.src -e ip.dst -e ip.checksum.status -e ipv6.src "
      "-e ipv6.dst -e tcp.srcport -e tcp.seq -e tcp.len -e tcp.checksum.status -e udp.srcport "
      "-e udp.length -e udp.checksum.status 2>/dev/null";
  std::vector<std::string> lines;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return lines;
  std::string text;
  std::array<char, 65536> block;
  for (std::size_t count; (count = std::fread(block.data(), 1, block.size(), pipe)) > 0;) {
    text.append(block.data(), count);
  }
  ::pclose(pipe);
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

enum Field { kProtocols, kEthSource, kIp4Source, kIp4Destination, kIp4Status, kIp6Source };
enum MoreFields { kIp6Destination = 6, kTcpPort, kTcpSequence, kTcpLength, kTcpStatus };
enum UdpFields { kUdpPort = 11, kUdpLength, kUdpStatus, kFields };

/// First network and first transport protocol in "eth:ethertype:ip:tcp:...".
std::pair<std::string, std::string> outer_protocols(const std::string& protocols) {
  const auto names = split(protocols, ':');
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != "ip" && names[i] != "ipv6" && names[i] != "arp") continue;
    std::size_t next = i + 1;
    while (next < names.size() && names[next].rfind("ipv6.", 0) == 0) ++next;
    return {names[i], next < names.size() ? names[next] : ""};
  }
  return {};
}

struct Comparison {
  uint64_t packets = 0, tcp = 0, udp = 0, checksums = 0;
};

void expect_status(const std::string& theirs, ChecksumVerdict ours, Comparison& comparison) {
  // tshark: 0 bad, 1 good; everything else is no opinion.
  if (theirs != "0" && theirs != "1") return;
  if (ours == ChecksumVerdict::kAbsent) return;
  EXPECT_EQ(ours == ChecksumVerdict::kGood, theirs == "1");
  ++comparison.checksums;
}

void compare(const CapturedPacket& packet, const std::vector<std::string>& fields,
             Comparison& comparison) {
  const ByteView frame = packet.bytes;
  // Other headers in front of the addresses (Cisco FabricPath) are not ours to know.
  if (fields[kProtocols].rfind("eth:ethertype", 0) != 0) return;
  const auto [network, transport] = outer_protocols(fields[kProtocols]);
  const ParsedFrame parsed = parse_frame(frame);
  const ChecksumReport report = verify_checksums(frame, parsed);
  const auto ethernet = EthernetView::parse(frame);
  if (ethernet && !fields[kEthSource].empty()) {
    EXPECT_EQ(format_mac(ethernet->source()), fields[kEthSource]);
  }
  ++comparison.packets;
  const ByteView l3 = frame.subspan(parsed.l3_offset);
  const ByteView l4 = frame.subspan(parsed.l4_offset, parsed.l3_end - parsed.l4_offset);
  if (parsed.network == Network::kIpv4) {
    EXPECT_EQ(network, "ip");
    const auto ip = Ipv4View::parse(l3);
    EXPECT_EQ(format_ipv4(ip->source()), fields[kIp4Source]);
    EXPECT_EQ(format_ipv4(ip->destination()), fields[kIp4Destination]);
    expect_status(fields[kIp4Status], report.ipv4_header, comparison);
  } else if (parsed.network == Network::kIpv6) {
    EXPECT_EQ(network, "ipv6");
    const auto ip = Ipv6View::parse(l3);
    EXPECT_EQ(format_ipv6(ip->source()), fields[kIp6Source]);
    EXPECT_EQ(format_ipv6(ip->destination()), fields[kIp6Destination]);
  } else if (network == "arp") {
    EXPECT_EQ(parsed.network, Network::kArp);
  }
  if (parsed.transport == Transport::kTcp) {
    EXPECT_EQ(transport, "tcp");
    const auto tcp = TcpView::parse(l4);
    EXPECT_EQ(std::to_string(tcp->source_port()), fields[kTcpPort]);
    EXPECT_EQ(std::to_string(tcp->sequence()), fields[kTcpSequence]);
    const bool whole =
        parsed.defect != Defect::kIpv4TotalLength && parsed.defect != Defect::kIpv6PayloadLength;
    if (whole && !fields[kTcpLength].empty()) {
      EXPECT_EQ(std::to_string(parsed.payload_end - parsed.payload_offset), fields[kTcpLength]);
    }
    expect_status(fields[kTcpStatus], report.transport, comparison);
    ++comparison.tcp;
  } else if (parsed.transport == Transport::kUdp) {
    EXPECT_TRUE(transport == "udp") << transport;
    const auto udp = UdpView::parse(l4);
    EXPECT_EQ(std::to_string(udp->source_port()), fields[kUdpPort]);
    EXPECT_EQ(std::to_string(udp->length()), fields[kUdpLength]);
    expect_status(fields[kUdpStatus], report.transport, comparison);
    ++comparison.udp;
  } else if (parsed.ok() && parsed.is_ip() && !parsed.fragment) {
    // What we did not find tshark did not find either.
    EXPECT_NE(transport, "tcp");
    EXPECT_NE(transport, "udp");
  }
}

TEST(Captures, AgreesWithTshark) {
  const auto files = capture_files();
  if (files.empty()) GTEST_SKIP() << kNoCaptures;
  if (std::system("tshark --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "tshark is missing";
  // A sample, because tshark takes most of a second for each; RINGSIDE_PCAP_STRIDE=1 takes all.
  const char* text = std::getenv("RINGSIDE_PCAP_STRIDE");
  const std::size_t stride = text == nullptr ? 25 : std::max(1, std::atoi(text));
  Comparison comparison;
  for (std::size_t i = 0; i < files.size(); i += stride) {
    PcapReader reader;
    if (!reader.open_ethernet(files[i]).ok()) continue;
    const auto lines = tshark_lines(files[i]);
    for (std::size_t number = 0; number < lines.size(); ++number) {
      const auto packet = reader.next();
      if (!packet) break;
      const auto fields = split(lines[number], '\t');
      ASSERT_EQ(fields.size(), std::size_t{kFields}) << files[i];
      SCOPED_TRACE(files[i] + " packet " + std::to_string(number + 1));
      compare(*packet, fields, comparison);
      if (::testing::Test::HasFailure()) return;
    }
  }
  EXPECT_GT(comparison.packets, 100u);
  EXPECT_GT(comparison.tcp, 0u);
  EXPECT_GT(comparison.udp, 0u);
  EXPECT_GT(comparison.checksums, 0u);
  std::printf("%lu packets agree (%lu TCP, %lu UDP, %lu checksums)\n", comparison.packets,
              comparison.tcp, comparison.udp, comparison.checksums);
}

}  // namespace
}  // namespace ringside::formats
