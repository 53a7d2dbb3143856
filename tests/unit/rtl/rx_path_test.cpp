// SPDX-License-Identifier: Apache-2.0
// rx_path against the rules of NicCore::frame_in() and receive_chains(), with a writer that reads
// the buffer for every operation.
#include <algorithm>
#include <array>
#include <deque>
#include <iostream>
#include <random>
#include <vector>

#include <Vrx_path_bench.h>
#include "tests/support/gtest.h"
#include "tests/unit/rtl/gated_twin.h"
#include "tests/unit/rtl/wide_bits.h"

namespace ringside::test {
namespace {

constexpr std::size_t kBeatBytes = NIC_TEST_DATA_BITS / 8;
constexpr std::size_t kBufferBytes = 32768;
constexpr std::size_t kRows = kBufferBytes / kBeatBytes;
constexpr uint64_t kHeader = 12;
// TraceKind and Counter.
constexpr unsigned kFrameIn = 1, kFrameDropped = 2, kStartReceive = 9;
constexpr unsigned kDropFcs = 7, kDropShort = 8, kDropLong = 9, kDropNotReady = 10,
                   kDropBufferFull = 11, kDropNoFit = 12, kDropChosen = 13, kDropReset = 14;
// Cycles that a frame waits at a full window.
constexpr uint64_t kPatience = 4095;
// After so many cycles a released row can be used again at the latest.
constexpr uint64_t kReleaseLag = 24;

std::size_t rows_of(std::size_t bytes) { return (bytes + kBeatBytes - 1) / kBeatBytes; }

struct Part {
  uint64_t address;
  uint32_t length;
};

struct Chain {
  uint32_t position = 0;
  uint16_t id = 0;
  std::vector<Part> readable, writable;
  uint64_t room() const {
    uint64_t sum = 0;
    for (const Part& part : writable) sum += part.length;
    return sum;
  }
};

struct Frame {
  std::vector<uint8_t> bytes;
  bool fcs_ok = true;
  uint32_t number = 0;
};

struct Write {
  uint32_t chain = 0;
  uint64_t address = 0;
  std::size_t length = 0, offset = 0, num_buffers = 0;
  bool last = false;
  Frame frame;
  unsigned row = 0;  // as the card said
};

struct Used {
  uint32_t position;
  uint16_t id;
  uint64_t length;
  bool frame_end;
  std::size_t behind_writes;  // operations accepted before it may be given
};

class RxRig {
 public:
  explicit RxRig(int seed) : twin_(seed), random_(static_cast<uint64_t>(seed)) {
    twin_.drive([](auto& m) {
      m.active = m.receives = m.enabled = 1;
      m.suspended = m.flush = m.rewind = m.window_full = 0;
      m.mrg_rxbuf = 1;
      m.mtu = 1500;
      m.size_log2 = 8;
      m.frame_valid = m.chain_valid = m.segment_valid = m.write_ready = 0;
      m.buffer_read = m.buffer_release = 0;
    });
    twin_.reset();
  }

  unsigned mtu = 1500;
  bool merging = true;
  unsigned size_log2 = 8;
  unsigned beat_percent = 100, chain_percent = 100, segment_percent = 100, ready_percent = 100,
           read_percent = 100, return_percent = 100;
  bool active = true, receives = true, suspended = false, window_full = false;
  uint64_t started = 0, dropped_at_arrival = 0, dropped_later = 0, full_drops = 0, fit_drops = 0,
           chosen_drops = 0;

  unsigned below(uint64_t bound) { return static_cast<unsigned>(random_() % bound); }
  GatedTwin<Vrx_path_bench>& twin() { return twin_; }
  std::deque<Frame>& to_send() { return to_send_; }
  std::deque<Chain>& to_give() { return to_give_; }
  std::size_t frames_waiting() const { return waiting_.size(); }
  std::size_t left_from_before_reset() const { return to_reset_; }
  std::size_t chains_at_hand() const { return popped_.size(); }
  bool quiet() const {
    return to_send_.empty() && writes_.empty() && reading_.empty() && used_.empty();
  }

  void add_frame(std::size_t bytes, bool vlan = false, bool fcs_ok = true) {
    Frame frame;
    frame.bytes.resize(bytes);
    for (uint8_t& byte : frame.bytes) byte = static_cast<uint8_t>(random_());
    if (bytes >= 14) {
      frame.bytes[12] = 0x81;
      frame.bytes[13] = vlan ? 0x00 : 0x01;
    }
    frame.fcs_ok = fcs_ok;
    frame.number = numbered_++;
    to_send_.push_back(std::move(frame));
  }
  void add_chain(const std::vector<uint32_t>& writable, unsigned readable = 0) {
    Chain chain;
    chain.position = position_++;
    chain.id = static_cast<uint16_t>(random_());
    for (unsigned i = 0; i < readable; ++i) chain.readable.push_back({random_(), below(5000) + 1});
    for (const uint32_t bytes : writable) chain.writable.push_back({random_(), bytes});
    to_give_.push_back(std::move(chain));
  }

  void cycle() {
    twin_.drive([this](auto& m) {
      m.active = active;
      m.receives = receives;
      m.suspended = suspended;
      m.window_full = window_full;
      m.mrg_rxbuf = merging;
      m.mtu = static_cast<uint16_t>(mtu);
      m.size_log2 = size_log2 & 15;
    });
    drive_frame();
    drive_chain();
    drive_segment();
    const bool ready = below(100) < ready_percent;
    twin_.drive([ready](auto& m) { m.write_ready = ready; });
    drive_reader();
    twin_.settle();
    Vrx_path_bench& m = *twin_;
    // -- at the edge, in the order in which the records of a cycle count
    if (m.arrival_trace_valid != 0) arrive(m);
    if (m.trace_valid != 0) decide(m);
    if (::testing::Test::HasFatalFailure()) return;
    if (m.used_valid != 0) use(m);
    if (m.write_valid != 0 && ready) accept(m);
    if (::testing::Test::HasFatalFailure()) return;
    const bool popped = m.chain_valid != 0 && m.chain_ready != 0;
    const bool taken = m.segment_valid != 0 && m.segment_ready != 0;
    full_cycles_ = window_full ? full_cycles_ + 1 : 0;
    const bool forget = m.flush != 0 || m.rewind != 0;
    if (m.flush != 0) {
      ASSERT_FALSE(active || receives);
      to_reset_ = waiting_.size();
    }
    twin_.tick();
    if (forget) {
      popped_.clear();
      segments_.clear();
      to_give_.clear();
      chain_offered_ = segment_offered_ = false;
      outstanding_ = 0;
      if (!suspended) position_ = 0;
    } else {
      if (popped) {
        popped_.push_back(to_give_.front());
        to_give_.pop_front();
        chain_offered_ = false;
        ++outstanding_;
        ASSERT_LE(outstanding_, 64u);
      }
      if (taken) {
        segments_.pop_front();
        segment_offered_ = false;
      }
    }
    finish_read(m);
    if (outstanding_ != 0 && returnable_ != 0 && below(100) < return_percent) {
      --returnable_;
      --outstanding_;
    }
    while (!released_.empty() && released_.front().first <= twin_.cycle()) {
      rows_lagging_ -= released_.front().second;
      released_.pop_front();
    }
    twin_.settle();
    twin_.expect_same([](Vrx_path_bench& o) { return observe(o); });
  }

  void pulse_flush() {
    twin_.drive([](auto& m) { m.flush = 1; });
    returnable_ = 0;
    cycle();
    twin_.drive([](auto& m) { m.flush = 0; });
  }
  void pulse_rewind() {
    twin_.drive([](auto& m) { m.rewind = 1; });
    returnable_ = 0;
    cycle();
    twin_.drive([](auto& m) { m.rewind = 0; });
  }
  void run(unsigned cycles) {
    for (unsigned i = 0; i < cycles && !::testing::Test::HasFatalFailure(); ++i) cycle();
  }
  /// Until everything that can be done is done.
  void settle_down(unsigned most = 200000) {
    unsigned still = 0;
    for (unsigned i = 0; i < most && still < 40 && !::testing::Test::HasFatalFailure(); ++i) {
      cycle();
      still = quiet() && twin_->idle != 0 && twin_->busy == 0 ? still + 1 : 0;
    }
    ASSERT_GE(still, 40u) << "it does not come to rest";
    check_counters();
  }
  /// Until what was decided is written, and not a cycle longer.
  void finish_effects() {
    for (unsigned i = 0; i < 100000 && !::testing::Test::HasFatalFailure(); ++i) {
      cycle();
      if (twin_->busy == 0 && writes_.empty() && reading_.empty() && used_.empty()) return;
    }
    FAIL() << "it stays busy";
  }
  void check_counters() {
    // rx_counters_t, last field first
    const std::array<uint64_t, 11> wanted{0,
                                          drops_[kDropReset],
                                          drops_[kDropChosen],
                                          drops_[kDropNoFit],
                                          drops_[kDropBufferFull],
                                          drops_[kDropNotReady],
                                          drops_[kDropLong],
                                          drops_[kDropShort],
                                          drops_[kDropFcs],
                                          bytes_,
                                          started};
    for (unsigned i = 0; i < wanted.size(); ++i) {
      ASSERT_EQ(get_bits(twin_->counts, 64 * i, 64), wanted.at(i)) << "counter " << i;
    }
  }

 private:
  static std::vector<uint64_t> observe(Vrx_path_bench& m) {
    std::vector<uint64_t> out{m.chain_ready, m.segment_ready, m.write_valid, m.used_valid,
                              m.settled,     m.trace_valid,   m.busy,        m.arrival_trace_valid};
    if (m.write_valid != 0) {
      out.insert(out.end(), {m.write_chain, m.write_address, m.write_length, m.write_row,
                             m.write_offset, m.write_num_buffers, m.write_last});
    }
    if (m.used_valid != 0) {
      out.insert(out.end(), {m.used_position, m.used_id, m.used_length, m.used_frame_end});
    }
    if (m.trace_valid != 0) {
      out.insert(out.end(),
                 {m.trace_kind, m.trace_chain, m.trace_size, m.trace_frame, m.trace_value});
    }
    return out;
  }

  void drive_frame() {
    const bool on = !to_send_.empty() && below(100) < beat_percent;
    beat_on_ = on;
    if (!on) {
      twin_.drive([](auto& m) { m.frame_valid = 0; });
      return;
    }
    const Frame& frame = to_send_.front();
    const std::size_t at = sent_;
    const std::size_t count = std::min(kBeatBytes, frame.bytes.size() - at);
    if (at == 0) rows_at_start_ = rows_lagging_;
    const bool end = at + count == frame.bytes.size();
    twin_.drive([&](auto& m) {
      m.frame_valid = 1;
      m.frame_sop = at == 0;
      m.frame_eop = end;
      m.frame_err = end && !frame.fcs_ok;
      m.frame_empty = static_cast<uint8_t>(end ? kBeatBytes - count : 0);
      set_bytes(m.frame_data, 0, std::span(frame.bytes).subspan(at, count));
    });
    sent_ += count;
  }

  // The verdict, by NicCore::frame_in().
  void arrive(Vrx_path_bench& m) {
    ASSERT_TRUE(beat_on_ && sent_ == to_send_.front().bytes.size());
    Frame frame = std::move(to_send_.front());
    to_send_.pop_front();
    sent_ = 0;
    const std::size_t bytes = frame.bytes.size();
    const bool vlan = bytes >= 18 && frame.bytes[12] == 0x81 && frame.bytes[13] == 0;
    ASSERT_EQ(m.arrival_size, bytes);
    ASSERT_EQ(m.arrival_frame, frame.number);
    unsigned reason = 0;
    if (!frame.fcs_ok) {
      reason = kDropFcs;
    } else if (bytes < 14) {
      reason = kDropShort;
    } else if (bytes > mtu + 14 + (vlan ? 4 : 0)) {
      reason = kDropLong;
    } else if (!receives || suspended) {
      reason = kDropNotReady;
    }
    if (reason == 0 && m.arrival_kind == kFrameDropped) {
      ASSERT_EQ(m.arrival_value, kDropBufferFull);
      ASSERT_GT(rows_at_start_ + rows_of(bytes), kRows) << "there was room";
      ++full_drops;
      reason = kDropBufferFull;
    }
    if (reason != 0) {
      ASSERT_EQ(m.arrival_kind, kFrameDropped);
      ASSERT_EQ(m.arrival_value, reason);
      ++drops_.at(reason);
      ++dropped_at_arrival;
      return;
    }
    ASSERT_EQ(m.arrival_kind, kFrameIn);
    rows_ += rows_of(bytes);
    rows_lagging_ += rows_of(bytes);
    ASSERT_LE(rows_, kRows) << "there was no room";
    waiting_.push_back(std::move(frame));
  }

  // The choice, by NicCore::receive_chains() and scatter().
  void decide(Vrx_path_bench& m) {
    ASSERT_FALSE(waiting_.empty());
    const Frame frame = waiting_.front();
    waiting_.pop_front();
    ASSERT_EQ(m.trace_size, frame.bytes.size());
    ASSERT_EQ(m.trace_frame, frame.number);
    if (to_reset_ != 0) {
      --to_reset_;
      ASSERT_EQ(m.trace_kind, kFrameDropped);
      ASSERT_EQ(m.trace_value, kDropReset);
      drop(frame, kDropReset);
      return;
    }
    ASSERT_TRUE(active && !suspended);
    const uint64_t wanted = kHeader + frame.bytes.size();
    if (m.trace_kind == kFrameDropped && m.trace_value == kDropChosen) {
      uint64_t at_hand = 0;
      for (const Chain& chain : popped_) at_hand += chain.room();
      ASSERT_LT(at_hand, wanted) << "it could have been started";
      ASSERT_TRUE(merging && window_full && full_cycles_ >= kPatience);
      ++chosen_drops;
      drop(frame, kDropChosen);
      return;
    }
    uint64_t room = 0;
    std::size_t chains = 0;
    const std::size_t most = merging ? std::min<std::size_t>(64, std::size_t{1} << size_log2) : 1;
    while (room < wanted && chains < most) {
      ASSERT_LT(chains, popped_.size()) << "decided without the chains";
      room += popped_[chains++].room();
    }
    if (room < wanted) {
      ASSERT_EQ(m.trace_kind, kFrameDropped);
      ASSERT_EQ(m.trace_value, kDropNoFit);
      ++fit_drops;
      drop(frame, kDropNoFit);
      return;
    }
    ASSERT_EQ(m.trace_kind, kStartReceive);
    ASSERT_EQ(m.trace_value, chains);
    ASSERT_EQ(m.trace_chain, popped_.front().position);
    ++started;
    bytes_ += frame.bytes.size();
    in_work_.push_back(rows_of(frame.bytes.size()));
    std::size_t offset = 0;
    for (std::size_t i = 0; i < chains; ++i) {
      const Chain chain = popped_.front();
      popped_.pop_front();
      const std::size_t before = offset;
      for (const Part& part : chain.writable) {
        if (offset == wanted) break;
        Write write;
        write.chain = chain.position;
        write.address = part.address;
        write.offset = offset;
        write.length = std::min<std::size_t>(part.length, wanted - offset);
        write.num_buffers = chains;
        offset += write.length;
        write.last = offset == wanted;
        write.frame = frame;
        writes_.push_back(write);
        ++writes_made_;
      }
      used_.push_back({chain.position, chain.id, offset - before, i + 1 == chains, writes_made_});
    }
  }

  void drop(const Frame& frame, unsigned reason) {
    ++drops_.at(reason);
    ++dropped_later;
    rows_ -= rows_of(frame.bytes.size());
    // Its rows are free when those before it are.
    if (in_work_.empty()) {
      released_.emplace_back(twin_.cycle() + kReleaseLag, rows_of(frame.bytes.size()));
    } else {
      in_work_.back() += rows_of(frame.bytes.size());
    }
  }

  void accept(Vrx_path_bench& m) {
    ASSERT_FALSE(writes_.empty()) << "a write that nobody decided";
    Write write = std::move(writes_.front());
    writes_.pop_front();
    ASSERT_EQ(m.write_fixed, 1);
    ASSERT_EQ(m.write_chain, write.chain);
    ASSERT_EQ(m.write_address, write.address);
    ASSERT_EQ(m.write_length, write.length);
    ASSERT_EQ(m.write_offset, write.offset);
    ASSERT_EQ(m.write_num_buffers, write.num_buffers);
    ASSERT_EQ(m.write_last, write.last);
    write.row = m.write_row;
    ++writes_accepted_;
    reading_.push_back(std::move(write));
  }

  void use(Vrx_path_bench& m) {
    ASSERT_FALSE(used_.empty()) << "a chain that is not done";
    const Used& used = used_.front();
    ASSERT_EQ(m.used_position, used.position);
    ASSERT_EQ(m.used_id, used.id);
    ASSERT_EQ(m.used_length, used.length);
    ASSERT_EQ(m.used_frame_end, used.frame_end);
    ASSERT_GE(writes_accepted_, used.behind_writes) << "before its bytes";
    used_.pop_front();
    ++returnable_;
  }

  void drive_chain() {
    if (!chain_offered_ && !to_give_.empty() && outstanding_ < 64 && below(100) < chain_percent) {
      chain_offered_ = true;
      const Chain& chain = to_give_.front();
      for (const Part& part : chain.readable) segments_.push_back(part);
      for (const Part& part : chain.writable) segments_.push_back(part);
      twin_.drive([&chain](auto& m) {
        m.chain_position = chain.position;
        m.chain_id = chain.id;
        m.chain_readable = static_cast<uint16_t>(chain.readable.size());
        m.chain_writable = static_cast<uint16_t>(chain.writable.size());
        m.chain_writable_bytes = chain.room();
      });
    }
    twin_.drive([this](auto& m) { m.chain_valid = chain_offered_; });
  }
  void drive_segment() {
    if (!segment_offered_ && !segments_.empty() && below(100) < segment_percent) {
      segment_offered_ = true;
      twin_.drive([this](auto& m) {
        m.segment_address = segments_.front().address;
        m.segment_length = segments_.front().length;
      });
    }
    twin_.drive([this](auto& m) { m.segment_valid = segment_offered_; });
  }

  // Reads for the oldest operation a row's bytes a cycle; after the frame's last, its rows go back.
  void drive_reader() {
    reads_ = false;
    const bool release = release_next_;
    release_next_ = false;
    if (release) {
      ASSERT_FALSE(in_work_.empty());
      // With it those of frames that were dropped behind it.
      released_.emplace_back(twin_.cycle() + kReleaseLag, in_work_.front());
      rows_ -= released_rows_;
      in_work_.pop_front();
    }
    if (!reading_.empty() && below(100) < read_percent) {
      const Write& write = reading_.front();
      from_ = std::max<std::size_t>(write.offset + read_, kHeader) - kHeader;
      const std::size_t end = std::max<std::size_t>(write.offset + write.length, kHeader) - kHeader;
      reads_ = true;
      count_ = std::min(kBeatBytes, end - from_);
    }
    const auto address = static_cast<uint32_t>(
        (reads_ ? reading_.front().row * kBeatBytes + from_ : 0) % kBufferBytes);
    const bool read = reads_ && count_ != 0;
    twin_.drive([read, address, release](auto& m) {
      m.buffer_read = read;
      m.buffer_address = address;
      m.buffer_release = release;
    });
  }
  void finish_read(Vrx_path_bench& m) {
    if (!reads_) return;
    const Write& write = reading_.front();
    for (std::size_t k = 0; k < count_; ++k) {
      const std::size_t lane = (write.row * kBeatBytes + from_ + k) % kBeatBytes;
      ASSERT_EQ(get_byte(m.buffer_data, lane), write.frame.bytes.at(from_ + k))
          << "byte " << from_ + k << " of frame " << write.frame.number;
    }
    read_ = from_ + count_ + kHeader - write.offset;
    if (write.offset + read_ < write.offset + write.length) return;
    read_ = 0;
    if (write.last) {
      release_next_ = true;
      released_rows_ = rows_of(write.frame.bytes.size());
    }
    reading_.pop_front();
  }

  GatedTwin<Vrx_path_bench> twin_;
  std::mt19937_64 random_;
  std::deque<Frame> to_send_;
  std::size_t sent_ = 0;
  bool beat_on_ = false;
  uint64_t full_cycles_ = 0;  // so long the window is full
  uint32_t numbered_ = 0;
  std::deque<Frame> waiting_;  // in the card's buffer
  std::size_t to_reset_ = 0;
  std::deque<Chain> to_give_;
  uint32_t position_ = 0;
  std::deque<Chain> popped_;
  std::deque<Part> segments_;
  bool chain_offered_ = false, segment_offered_ = false;
  unsigned outstanding_ = 0, returnable_ = 0;
  std::deque<Write> writes_;
  std::size_t writes_made_ = 0, writes_accepted_ = 0;
  std::deque<Used> used_;
  std::deque<Write> reading_;
  std::size_t read_ = 0, from_ = 0, count_ = 0;
  bool reads_ = false, release_next_ = false;
  std::size_t released_rows_ = 0;
  std::deque<std::size_t> in_work_;  // rows of frames that are read, and of those dropped behind
  std::deque<std::pair<uint64_t, std::size_t>> released_;
  std::size_t rows_ = 0, rows_lagging_ = 0, rows_at_start_ = 0;
  std::array<uint64_t, 32> drops_{};
  uint64_t bytes_ = 0;
};

void add_random_frame(RxRig& rig) {
  std::size_t bytes = 14 + rig.below(300);
  switch (rig.below(10)) {
    case 0:
      bytes = 1 + rig.below(20);
      break;
    case 1:
      bytes = rig.mtu + 10 + rig.below(12);
      break;
    case 2:
      bytes = rig.mtu + rig.below(3000);
      break;
    case 3:
      bytes = 14 + rig.below(rig.mtu);
      break;
    default:
      break;
  }
  rig.add_frame(bytes, rig.below(4) == 0, rig.below(16) != 0);
}

void add_random_chain(RxRig& rig, unsigned most) {
  std::vector<uint32_t> parts(1 + (rig.below(3) == 0 ? rig.below(5) : 0));
  for (uint32_t& part : parts) part = 1 + rig.below(rig.below(4) == 0 ? 20 : most);
  if (rig.below(50) == 0) parts.back() = 0x80000000U;
  rig.add_chain(parts, rig.below(6) == 0 ? 1 + rig.below(3) : 0);
}

void random_run(int seed, uint64_t& started) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RxRig rig(seed);
  const auto percent = [&rig] {
    constexpr std::array<unsigned, 4> kChoices{100, 70, 30, 8};
    return kChoices.at(rig.below(kChoices.size()));
  };
  // What does not change between resets.
  const auto configure = [&rig] {
    rig.mtu = rig.below(3) == 0 ? 9000 : 68 + rig.below(1500);
    rig.merging = rig.below(3) != 0;
    rig.size_log2 = 3 + rig.below(8);
  };
  configure();
  for (unsigned round = 0; round < 12; ++round) {
    rig.beat_percent = percent();
    rig.chain_percent = percent();
    rig.segment_percent = percent();
    rig.ready_percent = percent();
    rig.read_percent = percent();
    rig.return_percent = percent();
    const unsigned most = rig.merging ? 40 + rig.below(800) : 400 + rig.below(4000);
    const unsigned frames = 60;
    for (unsigned i = 0; i < frames; ++i) add_random_frame(rig);
    for (unsigned i = 0; i < rig.below(200); ++i) add_random_chain(rig, most);
    // Not ready for a while, in the middle.
    ASSERT_NO_FATAL_FAILURE(rig.run(rig.below(2000)));
    if (rig.below(2) == 0) {
      rig.active = false;
      rig.receives = rig.below(2) != 0;
      ASSERT_NO_FATAL_FAILURE(rig.run(rig.below(300)));
      rig.active = rig.receives = true;
    }
    ASSERT_NO_FATAL_FAILURE(rig.settle_down());
    switch (rig.below(3)) {
      case 0:  // a reset
        for (unsigned i = 0; i < 30; ++i) add_random_frame(rig);
        for (unsigned i = 0; i < rig.below(60); ++i) add_random_chain(rig, most);
        ASSERT_NO_FATAL_FAILURE(rig.run(rig.below(500)));
        rig.active = false;
        rig.receives = rig.below(2) != 0;  // it waits for effects, or something is wrong
        ASSERT_NO_FATAL_FAILURE(rig.finish_effects());
        rig.receives = false;
        rig.pulse_flush();
        configure();
        // At once, or when all frames are dropped.
        rig.active = rig.receives = rig.below(2) != 0;
        ASSERT_NO_FATAL_FAILURE(rig.settle_down());
        rig.active = rig.receives = true;
        EXPECT_EQ(rig.left_from_before_reset(), 0u);
        break;
      case 1:  // suspended, resumed
        rig.suspended = true;
        for (unsigned i = 0; i < 5; ++i) add_random_frame(rig);
        ASSERT_NO_FATAL_FAILURE(rig.settle_down());
        ASSERT_EQ(rig.twin()->settled, 1);
        rig.pulse_rewind();
        rig.suspended = false;
        ASSERT_NO_FATAL_FAILURE(rig.settle_down());
        break;
      default:
        break;
    }
  }
  // Whatever waits is started once there are buffers for it.
  rig.merging = true;
  rig.chain_percent = rig.return_percent = 100;
  for (unsigned i = 0; i < 6000 && rig.frames_waiting() != 0; ++i) rig.add_chain({1000});
  ASSERT_NO_FATAL_FAILURE(rig.settle_down());
  EXPECT_EQ(rig.frames_waiting(), 0u);
  started += rig.started;
}

TEST(RxPath, RandomFramesAndChains) {
  uint64_t started = 0;
  for (int seed = 1; seed <= 10; ++seed) ASSERT_NO_FATAL_FAILURE(random_run(seed, started));
  EXPECT_GT(started, 500u);
}

// Without buffers frames wait until the card's buffer is full; with them they all go.
TEST(RxPath, DropsOnlyWhatDoesNotFitIntoTheBuffer) {
  RxRig rig(3);
  for (unsigned i = 0; i < 100; ++i) rig.add_frame(1000);
  ASSERT_NO_FATAL_FAILURE(rig.settle_down());
  EXPECT_EQ(rig.frames_waiting(), kRows / rows_of(1000));
  EXPECT_EQ(rig.full_drops, 100 - kRows / rows_of(1000));
  for (unsigned i = 0; i < 100; ++i) rig.add_chain({1012});
  ASSERT_NO_FATAL_FAILURE(rig.settle_down());
  EXPECT_EQ(rig.started, kRows / rows_of(1000));
  for (unsigned i = 0; i < 20; ++i) rig.add_frame(1000);
  ASSERT_NO_FATAL_FAILURE(rig.settle_down());
  EXPECT_EQ(rig.frames_waiting(), 0u);
}

// A window of buffers that is too small for a frame is left for the next one.
TEST(RxPath, AFrameThatNoWindowHoldsIsDropped) {
  RxRig rig(4);
  rig.mtu = 9000;
  for (unsigned i = 0; i < 63; ++i) rig.add_chain({100});
  rig.add_frame(6389);  // 64 * 100 - 12 + 1
  rig.add_frame(6388);
  rig.add_frame(88);
  ASSERT_NO_FATAL_FAILURE(rig.settle_down());
  EXPECT_EQ(rig.frames_waiting(), 3u);
  rig.add_chain({100});
  rig.add_chain({100});
  ASSERT_NO_FATAL_FAILURE(rig.settle_down());
  EXPECT_EQ(rig.fit_drops, 1u);
  EXPECT_EQ(rig.started, 2u);
}

// The ring engine has no room for the segments of more chains: the frame can never be started.
TEST(RxPath, AFrameThatStarvesAtAFullWindowIsDropped) {
  RxRig rig(6);
  for (unsigned i = 0; i < 3; ++i) rig.add_chain({100});
  rig.add_frame(1000);
  rig.add_frame(88);
  ASSERT_NO_FATAL_FAILURE(rig.settle_down());
  rig.window_full = true;
  ASSERT_NO_FATAL_FAILURE(rig.run(kPatience - 10));
  rig.window_full = false;  // it was not that
  ASSERT_NO_FATAL_FAILURE(rig.run(10));
  rig.window_full = true;
  ASSERT_NO_FATAL_FAILURE(rig.run(kPatience - 10));
  EXPECT_EQ(rig.chosen_drops, 0u);
  ASSERT_NO_FATAL_FAILURE(rig.run(40));
  EXPECT_EQ(rig.chosen_drops, 1u);
  EXPECT_EQ(rig.started, 1u);
  ASSERT_NO_FATAL_FAILURE(rig.settle_down());
}

double cycles_per_frame(std::size_t bytes, unsigned frames) {
  RxRig rig(9);
  for (unsigned i = 0; i < frames; ++i) {
    rig.add_frame(bytes);
    rig.add_chain({2048});
  }
  while (rig.started == 0 && !::testing::Test::HasFatalFailure()) rig.cycle();
  const uint64_t start = rig.twin().cycle();
  while (rig.started != frames && rig.twin().cycle() < 200000 &&
         !::testing::Test::HasFatalFailure()) {
    rig.cycle();
  }
  EXPECT_EQ(rig.dropped_at_arrival, 0u);
  return double(rig.twin().cycle() - start) / (frames - 1);
}

TEST(RxPath, FullRate) {
  const double small = cycles_per_frame(64, 300);
  const double large = cycles_per_frame(1514, 300);
  std::cout << "cycles per frame: 64 bytes " << small << ", 1514 bytes " << large << '\n';
  EXPECT_LE(small, std::max<double>(4, 64.0 / kBeatBytes));
  EXPECT_LE(large, double(rows_of(1514)) + 0.1);
}

}  // namespace
}  // namespace ringside::test
