// SPDX-License-Identifier: Apache-2.0
// The Internet checksum against RFC 1071's example, known headers, and the definition itself.
#include "formats/checksum.h"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "tests/support/gtest.h"

namespace ringside::formats {
namespace {

/// The definition (RFC 1071, section 1): 16-bit words with end-around carry, one at a time.
uint16_t by_definition(ByteView bytes) {
  uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    uint32_t word = static_cast<uint32_t>(bytes[i]) << 8;
    if (i + 1 < bytes.size()) word |= static_cast<uint32_t>(bytes[i + 1]);
    sum += word;
    if (sum > 0xFFFF) sum -= 0xFFFF;
  }
  return static_cast<uint16_t>(sum);
}

template <std::size_t N>
ByteView view(const std::array<uint8_t, N>& bytes) {
  return std::as_bytes(std::span(bytes));
}

std::vector<std::byte> random_bytes(std::mt19937_64& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

TEST(Checksum, Rfc1071Example) {
  // Section 3: 00 01 f2 03 f4 f5 f6 f7 sums to ddf2.
  const std::array<uint8_t, 8> bytes{0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7};
  ChecksumSum sum;
  sum.add(view(bytes));
  EXPECT_EQ(sum.folded(), 0xDDF2);
  EXPECT_EQ(internet_checksum(view(bytes)), 0x220D);
}

TEST(Checksum, Ipv4Header) {
  std::array<uint8_t, 20> header{0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                 0x00, 0x00, 0xC0, 0xA8, 0x00, 0x01, 0xC0, 0xA8, 0x00, 0xC7};
  EXPECT_EQ(internet_checksum(view(header)), 0xB861);
  header[10] = 0xB8;
  header[11] = 0x61;
  EXPECT_EQ(internet_checksum(view(header)), 0);
}

TEST(Checksum, EdgeValues) {
  EXPECT_EQ(internet_checksum({}), 0xFFFF);
  const std::vector<std::byte> ones(65535, std::byte{0xFF});
  for (std::size_t size = 2; size < 300; size += 2) {
    EXPECT_EQ(internet_checksum(ByteView(ones).first(size)), 0) << size;
  }
  EXPECT_EQ(internet_checksum(ones), static_cast<uint16_t>(~by_definition(ones)));
}

TEST(Checksum, EveryLengthAndAlignment) {
  std::mt19937_64 random(1);
  const auto bytes = random_bytes(random, 400);
  for (std::size_t from = 0; from < 16; ++from) {
    for (std::size_t size = 0; size + from <= 300; ++size) {
      const ByteView part = ByteView(bytes).subspan(from, size);
      ASSERT_EQ(internet_checksum(part), static_cast<uint16_t>(~by_definition(part))) << size;
    }
  }
}

TEST(Checksum, PiecesOfAnyLength) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 500; ++round) {
    const auto bytes = random_bytes(random, random() % 3000);
    ChecksumSum sum;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = std::min<std::size_t>(random() % 70, bytes.size() - at);
      sum.add(ByteView(bytes).subspan(at, size));
      at += size;
    }
    ASSERT_EQ(sum.folded(), by_definition(bytes)) << "round " << round;
  }
}

TEST(Checksum, PseudoHeaders) {
  // A UDP datagram "hi" from 10.0.0.1:1 to 10.0.0.2:2, summed as RFC 768 lays it out.
  const std::array<uint8_t, 10> datagram{0, 1, 0, 2, 0, 10, 0, 0, 'h', 'i'};
  const std::array<uint8_t, 12> pseudo4{10, 0, 0, 1, 10, 0, 0, 2, 0, 17, 0, 10};
  ChecksumSum expected4;
  expected4.add(view(pseudo4));
  expected4.add(view(datagram));
  ChecksumSum sum4;
  sum4.add_pseudo_header(Ipv4Address{{10, 0, 0, 1}}, Ipv4Address{{10, 0, 0, 2}}, 17, 10);
  sum4.add(view(datagram));
  EXPECT_EQ(sum4.checksum(), expected4.checksum());

  // RFC 8200, section 8.1: 32-bit length, three zero bytes, next header.
  const Ipv6Address source = *parse_ipv6("2001:db8::1");
  const Ipv6Address destination = *parse_ipv6("ff02::fb");
  const std::array<uint8_t, 8> rest{0, 1, 0x86, 0xA0, 0, 0, 0, 58};
  ChecksumSum expected6;
  expected6.add(view(source.bytes));
  expected6.add(view(destination.bytes));
  expected6.add(view(rest));
  ChecksumSum sum6;
  sum6.add_pseudo_header(source, destination, 58, 100000);
  EXPECT_EQ(sum6.folded(), expected6.folded());
}

TEST(Checksum, WordsCountAsEvenAfterAnOddPiece) {
  const std::array<uint8_t, 3> odd{1, 2, 3};
  ChecksumSum sum;
  sum.add(view(odd));
  sum.add_word(0x1000);
  EXPECT_EQ(sum.folded(), 0x0102 + 0x0300 + 0x1000);
}

TEST(Checksum, SeesEveryFlippedBit) {
  std::mt19937_64 random(3);
  auto bytes = random_bytes(random, 65);
  const uint16_t before = internet_checksum(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    ASSERT_NE(internet_checksum(bytes), before) << bit;
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
  }
}

}  // namespace
}  // namespace ringside::formats
