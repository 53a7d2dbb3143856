// SPDX-License-Identifier: Apache-2.0
// dma_write against a reference that goes byte by byte.
#include <array>
#include <bit>
#include <deque>
#include <iostream>
#include <random>
#include <tuple>
#include <vector>

#include <Vdma_write_bench.h>
#include "tests/support/gtest.h"
#include "tests/unit/rtl/gated_twin.h"
#include "tests/unit/rtl/wide_bits.h"

namespace ringside::test {
namespace {

constexpr std::size_t kBeatBytes = NIC_TEST_DATA_BITS / 8;
constexpr std::size_t kBufferBytes = 262144;
constexpr std::size_t kRows = kBufferBytes / kBeatBytes;
constexpr unsigned kClients = 5;
constexpr unsigned kReceive = 0, kInterrupt = 4;
constexpr unsigned kImmediate = 0, kReceived = 1, kMessage = 2;
constexpr unsigned kPurposeInterrupt = 10;

unsigned next_row(unsigned row, unsigned frame_bytes) {
  return static_cast<unsigned>((row + (frame_bytes + kBeatBytes - 1) / kBeatBytes) % kRows);
}

struct Op {
  unsigned source = kImmediate;
  unsigned purpose = 0;
  unsigned queue = 0;
  uint32_t chain = 0;
  uint64_t address = 0;
  unsigned length = 0;
  std::array<uint8_t, 64> data{};
  unsigned row = 0, offset = 0, num_buffers = 0;
  bool last = false, notify = false;
};

struct Request {
  bool message = false;
  uint64_t address = 0;
  unsigned purpose = 0, queue = 0, client = 0;
  bool notify = false;
  std::vector<uint8_t> bytes;
  bool operator==(const Request&) const = default;
};

/// The card's side of the buffer: rows that hold a frame, given back in order.
struct Frame {
  unsigned row, bytes;
};

class DmaWriteRig {
 public:
  explicit DmaWriteRig(int seed) : twin_(seed), random_(static_cast<uint64_t>(seed)) {
    buffer_.resize(kBufferBytes);
    for (uint8_t& byte : buffer_) byte = static_cast<uint8_t>(random_());
    twin_.drive([](auto& m) {
      m.op_valid = 0;
      m.posted_ready = 0;
      m.max_payload = 0;
    });
    twin_.reset();
  }

  unsigned ready_percent = 100;
  /// Offers what is queued of a client with this chance in a cycle.
  unsigned offer_percent = 100;

  void max_payload(unsigned encoded) {
    payload_ = 128U << encoded;
    twin_.drive([encoded](auto& m) { m.max_payload = encoded & 7; });
  }
  void push(unsigned client, const Op& op) { queued_.at(client).push_back(op); }
  void push_frame(unsigned row, unsigned bytes) { frames_.push_back({row, bytes}); }
  std::mt19937_64& random() { return random_; }
  unsigned below(std::size_t bound) { return static_cast<unsigned>(random_() % bound); }
  GatedTwin<Vdma_write_bench>& twin() { return twin_; }
  std::size_t waiting() const {
    std::size_t sum = 0;
    for (const auto& queue : queued_) sum += queue.size();
    return sum;
  }
  bool done() const { return waiting() == 0 && expected_.empty(); }

  void cycle() {
    offer();
    const bool ready = below(100) < ready_percent;
    twin_.drive([ready](auto& m) { m.posted_ready = ready; });
    twin_.settle();
    Vdma_write_bench& m = *twin_;
    // -- what happens at the edge
    const unsigned accepted = m.op_valid & m.op_ready;
    ASSERT_LE(std::popcount(accepted), 1);
    const bool read = m.buffer_read != 0;
    const unsigned at = m.buffer_address;
    unsigned written = 0;
    if (m.posted_valid != 0) ++offered_cycles;
    if (m.posted_valid != 0 && ready) {
      ++beats;
      take_beat(m, &written);
    }
    if (::testing::Test::HasFatalFailure()) return;
    const bool release = m.buffer_release != 0;
    twin_.tick();
    // -- after it
    if (release) forget_frame();
    if (read) {
      std::array<uint8_t, kBeatBytes> row{};
      for (std::size_t k = 0; k < kBeatBytes; ++k) {
        const std::size_t address = (at + k) % kBufferBytes;
        row.at(address % kBeatBytes) = buffer_[address];
      }
      twin_.drive([&row](auto& module) { set_bytes(module.buffer_data, 0, row); });
    }
    for (unsigned client = 0; client < kClients; ++client) {
      if (((accepted >> client) & 1) != 0) accept(client);
    }
    ASSERT_EQ(m.written, written);
    twin_.settle();
    twin_.expect_same([](Vdma_write_bench& o) { return observe(o); });
  }

  void drain(unsigned most = 100000) {
    for (unsigned i = 0; i < most && !done() && !::testing::Test::HasFatalFailure(); ++i) cycle();
    ASSERT_TRUE(done());
    for (unsigned i = 0; i < 10; ++i) cycle();
    ASSERT_TRUE(frames_.empty());
    ASSERT_EQ(twin_->empty, 1);
    ASSERT_EQ(twin_->idle, 1);
    ASSERT_EQ(twin_->writes, writes_);
    ASSERT_EQ(twin_->write_bytes, write_bytes_);
    ASSERT_EQ(twin_->requests, requests_);
  }

  uint64_t beats = 0, offered_cycles = 0;
  std::array<unsigned, kClients> accepted_of{};

 private:
  static std::tuple<uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t> observe(
      Vdma_write_bench& m) {
    const uint64_t flags = uint64_t{m.op_ready} | uint64_t{m.written} << 8 |
                           uint64_t{m.buffer_read} << 16 | uint64_t{m.buffer_release} << 17 |
                           uint64_t{m.posted_valid} << 18 | uint64_t{m.trace_valid} << 19 |
                           uint64_t{m.empty} << 20;
    uint64_t out = 0;
    if (m.posted_valid != 0) {
      out = m.posted_address ^ uint64_t { m.posted_length } << 40 ^
            uint64_t { m.posted_message } << 60 ^ uint64_t { m.beat_sop } << 61 ^
            uint64_t { m.beat_eop } << 62 ^ uint64_t { m.beat_empty } << 56;
    }
    const uint64_t traced = m.trace_valid != 0 ? m.trace_address + m.trace_size + m.trace_chain : 0;
    return {flags, out, traced, m.writes, m.requests, m.buffer_read != 0 ? m.buffer_address : 0};
  }

  void offer() {
    for (unsigned client = 0; client < kClients; ++client) {
      const unsigned bit = 1U << client;
      if ((valid_ & bit) != 0 || queued_[client].empty() || below(100) >= offer_percent) continue;
      valid_ |= bit;
      const Op& op = queued_[client].front();
      const unsigned valid = valid_;
      twin_.drive([&op, client, bit, valid](auto& m) {
        m.op_valid = valid & 31;
        m.op_source = (m.op_source & ~(3U << (2 * client))) | op.source << (2 * client);
        m.op_purpose = (m.op_purpose & ~(15U << (4 * client))) | op.purpose << (4 * client);
        m.op_queue = static_cast<uint8_t>((m.op_queue & ~bit) | (op.queue != 0 ? bit : 0));
        m.op_last = static_cast<uint8_t>((m.op_last & ~bit) | (op.last ? bit : 0));
        m.op_notify = static_cast<uint8_t>((m.op_notify & ~bit) | (op.notify ? bit : 0));
        set_bits(m.op_chain, 32 * client, 32, op.chain);
        set_bits(m.op_address, 64 * client, 64, op.address);
        set_bits(m.op_length, 16 * client, 16, op.length);
        set_bits(m.op_row, 16 * client, 16, op.row);
        set_bits(m.op_offset, 16 * client, 16, op.offset);
        set_bits(m.op_num_buffers, 16 * client, 16, op.num_buffers);
        set_bytes(m.op_data, std::size_t{64} * client, op.data);
      });
    }
  }

  // The operation was accepted: what must come of it, byte by byte.
  void accept(unsigned client) {
    const Op op = queued_.at(client).front();
    queued_[client].pop_front();
    ++accepted_of.at(client);
    valid_ &= ~(1U << client);
    const unsigned valid = valid_;
    twin_.drive([valid](auto& m) { m.op_valid = valid & 31; });
    const bool counted = client != kInterrupt;
    ASSERT_EQ(twin_->trace_valid, counted);
    if (counted) {
      ++writes_;
      write_bytes_ += op.length;
      ASSERT_EQ(twin_->trace_kind, 20);  // TraceDmaWrite
      ASSERT_EQ(twin_->trace_purpose, op.purpose);
      ASSERT_EQ(twin_->trace_queue, op.queue);
      ASSERT_EQ(twin_->trace_chain, op.chain);
      ASSERT_EQ(twin_->trace_size, op.length);
      ASSERT_EQ(twin_->trace_address, op.address);
    }
    Request request{op.source == kMessage, op.address, op.purpose, op.queue, client, false, {}};
    for (unsigned i = 0; i < op.length; ++i) {
      const uint64_t address = op.address + i;
      const auto lanes = (request.address & 3) + request.bytes.size();
      if (!request.bytes.empty() && (lanes == payload_ || address % 4096 == 0)) {
        finish(request, counted);
        request = {false, address, op.purpose, op.queue, client, false, {}};
      }
      request.bytes.push_back(byte_of(op, i));
    }
    request.notify = op.notify;
    finish(request, counted);
  }
  void finish(const Request& request, bool counted) {
    expected_.push_back(request);
    if (counted) ++requests_;
  }
  uint8_t byte_of(const Op& op, unsigned i) const {
    if (op.source == kImmediate) return op.data.at(i);
    const unsigned place = op.offset + i;
    if (place == 10) return op.num_buffers & 0xFF;
    if (place == 11) return static_cast<uint8_t>(op.num_buffers >> 8);
    if (place < 12) return 0;
    return buffer_[(op.row * kBeatBytes + place - 12) % kBufferBytes];
  }

  void take_beat(Vdma_write_bench& m, unsigned* written) {
    ASSERT_FALSE(expected_.empty()) << "a request that nobody asked for";
    const Request& wanted = expected_.front();
    if (m.beat_sop != 0) {
      got_ = {};
      got_.message = m.posted_message != 0;
      got_.address = got_.message ? m.posted_code : m.posted_address;
      got_.purpose = m.posted_purpose;
      got_.queue = m.posted_queue;
      got_.client = wanted.client;  // not on the bus
      got_.notify = wanted.notify;
      lane_ = m.posted_address & 3;
      left_ = m.posted_length;
    }
    for (; lane_ < kBeatBytes && left_ != 0; ++lane_, --left_) {
      got_.bytes.push_back(get_byte(m.beat_data, lane_));
    }
    if (m.beat_eop == 0) {
      ASSERT_EQ(lane_, kBeatBytes);
      ASSERT_NE(left_, 0u);
      lane_ = 0;
      return;
    }
    ASSERT_EQ(left_, 0u);
    if (!got_.message) {
      ASSERT_EQ(m.beat_empty, kBeatBytes - lane_);
    }
    ASSERT_EQ(got_.message, wanted.message);
    ASSERT_EQ(got_.address, wanted.address);
    ASSERT_EQ(got_.purpose, wanted.purpose);
    ASSERT_EQ(got_.bytes.size(), wanted.bytes.size());
    ASSERT_TRUE(got_ == wanted) << "other bytes";
    if (wanted.notify) *written = 1U << wanted.client;
    expected_.pop_front();
  }

  // The card may overwrite these rows from now on.
  void forget_frame() {
    ASSERT_FALSE(frames_.empty()) << "a release without a frame";
    const Frame frame = frames_.front();
    frames_.pop_front();
    for (unsigned i = 0; i < frame.bytes; ++i) {
      buffer_[(frame.row * kBeatBytes + i) % kBufferBytes] ^= 0xFF;
    }
  }

  GatedTwin<Vdma_write_bench> twin_;
  std::mt19937_64 random_;
  std::vector<uint8_t> buffer_;
  std::array<std::deque<Op>, kClients> queued_;
  unsigned valid_ = 0;
  unsigned payload_ = 128;
  std::deque<Request> expected_;
  std::deque<Frame> frames_;
  uint64_t writes_ = 0, write_bytes_ = 0, requests_ = 0;
  Request got_;
  std::size_t lane_ = 0;
  unsigned left_ = 0;
};

Op immediate(DmaWriteRig& rig, uint64_t address, unsigned length) {
  Op op;
  op.purpose = rig.below(10);
  op.queue = rig.below(2);
  op.chain = static_cast<uint32_t>(rig.random()());
  op.address = address;
  op.length = length;
  for (uint8_t& byte : op.data) byte = static_cast<uint8_t>(rig.random()());
  op.notify = rig.below(2) != 0;
  // Fields of other sources are noise.
  op.row = rig.below(kRows);
  op.offset = rig.below(65536);
  op.last = rig.below(2) != 0;
  return op;
}

/// The operations of one received frame, cut at random into `pieces` at most.
void push_frame(DmaWriteRig& rig, unsigned row, unsigned bytes, unsigned pieces, bool aligned) {
  const unsigned num_buffers = 1 + rig.below(600);
  unsigned offset = 0;
  const unsigned end = bytes + 12;
  rig.push_frame(row, bytes);
  while (offset != end) {
    Op op;
    op.source = kReceived;
    op.purpose = 6;
    op.chain = static_cast<uint32_t>(rig.random()());
    op.address = aligned ? rig.random()() & ~uint64_t{63} : rig.random()();
    if (rig.below(4) == 0) op.address |= 0xFFF & ~uint64_t{rig.below(64)};
    op.address &= ~(uint64_t{1} << 63);
    op.row = row;
    op.offset = offset;
    op.length = --pieces == 0 ? end - offset : 1 + rig.below(end - offset);
    if (pieces != 0 && rig.below(3) == 0) op.length = 1 + rig.below(std::min(end - offset, 16U));
    op.num_buffers = num_buffers;
    offset += op.length;
    op.last = offset == end;
    for (uint8_t& byte : op.data) byte = static_cast<uint8_t>(rig.random()());
    rig.push(kReceive, op);
    if (pieces == 0) break;
  }
}

void random_run(int seed, unsigned ready_percent, unsigned offer_percent) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  DmaWriteRig rig(seed);
  rig.ready_percent = ready_percent;
  rig.offer_percent = offer_percent;
  unsigned row = rig.below(kRows);
  for (unsigned round = 0; round < 12; ++round) {
    rig.max_payload(rig.below(6));
    for (unsigned i = 0; i < 12; ++i) {
      const unsigned bytes = 14 + rig.below(rig.below(4) == 0 ? 9000 : 400);
      push_frame(rig, row, bytes, 1 + rig.below(6), false);
      row = next_row(row, bytes);
      for (unsigned client = 1; client < kClients; ++client) {
        uint64_t address = rig.random()() >> 1;
        if (rig.below(2) == 0) address = (address | 0xFFF) - rig.below(70);
        if (client != kInterrupt) {
          rig.push(client, immediate(rig, address, 1 + rig.below(64)));
          continue;
        }
        Op op = immediate(rig, address & ~uint64_t{3}, 4);
        op.purpose = kPurposeInterrupt;
        if (rig.below(3) == 0) {  // Assert_INTx, Deassert_INTx
          op.source = kMessage;
          op.address = 0x20 + rig.below(8);
          op.length = 0;
        }
        rig.push(client, op);
      }
    }
    ASSERT_NO_FATAL_FAILURE(rig.drain());
  }
}

TEST(DmaWrite, RandomOperationsAgainstBytes) {
  for (int seed = 1; seed <= 4; ++seed) {
    ASSERT_NO_FATAL_FAILURE(random_run(seed, 100, 100));
    ASSERT_NO_FATAL_FAILURE(random_run(10 + seed, 60, 100));
    ASSERT_NO_FATAL_FAILURE(random_run(20 + seed, 100, 5));
    ASSERT_NO_FATAL_FAILURE(random_run(30 + seed, 20, 30));
  }
}

// No cycle without a beat, whatever the operations, once the first beat is there.
void full_rate(unsigned frame_bytes, unsigned immediate_bytes, unsigned operations) {
  DmaWriteRig rig(7);
  rig.max_payload(1);
  unsigned row = 0;
  for (unsigned i = 0; i < operations; ++i) {
    if (frame_bytes != 0) {
      push_frame(rig, row, frame_bytes, 1, true);
      row = next_row(row, frame_bytes);
    }
    if (immediate_bytes != 0) {
      rig.push(1, immediate(rig, uint64_t{i} * 64, immediate_bytes));
      rig.push(2, immediate(rig, uint64_t{i} * 64, immediate_bytes));
    }
  }
  while (rig.offered_cycles == 0) ASSERT_NO_FATAL_FAILURE(rig.cycle());
  const uint64_t start = rig.twin().cycle();
  while (!rig.done() && rig.twin().cycle() < 100000) ASSERT_NO_FATAL_FAILURE(rig.cycle());
  EXPECT_EQ(rig.beats - 1, rig.twin().cycle() - start)
      << frame_bytes << "-byte frames, immediates of " << immediate_bytes;
  std::cout << frame_bytes << "-byte frames, immediates of " << immediate_bytes << ": "
            << double(rig.twin().cycle() - start + 1) / operations << " cycles each\n";
}

TEST(DmaWrite, NoBubbles) {
  ASSERT_NO_FATAL_FAILURE(full_rate(0, 2, 500));
  ASSERT_NO_FATAL_FAILURE(full_rate(0, 64, 500));
  ASSERT_NO_FATAL_FAILURE(full_rate(60, 0, 500));
  ASSERT_NO_FATAL_FAILURE(full_rate(60, 64, 500));
  ASSERT_NO_FATAL_FAILURE(full_rate(1514, 0, 200));
  ASSERT_NO_FATAL_FAILURE(full_rate(1514, 2, 200));
  ASSERT_NO_FATAL_FAILURE(full_rate(9014, 0, 50));
}

TEST(DmaWrite, ClientsTakeTurns) {
  DmaWriteRig rig(3);
  rig.ready_percent = 50;
  for (unsigned i = 0; i < 200; ++i) {
    for (unsigned client = 0; client < kClients; ++client) {
      rig.push(client, immediate(rig, uint64_t{i} * 64, 8));
    }
  }
  while (rig.accepted_of[0] < 150) {
    ASSERT_NO_FATAL_FAILURE(rig.cycle());
    for (const unsigned accepted : rig.accepted_of) {
      ASSERT_LE(rig.accepted_of[0], accepted + 1);
      ASSERT_LE(accepted, rig.accepted_of[0] + 1);
    }
  }
}

TEST(DmaWrite, AsLongAsTheHostTakesNothingItIsIdle) {
  DmaWriteRig rig(5);
  rig.ready_percent = 0;
  for (unsigned i = 0; i < 20; ++i) rig.push(1, immediate(rig, uint64_t{i} * 64, 64));
  for (unsigned i = 0; i < 100; ++i) ASSERT_NO_FATAL_FAILURE(rig.cycle());
  EXPECT_EQ(rig.twin()->idle, 1);
  EXPECT_LT(rig.twin().edges(), 40u);
  rig.ready_percent = 100;
  ASSERT_NO_FATAL_FAILURE(rig.drain());
}

}  // namespace
}  // namespace ringside::test
