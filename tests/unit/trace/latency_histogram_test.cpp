// SPDX-License-Identifier: Apache-2.0
// Percentiles against sorted values.
#include "testbench/trace/latency_histogram.h"

#include <algorithm>
#include <vector>

#include "formats/random.h"
#include "tests/support/gtest.h"

namespace ringside::tb {
namespace {

/// The definition, over all values.
uint64_t exact(std::vector<uint64_t> values, unsigned percent) {
  std::sort(values.begin(), values.end());
  return values[(values.size() * percent + 99) / 100 - 1];
}

TEST(LatencyHistogram, OfNothingIsZero) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.min(), 0u);
  EXPECT_EQ(histogram.max(), 0u);
  EXPECT_EQ(histogram.percentile(50), 0u);
}

TEST(LatencyHistogram, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (uint64_t value = 0; value < 256; ++value) histogram.add(value);
  EXPECT_EQ(histogram.count(), 256u);
  EXPECT_EQ(histogram.min(), 0u);
  EXPECT_EQ(histogram.max(), 255u);
  for (unsigned percent = 1; percent <= 100; ++percent) {
    EXPECT_EQ(histogram.percentile(percent), (256 * percent + 99) / 100 - 1) << percent;
  }
}

TEST(LatencyHistogram, OneValueIsItself) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{12'345'678}, ~uint64_t{0}}) {
    LatencyHistogram histogram;
    histogram.add(value);
    for (const unsigned percent : {1u, 50u, 99u, 100u}) {
      EXPECT_EQ(histogram.percentile(percent), value);
    }
  }
}

TEST(LatencyHistogram, PercentilesAreWithinFourInAThousand) {
  SplitMix64 random(11);
  for (const unsigned bits : {10u, 20u, 37u, 64u}) {
    LatencyHistogram histogram;
    std::vector<uint64_t> values;
    for (int i = 0; i < 5000; ++i) {
      values.push_back(random.next() >> (64 - bits) >> (random.next() % 8));
      histogram.add(values.back());
    }
    for (const unsigned percent : {1u, 25u, 50u, 90u, 99u, 100u}) {
      const uint64_t wanted = exact(values, percent);
      const uint64_t got = histogram.percentile(percent);
      const uint64_t off = got > wanted ? got - wanted : wanted - got;
      EXPECT_LE(off, wanted / 250 + 1)
          << bits << " bits, " << percent << " %: " << got << " for " << wanted;
    }
    EXPECT_EQ(histogram.min(), *std::min_element(values.begin(), values.end()));
    EXPECT_EQ(histogram.max(), *std::max_element(values.begin(), values.end()));
  }
}

}  // namespace
}  // namespace ringside::tb
