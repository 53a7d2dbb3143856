// SPDX-License-Identifier: Apache-2.0
// The statistics window with every counter at a value of its own, beside what the pins of the card
// show.
#include <Vstatistics.h>

#include <random>

#include "hw_model/core/bar_layout.h"
#include "hw_model/rtl_bridge/rtl_counters.h"
#include "tests/support/gtest.h"
#include "tests/support/verilated.h"

namespace ringside::test {
namespace {

using hw::Counter;
using hw::Statistics;

class StatisticsBench {
 public:
  explicit StatisticsBench(int seed) : bench_(seed), random_(static_cast<unsigned>(seed)) {
    bench_->sample = bench_->lower = bench_->error_counted = 0;
    count();
    bench_.reset();
  }
  /// Everything moves.
  void count() {
    fill(bench_->tx);
    fill(bench_->rx);
    fill(bench_->read);
    fill(bench_->write);
    fill(bench_->host);
    bench_->used_index_writes = uint64_t{random_()} << 32 | random_();
  }
  hw::Counters counters() {
    hw::CardPins pins;
    pins.tx_counters = bench_->tx.data();
    pins.rx_counters = bench_->rx.data();
    pins.read_counters = bench_->read.data();
    pins.write_counters = bench_->write.data();
    pins.host_counters = bench_->host.data();
    pins.used_index_writes = &bench_->used_index_writes;
    hw::Counters counters = hw::core_counters_of(pins);
    counters[Counter::kDeviceErrors] = errors_;
    return counters;
  }
  /// An edge, at which an error is counted or is not.
  void tick() {
    bench_->error_counted = random_() % 2;
    errors_ += bench_->error_counted;
    bench_.tick();
  }
  /// What is shown behind a read at `offset`.
  uint64_t read(uint32_t offset, bool lower) {
    bench_->sample = 1;
    bench_->lower = lower;
    bench_->index = static_cast<uint8_t>(offset / 8);
    tick();
    bench_->sample = 0;
    bench_.settle();
    return bench_->value;
  }

 private:
  template <typename Wide>
  void fill(Wide& words) {
    for (std::size_t i = 0; i < sizeof words / sizeof words.at(0); ++i) {
      words.at(i) = static_cast<uint32_t>(random_());
    }
  }

  RtlBench<Vstatistics> bench_;
  std::mt19937 random_;
  uint64_t errors_ = 0;
};

TEST(Statistics, EveryCounterHasItsPlace) {
  for (int seed = 1; seed <= 8; ++seed) {
    StatisticsBench bench(seed);
    for (unsigned round = 0; round < 20; ++round) {
      for (unsigned i = 0; i < 64; ++i) {
        bench.count();
        const hw::Counters counters = bench.counters();
        uint64_t expected = 0;
        if (i < counters.values.size()) expected = counters.values[i];
        const unsigned error = i - Statistics::kErrors / 8;
        if (error < counters.errors.size()) expected = counters.errors[error];
        ASSERT_EQ(bench.read(8 * i, true), expected) << i;
      }
    }
  }
}

/// A read of the upper half alone shows what was kept with the lower half.
TEST(Statistics, HalvesBelongTogether) {
  StatisticsBench bench(1);
  EXPECT_EQ(bench.read(Statistics::kRxBytes, false), bench.counters()[Counter::kRxBytes]);
  for (unsigned round = 0; round < 100; ++round) {
    bench.count();
    const uint64_t kept = bench.read(Statistics::kRxBytes, true);
    EXPECT_EQ(kept, bench.counters()[Counter::kRxBytes]);
    bench.count();
    bench.tick();
    EXPECT_NE(kept, bench.counters()[Counter::kRxBytes]);
    EXPECT_EQ(bench.read(Statistics::kRxBytes, false), kept);
    EXPECT_EQ(bench.read(Statistics::kTxBytes, false), bench.counters()[Counter::kTxBytes]);
    EXPECT_EQ(bench.read(Statistics::kRxBytes, false), bench.counters()[Counter::kRxBytes]);
  }
}

}  // namespace
}  // namespace ringside::test
