// SPDX-License-Identifier: Apache-2.0
// Packets as beats and back.
#include "hw_model/rtl_bridge/beats.h"

#include <vector>

#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

TEST(RtlBeats, CutAndGatheredForEveryLengthLaneAndWidth) {
  for (const uint32_t width : {16u, 32u, 64u}) {
    for (uint32_t lane = 0; lane < 4; ++lane) {
      for (uint32_t length = 1; length < 200; ++length) {
        std::vector<std::byte> bytes(length);
        for (uint32_t i = 0; i < length; ++i) bytes[i] = static_cast<std::byte>(i + 1);
        hw::BeatCutter cutter;
        cutter.start(bytes, lane);
        std::vector<std::byte> back;
        uint32_t beats = 0;
        std::vector<uint32_t> data(width / 4);
        while (!cutter.done()) {
          const bool first = cutter.first();
          const bool last = cutter.last(width);
          const uint32_t empty = cutter.empty(width);
          cutter.put(data.data(), width);
          ASSERT_EQ(first, beats == 0);
          ASSERT_EQ(last || empty == 0, true);
          const ByteView piece = hw::beat_bytes(data.data(), width, first ? lane : 0, empty);
          back.insert(back.end(), piece.begin(), piece.end());
          cutter.advance(width);
          ++beats;
        }
        ASSERT_EQ(beats, (lane + length + width - 1) / width);
        ASSERT_EQ(back, bytes);
      }
    }
  }
}

TEST(RtlBeats, APacketWithoutBytesIsOneBeat) {
  hw::BeatCutter cutter;
  cutter.start({}, 0);
  EXPECT_FALSE(cutter.done());
  EXPECT_TRUE(cutter.first());
  EXPECT_TRUE(cutter.last(64));
  std::vector<uint32_t> data(16, 7);
  cutter.put(data.data(), 64);
  EXPECT_EQ(data, std::vector<uint32_t>(16, 0));
  cutter.advance(64);
  EXPECT_TRUE(cutter.done());
}

}  // namespace
}  // namespace ringside::test
