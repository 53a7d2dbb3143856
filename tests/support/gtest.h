// SPDX-License-Identifier: Apache-2.0
// GoogleTest with a count of the checks that a test made: a test that checked nothing fails.
// Every test includes this header instead of <gtest/gtest.h>.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

namespace ringside::test {

/// Checks made so far in this process.
inline uint64_t checks_made = 0;

inline ::testing::AssertionResult counted(::testing::AssertionResult result) {
  ++checks_made;
  return result;
}

}  // namespace ringside::test

// Every EXPECT_* and ASSERT_* expands to one of these two.
#undef GTEST_ASSERT_
#define GTEST_ASSERT_(expression, on_failure)                                              \
  GTEST_AMBIGUOUS_ELSE_BLOCKER_                                                            \
  if (const ::testing::AssertionResult gtest_ar = ::ringside::test::counted(expression)) { \
  } else /* NOLINT */                                                                      \
    on_failure(gtest_ar.failure_message())

#undef GTEST_TEST_BOOLEAN_
#define GTEST_TEST_BOOLEAN_(expression, text, actual, expected, fail)                             \
  GTEST_AMBIGUOUS_ELSE_BLOCKER_                                                                   \
  if (const ::testing::AssertionResult gtest_ar_ =                                                \
          ::ringside::test::counted(::testing::AssertionResult(expression))) {                    \
  } else /* NOLINT */                                                                             \
    fail(::testing::internal::GetBoolAssertionFailureMessage(gtest_ar_, text, #actual, #expected) \
             .c_str())
