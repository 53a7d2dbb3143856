// SPDX-License-Identifier: Apache-2.0
// tx_path between chains of every shape, a reader that brings bytes in any order, and a MAC that
// takes beats when it likes.
#include <Vtx_path_bench.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "hw_model/core/counters.h"
#include "hw_model/trace/nic_trace.h"
#include "tests/support/gtest.h"
#include "tests/unit/rtl/clock_pair.h"

namespace ringside::test {
namespace {

using hw::Counter;
using hw::DeviceError;
using hw::TraceKind;

constexpr uint32_t kBeat = sizeof(Vtx_path_bench::landing_data);
constexpr unsigned kPairs = sizeof(Vtx_path_bench::chain_position) / 4;
constexpr uint32_t kHeader = 12;

uint8_t host_byte(uint64_t address) {
  const uint64_t x = (address ^ address >> 17) * 0x9E3779B97F4A7C15U;
  return static_cast<uint8_t>(x >> 56);
}

struct Settings {
  unsigned chains = 16;  ///< of 16 cycles, those in which a chain or segment may come
  unsigned reads = 16;
  unsigned landings = 16;
  unsigned beats = 16;
  uint16_t mtu = 1500;
  unsigned failures = 0;  ///< of 1000 reads
  unsigned resets = 0;    ///< of 10000 cycles
  bool suspends = false;
  bool bus_master_toggles = false;
  bool pauses = false;  ///< decisions wait for writes of registers
  bool link_toggles = false;
  uint32_t frame = 0;  ///< bytes of every frame; 0: random, with some that are dropped
};

struct Segment {
  uint64_t address;
  uint32_t length;
  bool writable;
};

struct Chain {
  uint32_t position = 0;
  uint16_t id = 0;
  std::vector<Segment> segments;
  uint16_t readable = 0;
  uint64_t bytes = 0;
  // when it is begun
  std::optional<Counter> drop;
  uint32_t reads_left = 0;
  uint32_t next_segment = 0;
  uint32_t number = 0;
  bool out = false;
};

struct Read {
  unsigned pair;
  uint32_t position;
  uint64_t address;
  uint32_t length;
  uint32_t landing;
  uint8_t handle;
  uint32_t landed = 0;
};

class Rig {  // NOLINT(clang-analyzer-optin.performance.Padding)
 public:
  Rig(int seed, const Settings& settings)
      : settings_(settings), pair_(seed), random_(static_cast<unsigned>(seed)) {
    pair_.set([&](Vtx_path_bench& m) {
      m.now = 0;
      m.active = m.counts = m.bus_master = m.link_up = 1;
      m.mtu = settings.mtu;
      m.flush = m.suspended = m.chain_valid = m.segment_valid = 0;
      m.read_ready = m.landing_valid = m.landing_other = m.done_valid = m.frame_ready = 0;
    });
    pair_.reset();
  }

  void cycle(bool more) {
    decide_state();
    offer(more);
    bring_bytes();
    const bool read_ready = chance(settings_.reads);
    const bool frame_ready = chance(settings_.beats);
    pair_.set([&](Vtx_path_bench& m) {
      m.now = now_;
      m.read_ready = read_ready;
      m.frame_ready = frame_ready;
    });
    pair_.settle();
    compare();
    check();
    if (::testing::Test::HasFatalFailure()) return;
    if (pair_->flush) forget();
    pair_.tick();
    ++now_;
  }
  void run(unsigned cycles) {
    for (unsigned i = 0; i < cycles && !::testing::Test::HasFatalFailure(); ++i) cycle(true);
  }
  void drain() {
    settings_.resets = 0;
    settings_.suspends = settings_.bus_master_toggles = settings_.link_toggles = false;
    settings_.pauses = false;
    settings_.failures = 0;
    for (unsigned i = 0; i < 60000 && !at_rest() && !::testing::Test::HasFatalFailure(); ++i) {
      cycle(false);
    }
    for (unsigned i = 0; i < 5 || (i < 300 && !pair_->idle); ++i) cycle(false);
    ASSERT_TRUE(at_rest()) << wire_.size() << " frames are not out";
    EXPECT_EQ(pair_->settled, (1U << kPairs) - 1);
    EXPECT_TRUE(pair_->idle);
    for (unsigned i = 0; i < 5; ++i) {
      const unsigned word = 2 * (4 - i);
      EXPECT_EQ(pair_->counters[word], expected_[i]) << hw::counter_name(static_cast<Counter>(i));
    }
    EXPECT_GT(sent_, 0u);
    EXPECT_GT(pair_.stopped(), 0u);
  }
  uint64_t dropped(Counter counter) const { return expected_[static_cast<unsigned>(counter)]; }
  uint64_t sent() const { return sent_; }
  uint64_t errors() const { return errors_; }
  uint64_t now() const { return now_; }
  ClockPair<Vtx_path_bench>& pair() { return pair_; }

 private:
  bool chance(unsigned of16) { return random_() % 16 < of16; }
  static uint64_t rows_of(const Chain& chain) {
    return 1 + (chain.bytes - kHeader + kBeat - 1) / kBeat;
  }
  bool at_rest() const {
    if (!wire_.empty() || !reads_.empty() || resetting_) return false;
    return std::all_of(queues_.begin(), queues_.end(), [](const Queue& q) {
      return q.begun.empty() && !q.waiting && q.segments.empty();
    });
  }

  // -- inputs
  void decide_state() {
    if (settings_.suspends && random_() % 200 == 0) suspended_ ^= 1U << random_() % kPairs;
    if (!settings_.suspends) suspended_ = 0;
    if (settings_.bus_master_toggles && random_() % 300 == 0) bus_master_ = !bus_master_;
    if (!settings_.bus_master_toggles) bus_master_ = true;
    if (settings_.pauses && random_() % 50 == 0) paused_ = !paused_;
    if (!settings_.pauses) paused_ = false;
    if (settings_.link_toggles && random_() % 300 == 0) link_up_ = !link_up_;
    if (!settings_.link_toggles) link_up_ = true;
    bool flush = false;
    if (resetting_ && now_ == flush_at_) {
      flush = true;
    } else if (resetting_ && now_ > flush_at_ + 3) {
      resetting_ = false;
    } else if (!resetting_ && (broken_ || random_() % 10000 < settings_.resets)) {
      begin_reset();
    }
    pair_.set([&](Vtx_path_bench& m) {
      m.active = bus_master_ && !resetting_ && !paused_;
      m.counts = !resetting_;
      m.bus_master = bus_master_;
      m.link_up = link_up_;
      m.suspended = static_cast<uint8_t>(suspended_);
      m.flush = flush;
    });
  }
  void begin_reset() {
    resetting_ = true;
    flush_at_ = now_ + 20 + random_() % 300;
  }

  Chain make_chain(unsigned pair) {
    Chain chain;
    chain.position = queues_[pair].next++;
    chain.id = static_cast<uint16_t>(random_());
    uint32_t total = kHeader + 14 + random_() % (settings_.mtu + 5);
    switch (settings_.frame != 0 ? 9 : random_() % 12) {
      case 0:
        total = 1 + random_() % (kHeader + 14);
        break;
      case 1:
        total = kHeader + settings_.mtu + 18 + random_() % 3;
        break;
      case 2:
        total = settings_.mtu + random_() % 100000;
        break;
      case 3:
      case 4:
      case 5:
        total = kHeader + 50 + random_() % 100;
        break;
      case 9:
        if (settings_.frame != 0) total = kHeader + settings_.frame;
        break;
      default:
        break;
    }
    chain.bytes = total;
    const bool one = settings_.frame != 0;
    while (total != 0) {
      uint32_t piece = total;
      if (!one && random_() % 3 != 0) piece = 1 + random_() % std::min<uint32_t>(total, 700);
      if (!one && random_() % 6 == 0) piece = 1;
      chain.segments.push_back({++key_ << 20 | (key_ & 1) << 63 | random_() % 4096, piece, false});
      ++chain.readable;
      total -= piece;
    }
    for (unsigned i = one ? 0 : random_() % 8; i > 5; --i) {
      chain.segments.push_back({random_(), static_cast<uint32_t>(1 + random_() % 5000), true});
    }
    return chain;
  }

  void offer(bool more) {
    for (unsigned pair = 0; pair < kPairs; ++pair) {
      Queue& queue = queues_[pair];
      if (!queue.waiting && more && !resetting_ && chance(settings_.chains)) {
        queue.waiting = make_chain(pair);
        queue.segments.insert(queue.segments.end(), queue.waiting->segments.begin(),
                              queue.waiting->segments.end());
      }
      if (!queue.segment_offered) {
        queue.segment_offered = !queue.segments.empty() && chance(settings_.chains);
      }
    }
    pair_.set([&](Vtx_path_bench& m) {
      m.chain_valid = m.segment_valid = 0;
      for (unsigned pair = 0; pair < kPairs; ++pair) {
        const Queue& queue = queues_[pair];
        if (queue.waiting) {
          const Chain& chain = *queue.waiting;
          m.chain_valid |= static_cast<uint8_t>(1U << pair);
          put(m.chain_position, pair, chain.position);
          put(m.chain_id, pair, chain.id);
          put(m.chain_readable, pair, chain.readable);
          put(m.chain_writable, pair,
              static_cast<uint16_t>(chain.segments.size() - chain.readable));
          put(m.chain_bytes, pair, chain.bytes);
        }
        if (queue.segment_offered) {
          m.segment_valid |= static_cast<uint8_t>(1U << pair);
          put(m.segment_address, pair, queue.segments.front().address);
          put(m.segment_length, pair, queue.segments.front().length);
        }
      }
    });
  }
  template <typename Port, typename Value>
  static void put(Port& port, unsigned index, Value value) {
    std::memcpy(reinterpret_cast<uint8_t*>(&port) + index * sizeof value, &value, sizeof value);
  }

  /// Some bytes of one of the reads; its end with them or later.
  void bring_bytes() {
    bringing_ = -1;
    bringing_done_ = -1;
    const bool other = settings_.frame == 0 && random_() % 16 == 0;
    uint32_t count = 0;
    if (!other && !reads_.empty() && chance(settings_.landings)) {
      const std::size_t among = settings_.frame != 0 ? 1 : std::min<std::size_t>(reads_.size(), 40);
      const auto which = static_cast<int>(random_() % among);
      Read& read = reads_[static_cast<std::size_t>(which)];
      const uint32_t left = read.length - read.landed;
      if (left == 0) {
        bringing_done_ = which;
      } else {
        const uint32_t most = std::min(left, kBeat);
        count = settings_.frame != 0 || random_() % 2 == 0 ? most : 1 + random_() % most;
        bringing_ = which;
        if (count == left && (settings_.frame != 0 || random_() % 2 == 0)) bringing_done_ = which;
      }
    }
    const bool fails = bringing_done_ >= 0 && random_() % 1000 < settings_.failures;
    pair_.set([&](Vtx_path_bench& m) {
      m.landing_valid = bringing_ >= 0 || other;
      m.landing_other = other;
      m.done_valid = bringing_done_ >= 0;
      m.done_ok = !fails;
      m.landing_address = random_last_ * 7;
      m.landing_count = kBeat;
      if (bringing_ >= 0) {
        const Read& read = reads_[static_cast<std::size_t>(bringing_)];
        m.landing_address = read.landing + read.landed;
        m.landing_count = static_cast<uint8_t>(count);
        auto* lanes = reinterpret_cast<uint8_t*>(&m.landing_data[0]);
        for (uint32_t i = 0; i < kBeat; ++i) lanes[i] = static_cast<uint8_t>(now_ + i);
        for (uint32_t i = 0; i < count; ++i) {
          lanes[(m.landing_address + i) % kBeat] = host_byte(read.address + read.landed + i);
        }
      }
      if (bringing_done_ >= 0) {
        m.done_handle = reads_[static_cast<std::size_t>(bringing_done_)].handle;
      }
    });
    random_last_ = static_cast<uint32_t>(now_);
  }

  // -- outputs
  void compare() {
    const Vtx_path_bench& a = *pair_;
    const Vtx_path_bench& b = pair_.stopping();
    ASSERT_EQ(a.chain_ready, b.chain_ready) << now_;
    ASSERT_EQ(a.segment_ready, b.segment_ready) << now_;
    ASSERT_EQ(a.read_valid, b.read_valid) << now_;
    ASSERT_EQ(a.used_valid, b.used_valid) << now_;
    ASSERT_EQ(a.frame_valid, b.frame_valid) << now_;
    ASSERT_EQ(a.error_valid, b.error_valid) << now_;
    ASSERT_EQ(a.settled, b.settled) << now_;
    ASSERT_EQ(a.idle, b.idle) << now_;
    ASSERT_EQ(std::memcmp(&a.counters[0], &b.counters[0], sizeof a.counters), 0) << now_;
  }

  void check() {
    const Vtx_path_bench& m = *pair_;
    for (unsigned pair = 0; pair < kPairs; ++pair) {
      // What is given back or read before is settled no more.
      const Queue& queue = queues_[pair];
      if (!queue.begun.empty()) {
        ASSERT_FALSE(m.settled >> pair & 1) << now_;
      }
    }
    check_trace(m);
    if (::testing::Test::HasFatalFailure()) return;
    check_used(m);
    check_wire(m);
    ASSERT_EQ(m.error_valid, error_due_) << now_;
    if (m.error_valid) {
      ASSERT_EQ(m.error_code, static_cast<uint8_t>(DeviceError::kDmaRead));
      ASSERT_EQ(m.error_queue, error_queue_);
      ++errors_;
    }
    error_due_ = false;
    if (::testing::Test::HasFatalFailure()) return;
    take_bytes(m);
    if (::testing::Test::HasFatalFailure()) return;
    take_read(m);
    if (::testing::Test::HasFatalFailure()) return;
    take_segments(m);
    if (::testing::Test::HasFatalFailure()) return;
    take_chains(m);
  }

  void check_trace(const Vtx_path_bench& m) {
    const bool starts = (m.chain_ready & m.chain_valid) != 0;
    const bool used = m.used_valid != 0;
    if (drop_noted_) {
      ASSERT_TRUE(m.trace_valid);
      ASSERT_EQ(m.trace_kind, static_cast<uint8_t>(TraceKind::kFrameDropped));
      ASSERT_EQ(m.trace_queue, drop_noted_->queue);
      ASSERT_EQ(m.trace_chain, drop_noted_->chain);
      ASSERT_EQ(m.trace_size, drop_noted_->size);
      ASSERT_EQ(m.trace_value, drop_noted_->value);
      ASSERT_FALSE(starts || used);
      drop_noted_.reset();
      return;
    }
    if (!starts && !used) {
      ASSERT_FALSE(m.trace_valid) << now_;
    }
  }

  void check_used(const Vtx_path_bench& m) {
    for (unsigned pair = 0; pair < kPairs; ++pair) {
      if (!(m.used_valid >> pair & 1)) continue;
      ASSERT_FALSE(resetting_) << "a frame is handed over in a reset";
      Queue& queue = queues_[pair];
      ASSERT_FALSE(queue.begun.empty()) << "nothing was begun";
      Chain& chain = queue.begun.front();
      ASSERT_EQ(m.used_position, chain.position);
      ASSERT_EQ(m.used_id, chain.id);
      ASSERT_EQ(m.used_length, 0u);
      ASSERT_EQ(chain.reads_left, 0u) << "chain " << chain.position << " is not whole";
      if (!chain.drop) {
        ASSERT_TRUE(m.trace_valid);
        ASSERT_EQ(m.trace_kind, static_cast<uint8_t>(TraceKind::kFrameOut));
        ASSERT_EQ(m.trace_queue, 2 * pair + 1);
        ASSERT_EQ(m.trace_chain, chain.position);
        ASSERT_EQ(m.trace_size, chain.bytes - kHeader);
        ASSERT_EQ(m.trace_frame, chain.number);
        ++expected_[0];
        expected_[1] += chain.bytes - kHeader;
        for (auto& [owner, frame] : wire_) {
          if (owner == pair && frame.position == chain.position && !frame.out) frame.out = true;
        }
        ++handed_;
      } else {
        ASSERT_FALSE(m.trace_valid);
      }
      queue.begun.pop_front();
    }
  }

  void check_wire(const Vtx_path_bench& m) {
    if (!m.frame_valid) return;
    ASSERT_FALSE(wire_.empty()) << "a frame that was never begun";
    const Chain& chain = wire_.front().second;
    ASSERT_TRUE(chain.out) << "a frame that is not whole";
    if (!m.frame_ready) return;
    ASSERT_EQ(m.frame_sop, out_bytes_ == 0);
    const auto* lanes = reinterpret_cast<const uint8_t*>(&m.frame_data[0]);
    // Where the beat's first byte is in the chain's segments.
    for (uint32_t i = 0; i < m.frame_bytes; ++i) {
      ASSERT_EQ(lanes[i], byte_of(chain, kHeader + out_bytes_ + i)) << "byte " << out_bytes_ + i;
    }
    out_bytes_ += m.frame_bytes;
    ASSERT_LE(out_bytes_, chain.bytes - kHeader);
    ASSERT_EQ(m.frame_eop, out_bytes_ == chain.bytes - kHeader);
    if (!m.frame_eop) {
      ASSERT_EQ(m.frame_bytes, kBeat);
      return;
    }
    rows_used_ -= rows_of(chain);
    out_bytes_ = 0;
    ++sent_;
    last_sent_ = now_;
    wire_.pop_front();
  }
  static uint8_t byte_of(const Chain& chain, uint64_t offset) {
    for (const Segment& segment : chain.segments) {
      if (offset < segment.length) return host_byte(segment.address + offset);
      offset -= segment.length;
    }
    return 0;
  }

  void take_bytes(const Vtx_path_bench& m) {
    if (bringing_ >= 0) reads_[static_cast<std::size_t>(bringing_)].landed += m.landing_count;
    if (bringing_done_ < 0) return;
    const Read read = reads_[static_cast<std::size_t>(bringing_done_)];
    reads_.erase(reads_.begin() + bringing_done_);
    if (resetting_ || broken_) return;
    if (!m.done_ok) {
      broken_ = true;
      error_due_ = true;
      error_queue_ = 2 * read.pair + 1;
      return;
    }
    for (Chain& chain : queues_[read.pair].begun) {
      if (chain.position == read.position) --chain.reads_left;
    }
  }

  void take_read(const Vtx_path_bench& m) {
    if (!m.read_valid || !m.read_ready || m.flush) return;
    ASSERT_TRUE(m.read_queue % 2 == 1 && m.read_queue / 2 < kPairs);
    ASSERT_EQ(m.read_purpose, static_cast<uint8_t>(hw::Purpose::kPayload));
    const unsigned pair = m.read_queue / 2;
    for (Chain& chain : queues_[pair].begun) {
      if (chain.position != m.read_chain) continue;
      ASSERT_LT(chain.next_segment, chain.readable);
      const Segment& segment = chain.segments[chain.next_segment++];
      ASSERT_EQ(m.read_address, segment.address);
      ASSERT_EQ(m.read_length, segment.length);
      reads_.push_back(
          {pair, chain.position, segment.address, segment.length, m.read_landing, m.read_handle});
      return;
    }
    FAIL() << "a read for a chain that is not begun";
  }

  void take_segments(const Vtx_path_bench& m) {
    for (unsigned pair = 0; pair < kPairs; ++pair) {
      Queue& queue = queues_[pair];
      if (!queue.segment_offered || !(m.segment_ready >> pair & 1)) continue;
      queue.segments.pop_front();
      queue.segment_offered = false;
    }
  }

  void take_chains(const Vtx_path_bench& m) {
    if (!m.active) {
      ASSERT_EQ(m.chain_ready, 0u);
    }
    ASSERT_EQ(m.chain_ready & suspended_, 0u);
    for (unsigned pair = 0; pair < kPairs; ++pair) {
      Queue& queue = queues_[pair];
      if (!queue.waiting || !(m.chain_ready >> pair & 1)) continue;
      Chain chain = *std::exchange(queue.waiting, std::nullopt);
      if (chain.bytes < kHeader + 14) {
        chain.drop = Counter::kTxDropShort;
      } else if (chain.bytes > kHeader + settings_.mtu + 18U) {
        chain.drop = Counter::kTxDropLong;
      } else if (!link_up_) {
        chain.drop = Counter::kTxDropLinkDown;
      }
      const auto size = static_cast<uint32_t>(std::max<uint64_t>(chain.bytes, kHeader) - kHeader);
      ASSERT_TRUE(m.trace_valid);
      ASSERT_EQ(m.trace_kind, static_cast<uint8_t>(TraceKind::kStartTransmit));
      ASSERT_EQ(m.trace_queue, 2 * pair + 1);
      ASSERT_EQ(m.trace_chain, chain.position);
      ASSERT_EQ(m.trace_size, size);
      if (chain.drop) {
        ASSERT_EQ(m.trace_frame, ~0u);
        ++expected_[static_cast<unsigned>(*chain.drop)];
        drop_noted_ = {2 * pair + 1, chain.position, size, static_cast<unsigned>(*chain.drop)};
      } else {
        ASSERT_EQ(m.trace_frame, next_number_);
        chain.number = next_number_++;
        chain.reads_left = chain.readable;
        rows_used_ += rows_of(chain);
        ASSERT_LE(rows_used_, m.rows);
      }
      if (!chain.drop) wire_.emplace_back(pair, chain);
      queue.begun.push_back(chain);
    }
  }

  /// A reset: what went to the MAC stays, all else is gone.
  void forget() {
    for (Queue& queue : queues_) queue = {};
    reads_.clear();
    broken_ = false;
    std::erase_if(wire_, [](const auto& entry) { return !entry.second.out; });
    rows_used_ = 0;
    for (const auto& [pair, chain] : wire_) rows_used_ += rows_of(chain);
    next_number_ = handed_;
  }

  struct Queue {
    uint32_t next = 0;
    std::optional<Chain> waiting;
    std::deque<Segment> segments;
    bool segment_offered = false;
    std::deque<Chain> begun;  ///< and not given to the used ring
  };
  struct Noted {
    unsigned queue;
    uint32_t chain;
    uint32_t size;
    unsigned value;
  };

  Settings settings_;
  ClockPair<Vtx_path_bench> pair_;
  std::mt19937 random_;
  uint64_t now_ = 0;
  std::array<Queue, kPairs> queues_;
  std::vector<Read> reads_;
  std::deque<std::pair<unsigned, Chain>> wire_;  ///< to be sent, as they were begun
  std::optional<Noted> drop_noted_;
  std::array<uint64_t, 5> expected_{};
  uint64_t key_ = 0;
  uint64_t sent_ = 0;
  uint64_t last_sent_ = 0;
  uint64_t errors_ = 0;
  uint64_t rows_used_ = 0;
  uint64_t flush_at_ = 0;
  uint32_t next_number_ = 0;
  uint32_t handed_ = 0;
  uint32_t out_bytes_ = 0;
  uint32_t random_last_ = 0;
  unsigned suspended_ = 0;
  unsigned error_queue_ = 0;
  int bringing_ = -1;
  int bringing_done_ = -1;
  bool bus_master_ = true;
  bool link_up_ = true;
  bool paused_ = false;
  bool resetting_ = false;
  bool broken_ = false;
  bool error_due_ = false;
};

class TxPathTest : public ::testing::TestWithParam<int> {};

TEST_P(TxPathTest, FramesOfEveryShape) {
  Settings settings;
  settings.suspends = settings.bus_master_toggles = settings.link_toggles = true;
  settings.pauses = true;
  Rig rig(GetParam(), settings);
  rig.run(12000);
  rig.drain();
  for (const Counter drop :
       {Counter::kTxDropShort, Counter::kTxDropLong, Counter::kTxDropLinkDown}) {
    EXPECT_GT(rig.dropped(drop), 0u);
  }
  EXPECT_EQ(rig.errors(), 0u);
}

TEST_P(TxPathTest, SlowNeighbours) {
  for (unsigned slow = 0; slow < 4; ++slow) {
    Settings settings;
    settings.mtu = 300;
    settings.chains = slow == 0 ? 1 : 14;
    settings.reads = slow == 1 ? 2 : 15;
    settings.landings = slow == 2 ? 6 : 15;
    settings.beats = slow == 3 ? 2 : 12;
    Rig rig(GetParam(), settings);
    rig.run(6000);
    rig.drain();
    if (HasFailure()) return;
  }
}

TEST_P(TxPathTest, FailedReadsAndResets) {
  Settings settings;
  settings.failures = 3;
  settings.resets = 20;
  settings.beats = 8;
  settings.suspends = true;
  settings.pauses = true;
  Rig rig(GetParam(), settings);
  rig.run(30000);
  rig.drain();
  EXPECT_GT(rig.errors(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TxPathTest, ::testing::Values(1, 2, 3, 4));

TEST(TxPath, BeatsWithoutPause) {
  for (const uint32_t bytes : {64U, 256U, 1514U}) {
    Settings settings;
    settings.frame = bytes;
    Rig rig(1, settings);
    rig.run(2000);
    const uint64_t before = rig.sent();
    rig.run(8000);
    const double cycles = 8000.0 / static_cast<double>(rig.sent() - before);
    std::printf("%u bytes: %.2f cycles a frame\n", bytes, cycles);
    // The header's 12 bytes land in a cycle of their own.
    const uint32_t landings = 1 + (bytes + kBeat - 1) / kBeat;
    EXPECT_LE(cycles, std::max(2U, landings) + 0.01);
  }
}

TEST(TxPath, ChecksFire) {
  Settings settings;
  settings.chains = 0;
  Rig rig(1, settings);
  rig.run(10);
  RtlBench<Vtx_path_bench>& bench = rig.pair().clocked();
  bench.expect_assertion();
  bench->chain_valid = bench->segment_valid = 1;
  reinterpret_cast<uint16_t*>(&bench->chain_readable)[0] = 1;
  reinterpret_cast<uint64_t*>(&bench->chain_bytes)[0] = 100;
  reinterpret_cast<uint32_t*>(&bench->segment_length)[0] = 100;
  for (unsigned i = 0; i < 3; ++i) bench.tick();
  EXPECT_FALSE(bench.assertion_fired());
  reinterpret_cast<uint32_t*>(&bench->segment_length)[0] = 0;
  for (unsigned i = 0; i < 4; ++i) bench.tick();
  EXPECT_TRUE(bench.assertion_fired());
}

}  // namespace
}  // namespace ringside::test
