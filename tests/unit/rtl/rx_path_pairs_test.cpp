// SPDX-License-Identifier: Apache-2.0
// Frames that wait in rx_path, or are coming in, while pairs are switched on and off. Which pair a
// frame is for the core's steering says (hw_model/core/steering.h).
#include <Vrx_path_pairs_bench.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <random>
#include <span>
#include <vector>

#include "hw_model/core/steering.h"
#include "tests/support/gtest.h"
#include "tests/support/verilated.h"
#include "tests/unit/rtl/wide_bits.h"

namespace ringside::test {
namespace {

constexpr std::size_t kBeatBytes = 16;
constexpr unsigned kFrameIn = 1, kFrameDropped = 2, kDropInactive = 15;
constexpr unsigned kInactiveField = 0;  // of rx_counters_t, the last first

class PairsRig {
 public:
  explicit PairsRig(int seed) : bench_(seed), random_(static_cast<unsigned>(seed)) {
    bench_->frame_valid = bench_->frame_sop = bench_->frame_eop = 0;
    bench_->frame_empty = 0;
    bench_->pairs = 2;
    bench_.reset();
  }

  uint64_t taken = 0, dropped_waiting = 0, dropped_coming = 0;

  void switch_to(unsigned pairs) { bench_->pairs = pairs & 15; }
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  std::size_t waiting() const { return waiting_[0].size() + waiting_[1].size(); }

  /// A UDP frame of any flow; while its beat `at` comes `then` happens.
  template <typename Then>
  void send(std::size_t at, const Then& then) {
    std::vector<uint8_t> frame(100 + below(1400));
    for (uint8_t& byte : frame) byte = static_cast<uint8_t>(random_());
    constexpr std::array<uint8_t, 3> kIpv4{0x08, 0x00, 0x45};
    std::copy(kIpv4.begin(), kIpv4.end(), frame.begin() + 12);
    frame[20] = frame[21] = 0;  // no fragment
    frame[23] = 17;
    coming_.push_back(frame);
    for (std::size_t sent = 0, beat = 0; sent < frame.size(); sent += kBeatBytes, ++beat) {
      const std::size_t count = std::min(kBeatBytes, frame.size() - sent);
      if (beat == at) then();
      bench_->frame_valid = 1;
      bench_->frame_sop = sent == 0;
      bench_->frame_eop = sent + count == frame.size();
      bench_->frame_empty = static_cast<uint8_t>(kBeatBytes - count);
      set_bytes(bench_->frame_data, 0, std::span(frame).subspan(sent, count));
      cycle();
      bench_->frame_valid = 0;
    }
  }
  void run(unsigned cycles) {
    for (unsigned i = 0; i < cycles; ++i) cycle();
  }
  void check() {
    EXPECT_TRUE(coming_.empty());
    EXPECT_EQ(get_bits(bench_->counts, 64 * kInactiveField, 64), dropped_waiting + dropped_coming);
    bench_.settle();
    EXPECT_EQ(bench_->idle, 1);
  }

 private:
  struct Waiting {
    std::size_t size;
    uint32_t number;
  };

  void cycle() {
    bench_.settle();
    if (bench_->arrival_trace_valid) arrive();
    if (bench_->trace_valid) drop();
    EXPECT_EQ(bench_->write_valid, 0);
    bench_.tick();
  }
  void arrive() {
    ASSERT_FALSE(coming_.empty());
    const std::vector<uint8_t> frame = std::move(coming_.front());
    coming_.pop_front();
    ASSERT_EQ(bench_->arrival_size, frame.size());
    ASSERT_EQ(bench_->arrival_frame, numbered_++);
    const unsigned pair = hw::steer(std::as_bytes(std::span(frame)), bench_->pairs);
    if (bench_->arrival_kind == kFrameDropped) {
      ASSERT_EQ(bench_->arrival_value, kDropInactive);
      ++dropped_coming;
      return;
    }
    ASSERT_EQ(bench_->arrival_kind, kFrameIn);
    ASSERT_EQ(bench_->arrival_queue, 2 * pair);
    waiting_.at(pair).push_back({frame.size(), bench_->arrival_frame});
    ++taken;
  }
  void drop() {
    ASSERT_EQ(bench_->trace_kind, kFrameDropped);
    ASSERT_EQ(bench_->trace_value, kDropInactive);
    ASSERT_EQ(bench_->trace_queue, 2);
    ASSERT_FALSE(waiting_[1].empty());
    EXPECT_EQ(bench_->trace_size, waiting_[1].front().size);
    EXPECT_EQ(bench_->trace_frame, waiting_[1].front().number);
    waiting_[1].pop_front();
    ++dropped_waiting;
  }

  RtlBench<Vrx_path_pairs_bench> bench_;
  std::mt19937 random_;
  std::deque<std::vector<uint8_t>> coming_;
  std::array<std::deque<Waiting>, 2> waiting_;
  uint32_t numbered_ = 0;
};

// What waits for a pair that is switched off goes, and nothing else; with it back, frames come to
// it again.
TEST(RxPathPairs, FramesOfAPairThatIsSwitchedOffAreDropped) {
  PairsRig rig(1);
  for (unsigned i = 0; i < 12; ++i) rig.send(0, [] {});
  rig.run(200);
  EXPECT_EQ(rig.waiting(), 12u);
  rig.switch_to(1);
  rig.run(200);
  EXPECT_GT(rig.dropped_waiting, 2u);
  EXPECT_EQ(rig.waiting(), 12u - rig.dropped_waiting);
  const uint64_t before = rig.dropped_waiting;
  for (unsigned i = 0; i < 3; ++i) rig.send(0, [] {});
  rig.run(200);
  rig.switch_to(2);
  for (unsigned i = 0; i < 6; ++i) rig.send(0, [] {});
  rig.run(200);
  EXPECT_EQ(rig.dropped_waiting, before);
  EXPECT_EQ(rig.dropped_coming, 0u);
  EXPECT_EQ(rig.waiting(), 21u - before);
  rig.check();
}

// A frame whose beats go to an engine already is dropped at its end if it is another's by then.
TEST(RxPathPairs, AFrameThatIsComingInIsDroppedIfItIsForAnotherPairNow) {
  uint64_t coming = 0, taken = 0;
  for (int seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    PairsRig rig(seed);
    for (unsigned i = 0, pairs = 2; i < 4; ++i) {
      pairs = 3 - pairs;
      rig.send(rig.below(90), [&] { rig.switch_to(pairs); });
      rig.run(rig.below(3) == 0 ? 200 : 0);
    }
    rig.run(400);
    rig.check();
    coming += rig.dropped_coming;
    taken += rig.taken;
  }
  EXPECT_GT(coming, 10u);
  EXPECT_GT(taken, 60u);
}

}  // namespace
}  // namespace ringside::test
