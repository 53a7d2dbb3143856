// SPDX-License-Identifier: Apache-2.0
// Entry point of every test program. SystemC's library wants sc_main where it is linked.
#include "tests/support/gtest.h"

namespace {

/// Fails a test that ended without a single check.
class CheckCounter : public ::testing::EmptyTestEventListener {
  void OnTestStart(const ::testing::TestInfo&) override { before_ = ringside::test::checks_made; }
  void OnTestEnd(const ::testing::TestInfo& info) override {
    if (info.result()->Passed() && ringside::test::checks_made == before_) {
      ADD_FAILURE() << "this test made no check";
    }
  }
  uint64_t before_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::UnitTest::GetInstance()->listeners().Append(new CheckCounter);
  return RUN_ALL_TESTS();
}

extern "C" int sc_main(int, char**) { return 0; }
