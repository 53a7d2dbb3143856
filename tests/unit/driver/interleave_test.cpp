// SPDX-License-Identifier: Apache-2.0
// The real driver survives every seed; each of its mutants is caught. RINGSIDE_DRIVER_SEEDS sets
// how many seeds the real driver runs.
#include <cstdlib>

#include "host_driver/mutant_driver.h"
#include "tests/unit/driver/stress.h"

namespace ringside::test {
namespace {

using driver::Mutant;

// CLAUSES: VQS-R-016, VQS-R-026, VQS-R-027
// CLAUSES: RSV-R-008
TEST(Interleave, RealDriverSurvives) {  // VQS-R-031
  const char* wanted = std::getenv("RINGSIDE_DRIVER_SEEDS");
  const uint64_t seeds = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 300;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    ASSERT_EQ(run_stress(nullptr, seed), "")
        << "seed " << seed << "; again: RINGSIDE_DRIVER_SEEDS=" << seed
        << " driver_interleave_test --gtest_filter=Interleave.RealDriverSurvives";
  }
  EXPECT_EQ(run_past_the_wrap(nullptr), "");
  EXPECT_EQ(run_reset_while_busy(nullptr), "");
}

TEST(Interleave, MutatedBuildWithoutMutantSurvives) {
  driver::select_mutant(Mutant::kNone);
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    ASSERT_EQ(run_stress(&driver::make_mutated_driver, seed), "") << "seed " << seed;
  }
  EXPECT_EQ(run_past_the_wrap(&driver::make_mutated_driver), "");
}

class Mutants : public ::testing::TestWithParam<unsigned> {};

TEST_P(Mutants, IsCaught) {
  constexpr uint64_t kSeeds = 1000;
  const auto mutant = static_cast<Mutant>(GetParam());
  driver::select_mutant(mutant);
  std::string how;
  uint64_t seed = 0;
  if (mutant == Mutant::kEventWindowWrongAtWrap) {
    how = run_past_the_wrap(&driver::make_mutated_driver);
  } else if (mutant == Mutant::kWakeLostOverReset) {
    how = run_reset_while_busy(&driver::make_mutated_driver);
  } else {
    while (how.empty() && seed < kSeeds) how = run_stress(&driver::make_mutated_driver, ++seed);
  }
  driver::select_mutant(Mutant::kNone);
  EXPECT_NE(how, "") << driver::mutant_name(mutant) << " survived";
  RecordProperty("caught_by", how);
  RecordProperty("seed", static_cast<int>(seed));
  std::printf("%s: seed %llu: %s\n", driver::mutant_name(mutant),
              static_cast<unsigned long long>(seed), how.c_str());
}
INSTANTIATE_TEST_SUITE_P(Each, Mutants,
                         ::testing::Range(1u, static_cast<unsigned>(Mutant::kInterleavingEnd)));

}  // namespace
}  // namespace ringside::test
