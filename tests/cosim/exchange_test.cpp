// SPDX-License-Identifier: Apache-2.0
// Driver, card, wire, card, driver over features, rings, interrupts and frame sizes: every byte and
// every buffer is checked, both ways. One exchange a process: run by CTest, one test at a time.
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "formats/virtio.h"
#include "testbench/frames/frame_exchange.h"
#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

using formats::feature_bit;

constexpr uint64_t kEventIdx = feature_bit(VIRTIO_F_EVENT_IDX);
constexpr uint64_t kIndirect = feature_bit(VIRTIO_F_INDIRECT_DESC);
constexpr uint64_t kMergeable = feature_bit(VIRTIO_NET_F_MRG_RXBUF);
constexpr uint64_t kNotificationData = feature_bit(VIRTIO_F_NOTIFICATION_DATA);
constexpr uint64_t kOrder = feature_bit(VIRTIO_F_ORDER_PLATFORM);
constexpr uint64_t kPlatform = feature_bit(VIRTIO_F_ACCESS_PLATFORM);
constexpr uint64_t kMtu = feature_bit(VIRTIO_NET_F_MTU);

struct Variation {
  uint64_t withheld = 0;  ///< features that the card does not offer
  uint32_t ring = 256;
  uint32_t queue_size_max = 1024;
  bool msix = true;
  unsigned vectors = 17;
  uint16_t mtu = 1500;
  uint32_t max_bytes = 1514;
  uint32_t rx_buffer = 2048;
  uint32_t fragments = 4;
  uint32_t window = 64;
  uint32_t burst = 0;
  uint64_t reclaim_ns = 200'000;
  bool zero_cost = false;
  bool seeded = false;
  unsigned cores = 1;
  uint64_t rate_bps = 100'000'000'000;
  uint32_t tx_buffer = 65536;
  uint32_t budget = 64;
  unsigned pairs = 1;       ///< that the driver asks for
  unsigned card_pairs = 0;  ///< that the card has; 0: as many
  uint32_t flows = 0;
  uint64_t frames = 1000;
  tb::ModelKind model = tb::ModelKind::kLt;
};

tb::FrameExchangeConfig configuration(const Variation& variation) {
  tb::FrameExchangeConfig config;
  config.seed = 7;
  config.model = variation.model;
  config.flows = variation.flows;
  config.frames[0] = config.frames[1] = variation.frames;
  config.driver.queue_pairs = variation.pairs;
  config.nic.queue_pairs =
      static_cast<uint16_t>(variation.card_pairs != 0 ? variation.card_pairs : variation.pairs);
  config.host.memory_bytes = std::size_t{128} << 20;
  config.host.interleave_seeded = variation.seeded;
  config.host.cores = variation.cores;
  if (variation.zero_cost) config.host.costs = tb::zero_costs();
  config.nic.features = ~variation.withheld;
  config.nic.mtu = variation.mtu;
  config.nic.queue_size_max = static_cast<uint16_t>(variation.queue_size_max);
  config.nic.tx_buffer_bytes = variation.tx_buffer;
  config.driver.ring_size = variation.ring;
  config.driver.rx_buffer_bytes = variation.rx_buffer;
  // The receiver keeps up to nine frames; the ring must not run dry for that.
  config.driver.rx_pool_buffers =
      variation.ring + 9 * (variation.max_bytes / variation.rx_buffer + 2);
  config.driver.napi_budget = variation.budget;
  config.driver.tx_reclaim_timeout_ns = variation.reclaim_ns;
  config.driver.use_msix = variation.msix;
  config.driver.msix_vectors = variation.vectors;
  config.link.rate_bps = variation.rate_bps;
  config.max_bytes = variation.max_bytes;
  config.max_fragments = variation.fragments;
  config.window = variation.window;
  config.burst = variation.burst;
  config.patience_ns = 1'000'000'000;
  return config;
}

/// Queues of one direction on which any frame went, of both hosts.
unsigned queues_used(const tb::FrameExchangeResult& result, const char* prefix) {
  unsigned used = 0;
  for (const tb::FrameExchangeSide& side : result.sides) {
    for (const auto& [name, value] : side.driver) {
      used += name.starts_with(prefix) && name.ends_with("_packets") && value != 0;
    }
  }
  return used;
}

/// What is sent is what arrives, and all memory comes back. `queues` of each direction are used.
void exchange(const Variation& variation, unsigned queues = 1) {
  const tb::FrameExchangeConfig config = configuration(variation);
  const tb::FrameExchangeResult result = tb::run_frame_exchange(config);
  EXPECT_EQ(result.fault, "");
  EXPECT_EQ(queues_used(result, "tx_queue_"), 2 * queues);
  EXPECT_EQ(queues_used(result, "rx_queue_"), 2 * queues);
  EXPECT_EQ(result.frames, config.frames[0] + config.frames[1]);
  EXPECT_GT(result.interrupts, 0u);
}

// Designated initialisers leave the rest as it is above.
TEST(Exchange, Default) { exchange({}); }
TEST(Exchange, NoEventIdx) { exchange({.withheld = kEventIdx}); }
TEST(Exchange, NoMergeableBuffers) { exchange({.withheld = kMergeable}); }
TEST(Exchange, NoIndirect) { exchange({.withheld = kIndirect}); }
TEST(Exchange, NoNotificationData) { exchange({.withheld = kNotificationData}); }
TEST(Exchange, NoMtu) { exchange({.withheld = kMtu}); }
TEST(Exchange, BarestFeatures) {
  exchange({.withheld = kEventIdx | kMergeable | kIndirect | kNotificationData | kOrder | kMtu});
}
TEST(Exchange, BarestFeaturesIntx) {
  exchange({.withheld = kEventIdx | kMergeable | kIndirect | kNotificationData | kOrder | kMtu,
            .msix = false});
}
TEST(Exchange, NoPlatform) { exchange({.withheld = kPlatform}); }
TEST(Exchange, Intx) { exchange({.msix = false}); }
TEST(Exchange, IntxNoEventIdx) { exchange({.withheld = kEventIdx, .msix = false}); }
TEST(Exchange, OneVector) { exchange({.vectors = 1}); }
TEST(Exchange, TwoVectors) { exchange({.vectors = 2}); }
TEST(Exchange, SmallestRing) { exchange({.ring = 4, .fragments = 1, .window = 2}); }
TEST(Exchange, SmallestRingNoEventIdx) {
  exchange({.withheld = kEventIdx, .ring = 4, .fragments = 1, .window = 2});
}
TEST(Exchange, SmallRingChains) {
  exchange({.withheld = kIndirect, .ring = 8, .fragments = 6, .window = 4});
}
TEST(Exchange, RingOf16) { exchange({.ring = 16, .window = 8}); }
TEST(Exchange, LargeRing) { exchange({.ring = 4096, .queue_size_max = 4096, .window = 512}); }
TEST(Exchange, LargestRing) { exchange({.ring = 32768, .queue_size_max = 32768, .window = 512}); }
TEST(Exchange, DeviceBoundsTheRing) {
  exchange({.ring = 1024, .queue_size_max = 64, .window = 32});
}
TEST(Exchange, Jumbo) { exchange({.mtu = 9000, .max_bytes = 9014}); }
TEST(Exchange, JumboNoMergeableBuffers) {
  exchange({.withheld = kMergeable, .mtu = 9000, .max_bytes = 9014});
}
TEST(Exchange, JumboInSmallBuffers) {
  exchange({.ring = 1024, .mtu = 9000, .max_bytes = 9014, .rx_buffer = 256, .window = 16});
}
TEST(Exchange, JumboManyFragments) { exchange({.mtu = 9000, .max_bytes = 9014, .fragments = 15}); }
TEST(Exchange, SmallestReceiveBuffers) { exchange({.ring = 1024, .rx_buffer = 64, .window = 16}); }
TEST(Exchange, SmallestFrames) { exchange({.max_bytes = 60, .fragments = 1}); }
TEST(Exchange, ManyFragments) { exchange({.fragments = 15}); }
TEST(Exchange, NoReclaimTimer) { exchange({.reclaim_ns = 0}); }
TEST(Exchange, NoReclaimTimerNoEventIdx) { exchange({.withheld = kEventIdx, .reclaim_ns = 0}); }
TEST(Exchange, BudgetOfOne) { exchange({.budget = 1}); }
TEST(Exchange, OneByOne) { exchange({.window = 1, .burst = 1}); }
TEST(Exchange, ZeroCost) { exchange({.zero_cost = true}); }
TEST(Exchange, ZeroCostSmallestRing) {
  exchange({.ring = 4, .fragments = 1, .window = 2, .zero_cost = true});
}
TEST(Exchange, Seeded) { exchange({.burst = 16, .seeded = true}); }
TEST(Exchange, SeededIntx) { exchange({.msix = false, .burst = 16, .seeded = true}); }
TEST(Exchange, TwoCores) { exchange({.cores = 2}); }
TEST(Exchange, SlowWire) { exchange({.rate_bps = 10'000'000, .tx_buffer = 2048}); }
TEST(Exchange, SlowWireSmallRing) { exchange({.ring = 8, .window = 6, .rate_bps = 100'000'000}); }

// NMQ-R-006, NMQ-D-007: every core sends frames of flows, which spread over all pairs and keep
// their order.
constexpr unsigned kTwo = 2, kFour = 4, kEight = 8;
TEST(ExchangePairs, Two) { exchange({.cores = 2, .pairs = 2, .flows = 32}, kTwo); }
TEST(ExchangePairs, Four) { exchange({.cores = 4, .pairs = 4, .flows = 64}, kFour); }
TEST(ExchangePairs, Eight) { exchange({.cores = 8, .pairs = 8, .flows = 128}, kEight); }
TEST(ExchangePairs, FourOnOneCore) { exchange({.pairs = 4, .flows = 64}, kFour); }
TEST(ExchangePairs, FourOnThreeCores) { exchange({.cores = 3, .pairs = 4, .flows = 64}, kFour); }
TEST(ExchangePairs, FourOfEight) {
  exchange({.cores = 4, .pairs = 4, .card_pairs = 8, .flows = 64}, kFour);
}
TEST(ExchangePairs, EightOfThree) {
  exchange({.cores = 4, .pairs = 8, .card_pairs = 3, .flows = 64}, 3);
}
TEST(ExchangePairs, TheCardHasOne) {
  exchange({.cores = 2, .pairs = 4, .card_pairs = 1, .flows = 16});
}
TEST(ExchangePairs, WithoutMq) {
  exchange({.withheld = feature_bit(VIRTIO_NET_F_MQ), .cores = 2, .pairs = 2, .flows = 16});
}
TEST(ExchangePairs, WithoutAControlQueue) {
  exchange({.withheld = feature_bit(VIRTIO_NET_F_CTRL_VQ), .cores = 2, .pairs = 2, .flows = 16});
}
TEST(ExchangePairs, OneFlow) { exchange({.cores = 4, .pairs = 4, .flows = 1}); }
TEST(ExchangePairs, NoFlow) { exchange({.cores = 4, .pairs = 4}); }
TEST(ExchangePairs, AVectorForAPair) {
  exchange({.vectors = 5, .cores = 4, .pairs = 4, .flows = 64}, kFour);
}
TEST(ExchangePairs, TwoVectors) {
  exchange({.vectors = 2, .cores = 4, .pairs = 4, .flows = 64}, kFour);
}
TEST(ExchangePairs, OneVector) {
  exchange({.vectors = 1, .cores = 4, .pairs = 4, .flows = 64}, kFour);
}
TEST(ExchangePairs, Intx) { exchange({.msix = false, .cores = 4, .pairs = 4, .flows = 64}, kFour); }
TEST(ExchangePairs, NoEventIdx) {
  exchange({.withheld = kEventIdx, .cores = 4, .pairs = 4, .flows = 64}, kFour);
}
TEST(ExchangePairs, BarestFeatures) {
  exchange({.withheld = kEventIdx | kMergeable | kIndirect | kNotificationData | kOrder | kMtu,
            .cores = 4,
            .pairs = 4,
            .flows = 64},
           kFour);
}
TEST(ExchangePairs, SmallRings) {
  exchange({.ring = 8, .window = 6, .burst = 16, .cores = 4, .pairs = 4, .flows = 64}, kFour);
}
TEST(ExchangePairs, NoReclaimTimer) {
  exchange({.burst = 16, .reclaim_ns = 0, .cores = 4, .pairs = 4, .flows = 64}, kFour);
}
TEST(ExchangePairs, Seeded) {
  exchange({.burst = 16, .seeded = true, .cores = 4, .pairs = 4, .flows = 64}, kFour);
}
TEST(ExchangePairs, SeededEight) {
  exchange({.burst = 16, .seeded = true, .cores = 8, .pairs = 8, .flows = 128}, kEight);
}
TEST(ExchangePairs, ZeroCost) {
  // One core: in no time the first of several senders would send everything.
  exchange({.zero_cost = true, .pairs = 8, .flows = 128}, kEight);
}
TEST(ExchangePairs, SlowWire) {
  exchange({.cores = 4, .rate_bps = 10'000'000, .tx_buffer = 2048, .pairs = 4, .flows = 64}, kFour);
}
TEST(ExchangePairs, AtFour) {
  exchange({.cores = 4, .pairs = 4, .flows = 64, .model = tb::ModelKind::kAt}, kFour);
}
TEST(ExchangePairs, AtEight) {
  exchange({.cores = 8, .pairs = 8, .flows = 128, .model = tb::ModelKind::kAt}, kEight);
}

/// The digest of an exchange in a process of its own.
std::string digest_in_child(const tb::FrameExchangeConfig& config) {
  int channel[2];
  if (pipe(channel) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    const tb::FrameExchangeResult result = tb::run_frame_exchange(config);
    const std::string answer = result.fault + result.digest;
    const bool written = write(channel[1], answer.data(), answer.size()) > 0;
    _exit(written ? 0 : 1);
  }
  close(channel[1]);
  char buffer[256];
  const ssize_t count = read(channel[0], buffer, sizeof buffer);
  close(channel[0]);
  int status = 1;
  waitpid(child, &status, 0);
  return count > 0 && status == 0 ? std::string(buffer, static_cast<std::size_t>(count)) : "died";
}

TEST(ExchangePairs, OneSeedOneDigest) {
  const Variation variation = {.burst = 16, .seeded = true, .cores = 4, .pairs = 4, .flows = 64};
  tb::FrameExchangeConfig config = configuration(variation);
  const std::string first = digest_in_child(config);
  EXPECT_EQ(first.size(), 32u) << first;
  EXPECT_EQ(digest_in_child(config), first);
  config.seed = 8;
  EXPECT_NE(digest_in_child(config), first);
}

// VQS-R-008: no chain is longer than the queue, an indirect one neither: header and three
// fragments.
TEST(Exchange, SmallestRingIndirect) { exchange({.ring = 4, .fragments = 3, .window = 2}); }
TEST(Exchange, FrameOfTooManyFragmentsIsRefused) {
  const tb::FrameExchangeResult result =
      tb::run_frame_exchange(configuration({.ring = 4, .fragments = 6, .window = 2}));
  EXPECT_NE(result.fault.find("the driver dropped frame"), std::string::npos) << result.fault;
}

// The exchange itself must be able to fail: a wire that brings nothing in time.
TEST(Exchange, FindsThatNothingArrives) {
  tb::FrameExchangeConfig config = configuration({.rate_bps = 1'000'000});
  config.patience_ns = 100'000;
  EXPECT_NE(tb::run_frame_exchange(config).fault, "");
}

TEST(Exchange, SecondExchangeInAProcessIsRefused) {
  EXPECT_EQ(tb::run_frame_exchange(configuration({})).fault, "");
  EXPECT_EQ(tb::run_frame_exchange(configuration({})).fault, "a process can run one exchange only");
}

}  // namespace
}  // namespace ringside::test
