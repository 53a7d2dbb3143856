// SPDX-License-Identifier: Apache-2.0
// Model `at` takes the time that its parameters say: sums made by hand from the configuration, on
// an idle bus.
#include "tests/unit/at/at_host.h"

namespace ringside::test {
namespace {

constexpr uint64_t kPsPerS = 1'000'000'000'000;
/// DLLPs between TLPs, and fractions of a byte's time, on an idle link.
constexpr hw::TimePs kSlackPs = 8'000;

hw::TimePs cycles(const hw::NicConfig& config, uint64_t count) {
  return count * kPsPerS / config.pipeline.clock_hz;
}

/// `bytes` on a generation 3 or later link.
hw::TimePs on_link(const hw::NicConfig& config, uint64_t bytes) {
  const uint64_t gigatransfers = uint64_t{1} << config.pcie.generation;  // 8, 16, 32
  return bytes * 8 * 130 * 1000 / (128 * gigatransfers * config.pcie.lanes);
}

/// A read of `bytes` (at most MPS) and its answer.
hw::TimePs read_time(const hw::NicConfig& config, uint64_t bytes) {
  return on_link(config, 24) + config.pcie.latency_ps + config.root_complex.read_latency_ps +
         on_link(config, 20 + bytes) + config.pcie.latency_ps;
}

/// `edges`: how often something waits for a clock edge on the way, up to a cycle each.
void expect_near(hw::TimePs got, hw::TimePs expected, const char* what, hw::TimePs edges_ps = 0) {
  EXPECT_GE(got + 1'000, expected) << what;
  EXPECT_LE(got, expected + edges_ps + kSlackPs) << what;
}

// A register read: request down, the card's cycles, completion up.
TEST(AtTiming, RegisterReadTakesARoundTrip) {
  hw::NicConfig config;
  config.pcie.generation = 3;
  config.pcie.lanes = 8;
  AtPair pair(config);
  ASSERT_TRUE(pair.run([&] {
    pair.alice.enable_pci(true);
    wait_us(5);
    const hw::TimePs before = now_ps();
    pair.alice.get(CommonCfg::kNumQueues, 2);
    expect_near(now_ps() - before,
                2 * config.pcie.latency_ps + on_link(config, 24) + on_link(config, 20 + 4) +
                    cycles(config, config.pipeline.register_cycles),
                "round trip");
    const hw::TimePs posted = now_ps();
    pair.alice.set(CommonCfg::kQueueSelect, 2, 1);
    EXPECT_EQ(now_ps(), posted);  // a write is posted
  }));
}

struct FirstFrame : hw::LinkObserver {
  void frame_arrived(unsigned, const hw::Frame&, hw::TimePs start_ps, hw::TimePs) override {
    if (start == 0) start = start_ps;
  }
  hw::TimePs start = 0;
};

// From the doorbell to the first bit at the other end: doorbell, index, entry, descriptor, payload.
TEST(AtTiming, TransmitIsTheSumOfItsStages) {
  hw::NicConfig config;
  hw::LinkConfig wire;
  AtPair pair(config, wire);
  FirstFrame first;
  pair.link.observe(&first);
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    wait_us(20);
    pair.alice.make_available(a.tx, 1);
    const hw::TimePs doorbell = now_ps();
    pair.alice.notify(a.tx);
    wait_us(10);
    const hw::PipelineConfig& pipeline = config.pipeline;
    const uint64_t ring = pipeline.ring_choice_cycles + pipeline.read_request_cycles;
    const uint64_t index = pipeline.doorbell_cycles + ring;
    const uint64_t entry = pipeline.read_result_cycles + pipeline.ring_result_cycles + ring;
    const uint64_t descriptor = pipeline.read_result_cycles + pipeline.scan_cycles + 1 + ring;
    const uint64_t payload = pipeline.read_result_cycles + pipeline.walk_cycles +
                             pipeline.tx_start_cycles + pipeline.tx_gather_cycles +
                             pipeline.grant_cycles + pipeline.read_request_cycles;
    // 72 bytes come in two beats; 60 go to the MAC in one.
    const uint64_t egress =
        1 + pipeline.read_result_cycles + pipeline.tx_done_cycles + pipeline.tx_latency_cycles;
    const hw::TimePs expected = on_link(config, 24 + 4) + config.pcie.latency_ps +
                                cycles(config, index + entry + descriptor + payload + egress) +
                                read_time(config, 4) + read_time(config, 4) +
                                read_time(config, 16) + read_time(config, 72) + wire.delay_ps;
    ASSERT_NE(first.start, 0u);
    expect_near(first.start - doorbell, expected, "doorbell to wire", cycles(config, 5));
  }));
}

/// Time from the end of the first frame on the wire to the interrupt that tells of it.
struct ReceiveProbe : hw::LinkObserver {
  void frame_arrived(unsigned end, const hw::Frame&, hw::TimePs, hw::TimePs end_ps) override {
    if (end == 1) arrived = end_ps;
  }
  hw::TimePs arrived = 0;
};

// From the last bit to MSI-X: payload, used entry after its time-out, index, suppression, message.
TEST(AtTiming, ReceiveIsTheSumOfItsStages) {
  hw::NicConfig config;
  AtPair pair(config);
  ReceiveProbe probe;
  pair.link.observe(&probe);
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    Rings b = bring_up(pair.bob, kBasic);
    pair.bob.make_available(b.rx, 64);
    pair.bob.notify(b.rx);
    wait_us(20);
    hw::TimePs interrupt = 0;
    pair.bob.on_interrupt = [&](unsigned vector) {
      if (vector == 1 && interrupt == 0) interrupt = now_ps();
    };
    pair.alice.make_available(a.tx, 1);
    pair.alice.notify(a.tx);
    wait_us(20);
    const hw::PipelineConfig& pipeline = config.pipeline;
    // One chain; it is done a cycle behind its write.
    const uint64_t done = pipeline.rx_latency_cycles + 1 + pipeline.rx_write_cycles + 1;
    const uint64_t index = pipeline.used_timeout_cycles + pipeline.used_cycles +
                           pipeline.used_write_cycles + 1 + pipeline.grant_cycles + 1 +
                           pipeline.write_cycles;
    const uint64_t suppression =
        pipeline.written_cycles + pipeline.grant_cycles + pipeline.read_request_cycles;
    const uint64_t message = pipeline.read_result_cycles + pipeline.decide_cycles +
                             pipeline.interrupt_cycles + pipeline.write_cycles;
    const hw::TimePs expected = cycles(config, done + index + suppression + message) +
                                read_time(config, 4) + on_link(config, 20 + 4) +
                                config.pcie.latency_ps;
    ASSERT_NE(interrupt, 0u);
    expect_near(interrupt - probe.arrived, expected, "last bit to interrupt", cycles(config, 2));
  }));
}

// A long way through the card is a latency, not a limit: frames that come later, or doorbells, put
// nothing off.
TEST(AtTiming, LaterFramesDoNotPutOffEarlierOnes) {
  hw::NicConfig config;
  config.pipeline.rx_latency_cycles = 1000;
  hw::LinkConfig wire;
  wire.rate_bps = 10'000'000'000;
  AtPair pair(config, wire);
  FirstFrame first;
  pair.link.observe(&first);
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic, 64, 1526);
    Rings b = bring_up(pair.bob, kBasic);
    pair.bob.make_available(b.rx, 64);
    pair.bob.notify(b.rx);
    wait_us(20);
    hw::TimePs interrupt = 0;
    pair.bob.on_interrupt = [&](unsigned vector) {
      if (vector == 1 && interrupt == 0) interrupt = now_ps();
    };
    pair.alice.make_available(a.tx, 40);  // 1.23 us each
    pair.alice.notify(a.tx);
    wait_us(80);
    EXPECT_EQ(pair.bob.used_idx(b.rx), 40);
    ASSERT_NE(interrupt, 0u);
    const hw::TimePs until = interrupt - first.start;
    EXPECT_GT(until, 5'200'000u);
    EXPECT_LT(until, 6'500'000u);
  }));
}

TEST(AtTiming, LaterDoorbellsDoNotPutOffEarlierOnes) {
  hw::NicConfig config;
  config.pipeline.doorbell_cycles = 1000;
  hw::LinkConfig wire;
  AtPair pair(config, wire);
  FirstFrame first;
  pair.link.observe(&first);
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    wait_us(20);
    const hw::TimePs doorbell = now_ps();
    for (unsigned i = 0; i < 20; ++i) {
      pair.alice.make_available(a.tx, 1);
      pair.alice.notify(a.tx);
      wait_us(1);
    }
    wait_us(20);
    EXPECT_EQ(pair.alice.used_idx(a.tx), 20);
    ASSERT_NE(first.start, 0u);
    EXPECT_GT(first.start - doorbell, 4'000'000u);
    EXPECT_LT(first.start - doorbell, 4'000'000 + 2'200'000 + wire.delay_ps);
  }));
}

// 1514 bytes and their header in six writes of 256 bytes at most, the used entry and index behind
// them, then the suppression read and the message.
TEST(AtTiming, ReceiveIsCutAtMaxPayloadSize) {
  hw::NicConfig config;
  config.pcie.generation = 3;
  config.pcie.lanes = 4;
  AtPair pair(config);
  ReceiveProbe probe;
  pair.link.observe(&probe);
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic, 64, 1526);
    Rings b = bring_up(pair.bob, kBasic);
    pair.bob.make_available(b.rx, 64);
    pair.bob.notify(b.rx);
    wait_us(20);
    hw::TimePs interrupt = 0;
    pair.bob.on_interrupt = [&](unsigned vector) {
      if (vector == 1 && interrupt == 0) interrupt = now_ps();
    };
    pair.alice.make_available(a.tx, 1);
    pair.alice.notify(a.tx);
    wait_us(20);
    const hw::PipelineConfig& pipeline = config.pipeline;
    // The first buffer begins at a multiple of 64: 5 * 256 + 246 bytes, the last in 62 dwords.
    // The MAC gives the frame in 24 beats; the first write leaves with its fourth.
    const uint64_t first =
        24 + pipeline.rx_latency_cycles + 1 + pipeline.rx_write_cycles + pipeline.write_cycles + 3;
    const uint64_t message = pipeline.read_result_cycles + pipeline.decide_cycles +
                             pipeline.interrupt_cycles + pipeline.write_cycles;
    const hw::TimePs expected = cycles(config, first + message) + on_link(config, 6 * 24 + 1528) +
                                on_link(config, 24 + 8) + on_link(config, 24 + 4) +
                                read_time(config, 4) + on_link(config, 20 + 4) +
                                config.pcie.latency_ps;
    ASSERT_NE(interrupt, 0u);
    EXPECT_GE(interrupt - probe.arrived, expected);
    // Some 1.8 KiB on a link with 8 bytes of DLLPs in about 75.
    EXPECT_LE(interrupt - probe.arrived, expected + on_link(config, 1800 / 8) + cycles(config, 4));
  }));
}

// An interrupt that is far off holds nothing back that is written meanwhile, and a reset forgets it
// (RST-D-002).
TEST(AtTiming, LateInterruptHoldsNoWritesBack) {
  hw::NicConfig config;
  config.pipeline.interrupt_cycles = 10'000;  // 40 us
  AtPair pair(config);
  ASSERT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic);
    for (uint16_t frame = 1; frame <= 3; ++frame) {
      pair.alice.make_available(a.tx, 1);
      pair.alice.notify(a.tx);
      wait_us(5);
      EXPECT_EQ(pair.alice.used_idx(a.tx), frame);
    }
    EXPECT_EQ(pair.alice.messages[2], 0u);
    wait_us(45);
    EXPECT_EQ(pair.alice.messages[2], 3u);
    pair.alice.make_available(a.tx, 1);
    pair.alice.notify(a.tx);
    wait_us(5);
    EXPECT_EQ(pair.alice.used_idx(a.tx), 4);
    pair.alice.set_status(0);
    EXPECT_EQ(pair.alice.status(), 0);
    wait_us(60);
    EXPECT_EQ(pair.alice.messages[2], 3u);
  }));
}

/// Data frames that reach the other end in `us` microseconds, with rings that never run dry.
double frame_ps(const hw::NicConfig& config, uint32_t bytes) {
  hw::LinkConfig wire;
  wire.rate_bps = 1'000'000'000'000;  // not the limit
  AtPair pair(config, wire);
  double taken = 0;
  EXPECT_TRUE(pair.run([&] {
    Rings a = bring_up(pair.alice, kBasic, 1024, bytes + 12);
    pair.alice.make_available(a.tx, 1024);
    pair.alice.notify(a.tx);
    sc_core::wait(4, sc_core::SC_US);
    const hw::TimePs start = now_ps();
    const uint64_t before = pair.alice.counter("tx_frames");
    while (pair.alice.counter("tx_frames") < 900) sc_core::wait(100, sc_core::SC_NS);
    taken = static_cast<double>(now_ps() - start) /
            static_cast<double>(pair.alice.counter("tx_frames") - before);
  }));
  return taken;
}

// The datapath's beats bound the frame rate when link and wire do not.
TEST(AtTiming, DatapathIsTheLimitWhenItIsNarrow) {
  hw::NicConfig config;
  config.pipeline.datapath_bits = 128;
  const double got = frame_ps(config, 500);  // 32 beats of 16 bytes
  const auto least = static_cast<double>(cycles(config, 32));
  // Entries, descriptors and payload of a chain each wait behind payload that was asked for before
  // them, and 64 chains at most are under way.
  EXPECT_GT(got, least);
  EXPECT_LT(got, 1.17 * least);
}

// A narrow link bounds it too: 512 bytes of payload and header come in two completions.
TEST(AtTiming, LinkIsTheLimitWhenItIsNarrow) {
  hw::NicConfig config;
  config.pcie.generation = 3;
  config.pcie.lanes = 4;
  const double got = frame_ps(config, 500);
  const double raw = static_cast<double>(on_link(config, 512 + 2 * 20));
  EXPECT_GT(got, raw);
  // DLLPs and SKIP ordered sets, what the rings add, and that they wait behind payload.
  EXPECT_LT(got, 1.25 * raw);
}

}  // namespace
}  // namespace ringside::test
