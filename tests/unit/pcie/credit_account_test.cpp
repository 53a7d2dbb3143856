// SPDX-License-Identifier: Apache-2.0
// Credits of one flow control class, without simulation.
#include "hw_model/pcie/credit_account.h"

#include "formats/random.h"
#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

using hw::CreditAccount;
using hw::CreditState;

TEST(CreditAccount, GivesBackWhatWasTaken) {
  CreditAccount account({2, 8});
  EXPECT_TRUE(account.has(8));
  EXPECT_FALSE(account.has(9));
  account.take(5, 100);
  EXPECT_FALSE(account.has(4)) << "data";
  EXPECT_EQ(account.ready_ps(4), 100u);
  EXPECT_EQ(account.ready_ps(3), 0u);
  account.take(0, 150);
  EXPECT_FALSE(account.has(0)) << "headers";
  account.settle(99);
  EXPECT_FALSE(account.has(0));
  account.settle(100);
  EXPECT_TRUE(account.has(8));
  account.settle(150);
  const CreditState state = account.state();
  EXPECT_EQ(state.headers_in_use, 0);
  EXPECT_EQ(state.data_in_use, 0);
  EXPECT_EQ(state.least_headers, 0);
  EXPECT_EQ(state.least_data, 3);
  EXPECT_EQ(state.headers_consumed, 2u);
  EXPECT_EQ(state.headers_returned, 2u);
  EXPECT_EQ(state.data_consumed, 5u);
  EXPECT_EQ(state.data_returned, 5u);
}

TEST(CreditAccount, NoneIsNegativeAndNoneIsLost) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SplitMix64 random(seed);
    const hw::CreditLimit limit{1 + static_cast<uint32_t>(random.below(6)),
                                16 + static_cast<uint32_t>(random.below(64))};
    CreditAccount account(limit);
    uint64_t now = 0;
    uint64_t last_back = 0;
    for (int i = 0; i < 500; ++i) {
      const auto data = static_cast<uint32_t>(random.below(17));
      account.settle(now);
      if (!account.has(data)) {
        const uint64_t ready = account.ready_ps(data);
        ASSERT_GT(ready, now);
        account.settle(ready - 1);
        ASSERT_FALSE(account.has(data)) << "promised too late";
        account.settle(ready);
        ASSERT_TRUE(account.has(data)) << "promised too early";
        now = ready;
      }
      last_back = std::max(last_back, now + 1 + random.below(100));
      account.take(data, last_back);
      now += random.below(30);
      const CreditState state = account.state();
      ASSERT_GE(state.least_headers, 0);
      ASSERT_GE(state.least_data, 0);
      ASSERT_LE(state.headers_in_use, static_cast<int64_t>(limit.headers));
      ASSERT_EQ(state.headers_consumed - state.headers_returned,
                static_cast<uint64_t>(state.headers_in_use));
      ASSERT_EQ(state.data_consumed - state.data_returned,
                static_cast<uint64_t>(state.data_in_use));
    }
    account.settle(last_back);
    EXPECT_EQ(account.state().headers_in_use, 0);
    EXPECT_EQ(account.state().data_in_use, 0);
  }
}

TEST(CreditAccount, WithoutALimitNothingRunsOut) {
  CreditAccount account({0, 0});
  for (int i = 0; i < 100'000; ++i) account.take(256, 1'000'000);
  EXPECT_TRUE(account.has(256));
  EXPECT_EQ(account.ready_ps(256), 0u);
  EXPECT_EQ(account.state().headers_consumed, 100'000u);
  EXPECT_EQ(account.state().least_headers, CreditState::kNoLimit);
  // Headers alone may be limited.
  CreditAccount headers({1, 0});
  headers.take(256, 10);
  EXPECT_FALSE(headers.has(0));
  EXPECT_EQ(headers.ready_ps(1'000'000), 10u);
}

}  // namespace
}  // namespace ringside::test
