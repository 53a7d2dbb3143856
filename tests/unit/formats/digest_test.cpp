// SPDX-License-Identifier: Apache-2.0
// SHA-256 against FIPS 180-4's examples; XXH3-128 against the library's one-shot function.
#include "formats/digest.h"

#include <xxhash.h>

#include <random>
#include <string_view>
#include <vector>

#include "formats/hex.h"
#include "formats/sha256.h"
#include "tests/support/gtest.h"

namespace ringside::formats {
namespace {

ByteView view(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string one_shot(ByteView bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  return hex_digits(canonical.digest);
}

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(view("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(view("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, StreamsAndContinuesAfterADigest) {
  Sha256 hash;
  hash.update(view("a"));
  const std::string early = hash.hex();
  hash.update(view("bc"));
  EXPECT_EQ(early, sha256_hex(view("a")));
  EXPECT_EQ(hash.hex(), sha256_hex(view("abc")));
  Sha256 moved = std::move(hash);
  moved.update({});
  EXPECT_EQ(moved.hex(), sha256_hex(view("abc")));
}

TEST(StreamDigest, EqualsOneShotHoweverItIsCut) {
  std::mt19937_64 random(1);
  std::vector<std::byte> bytes(400000);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  for (const std::size_t largest : {7u, 100u, 65536u, 65537u, 200000u}) {
    StreamDigest digest;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = std::min<std::size_t>(random() % largest + 1, bytes.size() - at);
      digest.update(ByteView(bytes).subspan(at, size));
      at += size;
      if (random() % 1000 == 0) {
        ASSERT_EQ(digest.hex(), one_shot(ByteView(bytes).first(at)));
      }
    }
    EXPECT_EQ(digest.hex(), one_shot(bytes)) << largest;
  }
}

TEST(StreamDigest, FieldsAreTheirBytesAlsoWhereABlockIsFull) {
  StreamDigest digest(StreamDigest::kDirectBytes);
  std::vector<std::byte> bytes;
  for (uint64_t i = 0; i < 1000; ++i) {
    const auto field = static_cast<uint32_t>(~i);
    const auto odd = static_cast<uint8_t>(i);
    digest.update_fields(i, field, odd);
    for (const ByteView part :
         {std::as_bytes(std::span(&i, 1)), std::as_bytes(std::span(&field, 1)),
          std::as_bytes(std::span(&odd, 1))}) {
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
  }
  EXPECT_EQ(digest.hex(), one_shot(bytes));
}

TEST(StreamDigest, Empty) {
  // XXH3-128 of nothing, seed 0, as the xxHash specification publishes it.
  EXPECT_EQ(StreamDigest().hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(RunDigest, EveryFieldCounts) {
  const auto digest = [](uint64_t time, uint8_t kind, uint32_t source, std::string_view text) {
    RunDigest run;
    run.record(time, kind, source, view(text));
    return run.hex();
  };
  const std::string base = digest(1, 2, 3, "x");
  EXPECT_EQ(digest(1, 2, 3, "x"), base);
  EXPECT_NE(digest(2, 2, 3, "x"), base);
  EXPECT_NE(digest(1, 3, 3, "x"), base);
  EXPECT_NE(digest(1, 2, 4, "x"), base);
  EXPECT_NE(digest(1, 2, 3, "y"), base);
  EXPECT_NE(digest(1, 2, 3, ""), base);
}

TEST(RunDigest, OrderAndBoundariesCount) {
  RunDigest ab, ba, joined;
  ab.record(0, 0, 0, view("a"));
  ab.record(0, 0, 0, view("b"));
  ba.record(0, 0, 0, view("b"));
  ba.record(0, 0, 0, view("a"));
  joined.record(0, 0, 0, view("ab"));
  EXPECT_NE(ab.hex(), ba.hex());
  EXPECT_NE(ab.hex(), joined.hex());
  EXPECT_EQ(ab.records(), 2u);
}

TEST(RunDigest, FixedForever) {
  // The digest is compared between machines and versions; a change of it is a change of format.
  RunDigest run;
  for (uint32_t i = 0; i < 10000; ++i)
    run.record(uint64_t{i} * 1000, i % 5, i % 3, view("ringside"));
  EXPECT_EQ(run.hex(), "b09dc35267e9ee25139d00c33808017f");
}

}  // namespace
}  // namespace ringside::formats
