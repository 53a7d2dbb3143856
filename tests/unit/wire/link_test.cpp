// SPDX-License-Identifier: Apache-2.0
// A link's times to the picosecond, IEEE 802.3 clause 4.2: 8 bytes of preamble and delimiter, a
// frame of at least 60 bytes, 4 of FCS, a gap of 12. One simulation a process: run by CTest.
#include <string>
#include <vector>

#include "hw_model/wire/link.h"
#include "tests/support/gtest.h"
#include "tests/unit/wire/link_rig.h"

namespace ringside::test {
namespace {

struct LinkRig : LinkParts {
  explicit LinkRig(uint64_t rate_bps, uint64_t delay_ps = 1'000'000)
      : link("link", hw::LinkConfig{rate_bps, delay_ps}) {
    for (unsigned end = 0; end < 2; ++end) link.end(end).attach(receivers[end]);
    link.observe(&observer);
  }
  ~LinkRig() { forget(); }
  hw::Link link;
};

TEST(Link, TakesTheTimeOfEveryBitOnTheWire) {
  LinkRig rig(100'000'000'000);
  EXPECT_EQ(rig.link.end(0).wire_time(60), 6720u);       // 84 bytes
  EXPECT_EQ(rig.link.end(0).wire_time(1514), 123'040u);  // 1538 bytes
  EXPECT_EQ(rig.link.end(0).wire_time(1), 6720u);        // padded
  EXPECT_EQ(rig.link.end(0).wire_time(61), 6800u);
  EXPECT_EQ(rig.link.end(1).wire_time(9014), 723'040u);
}

TEST(Link, DeliversAtTheEndOfTheFcs) {
  LinkRig rig(10'000'000'000, 500'000);
  rig.at(1'000'000, [&] {
    EXPECT_EQ(rig.link.end(0).transmit(rig.frame(100)), 1'000'000u + 89'600);
    EXPECT_EQ(rig.link.end(0).free_at(), 1'000'000u + 99'200);
  });
  rig.run();
  ASSERT_EQ(rig.receivers[1].arrivals.size(), 1u);
  const Arrival& arrival = rig.receivers[1].arrivals[0];
  EXPECT_EQ(arrival.start_ps, 1'500'000u);
  EXPECT_EQ(arrival.end_ps, 1'500'000u + 89'600);  // 112 bytes
  EXPECT_EQ(arrival.now_ps, arrival.end_ps);
  EXPECT_EQ(arrival.bytes, 100u);
  EXPECT_TRUE(rig.receivers[0].arrivals.empty());
}

TEST(Link, RoundsUpWhereABitIsNoWholeNumberOfPicoseconds) {
  LinkRig rig(3'000'000'000);
  EXPECT_EQ(rig.link.end(0).wire_time(60), 224'000u);  // 672 bits exactly
  EXPECT_EQ(rig.link.end(0).wire_time(61), 226'667u);  // 680 bits are 226666.67 ps
}

TEST(Link, PadsShortFramesWithZerosAndLeavesTheOriginal) {
  LinkRig rig(1'000'000'000);
  const hw::FramePtr sent = rig.frame(14);
  rig.at(0, [&] { rig.link.end(1).transmit(sent); });
  rig.run();
  ASSERT_EQ(rig.receivers[0].frames.size(), 1u);
  const auto& bytes = rig.receivers[0].frames[0]->bytes;
  ASSERT_EQ(bytes.size(), 60u);
  EXPECT_EQ(bytes[0], std::byte{0xAA});
  EXPECT_EQ(bytes[13], std::byte{0x55});
  for (std::size_t i = 14; i < bytes.size(); ++i) EXPECT_EQ(bytes[i], std::byte{0});
  EXPECT_EQ(sent->bytes.size(), 14u);
  EXPECT_EQ(rig.link.counters(1).bytes, 60u);
}

TEST(Link, QueuesInOrderBackToBack) {
  LinkRig rig(100'000'000'000);
  rig.at(10'000, [&] {
    for (uint8_t i = 0; i < 100; ++i) rig.link.end(0).transmit(rig.frame(60 + i, i));
  });
  rig.run();
  ASSERT_EQ(rig.receivers[1].arrivals.size(), 100u);
  uint64_t start = 10'000 + 1'000'000, busy = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    const Arrival& arrival = rig.receivers[1].arrivals[i];
    EXPECT_EQ(arrival.first, i);
    EXPECT_EQ(arrival.start_ps, start);
    EXPECT_EQ(arrival.now_ps, start + (8 + 60 + i + 4) * 80);
    start += (8 + 60 + i + 4 + 12) * 80;  // the gap follows
    busy += (8 + 60 + i + 4 + 12) * 80;
  }
  EXPECT_EQ(rig.link.counters(0).frames, 100u);
  EXPECT_EQ(rig.link.counters(0).bytes, 100u * 60 + 4950);
  EXPECT_EQ(rig.link.counters(0).busy_ps, busy);
  EXPECT_EQ(rig.link.counters(1).frames, 0u);
}

TEST(Link, AFrameThatComesLaterStartsAtOnce) {
  LinkRig rig(100'000'000'000);
  rig.at(0, [&] { rig.link.end(0).transmit(rig.frame(60)); });
  rig.at(6000, [&] { rig.link.end(0).transmit(rig.frame(60)); });     // in the gap: waits
  rig.at(100'000, [&] { rig.link.end(0).transmit(rig.frame(60)); });  // long after
  rig.run();
  ASSERT_EQ(rig.receivers[1].arrivals.size(), 3u);
  EXPECT_EQ(rig.receivers[1].arrivals[1].start_ps, 1'006'720u);
  EXPECT_EQ(rig.receivers[1].arrivals[2].start_ps, 1'100'000u);
}

TEST(Link, CarriesBothDirectionsAtOnce) {
  LinkRig rig(10'000'000'000, 0);
  rig.at(0, [&] {
    for (int i = 0; i < 3; ++i) {
      rig.link.end(0).transmit(rig.frame(60, 1));
      rig.link.end(1).transmit(rig.frame(60, 2));
    }
  });
  rig.run();
  ASSERT_EQ(rig.receivers[0].arrivals.size(), 3u);
  ASSERT_EQ(rig.receivers[1].arrivals.size(), 3u);
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_EQ(rig.receivers[0].arrivals[i].end_ps, rig.receivers[1].arrivals[i].end_ps);
    EXPECT_EQ(rig.receivers[0].arrivals[i].first, 2);
    EXPECT_EQ(rig.receivers[1].arrivals[i].first, 1);
  }
}

TEST(Link, CarriesFramesWithAWrongFcs) {
  LinkRig rig(10'000'000'000);
  const hw::FramePtr broken = rig.frame(20);
  broken->fcs_ok = false;
  rig.at(0, [&] {
    rig.link.end(0).transmit(broken);
    rig.link.end(0).transmit(rig.frame(20));
  });
  rig.run();
  ASSERT_EQ(rig.receivers[1].arrivals.size(), 2u);
  EXPECT_FALSE(rig.receivers[1].arrivals[0].fcs_ok);
  EXPECT_TRUE(rig.receivers[1].arrivals[1].fcs_ok);
}

TEST(Link, ObserversSeeEveryArrival) {
  LinkRig rig(10'000'000'000, 0);
  rig.at(0, [&] {
    rig.link.end(0).transmit(rig.frame(100));
    rig.link.end(1).transmit(rig.frame(60));
  });
  rig.run();
  EXPECT_EQ(rig.observer.seen, (std::vector<std::string>{"0:60@57600", "1:100@89600"}));
}

TEST(FramePool, ReusesFramesThatNobodyHolds) {
  hw::FramePool pool;
  hw::FramePtr first = pool.make();
  first->bytes.assign(100, std::byte{1});
  first->fcs_ok = false;
  const hw::Frame* address = &*first;
  hw::FramePtr second = first;
  first = hw::FramePtr();
  EXPECT_NE(&*pool.make(), address);  // still held
  second = hw::FramePtr();
  const hw::FramePtr again = pool.make();
  EXPECT_EQ(&*again, address);
  EXPECT_TRUE(again->bytes.empty());
  EXPECT_TRUE(again->fcs_ok);
}

}  // namespace
}  // namespace ringside::test
