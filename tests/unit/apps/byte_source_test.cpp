// SPDX-License-Identifier: Apache-2.0
// The bytes of flows and their hash, which must not depend on how they are read.
#include "testbench/apps/byte_source.h"

#include <algorithm>
#include <vector>

#include "formats/sha256.h"
#include "testbench/apps/async_sha256.h"
#include "tests/support/gtest.h"

namespace ringside::tb {
namespace {

constexpr uint64_t kBytes = 300'001;  // several blocks, no whole number of words

std::vector<std::byte> whole(const ByteSource& source) {
  std::vector<std::byte> bytes(source.size());
  source.read(0, bytes);
  return bytes;
}

TEST(ByteSource, AnyPieceIsThatOfTheWhole) {
  for (const uint64_t size : {uint64_t{5}, uint64_t{1000}, kBytes}) {
    const ByteSource source = ByteSource::seeded(7, size);
    const std::vector<std::byte> expected = whole(source);
    for (uint64_t offset = 0; offset < size; offset += 1 + offset / 3) {
      for (const uint64_t length : {uint64_t{1}, uint64_t{7}, uint64_t{64}, uint64_t{70'000}}) {
        std::vector<std::byte> piece(std::min(length, size - offset));
        const ByteView got = source.read(offset, piece);
        ASSERT_TRUE(std::equal(got.begin(), got.end(), expected.begin() + offset))
            << size << " " << offset << " " << length;
      }
    }
  }
}

TEST(ByteSource, SeedAndPlaceDecide) {
  EXPECT_EQ(whole(ByteSource::seeded(1, kBytes)), whole(ByteSource::seeded(1, kBytes)));
  EXPECT_NE(whole(ByteSource::seeded(1, kBytes)), whole(ByteSource::seeded(2, kBytes)));
  // No stretch of it stands anywhere else: a piece that lands in the wrong place is seen.
  const std::vector<std::byte> bytes = whole(ByteSource::seeded(3, kBytes));
  for (const std::size_t place : {std::size_t{0}, std::size_t{65'536}, std::size_t{131'072 + 40}}) {
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(place);
    const auto found = std::search(bytes.begin(), bytes.end(), begin, begin + 16);
    EXPECT_EQ(found, begin);
    EXPECT_EQ(std::search(found + 1, bytes.end(), begin, begin + 16), bytes.end());
  }
}

TEST(ByteSource, FileThatDoesNotExistIsNamed) {
  ByteSource source;
  EXPECT_NE(ByteSource::open("/nowhere/at/all", &source).error.find("/nowhere/at/all"),
            std::string::npos);
}

TEST(AsyncSha256, IsThatOfTheBytesHoweverTheyCome) {
  const ByteSource source = ByteSource::seeded(9, 5'000'000);
  const std::vector<std::byte> bytes = whole(source);
  AsyncSha256 pieces;
  for (std::size_t offset = 0; offset < bytes.size();) {
    const std::size_t piece = std::min<std::size_t>(1 + offset % 9973, bytes.size() - offset);
    pieces.update(ByteView(bytes).subspan(offset, piece));
    offset += piece;
  }
  EXPECT_EQ(pieces.finish(), formats::sha256_hex(bytes));
  EXPECT_EQ(SourceSha256(source).finish(), formats::sha256_hex(bytes));
  EXPECT_EQ(AsyncSha256().finish(), formats::sha256_hex({}));
}

}  // namespace
}  // namespace ringside::tb
