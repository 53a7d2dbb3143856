// SPDX-License-Identifier: Apache-2.0
// rx_steering against the functional core's steer(): the same pair for every frame, and the beats
// as they came.
#include <Vrx_steering_bench.h>

#include <algorithm>
#include <deque>
#include <random>
#include <span>
#include <vector>

#include "hw_model/core/steering.h"
#include "tests/support/gtest.h"
#include "tests/unit/rtl/gated_twin.h"
#include "tests/unit/rtl/wide_bits.h"

namespace ringside::test {
namespace {

constexpr std::size_t kBeatBytes = NIC_TEST_DATA_BITS / 8;
/// A frame's end leaves so many cycles behind its last beat at the latest: those of a head and of
/// the hash.
constexpr uint64_t kMostCycles = 6 + 10;

struct Frame {
  std::vector<uint8_t> bytes;
  bool bad = false;
  uint64_t ended = 0;  ///< cycle of its last beat
};

/// IPv4 and IPv6, with and without tag, options, ports and fragments; nearly so; something else.
Frame random_frame(std::mt19937_64& random) {
  const auto below = [&random](uint64_t bound) { return random() % bound; };
  Frame frame;
  frame.bytes.resize(1 + below(below(3) == 0 ? 300 : 100));
  for (uint8_t& byte : frame.bytes) byte = static_cast<uint8_t>(random());
  frame.bad = below(8) == 0;
  const auto put = [&frame](std::size_t at, uint64_t value) {
    if (at < frame.bytes.size()) frame.bytes[at] = static_cast<uint8_t>(value);
  };
  std::size_t at = 12;
  if (below(3) == 0) {
    put(at, 0x81);
    put(at + 1, 0x00);
    at += 4;
  }
  const bool ipv6 = below(2) == 0;
  if (below(8) != 0) {
    put(at, ipv6 ? 0x86 : 0x08);
    put(at + 1, ipv6 ? 0xDD : 0x00);
  }
  at += 2;
  if (below(8) != 0) put(at, ipv6 ? 0x60 : 0x40 | (below(2) == 0 ? 5 : below(16)));
  if (!ipv6 && below(4) != 0) {
    put(at + 6, below(2) == 0 ? 0x40 : 0x00);
    put(at + 7, 0);
  }
  if (below(4) != 0) put(at + (ipv6 ? 6 : 9), below(2) == 0 ? 6 : 17);
  return frame;
}

class Steering {
 public:
  explicit Steering(int seed) : twin_(seed), random_(static_cast<uint64_t>(seed)) {
    twin_.drive([](auto& m) { m.frame_valid = 0; });
    twin_.reset();
  }
  unsigned beat_percent = 100;
  std::vector<uint64_t> frames_of_pair = std::vector<uint64_t>(8);

  void send(unsigned frames) {
    for (unsigned i = 0; i < frames; ++i) to_send_.push_back(random_frame(random_));
    while (!to_send_.empty() || !sent_.empty()) {
      cycle();
      if (::testing::Test::HasFatalFailure()) return;
    }
  }

 private:
  void cycle() {
    const bool on = !to_send_.empty() && random_() % 100 < beat_percent;
    if (on)
      drive(to_send_.front());
    else
      twin_.drive([](auto& m) { m.frame_valid = 0; });
    twin_.settle();
    if (twin_->out_valid != 0) take();
    if (::testing::Test::HasFatalFailure()) return;
    if (!sent_.empty()) {
      ASSERT_LE(twin_.cycle(), sent_.front().ended + kMostCycles) << "a frame stays";
    }
    twin_.tick();
    twin_.settle();
    twin_.expect_same([](Vrx_steering_bench& m) {
      return m.out_valid == 0 ? std::vector<uint64_t>{}
                              : std::vector<uint64_t>{1, m.out_hash, m.out_sop, m.out_eop};
    });
    if (on && at_ == to_send_.front().bytes.size()) {
      to_send_.front().ended = twin_.cycle();
      sent_.push_back(std::move(to_send_.front()));
      to_send_.pop_front();
      at_ = 0;
    }
  }

  void drive(const Frame& frame) {
    const std::size_t count = std::min(kBeatBytes, frame.bytes.size() - at_);
    const bool end = at_ + count == frame.bytes.size();
    twin_.drive([&](auto& m) {
      m.frame_valid = 1;
      m.frame_sop = at_ == 0;
      m.frame_eop = end;
      m.frame_err = end && frame.bad;
      m.frame_empty = static_cast<uint8_t>(end ? kBeatBytes - count : 0);
      set_bytes(m.frame_data, 0, std::span(frame.bytes).subspan(at_, count));
    });
    at_ += count;
  }

  void take() {
    Vrx_steering_bench& m = *twin_;
    const Frame* frame = nullptr;
    if (!sent_.empty())
      frame = &sent_.front();
    else if (!to_send_.empty())
      frame = &to_send_.front();
    ASSERT_NE(frame, nullptr) << "a beat of no frame";
    ASSERT_EQ(m.out_sop, taken_ == 0);
    const std::size_t count = std::min(kBeatBytes, frame->bytes.size() - taken_);
    const bool end = taken_ + count == frame->bytes.size();
    ASSERT_EQ(m.out_eop, end);
    for (std::size_t k = 0; k < count; ++k) {
      ASSERT_EQ(get_byte(m.out_data, k), frame->bytes[taken_ + k]);
    }
    const ByteView bytes(reinterpret_cast<const std::byte*>(frame->bytes.data()),
                         frame->bytes.size());
    for (unsigned pairs = 1; pairs <= 8; ++pairs) {
      ASSERT_EQ(uint64_t{m.out_hash} * pairs >> 32, hw::steer(bytes, pairs)) << pairs << " pairs";
    }
    taken_ += count;
    if (!end) return;
    ASSERT_EQ(m.out_err, frame->bad);
    ASSERT_EQ(m.out_empty, kBeatBytes - count);
    ASSERT_FALSE(sent_.empty()) << "a frame ends before it has come";
    ++frames_of_pair.at(uint64_t{m.out_hash} * 8 >> 32);
    sent_.pop_front();
    taken_ = 0;
  }

  GatedTwin<Vrx_steering_bench> twin_;
  std::mt19937_64 random_;
  std::deque<Frame> to_send_, sent_;
  std::size_t at_ = 0, taken_ = 0;
};

TEST(RxSteering, EachFrameHasThePairOfTheCore) {
  for (int seed = 1; seed <= 6; ++seed) {
    Steering steering(seed);
    for (const unsigned percent : {100u, 60u, 15u}) {
      steering.beat_percent = percent;
      ASSERT_NO_FATAL_FAILURE(steering.send(1000)) << "seed " << seed;
    }
    for (const uint64_t frames : steering.frames_of_pair) EXPECT_GT(frames, 100u);
  }
}

}  // namespace
}  // namespace ringside::test
