// SPDX-License-Identifier: Apache-2.0
// Every bit of a frame, flipped: what it hits, and that checksums catch what is said to be caught;
// and that the account does not hold when one frame is missing. One simulation a process.
#include "testbench/run/altered_frames.h"

#include <string>
#include <vector>

#include "formats/frame_parser.h"
#include "hw_model/wire/impaired_link.h"
#include "tests/support/gtest.h"

namespace ringside::tb {
namespace {

using Bytes = std::vector<std::byte>;

constexpr MacAddress kStation = {0x02, 0, 0, 0, 0, 2};
constexpr std::size_t kEthernet = 14, kUdp = 8, kPayload = 5, kFrame = 80;

uint32_t sum_of(ByteView bytes) {
  uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += static_cast<uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  }
  return sum;
}

void put16(Bytes& bytes, std::size_t at, uint32_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8);
  bytes[at + 1] = static_cast<std::byte>(value);
}

void put_checksum(Bytes& bytes, std::size_t at, uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  put16(bytes, at, ~sum);
}

/// A datagram with checksums, in a frame with padding behind it.
Bytes udp_frame(bool ipv6) {
  Bytes frame(kFrame);
  for (std::size_t i = 0; i < 6; ++i) frame[i] = static_cast<std::byte>(kStation[i]);
  frame[6] = std::byte{2};
  put16(frame, 12, ipv6 ? 0x86DD : 0x0800);
  const std::size_t l4 = kEthernet + (ipv6 ? 40 : 20);
  std::size_t addresses = 0;
  if (ipv6) {
    put16(frame, 14, 0x6000);
    put16(frame, 18, kUdp + kPayload);
    put16(frame, 20, 17u << 8 | 64);
    addresses = 22;
    for (const std::size_t at : {22, 38}) put16(frame, at, 0xFD00);
    put16(frame, 36, 1);
    put16(frame, 52, 2);
  } else {
    put16(frame, 14, 0x4500);
    put16(frame, 16, 20 + kUdp + kPayload);
    put16(frame, 22, 64u << 8 | 17);
    addresses = 26;
    put16(frame, 26, 0x0A00);
    put16(frame, 28, 1);
    put16(frame, 30, 0x0A00);
    put16(frame, 32, 2);
    put_checksum(frame, 24, sum_of(ByteView(frame).subspan(14, 20)));
  }
  put16(frame, l4, 1000);
  put16(frame, l4 + 2, 7);
  put16(frame, l4 + 4, kUdp + kPayload);
  for (std::size_t i = 0; i < kPayload; ++i) frame[l4 + kUdp + i] = static_cast<std::byte>(i + 1);
  put_checksum(frame, l4 + 6,
               sum_of(ByteView(frame).subspan(addresses, l4 - addresses)) + 17 + kUdp + kPayload +
                   sum_of(ByteView(frame).subspan(l4, kUdp + kPayload)));
  return frame;
}

bool whole(ByteView frame) {
  const formats::ParsedFrame parsed = formats::parse_frame(frame);
  return parsed.ok() && !formats::verify_checksums(frame, parsed).any_bad();
}

TEST(AlteredFrames, EveryBitIsOfThePartThatItHits) {
  for (const bool ipv6 : {false, true}) {
    const Bytes sent = udp_frame(ipv6);
    ASSERT_TRUE(whole(sent));
    const std::size_t l4 = kEthernet + (ipv6 ? 40 : 20);
    std::array<unsigned, static_cast<std::size_t>(AlteredPart::kCount)> counts{};
    for (uint32_t bit = 0; bit < kFrame * 8; ++bit) {
      Bytes frame = sent;
      frame[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
      const AlteredPart part = altered_part(frame, bit);
      ++counts[static_cast<std::size_t>(part)];
      switch (part) {
        case AlteredPart::kAddresses:
        case AlteredPart::kPadding:
        case AlteredPart::kUnprotected:
          EXPECT_TRUE(whole(frame)) << bit;
          break;
        case AlteredPart::kTransport:
          EXPECT_FALSE(whole(frame)) << bit;
          break;
        case AlteredPart::kIpHeader:
          // Next header and length of IPv6 are known to be wrong by who gets the packet.
          EXPECT_TRUE(!whole(frame) || (ipv6 && bit / 8 >= 18 && bit / 8 <= 20)) << bit;
          break;
        default:
          break;
      }
    }
    const auto of = [&](AlteredPart part) { return counts[static_cast<std::size_t>(part)]; };
    EXPECT_EQ(of(AlteredPart::kAddresses), 96u);
    EXPECT_EQ(of(AlteredPart::kEtherType), 16u);
    EXPECT_EQ(of(AlteredPart::kTransport), (kUdp + kPayload) * 8);
    EXPECT_EQ(of(AlteredPart::kPadding), (kFrame - l4 - kUdp - kPayload) * 8);
    EXPECT_EQ(of(AlteredPart::kIpHeader), ipv6 ? 4 + 24u : 160u);
    EXPECT_EQ(of(AlteredPart::kUnprotected), ipv6 ? 28 + 8u : 0u);
    EXPECT_EQ(of(AlteredPart::kOther), ipv6 ? 256u : 0u);
  }
}

TEST(AlteredFrames, WithoutAChecksumNothingIsSaid) {
  Bytes frame = udp_frame(false);
  put16(frame, 40, 0);  // "not computed", RFC 768
  frame[45] ^= std::byte{1};
  EXPECT_EQ(altered_part(frame, 45 * 8), AlteredPart::kOther);
  frame = udp_frame(false);
  put16(frame, 12, 0x0806);  // ARP has none, RFC 826
  put16(frame, 14, 1);
  put16(frame, 16, 0x0800);
  put16(frame, 18, 0x0604);
  frame[30] ^= std::byte{1};
  EXPECT_EQ(altered_part(frame, 30 * 8), AlteredPart::kUnprotected);
}

struct Nobody : hw::EthernetReceiver {
  void receive_frame(const hw::FramePtr&, hw::TimePs, hw::TimePs) override {}
  void carrier_change(bool) override {}
};

TEST(AlteredFrames, TheAccountHoldsOnlyIfEveryFrameWasCaught) {
  hw::LinkFaults faults;
  faults.ways[0].corrupt = hw::kCertain;
  faults.ways[0].corruption = hw::Corruption::kSilent;
  hw::FramePool pool;
  hw::ImpairedLink link("link", {}, faults);
  Nobody nobody[2];
  for (unsigned end = 0; end < 2; ++end) link.end(end).attach(nobody[end]);
  AlteredFrames altered;
  altered.watch(link, 1, 1, kStation);
  struct Count : hw::LinkObserver {
    void frame_arrived(unsigned, const hw::Frame& frame, hw::TimePs, hw::TimePs) override {
      ++parts[static_cast<std::size_t>(altered_part(frame.bytes, frame.altered_bit))];
    }
    std::array<uint64_t, static_cast<std::size_t>(AlteredPart::kCount)> parts{};
  } count;
  link.observe(&count);
  sc_core::sc_spawn([&] {
    for (unsigned i = 0; i < 500; ++i) {
      hw::FramePtr frame = pool.make();
      frame->bytes = udp_frame(false);
      link.end(0).transmit(frame);
    }
  });
  sc_core::sc_start(1, sc_core::SC_MS);
  const std::vector<std::string> hosts = {"alice", "bob"};
  const CaughtFrames all = {count.parts[static_cast<std::size_t>(AlteredPart::kEtherType)],
                            count.parts[static_cast<std::size_t>(AlteredPart::kIpHeader)],
                            count.parts[static_cast<std::size_t>(AlteredPart::kTransport)], 0};
  ASSERT_GT(all.ether_type, 0u);
  CheckResult result = altered.check(hosts, {{}, all});
  EXPECT_TRUE(result.pass) << result.detail;
  EXPECT_TRUE(result.detail.starts_with("500 altered frames arrived: ")) << result.detail;
  for (const int missing : {0, 1, 2}) {
    for (const int by : {-1, 1}) {
      CaughtFrames other = all;
      (missing == 0   ? other.ether_type
       : missing == 1 ? other.ip_header
                      : other.transport) += static_cast<uint64_t>(by);
      result = altered.check(hosts, {{}, other});
      EXPECT_FALSE(result.pass) << missing << " " << by;
      EXPECT_TRUE(result.detail.starts_with("bob caught ")) << result.detail;
    }
  }
  CaughtFrames unread = all;
  unread.transport -= 3;
  EXPECT_FALSE(altered.check(hosts, {{}, unread}).pass);
  unread.unread = 3;  // the card had no room for them
  EXPECT_TRUE(altered.check(hosts, {{}, unread}).pass);
}

}  // namespace
}  // namespace ringside::tb
