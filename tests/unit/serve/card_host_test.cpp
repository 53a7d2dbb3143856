// SPDX-License-Identifier: Apache-2.0
// A front end's requests reach the card, and nothing is lost or repeated where queues stop.
#include "tests/support/flow_frame.h"
#include "tests/unit/serve/front_end.h"

namespace ringside::test {
namespace {

using tb::ModelKind;

constexpr unsigned kRx = 0, kTx = 1;

class CardHostTest : public testing::TestWithParam<ModelKind> {};

constexpr ModelKind kModels[] = {ModelKind::kLt, ModelKind::kAt,
#if RINGSIDE_HAVE_RTL
                                 ModelKind::kRtl
#endif
};
INSTANTIATE_TEST_SUITE_P(Models, CardHostTest, testing::ValuesIn(kModels),
                         [](const auto& info) { return std::string(tb::name_of(info.param)); });

/// One pair, started and enabled.
struct Pair {
  Pair(FrontEnd& front, uint64_t features, uint16_t size = 64)
      : rx(front.make_queue(kRx, size)), tx(front.make_queue(kTx, size)) {
    EXPECT_EQ(front.target.set_features(features).error, "");
    EXPECT_EQ(front.target.set_memory({front.region()}).error, "");
    EXPECT_EQ(front.target.start(kRx, rx.setup()).error, "");
    EXPECT_EQ(front.target.start(kTx, tx.setup()).error, "");
    front.target.enable(kRx, true);
    front.target.enable(kTx, true);
  }
  FrontQueue rx, tx;
};

TEST_P(CardHostTest, OffersTheCardWithoutWhatIsTheHosts) {
  hw::NicConfig config;
  config.queue_pairs = 4;
  config.mtu = 9000;
  config.queue_size_max = 512;
  Served served(GetParam(), config);
  const bool pairs = GetParam() != ModelKind::kRtl;  // which has one
  EXPECT_EQ(served.host.queue_pairs(), pairs ? 4u : 1u);
  EXPECT_EQ(served.host.mtu(), 9000);
  EXPECT_EQ(served.host.queue_size_max(), 512);
  EXPECT_EQ(served.host.features(), kVersion1 | kEventIdx | kMergeable | (pairs ? kMultiQueue : 0) |
                                        feature_bit(VIRTIO_F_INDIRECT_DESC));
}

void frames_go_both_ways(Served& served) {
  FrontEnd front(served.host);
  EXPECT_EQ(served.host.features() & kMultiQueue, 0u);
  Pair pair(front, kVersion1 | kMergeable);
  front.make_available(pair.rx, 64);
  served.run();
  front.transmit(pair.tx, 60, 7);
  front.transmit(pair.tx, 1500, 8);
  front.target.kick(kTx);
  served.far.send(served.frame(64, 9));
  served.run();
  ASSERT_EQ(served.far.frames.size(), 2u);
  EXPECT_EQ(served.far.frames[0], served.frame(60, 7));
  EXPECT_EQ(served.far.frames[1], served.frame(1500, 8));
  EXPECT_EQ(front.used_idx(pair.tx), 2);
  EXPECT_EQ(front.used_idx(pair.rx), 1);
  EXPECT_EQ(front.received(pair.rx, 0), 9u);
  EXPECT_EQ(front.calls[kTx], 1u);
  EXPECT_EQ(front.calls[kRx], 1u);
  EXPECT_TRUE(front.failures.empty());
}

TEST_P(CardHostTest, FramesGoBothWays) {
  Served served(GetParam());
  frames_go_both_ways(served);
}

#ifdef RINGSIDE_LOADED_CARD
TEST(LoadedCard, IsServed) {
  Served served(ModelKind::kLt, {}, "card", RINGSIDE_LOADED_CARD);
  frames_go_both_ways(served);
  EXPECT_NE(served.nic->clock_cycles(), 0u) << "it is not the card of the shared object";
}
#endif

TEST_P(CardHostTest, RingsThatAreFilledBeforeTheyStartNeedNoKick) {
  Served served(GetParam());
  FrontEnd front(served.host);
  FrontQueue tx = front.make_queue(kTx);
  front.transmit(tx, 60, 1);
  ASSERT_TRUE(front.target.set_features(kVersion1 | kEventIdx).ok());
  ASSERT_TRUE(front.target.set_memory({front.region()}).ok());
  ASSERT_TRUE(front.target.start(kTx, tx.setup()).ok());
  front.target.kick(kTx);
  served.run();
  EXPECT_EQ(front.used_idx(tx), 0);  // it is not enabled
  front.target.enable(kTx, true);
  served.run();
  EXPECT_EQ(front.used_idx(tx), 1);
}

// Programming the card takes time, in which messages of the front end go on to come.
TEST_P(CardHostTest, QueuesMayBeEnabledAtAnyTime) {
  constexpr unsigned kMoments = 100;
  Served served(GetParam());
  sc_core::sc_time whole;
  for (unsigned moment = 0; moment <= kMoments; ++moment) {
    SCOPED_TRACE(moment);
    FrontEnd front(served.host);
    FrontQueue rx = front.make_queue(kRx);
    FrontQueue tx = front.make_queue(kTx);
    front.make_available(rx, 64);
    front.transmit(tx, 60, 1);
    ASSERT_TRUE(front.target.set_features(kVersion1).ok());
    ASSERT_TRUE(front.target.set_memory({front.region()}).ok());
    ASSERT_TRUE(front.target.start(kRx, rx.setup()).ok());
    ASSERT_TRUE(front.target.start(kTx, tx.setup()).ok());
    if (moment == 0) {
      const auto begin = sc_core::sc_time_stamp().value();
      served.run();
      whole = sc_core::sc_time::from_value(sc_core::sc_time_stamp().value() - begin);
      ASSERT_GT(whole, sc_core::sc_time(kMoments, sc_core::SC_NS));
    } else {
      sc_core::sc_start(whole * moment / kMoments, sc_core::SC_RUN_TO_TIME);
    }
    front.target.enable(kRx, true);
    front.target.enable(kTx, true);
    served.run();
    served.far.send(served.frame(64, 9));
    served.run();
    EXPECT_EQ(front.used_idx(tx), 1);
    EXPECT_EQ(front.used_idx(rx), 1);
    EXPECT_TRUE(front.failures.empty());
    served.host.attach(nullptr);
  }
}

// A driver may start its queues some time before it gives them buffers, as DPDK's does.
TEST_P(CardHostTest, ReceivesWhenBuffersAreThere) {
  Served served(GetParam());
  unsigned ready = 0;
  served.host.on_receive_ready([&ready] { ++ready; });
  FrontEnd front(served.host);
  Pair pair(front, kVersion1);
  served.run();
  EXPECT_FALSE(served.host.receives());
  front.target.kick(kRx);
  front.target.kick(kTx);
  served.run();
  EXPECT_FALSE(served.host.receives());
  EXPECT_EQ(ready, 0u);
  front.make_available(pair.rx, 4);
  front.target.kick(kRx);
  EXPECT_EQ(ready, 1u);
  EXPECT_TRUE(served.host.receives());
  front.target.enable(kRx, false);
  EXPECT_FALSE(served.host.receives());
  front.target.enable(kRx, true);
  served.run();
  EXPECT_TRUE(served.host.receives());
  EXPECT_EQ(ready, 2u);
}

// What was read from memory can time out no more.
TEST_P(CardHostTest, TimeStandsStillBetweenFrames) {
  Served served(GetParam());
  FrontEnd front(served.host);
  Pair pair(front, kVersion1);
  served.loop.on_long_wait([&served] { served.nic->drop_idle_timers(); });
  served.loop.run();
  const uint64_t begin_ps = sc_core::sc_time_stamp().value();
  for (unsigned i = 0; i < 50; ++i) {
    front.transmit(pair.tx, 60, i);
    front.target.kick(kTx);
    served.loop.run();
    ASSERT_EQ(front.used_idx(pair.tx), i + 1);
  }
  EXPECT_LT(sc_core::sc_time_stamp().value() - begin_ps, 1'000'000'000u);
}

/// Five times five frames from index 65530 on, the queue stopped after each five.
void goes_on_where_it_stopped(ModelKind model, uint64_t features) {
  Served served(model);
  FrontEnd front(served.host);
  ASSERT_TRUE(front.target.set_features(features).ok());
  ASSERT_TRUE(front.target.set_memory({front.region()}).ok());
  FrontQueue tx = front.make_queue(kTx);
  tx.avail_idx = 65530;
  front.store<uint16_t>(tx.used + SplitRing::kUsedIdx, 65530);
  for (unsigned round = 0; round < 5; ++round) {
    ASSERT_TRUE(front.target.start(kTx, tx.setup(front.used_idx(tx))).ok());
    front.target.enable(kTx, true);
    for (unsigned i = 0; i < 5; ++i) front.transmit(tx, 60, 5 * round + i);
    served.run();
    front.target.enable(kTx, false);
    EXPECT_EQ(front.target.stop(kTx), static_cast<uint16_t>(65530 + 5 * (round + 1)));
  }
  ASSERT_EQ(served.far.frames.size(), 25u);
  for (unsigned i = 0; i < 25; ++i) {
    EXPECT_EQ(served.far.frames[i][0], static_cast<std::byte>(i));
  }
  EXPECT_TRUE(front.failures.empty());
}

TEST_P(CardHostTest, QueuesGoOnFromTheBaseAndSayWhereTheyStopped) {
  goes_on_where_it_stopped(GetParam(), kVersion1);
}

TEST_P(CardHostTest, QueuesWithEventIndexGoOnFromTheBase) {
  goes_on_where_it_stopped(GetParam(), kVersion1 | kEventIdx);
}

TEST_P(CardHostTest, StopsInTheMiddleLoseAndRepeatNothing) {
  Served served(GetParam());
  FrontEnd front(served.host);
  ASSERT_TRUE(front.target.set_features(kVersion1).ok());
  ASSERT_TRUE(front.target.set_memory({front.region()}).ok());
  FrontQueue tx = front.make_queue(kTx);
  unsigned sent = 0;
  unsigned cut_short = 0;
  for (unsigned round = 0; round < 40; ++round) {
    const uint16_t before = front.used_idx(tx);
    ASSERT_TRUE(front.target.start(kTx, tx.setup(before)).ok());
    front.target.enable(kTx, true);
    while (static_cast<uint16_t>(tx.avail_idx - before) < 60) front.transmit(tx, 300, sent++);
    front.target.kick(kTx);
    // Some time, other each round, and mostly not enough.
    const uint64_t until = sc_core::sc_time_stamp().value() + 9'200'000 + uint64_t{35'000} * round;
    served.loop.settle([until] { return sc_core::sc_time_stamp().value() >= until; });
    const uint16_t base = front.target.stop(kTx);
    EXPECT_EQ(base, front.used_idx(tx));
    if (base != tx.avail_idx && base != before) ++cut_short;
  }
  served.run();
  EXPECT_TRUE(GetParam() == ModelKind::kLt || cut_short > 10) << cut_short;
  ASSERT_GT(served.far.frames.size(), 60u);
  EXPECT_EQ(static_cast<uint16_t>(served.far.frames.size()), front.used_idx(tx));
  for (std::size_t i = 0; i < served.far.frames.size(); ++i) {
    ASSERT_EQ(served.far.frames[i], served.frame(300, static_cast<unsigned>(i & 0xFF)));
  }
}

TEST_P(CardHostTest, OneQueueStopsWhileTheOtherGoesOn) {
  Served served(GetParam());
  FrontEnd front(served.host);
  Pair pair(front, kVersion1 | kEventIdx);
  front.make_available(pair.rx, 64);
  served.run();
  front.transmit(pair.tx, 60, 1);
  front.target.kick(kTx);
  served.run();
  EXPECT_EQ(front.target.stop(kTx), 1);
  served.far.send(served.frame(60, 3));
  served.run();
  EXPECT_EQ(front.used_idx(pair.rx), 1);
  // Back, which programs the card anew; the receive queue keeps its place.
  ASSERT_TRUE(front.target.start(kTx, pair.tx.setup(1)).ok());
  front.target.enable(kTx, true);
  front.transmit(pair.tx, 60, 2);
  served.run();
  served.far.send(served.frame(60, 4));
  served.run();
  EXPECT_EQ(served.far.frames.size(), 2u);
  ASSERT_EQ(front.used_idx(pair.rx), 2);
  EXPECT_EQ(front.received(pair.rx, 0), 3u);
  EXPECT_EQ(front.received(pair.rx, 1), 4u);
}

TEST_P(CardHostTest, MemoryComesAndGoesWhileQueuesRun) {
  Served served(GetParam());
  FrontEnd front(served.host);
  Pair pair(front, kVersion1);
  std::vector<std::byte> more(8192, std::byte{0});
  const VhostRegion second{0x7'0000'0000, more.data(), more.size()};
  front.make_available(pair.rx, 64);
  served.run();
  ASSERT_TRUE(front.target.set_memory({front.region(), second}).ok());
  // A frame from the new region.
  std::fill(more.begin() + 12, more.begin() + 12 + 60, std::byte{5});
  front.store(pair.tx.desc, formats::VirtqDesc{second.bus, 72, 0, 0});
  front.make_available(pair.tx, 1);
  front.target.kick(kTx);
  ASSERT_TRUE(front.target.set_memory({front.region()}).ok());
  served.run();
  // It went before the region did, or the card says why not.
  if (front.failures.empty()) {
    ASSERT_EQ(served.far.frames.size(), 1u);
    EXPECT_EQ(served.far.frames[0], served.frame(60, 5));
    front.transmit(pair.tx, 60, 6);
    front.target.kick(kTx);
    served.far.send(served.frame(60, 7));
    served.run();
    EXPECT_EQ(served.far.frames.size(), 2u);
    EXPECT_EQ(front.received(pair.rx, 0), 7u);
  } else {
    EXPECT_EQ(front.failures, std::vector<std::string>{"the card needs a reset: error_dma_read"});
  }
  // Nothing of it is touched any more.
  EXPECT_FALSE(front.target.set_memory({front.region(), front.region()}).ok());
  EXPECT_FALSE(front.target.set_memory({{tb::CardHost::kArenaBase, more.data(), 16}}).ok());
}

TEST_P(CardHostTest, PairsThatAreEnabledGetTheirShare) {
  hw::NicConfig config;
  config.queue_pairs = 4;
  Served served(GetParam(), config);
  if (served.host.queue_pairs() == 1) {
    EXPECT_EQ(GetParam(), ModelKind::kRtl);
    return;
  }
  FrontEnd front(served.host);
  ASSERT_TRUE(front.target.set_features(kVersion1 | kMultiQueue).ok());
  ASSERT_TRUE(front.target.set_memory({front.region()}).ok());
  std::vector<FrontQueue> queues;
  for (unsigned queue = 0; queue < 8; ++queue) {
    queues.push_back(front.make_queue(queue));
    if (queue % 2 == 0) front.make_available(queues[queue], 64);
    ASSERT_TRUE(front.target.start(queue, queues[queue].setup()).ok());
  }
  const auto flows = [&] {  // used buffers of each pair after 32 flows
    for (uint16_t port = 0; port < 32; ++port) {
      TestFlow flow;
      flow.source_port = static_cast<uint16_t>(1000 + port);
      served.far.send(flow_frame(flow));
    }
    served.run();
    std::vector<unsigned> used;
    for (unsigned pair = 0; pair < 4; ++pair)
      used.push_back(front.used_idx(queues[std::size_t{2} * pair]));
    return used;
  };
  for (unsigned queue = 0; queue < 4; ++queue) front.target.enable(queue, true);
  served.run();
  std::vector<unsigned> used = flows();
  EXPECT_GT(used[0], 0u);
  EXPECT_GT(used[1], 0u);
  EXPECT_EQ(used[0] + used[1], 32u);
  for (unsigned queue = 2; queue < 4; ++queue) front.target.enable(queue, false);
  const unsigned second = used[1];
  used = flows();
  EXPECT_EQ(used[1], second);
  EXPECT_EQ(used[0] + used[1], 64u);
  EXPECT_EQ(used[2] + used[3], 0u);
  EXPECT_TRUE(front.failures.empty());
}

TEST_P(CardHostTest, AFrontEndThatBreaksTheRulesIsToldAndTheNextOneServed) {
  Served served(GetParam());
  {
    FrontEnd front(served.host);
    Pair pair(front, kVersion1);
    front.store(pair.tx.desc, formats::VirtqDesc{0x5000'0000'0000, 72, 0, 0});  // no memory
    front.make_available(pair.tx, 1);
    front.target.kick(kTx);
    served.run();
    ASSERT_EQ(front.failures.size(), 1u);
    EXPECT_EQ(front.failures[0], "the card needs a reset: error_dma_read");
    front.target.kick(kTx);
    served.run();
    EXPECT_EQ(front.failures.size(), 1u);
    front.target.attach(nullptr);
  }
  FrontEnd next(served.host);
  Pair pair(next, kVersion1);
  next.transmit(pair.tx, 60, 9);
  next.target.kick(kTx);
  served.run();
  ASSERT_EQ(served.far.frames.size(), 1u);
  EXPECT_TRUE(next.failures.empty());
}

TEST_P(CardHostTest, MemoryIsLeftAloneWhenTheFrontEndIsGone) {
  Served served(GetParam());
  {
    FrontEnd front(served.host);
    Pair pair(front, kVersion1);
    front.make_available(pair.rx, 64);
    front.transmit(pair.tx, 1500, 1);
    front.target.kick(kTx);
    front.target.attach(nullptr);  // in the middle of it; the memory goes now
  }
  served.far.send(served.frame(60, 1));
  served.run();
  EXPECT_EQ(served.counter("rx_frames"), 0u);
  EXPECT_EQ(served.counter("error_dma_read"), 0u);
}

TEST_P(CardHostTest, RefusesWhatTheCardWouldNotTake) {
  Served served(GetParam());
  FrontEnd front(served.host);
  EXPECT_FALSE(front.target.set_features(feature_bit(VIRTIO_F_ACCESS_PLATFORM)).ok());
  ASSERT_TRUE(front.target.set_memory({front.region()}).ok());
  const FrontQueue tx = front.make_queue(kTx);
  EXPECT_FALSE(front.target.start(kTx, tx.setup()).ok());  // without VERSION_1
  ASSERT_TRUE(front.target.set_features(kVersion1).ok());
  EXPECT_TRUE(front.target.start(kTx, tx.setup()).ok());
  served.run();
  EXPECT_TRUE(front.failures.empty());
}

}  // namespace
}  // namespace ringside::test
