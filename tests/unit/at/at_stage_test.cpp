// SPDX-License-Identifier: Apache-2.0
// What a stage and something in the way have been busy until now, when more is known of the future.
#include "hw_model/tlm/stage.h"
#include "tests/support/gtest.h"

namespace ringside::hw {
namespace {

TEST(AtStage, CountsWhatIsReservedOnlyWhenItHasPassed) {
  Stage stage;
  stage.reserve(100, 50);
  EXPECT_EQ(stage.busy_ps(90), 0u);
  EXPECT_EQ(stage.busy_ps(100), 0u);
  EXPECT_EQ(stage.busy_ps(130), 30u);
  stage.reserve(120, 50);  // without a gap: until 200
  EXPECT_EQ(stage.busy_ps(130), 30u);
  EXPECT_EQ(stage.busy_ps(190), 90u);
  stage.put_between(150, 10);
  EXPECT_EQ(stage.busy_ps(205), 105u);
  stage.reserve(300, 40);
  EXPECT_EQ(stage.busy_ps(250), 110u);
  EXPECT_EQ(stage.busy_ps(310), 120u);
  EXPECT_EQ(stage.busy_ps(400), 150u);
}

// A reader at its limit is in the way all the time, and not longer.
TEST(AtStage, CountsOverlappingWaitsOnce) {
  BlockedTime blocked;
  blocked.start(100);
  EXPECT_EQ(blocked.total_ps(90), 0u);
  EXPECT_EQ(blocked.total_ps(110), 10u);
  blocked.stop(150);  // known ahead
  EXPECT_EQ(blocked.total_ps(110), 10u);
  blocked.start(120);
  EXPECT_EQ(blocked.total_ps(130), 30u);
  blocked.stop(140);  // within what is counted
  EXPECT_EQ(blocked.total_ps(145), 45u);
  EXPECT_EQ(blocked.total_ps(160), 50u);
  blocked.start(140);
  blocked.stop(180);
  EXPECT_EQ(blocked.total_ps(160), 60u);
  blocked.stop(190);  // it was not in the way
  EXPECT_EQ(blocked.total_ps(200), 80u);
  blocked.start(300);
  EXPECT_EQ(blocked.total_ps(310), 90u);
}

}  // namespace
}  // namespace ringside::hw
