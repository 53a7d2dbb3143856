// SPDX-License-Identifier: Apache-2.0
// A front end's requests reach the card, and nothing is lost or repeated where queues stop.
#include "tests/unit/serve/front_end.h"

namespace ringside::test {
namespace {

using tb::ModelKind;

constexpr unsigned kRx = 0, kTx = 1;

class CardHostTest : public testing::TestWithParam<ModelKind> {};

INSTANTIATE_TEST_SUITE_P(Models, CardHostTest, testing::Values(ModelKind::kLt, ModelKind::kAt),
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
  EXPECT_EQ(served.host.queue_pairs(), 4u);
  EXPECT_EQ(served.host.mtu(), 9000);
  EXPECT_EQ(served.host.queue_size_max(), 512);
  EXPECT_EQ(served.host.features(),
            kVersion1 | kEventIdx | kMergeable | kMultiQueue | feature_bit(VIRTIO_F_INDIRECT_DESC));
}

TEST_P(CardHostTest, FramesGoBothWays) {
  Served served(GetParam());
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

}  // namespace
}  // namespace ringside::test
