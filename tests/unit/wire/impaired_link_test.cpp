// SPDX-License-Identifier: Apache-2.0
// Faults on a link: order and times of what arrives, and that every frame is accounted for. One
// simulation a process: run by CTest.
#include <string>
#include <vector>

#include "hw_model/wire/impaired_link.h"
#include "tests/support/gtest.h"
#include "tests/unit/wire/link_rig.h"

namespace ringside::test {
namespace {

constexpr uint64_t kPercent = hw::kCertain / 100;
constexpr uint64_t kRate = 10'000'000'000;
constexpr uint64_t kDelayPs = 500'000;
constexpr uint64_t kTaken = 84 * 800;  // a frame of 60 bytes, with all that is around it

struct FaultyRig : LinkParts {
  explicit FaultyRig(const hw::LinkFaults& faults) : link("link", {kRate, kDelayPs}, faults) {
    for (unsigned end = 0; end < 2; ++end) link.end(end).attach(receivers[end]);
    link.observe(&observer);
  }
  ~FaultyRig() { forget(); }
  /// Frames of 60 bytes, one every `every_ps`, numbered in their first byte.
  void send(unsigned frames, uint64_t every_ps = kTaken, unsigned sender = 0) {
    for (unsigned i = 0; i < frames; ++i) {
      at(i * every_ps,
         [this, i, sender] { link.end(sender).transmit(frame(60, static_cast<uint8_t>(i))); });
    }
  }
  std::string arrived(unsigned end = 1) const {
    std::string text;
    for (const Arrival& arrival : receivers[end].arrivals) {
      text += (text.empty() ? "" : " ") + std::to_string(arrival.first);
    }
    return text;
  }
  hw::ImpairedLink link;
};

hw::LinkFaults one_way(const hw::ImpairmentConfig& config) {
  hw::LinkFaults faults;
  faults.ways[0] = config;
  return faults;
}

TEST(ImpairedLink, WithoutFaultsIsALink) {
  FaultyRig rig({});
  rig.send(100);
  rig.run();
  ASSERT_EQ(rig.receivers[1].arrivals.size(), 100u);
  for (uint64_t i = 0; i < 100; ++i) {
    const Arrival& arrival = rig.receivers[1].arrivals[i];
    EXPECT_EQ(arrival.first, i);
    EXPECT_EQ(arrival.start_ps, i * kTaken + kDelayPs);
    EXPECT_EQ(arrival.end_ps, i * kTaken + kDelayPs + kTaken - 12 * 800);
    EXPECT_EQ(arrival.now_ps, arrival.end_ps);
  }
  EXPECT_EQ(rig.observer.seen.size(), 100u);
  EXPECT_EQ(rig.link.counters(0).frames, 100u);
  EXPECT_EQ(rig.link.fault_counters(0).delivered, 100u);
}

TEST(ImpairedLink, IsForOneWayIfAsked) {
  hw::ImpairmentConfig config;
  config.loss = hw::kCertain;
  FaultyRig rig(one_way(config));
  rig.send(10, kTaken, 0);
  rig.send(10, kTaken, 1);
  rig.run();
  EXPECT_EQ(rig.arrived(1), "");
  EXPECT_EQ(rig.arrived(0), "0 1 2 3 4 5 6 7 8 9");
  EXPECT_EQ(rig.link.fault_counters(0).impairment.drop_loss, 10u);
  EXPECT_EQ(rig.link.counters(0).frames, 10u);  // they were sent
}

TEST(ImpairedLink, LetsSoManyFramesPassOneThatIsHeldBack) {
  hw::ImpairmentConfig config;
  config.reorder = 10 * kPercent;
  config.reorder_frames = 2;
  config.reorder_delay_ps = 1'000'000'000;
  config.seed = 4;
  // Which frames are held back is known from the same draws.
  hw::Impairment draws(config);
  std::vector<unsigned> expected;
  struct Held {
    unsigned number, left;
  };
  std::vector<Held> held;
  for (unsigned i = 0; i < 200; ++i) {
    if (draws.next(60, i).held_back) {
      held.push_back({i, 2});
      continue;
    }
    expected.push_back(i);
    for (Held& frame : held) {
      if (frame.left != 0 && --frame.left == 0) expected.push_back(frame.number);
    }
  }
  std::string text;
  for (const unsigned number : expected) text += (text.empty() ? "" : " ") + std::to_string(number);
  FaultyRig rig(one_way(config));
  rig.send(200);
  rig.run();
  const std::string all = rig.arrived();
  EXPECT_EQ(all.substr(0, text.size()), text);
  EXPECT_EQ(rig.receivers[1].arrivals.size(), 200u);  // what is held to the end comes at last
  EXPECT_GT(rig.link.fault_counters(0).impairment.reordered, 5u);
}

TEST(ImpairedLink, HoldsBackForATime) {
  hw::ImpairmentConfig config;
  config.reorder = hw::kCertain;
  config.reorder_delay_ps = 20'000'000;
  FaultyRig rig(one_way(config));
  rig.send(3);
  rig.run();
  ASSERT_EQ(rig.arrived(), "0 1 2");
  EXPECT_EQ(rig.receivers[1].arrivals[0].end_ps, 20'000'000 + kDelayPs + kTaken - 12 * 800);
}

TEST(ImpairedLink, ACopyComesLaterAndNeverOverlaps) {
  hw::ImpairmentConfig config;
  config.duplicate = hw::kCertain;
  config.duplicate_delay_ps = 0;
  FaultyRig rig(one_way(config));
  rig.send(3, 10 * kTaken);
  rig.run();
  ASSERT_EQ(rig.arrived(), "0 0 1 1 2 2");
  for (std::size_t i = 0; i < 6; i += 2) {
    const Arrival& first = rig.receivers[1].arrivals[i];
    const Arrival& copy = rig.receivers[1].arrivals[i + 1];
    EXPECT_EQ(copy.end_ps, first.end_ps + kTaken);
    EXPECT_EQ(copy.start_ps - first.end_ps, 12u * 800);  // the gap
  }
  EXPECT_EQ(rig.link.fault_counters(0).delivered, 6u);
}

TEST(ImpairedLink, DamageIsForTheMacAndAlterationIsMarked) {
  hw::ImpairmentConfig config;
  config.corrupt = hw::kCertain;
  hw::LinkFaults faults = one_way(config);
  faults.ways[1] = config;
  faults.ways[1].corruption = hw::Corruption::kSilent;
  FaultyRig rig(faults);
  const hw::FramePtr sent = rig.frame(60, 7);
  const auto original = sent->bytes;
  rig.at(0, [&] {
    rig.link.end(0).transmit(sent);
    rig.link.end(1).transmit(sent);
  });
  rig.run();
  EXPECT_EQ(sent->bytes, original);
  ASSERT_EQ(rig.receivers[1].frames.size(), 1u);
  const hw::Frame& damaged = *rig.receivers[1].frames[0];
  EXPECT_FALSE(damaged.fcs_ok);
  EXPECT_FALSE(damaged.altered);
  EXPECT_NE(damaged.bytes, original);
  EXPECT_EQ(damaged.id, sent->id);
  ASSERT_EQ(rig.receivers[0].frames.size(), 1u);
  const hw::Frame& altered = *rig.receivers[0].frames[0];
  EXPECT_TRUE(altered.fcs_ok);
  EXPECT_TRUE(altered.altered);
  auto repaired = altered.bytes;
  repaired[altered.altered_bit / 8] ^= static_cast<std::byte>(1u << altered.altered_bit % 8);
  EXPECT_EQ(repaired, original);
  EXPECT_EQ(rig.link.fault_counters(0).impairment.damaged, 1u);
  EXPECT_EQ(rig.link.fault_counters(1).impairment.altered, 1u);
}

TEST(ImpairedLink, LosesTheCarrierAsPlanned) {
  hw::LinkFaults faults;
  // Frame 3 is on its way at the first, and 10 to 19 are sent during the second.
  faults.outages = {{3 * kTaken + kDelayPs, 3 * kTaken + kDelayPs + 1}, {10'000'000, 20'000'000}};
  FaultyRig rig(faults);
  rig.at(0, [&] { rig.link.start_outages(); });
  rig.send(4);
  for (unsigned i = 0; i < 10; ++i) {
    rig.at(10'000'000 + i * kTaken, [&rig, i] {
      EXPECT_FALSE(rig.link.end(0).carrier());
      rig.link.end(0).transmit(rig.frame(60, static_cast<uint8_t>(10 + i)));
    });
  }
  rig.at(20'000'001, [&] {
    EXPECT_TRUE(rig.link.end(1).carrier());
    rig.link.end(0).transmit(rig.frame(60, 99));
  });
  rig.run();
  EXPECT_EQ(rig.arrived(), "0 1 2 99");
  EXPECT_EQ(rig.receivers[1].arrivals[3].start_ps, 20'000'001 + kDelayPs);
  const std::vector<Carrier> expected = {{3 * kTaken + kDelayPs, false},
                                         {3 * kTaken + kDelayPs + 1, true},
                                         {10'000'000, false},
                                         {20'000'000, true}};
  EXPECT_EQ(rig.receivers[0].carriers, expected);
  EXPECT_EQ(rig.receivers[1].carriers, expected);
  EXPECT_EQ(rig.link.fault_counters(0).drop_link_down, 11u);
  EXPECT_EQ(rig.link.outages(), 2u);
}

TEST(ImpairedLink, FlapsAtSeededTimesWithinTheirBounds) {
  hw::LinkFaults faults;
  faults.flap_period_ps = 10'000'000;
  faults.flap_length_ps = 1'000'000;
  faults.seed = 9;
  FaultyRig rig(faults);
  rig.at(0, [&] { rig.link.start_outages(); });
  rig.run();  // 1 ms
  const std::vector<Carrier>& carriers = rig.receivers[0].carriers;
  ASSERT_GT(carriers.size(), 150u);
  uint64_t up_ps = 0;
  bool differ = false;
  for (std::size_t i = 0; i + 1 < carriers.size(); i += 2) {
    EXPECT_FALSE(carriers[i].up);
    EXPECT_TRUE(carriers[i + 1].up);
    EXPECT_GE(carriers[i].at_ps - up_ps, 5'000'000u);
    EXPECT_LE(carriers[i].at_ps - up_ps, 15'000'000u);
    EXPECT_EQ(carriers[i + 1].at_ps - carriers[i].at_ps, 1'000'000u);
    differ |= i != 0 && carriers[i].at_ps - up_ps != carriers[0].at_ps;
    up_ps = carriers[i + 1].at_ps;
  }
  EXPECT_TRUE(differ);
}

TEST(ImpairedLink, AccountsForEveryFrame) {
  hw::ImpairmentConfig config;
  config.loss = config.reorder = config.duplicate = config.corrupt = 5 * kPercent;
  config.burst = kPercent;
  config.reorder_frames = 3;
  config.reorder_delay_ps = 2'000'000;
  config.jitter_ps = 300'000;
  config.rate_bps = 6'000'000'000;
  config.rate_queue_bytes = 600;
  hw::LinkFaults faults = one_way(config);
  faults.flap_period_ps = 50'000'000;
  faults.flap_length_ps = 3'000'000;
  FaultyRig rig(faults);
  rig.at(0, [&] { rig.link.start_outages(); });
  rig.send(10'000);
  rig.run();
  const hw::LinkFaultCounters counters = rig.link.fault_counters(0);
  const hw::ImpairmentCounters& impairment = counters.impairment;
  EXPECT_EQ(rig.link.counters(0).frames, 10'000u);
  EXPECT_EQ(counters.delivered, rig.receivers[1].arrivals.size());
  EXPECT_EQ(10'000 + impairment.duplicated, counters.delivered + impairment.drop_loss +
                                                impairment.drop_burst + impairment.drop_rate +
                                                counters.drop_link_down);
  for (const uint64_t count :
       {impairment.drop_loss, impairment.drop_burst, impairment.drop_rate, impairment.duplicated,
        impairment.reordered, impairment.damaged, counters.drop_link_down}) {
    EXPECT_GT(count, 10u);
  }
  const auto& arrivals = rig.receivers[1].arrivals;
  for (std::size_t i = 1; i < arrivals.size(); ++i) {
    ASSERT_GE(arrivals[i].start_ps, arrivals[i - 1].end_ps + 12 * 800) << i;  // a gap at least
  }
}

}  // namespace
}  // namespace ringside::test
