// SPDX-License-Identifier: Apache-2.0
// Suggestions are near, and messages stay on one line whatever is in them.
#include "testbench/scenario/suggest.h"

#include <string>
#include <vector>

#include "tests/support/gtest.h"

namespace ringside::tb {
namespace {

const std::vector<std::string> kWords = {"ring_size", "mtu", "mac", "host", "queue_size_max"};

TEST(Suggestion, FindsWhatWasMeant) {
  EXPECT_EQ(suggestion("ringsize", kWords), " (did you mean 'ring_size'?)");
  EXPECT_EQ(suggestion("rign_size", kWords), " (did you mean 'ring_size'?)");
  EXPECT_EQ(suggestion("RING_SIZE", kWords), " (did you mean 'ring_size'?)");
  EXPECT_EQ(suggestion("hosts", kWords), " (did you mean 'host'?)");
  EXPECT_EQ(suggestion("mtv", kWords), " (did you mean 'mtu'?)");
}

TEST(Suggestion, SaysNothingIfNothingIsNear) {
  EXPECT_EQ(suggestion("banana", kWords), "");
  EXPECT_EQ(suggestion("", kWords), "");
  EXPECT_EQ(suggestion("x", kWords), "");
  EXPECT_EQ(suggestion(std::string(10'000, 'm'), kWords), "");
  EXPECT_EQ(suggestion("mtu", {}), "");
}

TEST(Printable, KeepsAMessageOnOneLine) {
  EXPECT_EQ(printable("plain \u00B5s"), "plain \u00B5s");
  EXPECT_EQ(printable("a\nb\tc\r\x1b[2J\x7f"), "a\\nb\\tc\\x0d\\x1b[2J\\x7f");
  EXPECT_EQ(printable(std::string(200, 'x')), std::string(80, 'x') + "...");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  // Not cut inside a character.
  EXPECT_EQ(printable("ab\u00B5s", 3), "ab...");
}

TEST(JoinWords, ReadsLikeAList) {
  const std::vector<std::string> one = {"a"};
  const std::vector<std::string> three = {"a", "b", "c"};
  EXPECT_EQ(join_words({}), "");
  EXPECT_EQ(join_words(one), "a");
  EXPECT_EQ(join_words(three), "a, b and c");
  EXPECT_EQ(join_words(three, "or"), "a, b or c");
}

}  // namespace
}  // namespace ringside::tb
