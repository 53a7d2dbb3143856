// SPDX-License-Identifier: Apache-2.0
// The fifo beside a std::deque, with random pauses on both sides.
#include <Vfifo.h>

#include <deque>
#include <random>

#include "tests/support/gtest.h"
#include "tests/support/verilated.h"

namespace ringside::test {
namespace {

constexpr std::size_t kDepth = 8;
constexpr uint32_t kMask = (1U << 20) - 1;

/// `in` and `out`: of 16 cycles, those in which a word comes or is taken.
void run(int seed, unsigned in, unsigned out) {
  RtlBench<Vfifo> bench(seed);
  std::mt19937 random(static_cast<unsigned>(seed));
  std::deque<uint32_t> words;
  bench->in_valid = bench->out_ready = bench->clear = 0;
  bench.reset();
  bool was_full = false;
  for (unsigned cycle = 0; cycle < 3000; ++cycle) {
    bench->in_valid = random() % 16 < in;
    bench->in_data = random() & kMask;
    bench->out_ready = random() % 16 < out;
    bench->clear = random() % 200 == 0;
    bench.settle();
    ASSERT_EQ(bench->in_ready, words.size() != kDepth);
    ASSERT_EQ(bench->out_valid, !words.empty());
    if (bench->out_valid) {
      ASSERT_EQ(bench->out_data, words.front());
    }
    was_full |= words.size() == kDepth;
    if (bench->out_valid && bench->out_ready) words.pop_front();
    if (bench->in_valid && bench->in_ready) words.push_back(bench->in_data);
    if (bench->clear) words.clear();
    bench.tick();
  }
  EXPECT_EQ(was_full, in > out);
}

TEST(Fifo, KeepsWordsInOrder) {
  for (int seed = 1; seed <= 4; ++seed) {
    run(seed, 12, 4);
    run(seed, 16, 15);
    run(seed, 4, 16);
  }
}

}  // namespace
}  // namespace ringside::test
