// SPDX-License-Identifier: Apache-2.0
// control_path with a memory, a firmware and a ring that all take their time.
#include <algorithm>
#include <array>
#include <deque>
#include <iostream>
#include <random>
#include <vector>

#include <Vcontrol_path_bench.h>
#include "tests/support/gtest.h"
#include "tests/unit/rtl/gated_twin.h"
#include "tests/unit/rtl/wide_bits.h"

namespace ringside::test {
namespace {

constexpr std::size_t kBeatBytes = NIC_TEST_DATA_BITS / 8;
constexpr unsigned kStartCommand = 14, kClientControl = 2, kErrorDmaRead = 13;
constexpr std::size_t kCommandBytes = 64;

struct Part {
  uint64_t address;
  uint32_t length;
};

struct Chain {
  uint32_t position = 0;
  uint16_t id = 0;
  std::vector<Part> readable, writable;
  uint64_t readable_bytes() const {
    uint64_t sum = 0;
    for (const Part& part : readable) sum += part.length;
    return sum;
  }
};

/// What host memory holds at an address.
uint8_t memory(uint64_t address) {
  return static_cast<uint8_t>((address * 0x9E3779B97F4A7C15U) >> 56);
}

struct Read {
  uint64_t address;
  std::size_t landing, length;
  std::size_t landed = 0;
  uint64_t earliest;
};

class ControlRig {
 public:
  explicit ControlRig(int seed) : twin_(seed), random_(static_cast<uint64_t>(seed)) {
    twin_.drive([](auto& m) {
      m.active = m.counts = m.enabled = m.bus_master = 1;
      m.suspended = m.flush = m.chain_valid = m.segment_valid = m.read_ready = 0;
      m.landing_valid = m.done_valid = m.write_ready = m.command_ready = m.reply_valid = 0;
    });
    twin_.reset();
  }

  bool active = true, suspended = false, bus_master = true, fail = false;
  bool paused = false;     // decisions wait for a write of a register
  unsigned percent = 100;  // of each stream
  unsigned delay = 30;     // of reads and of firmware
  unsigned done = 0, errors = 0, commands = 0;

  unsigned below(uint64_t bound) { return static_cast<unsigned>(random_() % bound); }
  GatedTwin<Vcontrol_path_bench>& twin() { return twin_; }
  std::size_t chains() const { return chains_.size(); }
  bool under_way() const { return under_way_; }

  void add_chain(const std::vector<uint32_t>& readable, unsigned writable) {
    Chain chain;
    chain.position = position_++;
    chain.id = static_cast<uint16_t>(random_());
    for (const uint32_t bytes : readable) chain.readable.push_back({random_() >> 1, bytes});
    for (unsigned i = 0; i < writable; ++i) chain.writable.push_back({random_(), 1 + below(20)});
    chains_.push_back(chain);
  }

  void cycle() {
    drive();
    twin_.settle();
    Vcontrol_path_bench& m = *twin_;
    if (m.trace_valid != 0) start(m);
    if (m.read_valid != 0 && m.read_ready != 0) take_read(m);
    if (m.command_valid != 0 && m.command_ready != 0) take_command(m);
    if (m.write_valid != 0 && m.write_ready != 0) take_write(m);
    if (m.used_valid != 0) {
      ASSERT_TRUE(under_way_ && written_);
      ASSERT_EQ(m.used_position, current_.position);
      ASSERT_EQ(m.used_id, current_.id);
      ASSERT_EQ(m.used_length, 1u);
      ASSERT_EQ(m.used_frame_end, 1);
      ASSERT_TRUE(segments_.empty()) << "segments are left over";
      under_way_ = false;
      ++done;
    }
    if (m.error_valid != 0) {
      ASSERT_EQ(m.error_code, kErrorDmaRead);
      ASSERT_EQ(m.error_queue, 2);
      ++errors;
    }
    if (::testing::Test::HasFatalFailure()) return;
    const bool popped = m.chain_ready != 0;
    const bool taken = m.segment_valid != 0 && m.segment_ready != 0;
    if (popped) {
      ASSERT_EQ(m.chain_valid, 1);
      ASSERT_EQ(chains_.front().position, current_.position);
    }
    const bool forget = m.flush != 0;
    twin_.tick();
    ++now_;
    if (popped) {
      chains_.pop_front();
      chain_offered_ = false;
    }
    if (taken) {
      segments_.pop_front();
      segment_offered_ = false;
    }
    if (forget) {
      chains_.clear();
      segments_.clear();
      reads_.clear();
      expected_reads_.clear();
      chain_offered_ = segment_offered_ = under_way_ = false;
      reply_at_ = 0;
      position_ = 0;
    }
    twin_.settle();
    twin_.expect_same([](Vcontrol_path_bench& o) { return observe(o); });
  }
  void run(unsigned cycles) {
    for (unsigned i = 0; i < cycles && !::testing::Test::HasFatalFailure(); ++i) cycle();
  }
  void finish() {
    for (unsigned i = 0;
         i < 100000 && (!chains_.empty() || under_way_) && !::testing::Test::HasFatalFailure();
         ++i) {
      cycle();
    }
    run(10);
    ASSERT_TRUE(chains_.empty() && !under_way_);
    ASSERT_EQ(twin_->settled, 1);
    ASSERT_EQ(twin_->idle, 1);
  }
  void pulse_flush() {
    twin_.drive([](auto& m) { m.flush = 1; });
    cycle();
    twin_.drive([](auto& m) { m.flush = 0; });
  }

 private:
  static std::vector<uint64_t> observe(Vcontrol_path_bench& m) {
    std::vector<uint64_t> out{m.chain_ready, m.segment_ready, m.read_valid,  m.write_valid,
                              m.used_valid,  m.command_valid, m.error_valid, m.settled,
                              m.trace_valid, m.busy};
    if (m.read_valid != 0) out.insert(out.end(), {m.read_address, m.read_length, m.read_landing});
    if (m.write_valid != 0) out.insert(out.end(), {m.write_address, m.write_byte});
    if (m.command_valid != 0) {
      for (unsigned i = 0; i < 8; ++i) out.push_back(get_bits(m.command, 64 * i, 64));
      out.push_back(m.command_length);
    }
    return out;
  }

  bool chance() { return below(100) < percent; }

  void drive() {
    if (!chain_offered_ && !chains_.empty() && segments_.empty() && !under_way_ && chance()) {
      chain_offered_ = true;
      const Chain& chain = chains_.front();
      for (const Part& part : chain.readable) segments_.push_back(part);
      for (const Part& part : chain.writable) segments_.push_back(part);
    }
    if (!segment_offered_ && !segments_.empty()) segment_offered_ = chance();
    const bool read = chance(), write = chance(), command = chance();
    const bool reply = reply_at_ != 0 && now_ >= reply_at_;
    if (reply) {
      reply_at_ = 0;
      replied_ = true;
    }
    twin_.drive([&](auto& m) {
      m.active = active && !paused;
      m.counts = active || !bus_master;
      m.bus_master = bus_master;
      m.suspended = suspended;
      m.chain_valid = chain_offered_;
      if (chain_offered_) {
        const Chain& chain = chains_.front();
        m.chain_position = chain.position;
        m.chain_id = chain.id;
        m.chain_readable = static_cast<uint16_t>(chain.readable.size());
        m.chain_writable = static_cast<uint16_t>(chain.writable.size());
        m.chain_readable_bytes = chain.readable_bytes();
      }
      m.segment_valid = segment_offered_;
      if (segment_offered_) {
        m.segment_address = segments_.front().address;
        m.segment_length = segments_.front().length;
      }
      m.read_ready = read;
      m.write_ready = write;
      m.command_ready = command;
      m.reply_valid = reply;
      m.reply = reply ? reply_ : static_cast<uint8_t>(~reply_);
    });
    drive_memory();
  }

  // Bytes of reads come in any order of the reads, cut anywhere; those of others in between.
  void drive_memory() {
    unsigned land_client = 0, done_client = 0;
    bool land = below(8) == 0, end = below(8) == 0, ok = true;
    std::size_t address = below(64), count = 1;
    std::array<uint8_t, kBeatBytes> data{};
    for (uint8_t& byte : data) byte = static_cast<uint8_t>(random_());
    if (!reads_.empty() && chance()) {
      const auto at = reads_.begin() + static_cast<std::ptrdiff_t>(below(reads_.size()));
      if (at->earliest > now_) {
        land = end = false;
      } else if (fail && at->landed != 0) {
        done_client = kClientControl;
        end = true;
        ok = false;
        reads_.erase(at);
      } else if (at->landed == at->length) {
        done_client = kClientControl;
        end = true;
        reads_.erase(at);
      } else {
        land_client = kClientControl;
        land = true;
        address = at->landing + at->landed;
        count = 1 + below(std::min(kBeatBytes, at->length - at->landed));
        for (std::size_t i = 0; i < count; ++i) {
          data.at((address + i) % kBeatBytes) = memory(at->address + at->landed + i);
        }
        at->landed += count;
      }
    }
    twin_.drive([&](auto& m) {
      m.landing_valid = land;
      m.landing_client = land_client & 3;
      m.landing_address = static_cast<uint16_t>(address);
      m.landing_count = static_cast<uint8_t>(count);
      set_bytes(m.landing_data, 0, data);
      m.done_valid = end;
      m.done_client = done_client & 3;
      m.done_ok = ok;
    });
  }

  void start(Vcontrol_path_bench& m) {
    ASSERT_TRUE(active && !paused && !suspended && !under_way_);
    ASSERT_EQ(m.trace_kind, kStartCommand);
    ASSERT_EQ(m.trace_queue, 2);
    current_ = chains_.front();
    ASSERT_EQ(m.trace_chain, current_.position);
    ASSERT_EQ(m.trace_size, std::min<uint64_t>(current_.readable_bytes(), UINT32_MAX));
    under_way_ = true;
    written_ = replied_ = commanded_ = false;
    bytes_.fill(0);
    std::size_t offset = 0;
    for (const Part& part : current_.readable) {
      const std::size_t length = std::min<std::size_t>(part.length, kCommandBytes - offset);
      if (length == 0) break;
      for (std::size_t i = 0; i < length; ++i) bytes_.at(offset + i) = memory(part.address + i);
      expected_reads_.push_back({part.address, offset, length, 0, 0});
      offset += length;
    }
  }

  void take_read(Vcontrol_path_bench& m) {
    ASSERT_FALSE(expected_reads_.empty()) << "a read of nothing";
    Read read = expected_reads_.front();
    expected_reads_.pop_front();
    ASSERT_EQ(m.read_fixed, 1);
    ASSERT_EQ(m.read_chain, current_.position);
    ASSERT_EQ(m.read_address, read.address);
    ASSERT_EQ(m.read_landing, read.landing);
    ASSERT_EQ(m.read_length, read.length);
    read.earliest = now_ + 1 + below(delay);
    reads_.push_back(read);
  }

  void take_command(Vcontrol_path_bench& m) {
    ASSERT_TRUE(under_way_ && !commanded_ && expected_reads_.empty() && reads_.empty());
    ASSERT_EQ(m.command_length, std::min<uint64_t>(current_.readable_bytes(), UINT32_MAX));
    for (std::size_t i = 0; i < kCommandBytes; ++i) {
      ASSERT_EQ(get_byte(m.command, i), bytes_.at(i)) << "byte " << i;
    }
    commanded_ = true;
    ++commands;
    reply_at_ = now_ + 1 + below(delay);
    reply_ = static_cast<uint8_t>(random_());
  }

  void take_write(Vcontrol_path_bench& m) {
    ASSERT_TRUE(replied_ && !written_);
    ASSERT_EQ(m.write_fixed, 1);
    ASSERT_EQ(m.write_chain, current_.position);
    ASSERT_EQ(m.write_address, current_.writable.front().address);
    ASSERT_EQ(m.write_byte, reply_);
    written_ = true;
  }

  GatedTwin<Vcontrol_path_bench> twin_;
  std::mt19937_64 random_;
  uint64_t now_ = 1;
  uint32_t position_ = 0;
  std::deque<Chain> chains_;
  std::deque<Part> segments_;
  bool chain_offered_ = false, segment_offered_ = false;
  bool under_way_ = false, written_ = false, replied_ = false, commanded_ = false;
  Chain current_;
  std::array<uint8_t, kCommandBytes> bytes_{};
  std::deque<Read> expected_reads_;
  std::vector<Read> reads_;
  uint64_t reply_at_ = 0;
  uint8_t reply_ = 0;
};

void add_random_chain(ControlRig& rig) {
  std::vector<uint32_t> readable(rig.below(8));
  for (uint32_t& bytes : readable) bytes = 1 + rig.below(rig.below(3) == 0 ? 200 : 12);
  if (rig.below(20) == 0) readable.assign(2, 0x80000000U);
  rig.add_chain(readable, 1 + rig.below(4));
}

TEST(ControlPath, RandomCommands) {
  for (int seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ControlRig rig(seed);
    for (unsigned round = 0; round < 20; ++round) {
      rig.percent = rig.below(2) == 0 ? 100 : 10 + rig.below(90);
      rig.delay = 1 + rig.below(200);
      for (unsigned i = 0; i < 10; ++i) add_random_chain(rig);
      for (unsigned i = 0; i < 3; ++i) {
        ASSERT_NO_FATAL_FAILURE(rig.run(rig.below(400)));
        (rig.below(2) == 0 ? rig.active : rig.suspended) ^= true;
        rig.paused = rig.below(3) == 0;
      }
      if (rig.below(3) == 0) {  // a reset in the middle
        rig.active = false;
        for (unsigned i = 0; i < 100 && (i < 3 || rig.twin()->busy != 0); ++i) rig.cycle();
        ASSERT_NO_FATAL_FAILURE(rig.pulse_flush());
        for (unsigned i = 0; i < 5; ++i) add_random_chain(rig);
      }
      rig.active = true;
      rig.suspended = rig.paused = false;
      ASSERT_NO_FATAL_FAILURE(rig.finish());
    }
    EXPECT_GT(rig.done, 100u);
  }
}

TEST(ControlPath, AFailedReadStopsTheQueueUntilTheReset) {
  ControlRig rig(1);
  rig.fail = true;
  for (unsigned i = 0; i < 3; ++i) rig.add_chain({10, 10, 10}, 1);
  rig.run(300);
  EXPECT_GE(rig.errors, 1u);
  EXPECT_EQ(rig.commands, 0u);
  EXPECT_EQ(rig.twin()->settled, 0);
  EXPECT_EQ(rig.twin()->busy, 0);
  rig.active = rig.fail = false;
  rig.pulse_flush();
  rig.active = true;
  rig.add_chain({10, 10, 10}, 1);
  ASSERT_NO_FATAL_FAILURE(rig.finish());
  EXPECT_EQ(rig.done, 1u);
}

// Also while decisions wait for a write of a register, but not in a reset or after an error.
TEST(ControlPath, AFailedReadIsAnErrorWhileDecisionsPause) {
  for (const bool resetting : {false, true}) {
    SCOPED_TRACE(testing::Message() << "resetting " << resetting);
    ControlRig rig(3);
    rig.fail = true;
    rig.add_chain({10, 10, 10}, 1);
    while (!rig.under_way()) ASSERT_NO_FATAL_FAILURE(rig.cycle());
    rig.paused = true;
    rig.active = !resetting;
    rig.run(300);
    if (resetting) {
      EXPECT_EQ(rig.errors, 0u);
    } else {
      EXPECT_GE(rig.errors, 1u);
    }
    EXPECT_EQ(rig.commands, 0u);
  }
}

// After an error of another queue, or in a reset, firmware hears nothing and the driver reads no
// ack.
TEST(ControlPath, NothingIsAnsweredWhileInactive) {
  ControlRig rig(2);
  rig.add_chain({4}, 1);
  while (!rig.under_way()) ASSERT_NO_FATAL_FAILURE(rig.cycle());
  rig.active = false;
  rig.run(300);
  EXPECT_EQ(rig.commands, 0u);
  EXPECT_EQ(rig.twin()->idle, 1);
  rig.active = true;
  while (rig.commands == 0 && rig.twin().cycle() < 1000) ASSERT_NO_FATAL_FAILURE(rig.cycle());
  rig.active = false;
  rig.run(300);
  EXPECT_EQ(rig.done, 0u);
  EXPECT_EQ(rig.twin()->busy, 0);
  rig.active = true;
  ASSERT_NO_FATAL_FAILURE(rig.finish());
  EXPECT_EQ(rig.done, 1u);
}

}  // namespace
}  // namespace ringside::test
