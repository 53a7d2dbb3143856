// SPDX-License-Identifier: Apache-2.0
// The clock of a card in RTL: its edges, and that it may stop.
#include "hw_model/tlm/clock_edges.h"
#include "tests/unit/rtl_bridge/echo_host.h"

namespace ringside::test {
namespace {

using hw::ClockEdges;
using hw::HostMemory;

TEST(RtlClock, EdgesDoNotDrift) {
  const ClockEdges even(250'000'000);
  EXPECT_EQ(even.time_of(1), 4000u);
  EXPECT_EQ(even.last_at(3999), 0u);
  EXPECT_EQ(even.last_at(4000), 1u);
  EXPECT_EQ(even.first_at(0), 0u);
  EXPECT_EQ(even.first_at(4000), 1u);
  EXPECT_EQ(even.first_at(4001), 2u);
  EXPECT_EQ(even.cycles_in(4001), 2u);
  // 33 periods of 322.265625 MHz are 102400 ps.
  const ClockEdges odd(322'265'625);
  EXPECT_EQ(odd.time_of(33), 102'400u);
  EXPECT_EQ(odd.time_of(1), 3103u);
  EXPECT_EQ(odd.time_of(33'000'000'000'000), 102'400'000'000'000'000u);
  const ClockEdges prime(250'000'013);
  for (const ClockEdges& edges : {even, odd, prime}) {
    for (const uint64_t edge : {1ull, 2ull, 3ull, 1000ull, 999'999'937ull, 281'474'976ull * 1000}) {
      const hw::TimePs time = edges.time_of(edge);
      EXPECT_EQ(edges.last_at(time), edge);
      EXPECT_EQ(edges.last_at(time - 1), edge - 1);
      EXPECT_EQ(edges.last_at(time + 1), edge);
      EXPECT_EQ(edges.first_at(time), edge);
    }
  }
}

/// Registers, copies, frames, timers and pauses, the same for every card.
void drive(EchoHost& host) {
  const uint64_t base = HostMemory::kArenaBase;
  for (unsigned round = 0; round < 20; ++round) {
    host.set(kScratch, round);
    EXPECT_EQ(host.get(kScratch), round);
    const std::vector<std::byte> bytes = pattern(100 + 31 * round % 400, round);
    std::memcpy(host.memory.translate(base, bytes.size()), bytes.data(), bytes.size());
    host.set(kSource, base);
    host.set(kTarget, base + 8192);
    host.set(kMessage, hw::RootPort::kMsiWindow | uint64_t{round} << 32);
    host.set(kGo, bytes.size());
    for (unsigned i = 0; i < round; ++i) host.send(pattern(60 + 97 * i % 1400, round + i));
    // Now and then something comes at the very time of an edge.
    sc_core::wait(sc_core::sc_time::from_value(round % 3 == 0 ? 4'000'000 : 3'777'777 + round));
  }
  wait_us(50);
}

/// What cards did with the same input; whoever drives them does so in turn, so times are relative.
struct Run {
  std::vector<EchoEffect> effects;
  uint64_t cycles = 0;
};

Run run(EchoHost& host, void (*traffic)(EchoHost&)) {
  // On an edge, of a number that does not matter.
  const hw::TimePs unit = 102'400'000;
  const hw::TimePs start = (sc_core::sc_time_stamp().value() / unit + 1) * unit;
  sc_core::wait(sc_core::sc_time::from_value(start) - sc_core::sc_time_stamp());
  host.effects.clear();
  const uint64_t before = host.nic->clock_cycles();
  traffic(host);
  Run result{host.effects, host.nic->clock_cycles() - before};
  for (EchoEffect& effect : result.effects) effect.time_ps -= start;
  return result;
}

void stopped_and_always_are_one(uint64_t clock_hz) {
  hw::NicConfig config;
  config.pipeline.clock_hz = clock_hz;
  EchoHost stopped("stopped", config, {hw::ClockMode::kStopped, {}});
  EchoHost always("always", config, {hw::ClockMode::kAlways, {}});
  EchoHost proven("proven", config, {hw::ClockMode::kProven, {}});
  ASSERT_TRUE(run_thread([&] {
    const Run first = run(stopped, drive);
    EXPECT_GT(first.effects.size(), 200u);
    const Run second = run(always, drive);
    EXPECT_EQ(first.effects.size(), second.effects.size());
    EXPECT_TRUE(first.effects == second.effects);
    EXPECT_LT(first.cycles * 2, second.cycles);
    const Run third = run(proven, drive);
    EXPECT_TRUE(first.effects == third.effects);
    EXPECT_EQ(first.cycles, third.cycles);
  }));
}

TEST(RtlClock, AStoppedClockChangesNothing) { stopped_and_always_are_one(250'000'000); }
TEST(RtlClock, AStoppedClockChangesNothingAt322MHz) { stopped_and_always_are_one(322'265'625); }

/// Frames that the card would send faster than a slow wire takes them.
void burst(EchoHost& host) {
  for (unsigned i = 0; i < 4; ++i) {
    for (unsigned copy = 0; copy < 5; ++copy) {
      const hw::FramePtr frame = host.pool.make();
      frame->bytes = pattern(600 - 100 * copy, i);
      host.nic->receive_frame(frame, 0, 0);
    }
    wait_us(300);
  }
  wait_us(500);
}

TEST(RtlClock, StopsWhileTheWireIsBusy) {
  const hw::LinkConfig wire{.rate_bps = 100'000'000};
  EchoHost stopped("stopped", {}, {hw::ClockMode::kStopped, {}}, wire);
  EchoHost always("always", {}, {hw::ClockMode::kAlways, {}}, wire);
  EchoHost proven("proven", {}, {hw::ClockMode::kProven, {}}, wire);
  ASSERT_TRUE(run_thread([&] {
    const auto first = run(stopped, burst);
    EXPECT_EQ(first.effects.size(), 20u);
    // Beats, and some edges a frame; the wire is busy for 160000 cycles.
    EXPECT_LT(first.cycles, 20u * 20);
    const auto second = run(always, burst);
    EXPECT_TRUE(first.effects == second.effects);
    EXPECT_GT(second.cycles, 160'000u);
    const auto third = run(proven, burst);
    EXPECT_TRUE(first.effects == third.effects);
    EXPECT_EQ(first.cycles, third.cycles);
  }));
}

TEST(RtlClock, DeadlinesWakeTheClockAtTheirEdge) {
  EchoHost host("host", {}, {});
  ASSERT_TRUE(run_thread([&] {
    wait_us(1);
    const uint64_t due = sc_core::sc_time_stamp().value() / 4000 + 2500;
    host.set(kTimer, due);
    wait_us(5);
    const uint64_t cycles = host.nic->clock_cycles();
    EXPECT_EQ(host.get(kExpired), 0u);
    EXPECT_LT(host.nic->clock_cycles() - cycles, 20u);
    sc_core::wait(sc_core::sc_time::from_value(due * 4000 - 1) - sc_core::sc_time_stamp());
    const uint64_t before = host.nic->clock_cycles();
    sc_core::wait(2, sc_core::SC_PS);
    EXPECT_EQ(host.nic->clock_cycles(), before + 1);
    EXPECT_EQ(host.get(kExpired), 1u);
    wait_us(100);
    EXPECT_LT(host.nic->clock_cycles(), before + 20);
  }));
}

}  // namespace
}  // namespace ringside::test
