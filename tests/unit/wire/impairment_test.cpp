// SPDX-License-Identifier: Apache-2.0
// What becomes of frames: every count within its exact binomial bounds, times to the picosecond,
// the same for the same seed, and no impairment moving the choices of another.
#include <algorithm>
#include <string>
#include <vector>

#include "hw_model/wire/impairment.h"
#include "tests/support/gtest.h"
#include "tests/unit/wire/binomial.h"

namespace ringside::hw {
namespace {

constexpr uint64_t kFrames = 200'000;
constexpr uint64_t kPercent = kCertain / 100;
constexpr TimePs kSpacingPs = 1'000'000;

void expect_binomial(uint64_t count, uint64_t trials, double probability, const char* what) {
  const auto [low, high] = test::binomial_bounds(trials, probability);
  EXPECT_GE(count, low) << what;
  EXPECT_LE(count, high) << what;
}

std::vector<Fate> fates(const ImpairmentConfig& config, uint64_t frames = kFrames) {
  Impairment impairment(config);
  std::vector<Fate> list;
  for (uint64_t i = 0; i < frames; ++i) list.push_back(impairment.next(1000, i * kSpacingPs));
  return list;
}

template <typename Predicate>
uint64_t count(const std::vector<Fate>& list, Predicate predicate) {
  return static_cast<uint64_t>(std::count_if(list.begin(), list.end(), predicate));
}

TEST(Impairment, WithoutAnyLeavesFramesAlone) {
  EXPECT_FALSE(ImpairmentConfig{}.active());
  for (uint64_t i = 0; const Fate& fate : fates({}, 1000)) {
    EXPECT_FALSE(fate.lost || fate.damaged || fate.altered || fate.held_back || fate.copy_ps);
    EXPECT_EQ(fate.end_ps, i++ * kSpacingPs);
  }
}

TEST(Impairment, CountsStayInTheirBinomialBounds) {
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    for (const uint64_t per_mille : {1, 20, 500}) {
      const uint64_t chance = per_mille * (kCertain / 1000);
      const double p = static_cast<double>(per_mille) / 1000;
      ImpairmentConfig config;
      config.loss = config.corrupt = config.reorder = config.duplicate = chance;
      config.seed = seed;
      config.corruption = seed % 2 == 0 ? Corruption::kFcs : Corruption::kSilent;
      Impairment impairment(config);
      for (uint64_t i = 0; i < kFrames; ++i) impairment.next(1000, i * kSpacingPs);
      const ImpairmentCounters& counters = impairment.counters();
      expect_binomial(counters.drop_loss, kFrames, p, "loss");
      // The others are of frames that were not lost.
      const uint64_t left = kFrames - counters.drop_loss;
      expect_binomial(seed % 2 == 0 ? counters.damaged : counters.altered, left, p, "corrupt");
      EXPECT_EQ(seed % 2 == 0 ? counters.altered : counters.damaged, 0u);
      expect_binomial(counters.reordered, left, p, "reorder");
      expect_binomial(counters.duplicated, left, p, "duplicate");
    }
  }
}

TEST(Impairment, BoundsCatchAProbabilityThatIsOnePerCentOff) {
  const auto [low, high] = test::binomial_bounds(kFrames, 0.5);
  EXPECT_GT(kFrames * 505 / 1000, kFrames / 2);
  EXPECT_LT(high, kFrames * 506 / 1000);
  EXPECT_GT(low, kFrames * 494 / 1000);
}

TEST(Impairment, CertaintyAndImpossibilityAreExact) {
  ImpairmentConfig config;
  config.loss = kCertain;
  EXPECT_EQ(count(fates(config), [](const Fate& fate) { return fate.lost; }), kFrames);
  config.loss = 0;
  config.duplicate = kCertain;
  config.duplicate_delay_ps = 77;
  for (uint64_t i = 0; const Fate& fate : fates(config)) {
    EXPECT_EQ(fate.copy_ps, i++ * kSpacingPs + 77);
  }
}

TEST(Impairment, BurstsBeginAndLastAsGilbertAndElliottSay) {
  for (const uint64_t length : {1, 4, 25}) {
    ImpairmentConfig config;
    config.burst = kPercent;
    config.burst_frames = length;
    config.seed = length;
    Impairment impairment(config);
    uint64_t inside = 0, run = 0, longest = 0;
    for (uint64_t i = 0; i < kFrames; ++i) {
      const bool lost = impairment.next(1000, i * kSpacingPs).lost;
      inside += lost ? 1 : 0;
      run = lost ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    const uint64_t bursts = impairment.counters().bursts;
    EXPECT_EQ(impairment.counters().drop_burst, inside);
    // Every frame outside may begin one.
    expect_binomial(bursts, kFrames - inside + bursts, 0.01, "bursts");
    // Every frame inside ends its burst with 1 / length.
    if (length == 1) {
      EXPECT_EQ(inside, bursts);
    } else {
      expect_binomial(bursts, inside, 1.0 / static_cast<double>(length), "ends of bursts");
      EXPECT_GT(longest, length);
    }
  }
}

TEST(Impairment, BurstsMayLetFramesThrough) {
  ImpairmentConfig config;
  config.burst = kPercent;
  config.burst_frames = 10;
  config.burst_loss = 25 * kPercent;
  Impairment half(config);
  config.burst_loss = kCertain;
  Impairment whole(config);  // the same bursts
  uint64_t lost = 0, inside = 0;
  for (uint64_t i = 0; i < kFrames; ++i) {
    const bool in_burst = whole.next(1000, i * kSpacingPs).lost;
    const bool gone = half.next(1000, i * kSpacingPs).lost;
    EXPECT_TRUE(in_burst || !gone);
    inside += in_burst ? 1 : 0;
    lost += gone ? 1 : 0;
  }
  expect_binomial(lost, inside, 0.25, "loss in bursts");
}

TEST(Impairment, JitterIsBoundedInOrderAndOfItsShape) {
  for (const JitterShape shape : {JitterShape::kUniform, JitterShape::kTriangular}) {
    ImpairmentConfig config;
    config.jitter_ps = 999'999;  // less than the spacing: no frame waits for another
    config.jitter_shape = shape;
    config.seed = 3;
    uint64_t below[4] = {};
    uint64_t i = 0;
    for (const Fate& fate : fates(config)) {
      const TimePs late = fate.end_ps - i++ * kSpacingPs;
      ASSERT_LE(late, config.jitter_ps);
      for (unsigned quarter = 0; quarter < 4; ++quarter) {
        if (late < (quarter + 1) * 250'000) ++below[quarter];
      }
    }
    const bool uniform = shape == JitterShape::kUniform;
    expect_binomial(below[0], kFrames, uniform ? 0.25 : 0.125, "first quarter");
    expect_binomial(below[1], kFrames, 0.5, "first half");
    expect_binomial(below[2], kFrames, uniform ? 0.75 : 0.875, "three quarters");
    EXPECT_EQ(below[3], kFrames);
  }
  ImpairmentConfig config;
  config.jitter_ps = 50 * kSpacingPs;
  TimePs last = 0;
  for (const Fate& fate : fates(config)) {
    ASSERT_GE(fate.end_ps, last);
    last = fate.end_ps;
  }
}

TEST(Impairment, ASlowerStretchTakesItsTimeAndHoldsItsQueue) {
  ImpairmentConfig config;
  config.rate_bps = 8'000'000'000;  // 1000 bytes in 1 us
  config.rate_queue_bytes = 3000;
  Impairment impairment(config);
  EXPECT_EQ(impairment.next(1000, 0).end_ps, 1'000'000u);
  EXPECT_EQ(impairment.next(500, 100'000).end_ps, 1'500'000u);
  EXPECT_EQ(impairment.next(1000, 100'000).end_ps, 2'500'000u);
  EXPECT_TRUE(impairment.next(1000, 100'000).lost);  // 2400 bytes wait
  EXPECT_EQ(impairment.next(600, 100'000).end_ps, 3'100'000u);
  EXPECT_EQ(impairment.next(1000, 9'000'000).end_ps, 10'000'000u);  // idle again
  EXPECT_EQ(impairment.counters().drop_rate, 1u);
}

TEST(Impairment, FlipsOneBitSilentlyAndUpToEightOtherwise) {
  Impairment impairment({});
  std::vector<uint64_t> hits(64 * 8);
  for (uint64_t i = 0; i < kFrames; ++i) {
    std::vector<std::byte> bytes(64);
    const uint32_t bit = impairment.flip(bytes, /*silent=*/true);
    ASSERT_LT(bit, 512u);
    ++hits[bit];
    EXPECT_EQ(bytes[bit / 8], static_cast<std::byte>(1u << bit % 8));
    bytes[bit / 8] = std::byte{0};
    EXPECT_EQ(bytes, std::vector<std::byte>(64));
  }
  for (const uint64_t hit : hits) expect_binomial(hit, kFrames, 1.0 / 512, "bit");
  for (unsigned i = 0; i < 1000; ++i) {
    std::vector<std::byte> bytes(1500);
    impairment.flip(bytes, /*silent=*/false);
    int flipped = 0;
    for (const std::byte byte : bytes) flipped += __builtin_popcount(static_cast<unsigned>(byte));
    EXPECT_LE(flipped, 8);
    EXPECT_GE(flipped, 0);
  }
}

TEST(Impairment, OneSeedGivesOneFateAndAnotherGivesAnother) {
  ImpairmentConfig config;
  config.loss = config.corrupt = config.reorder = config.duplicate = 10 * kPercent;
  config.burst = kPercent;
  config.jitter_ps = 1000;
  const auto text = [&] {
    std::string list;
    for (const Fate& fate : fates(config, 2000)) {
      list += std::to_string(fate.end_ps) + (fate.lost ? "l" : "") + (fate.damaged ? "d" : "") +
              (fate.held_back ? "h" : "") + (fate.copy_ps ? "2" : "") + " ";
    }
    return list;
  };
  const std::string first = text();
  EXPECT_EQ(text(), first);
  config.seed = 1;
  EXPECT_NE(text(), first);
}

TEST(Impairment, NoneMovesTheChoicesOfAnother) {
  ImpairmentConfig config;
  config.loss = 5 * kPercent;
  const std::vector<Fate> alone = fates(config);
  config.duplicate = config.corrupt = config.reorder = 20 * kPercent;
  config.jitter_ps = 1000;
  const std::vector<Fate> together = fates(config);
  config.loss = 0;
  const std::vector<Fate> others = fates(config);
  for (uint64_t i = 0; i < kFrames; ++i) {
    ASSERT_EQ(together[i].lost, alone[i].lost) << i;
    if (together[i].lost) continue;
    ASSERT_EQ(together[i].copy_ps.has_value(), others[i].copy_ps.has_value()) << i;
    ASSERT_EQ(together[i].damaged, others[i].damaged) << i;
    ASSERT_EQ(together[i].held_back, others[i].held_back) << i;
  }
}

}  // namespace
}  // namespace ringside::hw
