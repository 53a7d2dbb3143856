// SPDX-License-Identifier: Apache-2.0
// What a switch remembers of stations: learning, moves, ageing and its limit, IEEE 802.1Q 8.7, 8.8.
#include "hw_model/wire/mac_table.h"
#include "tests/support/gtest.h"

namespace ringside::hw {
namespace {

MacAddress station(uint8_t number) { return {0x02, 0, 0, 0, 0, number}; }

TEST(MacTable, FindsWhereAStationWasSeenLast) {
  MacTable table(4, 0);
  EXPECT_EQ(table.find(station(1), 0), std::nullopt);
  table.learn(station(1), 3, 10);
  EXPECT_EQ(table.find(station(1), 20), 3u);
  table.learn(station(1), 3, 30);
  EXPECT_EQ(table.counters().moved, 0u);
  table.learn(station(1), 0, 40);
  EXPECT_EQ(table.find(station(1), 50), 0u);
  EXPECT_EQ(table.counters().learned, 1u);
  EXPECT_EQ(table.counters().moved, 1u);
}

TEST(MacTable, DoesNotLearnGroupAddresses) {
  MacTable table(4, 0);
  table.learn({0x01, 0, 0x5E, 0, 0, 1}, 1, 0);
  table.learn({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, 1, 0);
  EXPECT_EQ(table.size(), 0u);
}

TEST(MacTable, ForgetsStationsThatAreSilent) {
  MacTable table(4, 100);
  table.learn(station(1), 1, 0);
  table.learn(station(2), 2, 50);
  table.learn(station(1), 1, 60);  // now 2 is the older one
  EXPECT_EQ(table.find(station(2), 150), 2u);
  EXPECT_EQ(table.find(station(2), 151), std::nullopt);
  EXPECT_EQ(table.find(station(1), 160), 1u);
  EXPECT_EQ(table.find(station(1), 161), std::nullopt);
  EXPECT_EQ(table.counters().aged, 2u);
  EXPECT_EQ(table.size(), 0u);
}

TEST(MacTable, RefusesMoreThanItHoldsUntilOthersAge) {
  MacTable table(2, 100);
  table.learn(station(1), 1, 0);
  table.learn(station(2), 2, 10);
  table.learn(station(3), 3, 20);
  EXPECT_EQ(table.find(station(3), 20), std::nullopt);
  EXPECT_EQ(table.counters().refused, 1u);
  EXPECT_EQ(table.find(station(1), 20), 1u);
  table.learn(station(3), 3, 101);  // 1 is gone
  EXPECT_EQ(table.find(station(3), 101), 3u);
  EXPECT_EQ(table.size(), 2u);
}

TEST(MacTable, ForgetsAPort) {
  MacTable table(8, 0);
  for (uint8_t i = 0; i < 6; ++i) table.learn(station(i), i % 2, i);
  table.forget_port(1);
  EXPECT_EQ(table.size(), 3u);
  EXPECT_EQ(table.find(station(2), 10), 0u);
  EXPECT_EQ(table.find(station(3), 10), std::nullopt);
  table.learn(station(3), 0, 11);
  EXPECT_EQ(table.find(station(3), 11), 0u);
}

}  // namespace
}  // namespace ringside::hw
