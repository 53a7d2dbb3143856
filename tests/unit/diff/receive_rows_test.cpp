// SPDX-License-Identifier: Apache-2.0
// How full a followed card's receive buffer can be.
#include "hw_model/diff/receive_rows.h"

#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

using hw::ReceiveRows;

constexpr uint32_t kHeader = sizeof(formats::VirtioNetHdr);
constexpr hw::TimePs kLater = ReceiveRows::kComingPs + 1;

TEST(ReceiveRows, CountsWholeRowsAndKeepsOneFree) {
  ReceiveRows rows(10, 64);
  EXPECT_FALSE(rows.could_be_full(0, 9 * 64));
  EXPECT_TRUE(rows.could_be_full(0, 9 * 64 + 1));
  rows.taken(0, 65);  // two rows
  rows.taken(0, 64);
  EXPECT_FALSE(rows.could_be_full(0, 6 * 64));
  EXPECT_TRUE(rows.could_be_full(0, 6 * 64 + 1));
}

TEST(ReceiveRows, EachQueueHasItsOwn) {
  ReceiveRows rows(10, 64);
  rows.taken(0, 9 * 64);
  EXPECT_TRUE(rows.could_be_full(0, 1));
  EXPECT_FALSE(rows.could_be_full(2, 9 * 64));
  rows.taken(2, 9 * 64);
  rows.dropped(0);
  rows.at(kLater);
  EXPECT_FALSE(rows.could_be_full(0, 9 * 64));
  EXPECT_TRUE(rows.could_be_full(2, 1));
}

TEST(ReceiveRows, HoldsAFrameUntilAllOfItIsWritten) {
  ReceiveRows rows(10, 64);
  rows.taken(0, 8 * 64);
  rows.written(0, 8 * 64 + kHeader);  // it is not begun: that was for no frame
  rows.at(kLater);
  EXPECT_TRUE(rows.could_be_full(0, 128));
  rows.begun(0);
  rows.written(0, 8 * 64 + kHeader - 1);
  rows.at(2 * kLater);
  EXPECT_TRUE(rows.could_be_full(0, 128));
  rows.written(2, 1);  // of another queue
  rows.at(3 * kLater);
  EXPECT_TRUE(rows.could_be_full(0, 128));
  rows.written(0, 1);
  rows.at(4 * kLater - 1);  // while a frame came in it was there
  EXPECT_TRUE(rows.could_be_full(0, 128));
  rows.at(5 * kLater);
  EXPECT_FALSE(rows.could_be_full(0, 9 * 64));
}

TEST(ReceiveRows, FreesInTheOrderInWhichFramesCame) {
  ReceiveRows rows(10, 64);
  rows.taken(0, 4 * 64);
  rows.taken(0, 4 * 64);
  rows.begun(0);
  rows.dropped(0);  // the second, behind one that is being written
  rows.at(kLater);
  EXPECT_TRUE(rows.could_be_full(0, 128));
  rows.written(0, 4 * 64 + kHeader);
  rows.at(3 * kLater);
  EXPECT_FALSE(rows.could_be_full(0, 9 * 64));
}

TEST(ReceiveRows, ResetFreesAll) {
  ReceiveRows rows(10, 64);
  rows.taken(0, 9 * 64);
  rows.clear();
  EXPECT_FALSE(rows.could_be_full(0, 9 * 64));
}

}  // namespace
}  // namespace ringside::test
