// SPDX-License-Identifier: Apache-2.0
// used_ring against the rules of NicCore::return_used(), read_suppression() and
// suppression_read(), and against the policy of the cycle-approximate model.
#include <algorithm>
#include <array>
#include <deque>
#include <iostream>
#include <random>
#include <vector>

#include <Vused_ring_bench.h>
#include "tests/support/gtest.h"
#include "tests/unit/rtl/gated_twin.h"
#include "tests/unit/rtl/wide_bits.h"

namespace ringside::test {
namespace {

constexpr unsigned kQueues = 3;
constexpr unsigned kWindow = 64;
// TraceKind, Purpose, read_client_e, error_e.
constexpr unsigned kReturnUsed = 10, kReadSuppression = 11, kInterruptDecision = 23;
constexpr unsigned kPurposeUsedEvent = 3, kPurposeUsedEntries = 7, kPurposeUsedIndex = 8;
constexpr unsigned kClientSuppression = 3, kClientRing = 0;
constexpr unsigned kErrorDmaRead = 13;

struct Used {
  uint32_t position;
  uint16_t id;
  uint32_t length;
  bool frame_end;
};

struct Write {
  unsigned queue = 0, purpose = 0;
  uint32_t chain = 0;
  uint64_t address = 0;
  std::vector<uint8_t> bytes;
  bool notify = false;
};

struct Queue {
  bool enabled = false;
  unsigned size_log2 = 8;
  uint64_t driver = 0, device = 0;
  uint32_t position = 0;
  std::deque<Used> finished;
  std::size_t whole = 0;  // entries of whole frames
  uint64_t oldest_since = 0;
  uint16_t used_next = 0, signalled = 0, asked = 0, answer = 0;
  bool deciding = false, answered = false;
  unsigned posting = 0;
  unsigned to_open = 0;  // returned, and not yet told to the ring engine
  bool in_frame = false;
  bool settled() const {
    return finished.empty() && used_next == signalled && !deciding && posting == 0;
  }
};

class UsedRingRig {
 public:
  explicit UsedRingRig(int seed) : twin_(seed), random_(static_cast<uint64_t>(seed)) {
    twin_.drive([](auto& m) {
      m.active = m.counts = m.enabled = m.enable = m.flush = m.used_valid = m.window_full = 0;
      m.bus_master = 1;
      m.event_idx = 0;
      m.write_ready = m.written = m.read_ready = m.done_valid = m.interrupt_ready = 0;
      m.used_batch = 8;
      m.used_timeout = 50;
      m.now = 0;
    });
    twin_.reset();
  }

  unsigned batch = 8, timeout = 50;
  bool active = true, event_idx = false;
  bool paused = false;       // decisions wait for a write of a register
  unsigned window_full = 0;  // by queue
  unsigned write_percent = 100, read_percent = 100, interrupt_percent = 100;
  unsigned written_delay = 10, read_delay = 60;
  bool fail_reads = false;
  unsigned errors = 0, interrupts = 0, decisions = 0, returns = 0;
  uint64_t last_return = 0;

  uint64_t random() { return random_(); }
  unsigned below(uint64_t bound) { return static_cast<unsigned>(random_() % bound); }
  GatedTwin<Vused_ring_bench>& twin() { return twin_; }
  Queue& queue(unsigned q) { return queues_.at(q); }
  /// The number of the cycle that comes.
  uint64_t now() const { return now_; }

  void enable(unsigned q, unsigned size_log2, uint16_t index) {
    Queue& queue = queues_.at(q);
    queue = {};
    queue.enabled = true;
    queue.size_log2 = size_log2;
    queue.driver = random_() >> 8 & ~uint64_t{1};
    queue.device = random_() >> 8 & ~uint64_t{3};
    queue.used_next = queue.signalled = index;
    twin_.drive([&](auto& m) {
      m.enabled = static_cast<uint8_t>(m.enabled | 1U << q);
      m.size_log2 = static_cast<uint16_t>((m.size_log2 & ~(15U << (4 * q))) | size_log2 << (4 * q));
      set_bits(m.driver, 64 * q, 64, queue.driver);
      set_bits(m.device, 64 * q, 64, queue.device);
      m.index = (m.index & ~(uint64_t{0xFFFF} << (16 * q))) | uint64_t{index} << (16 * q);
      m.enable = static_cast<uint8_t>(1U << q);
    });
    cycle();
    twin_.drive([](auto& m) { m.enable = 0; });
  }

  /// A chain is finished in the next cycle, if the window of the queue has room.
  bool finish(unsigned q, bool frame_end) {
    const Queue& queue = queues_.at(q);
    if (queue.finished.size() + queue.to_open >= kWindow || (give_ >> q & 1) != 0) return false;
    give_ |= 1U << q;
    next_.at(q) = {queue.position, static_cast<uint16_t>(random_()),
                   static_cast<uint32_t>(random_()), frame_end};
    return true;
  }

  void cycle() {
    drive();
    twin_.settle();
    Vused_ring_bench& m = *twin_;
    if (m.trace_valid != 0) follow(m);
    if (::testing::Test::HasFatalFailure()) return;
    if (m.write_valid != 0 && m.write_ready != 0) take_write(m);
    if (m.read_valid != 0 && m.read_ready != 0) take_read(m);
    if (m.interrupt_valid != 0 && m.interrupt_ready != 0) {
      ASSERT_FALSE(interrupts_.empty());
      ASSERT_EQ(m.interrupt_queue, interrupts_.front());
      interrupts_.pop_front();
      ++interrupts;
    }
    if (m.error_valid != 0) {
      ASSERT_EQ(m.error_code, kErrorDmaRead);
      ASSERT_TRUE(fail_reads);
      ++errors;
    }
    quiet_cycles_ = give_ != 0 || m.trace_valid != 0 || m.written != 0 || m.enable != 0 ||
                            m.interrupt_valid != 0
                        ? 0
                        : quiet_cycles_ + 1;
    for (unsigned q = 0; q < kQueues; ++q) {
      const unsigned opened = (m.returned >> (4 * q)) & 15;
      ASSERT_LE(opened, queues_[q].to_open);
      queues_[q].to_open -= opened;
      ASSERT_EQ((m.used_index >> (16 * q)) & 0xFFFF, before_.at(q)) << "queue " << q;
      before_.at(q) = queues_[q].used_next;
      if (quiet_cycles_ > 2 && pending_.at(q) == 0) {
        ASSERT_EQ((m.settled >> q) & 1, queues_[q].settled()) << "queue " << q;
      }
    }
    // What happens at the edge.
    for (unsigned q = 0; q < kQueues; ++q) {
      if ((give_ >> q & 1) == 0) continue;
      Queue& queue = queues_[q];
      if (next_.at(q).frame_end && queue.whole == 0) queue.oldest_since = now_;
      queue.finished.push_back(next_.at(q));
      ++queue.position;
      if (next_.at(q).frame_end) queue.whole = queue.finished.size();
    }
    give_ = 0;
    twin_.tick();
    ++now_;
    twin_.settle();
    twin_.expect_same([](Vused_ring_bench& o) { return observe(o); });
  }
  void run(unsigned cycles) {
    for (unsigned i = 0; i < cycles && !::testing::Test::HasFatalFailure(); ++i) cycle();
  }
  bool at_rest() const {
    return writes_.empty() && interrupts_.empty() && posted_.empty() && asked_.empty() &&
           std::ranges::all_of(
               queues_, [](const Queue& q) { return q.whole == 0 && q.used_next == q.signalled; });
  }
  bool read_is_under_way() const { return !asked_.empty(); }
  void settle_down() {
    for (unsigned i = 0; i < 100000 && !at_rest() && !::testing::Test::HasFatalFailure(); ++i) {
      cycle();
    }
    run(20);
    ASSERT_TRUE(at_rest());
    ASSERT_EQ(twin_->idle, 1);
    ASSERT_EQ(twin_->busy, 0);
    ASSERT_EQ(twin_->index_writes, returns);
  }
  void pulse_flush() {
    ASSERT_FALSE(active);
    give_ = 0;
    twin_.drive([](auto& m) {
      m.flush = 1;
      m.enabled = 0;
    });
    queues_ = {};
    asked_.clear();
    quiet_cycles_ = 0;
    drive();
    twin_.settle();
    twin_.tick();
    ++now_;
    before_ = {};
    twin_.drive([](auto& m) { m.flush = 0; });
  }

 private:
  static std::vector<uint64_t> observe(Vused_ring_bench& m) {
    std::vector<uint64_t> out{
        m.write_valid, m.read_valid,  m.used_index,  m.returned, m.interrupt_valid,
        m.settled,     m.error_valid, m.trace_valid, m.busy,     m.index_writes};
    if (m.write_valid != 0) out.insert(out.end(), {m.write_address, m.write_length});
    if (m.read_valid != 0) out.push_back(m.read_address);
    return out;
  }

  void drive() {
    const unsigned give = give_;
    const bool write = below(100) < write_percent;
    const bool read = below(100) < read_percent;
    const bool interrupt = below(100) < interrupt_percent;
    const bool written = !posted_.empty() && posted_.front().first <= now_;
    if (written) --queues_.at(posted_.front().second).posting;
    if (written) posted_.pop_front();
    unsigned client = kClientRing, handle = below(kQueues), ok = 1;
    uint16_t head = static_cast<uint16_t>(random_());
    bool done = below(4) == 0;  // of other clients
    if (const auto found =
            std::ranges::find_if(asked_, [this](const auto& read_) { return read_.first <= now_; });
        found != asked_.end()) {
      Queue& queue = queues_.at(found->second);
      client = kClientSuppression;
      handle = found->second;
      done = true;
      // Near where the driver may be.
      head = static_cast<uint16_t>(queue.used_next - 12 + below(24));
      ok = fail_reads ? 0 : 1;
      if (ok != 0) {
        queue.answered = true;
        queue.answer = head;
      }
      asked_.erase(found);
    }
    for (unsigned q = 0; q < kQueues; ++q) pending_.at(q) = queues_[q].posting;
    twin_.drive([&](auto& m) {
      m.now = now_;
      m.active = active && !paused;
      m.counts = active;
      m.event_idx = event_idx;
      m.used_batch = static_cast<uint8_t>(batch);
      m.used_timeout = static_cast<uint16_t>(timeout);
      m.window_full = window_full & 7;
      m.used_valid = give & 7;
      m.used_frame_end = 0;
      for (unsigned q = 0; q < kQueues; ++q) {
        set_bits(m.used_position, 32 * q, 32, next_.at(q).position);
        m.used_id = (m.used_id & ~(uint64_t{0xFFFF} << (16 * q))) | uint64_t{next_.at(q).id}
                                                                        << (16 * q);
        set_bits(m.used_length, 32 * q, 32, next_.at(q).length);
        if (next_.at(q).frame_end)
          m.used_frame_end = static_cast<uint8_t>(m.used_frame_end | 1U << q);
      }
      m.write_ready = write;
      m.read_ready = read;
      m.interrupt_ready = interrupt;
      m.written = written;
      m.done_valid = done;
      m.done_client = client & 3;
      m.done_handle = static_cast<uint8_t>(handle);
      m.done_ok = ok & 1;
      m.done_head = head;
    });
    just_answered_ = done && client == kClientSuppression ? handle : kQueues;
  }

  void follow(Vused_ring_bench& m) {
    ASSERT_LT(m.trace_queue, kQueues);
    Queue& queue = queues_.at(m.trace_queue);
    ASSERT_TRUE(active && !paused && queue.enabled);
    if (m.trace_kind == kReturnUsed) {
      follow_return(m, queue);
    } else if (m.trace_kind == kReadSuppression) {
      ASSERT_FALSE(queue.deciding);
      ASSERT_NE(queue.used_next, queue.signalled);
      ASSERT_EQ(queue.posting, 0u) << "the index has not left";
      queue.deciding = true;
      queue.asked = queue.used_next;
      reads_.push_back(m.trace_queue);
    } else {
      ASSERT_EQ(m.trace_kind, kInterruptDecision);
      ASSERT_TRUE(queue.deciding && queue.answered);
      ASSERT_NE(just_answered_, m.trace_queue);
      bool wanted = (queue.answer & 1) == 0;
      if (event_idx) {
        wanted = false;
        for (uint16_t at = queue.signalled; at != queue.asked; ++at) wanted |= at == queue.answer;
      }
      ASSERT_EQ(m.trace_value, wanted);
      queue.deciding = queue.answered = false;
      queue.signalled = queue.asked;
      ++decisions;
      if (wanted) interrupts_.push_back(m.trace_queue);
    }
  }

  void follow_return(Vused_ring_bench& m, Queue& queue) {
    const unsigned q = m.trace_queue;
    const std::size_t size = m.trace_size;
    ++returns;
    last_return = now_;
    ASSERT_GE(queue.whole, size);
    ASSERT_GT(size, 0u);
    ASSERT_EQ(m.trace_chain, queue.finished.front().position);
    ASSERT_TRUE(queue.finished.at(size - 1).frame_end) << "not a whole frame";
    // As many whole frames as a batch holds, or one.
    std::size_t most = 0;
    for (std::size_t i = 0; i < queue.whole; ++i) {
      if (queue.finished[i].frame_end && (i < batch || most == 0)) most = i + 1;
    }
    ASSERT_TRUE(size == most || most > size) << "more than a batch";
    if (size > batch) {
      for (std::size_t i = 0; i + 1 < size; ++i) ASSERT_FALSE(queue.finished[i].frame_end);
    }
    const bool full = queue.whole >= batch;
    const bool late = now_ >= queue.oldest_since + timeout;
    ASSERT_TRUE(full || late || ((window_seen_ >> q) & 1) != 0) << "too early";
    ASSERT_EQ(m.trace_value, static_cast<uint16_t>(queue.used_next + size));
    Write write;
    for (std::size_t i = 0; i < size; ++i) {
      const auto slot = static_cast<uint16_t>(queue.used_next + i) & ((1U << queue.size_log2) - 1);
      const Used& used = queue.finished[i];
      if (!write.bytes.empty() && (slot == 0 || write.bytes.size() == 8 * std::size_t{batch})) {
        writes_.push_back(write);
        write = {};
      }
      if (write.bytes.empty()) {
        write.queue = q;
        write.purpose = kPurposeUsedEntries;
        write.chain = used.position;
        write.address = queue.device + 4 + 8 * uint64_t{slot};
      }
      for (unsigned k = 0; k < 4; ++k) {
        write.bytes.push_back(static_cast<uint8_t>(uint32_t{used.id} >> (8 * k)));
      }
      for (unsigned k = 0; k < 4; ++k) {
        write.bytes.push_back(static_cast<uint8_t>(used.length >> (8 * k)));
      }
    }
    writes_.push_back(write);
    queue.used_next = static_cast<uint16_t>(queue.used_next + size);
    Write index;
    index.queue = q;
    index.purpose = kPurposeUsedIndex;
    index.address = queue.device + 2;
    index.bytes = {static_cast<uint8_t>(queue.used_next),
                   static_cast<uint8_t>(queue.used_next >> 8)};
    index.notify = true;
    writes_.push_back(index);
    queue.finished.erase(queue.finished.begin(),
                         queue.finished.begin() + static_cast<std::ptrdiff_t>(size));
    queue.whole -= size;
    queue.oldest_since = now_;
    queue.to_open += static_cast<unsigned>(size);
    ++queue.posting;
  }

  void take_write(Vused_ring_bench& m) {
    ASSERT_FALSE(writes_.empty());
    const Write& write = writes_.front();
    ASSERT_EQ(m.write_immediate, 1);
    ASSERT_EQ(m.write_queue, write.queue);
    ASSERT_EQ(m.write_purpose, write.purpose);
    ASSERT_EQ(m.write_chain, write.chain);
    ASSERT_EQ(m.write_address, write.address);
    ASSERT_EQ(m.write_length, write.bytes.size());
    ASSERT_EQ(m.write_notify, write.notify);
    for (std::size_t i = 0; i < write.bytes.size(); ++i) {
      ASSERT_EQ(get_byte(m.write_data, i), write.bytes[i]) << "byte " << i;
    }
    if (write.notify) posted_.emplace_back(now_ + 1 + below(written_delay), write.queue);
    writes_.pop_front();
  }
  void take_read(Vused_ring_bench& m) {
    ASSERT_FALSE(reads_.empty());
    const unsigned q = reads_.front();
    reads_.pop_front();
    const Queue& queue = queues_.at(q);
    ASSERT_EQ(m.read_purpose, kPurposeUsedEvent);
    ASSERT_EQ(m.read_queue, q);
    ASSERT_EQ(m.read_handle, q);
    ASSERT_EQ(m.read_length, 2);
    ASSERT_EQ(m.read_address, queue.driver + (event_idx ? 4 + (2U << queue.size_log2) : 0));
    asked_.emplace_back(now_ + 1 + below(read_delay), q);
  }

  GatedTwin<Vused_ring_bench> twin_;
  std::mt19937_64 random_;
  uint64_t now_ = 0;
  std::array<Queue, kQueues> queues_{};
  std::array<Used, kQueues> next_{};
  unsigned give_ = 0;
  std::array<uint16_t, kQueues> before_{};
  std::array<unsigned, kQueues> pending_{};
  unsigned quiet_cycles_ = 0;
  unsigned just_answered_ = kQueues;
  unsigned window_seen_ = 7;
  std::deque<Write> writes_;
  std::deque<std::pair<uint64_t, unsigned>> posted_, asked_;
  std::deque<unsigned> reads_, interrupts_;

 public:
  /// Returns that only a full window explains are errors from now on.
  void window_never_full() { window_seen_ = 0; }
};

void random_run(int seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  UsedRingRig rig(seed);
  for (unsigned round = 0; round < 6; ++round) {
    rig.active = true;
    rig.event_idx = rig.below(2) != 0;
    rig.batch = 1 + rig.below(8);
    rig.timeout = rig.below(4) == 0 ? 0 : rig.below(300);
    const auto percent = [&rig] { return rig.below(2) == 0 ? 100 : 5 + rig.below(90); };
    rig.write_percent = percent();
    rig.read_percent = percent();
    rig.interrupt_percent = percent();
    rig.written_delay = 1 + rig.below(100);
    rig.read_delay = 1 + rig.below(400);
    for (unsigned q = 0; q < kQueues; ++q) {
      const uint16_t index = rig.below(2) == 0 ? 0 : static_cast<uint16_t>(rig.random());
      ASSERT_NO_FATAL_FAILURE(rig.enable(q, rig.below(11), index));
    }
    const unsigned rate = 1 + rig.below(100);
    const unsigned longest = 1 + rig.below(rig.below(3) == 0 ? 60 : 4);
    std::array<unsigned, kQueues> left{};
    for (unsigned i = 0; i < 3000; ++i) {
      if (rig.below(50) == 0) rig.window_full = rig.below(8) == 0 ? rig.below(8) : 0;
      if (rig.below(200) == 0) rig.active = !rig.active;
      if (rig.below(100) == 0) rig.paused = !rig.paused;
      for (unsigned q = 0; q < kQueues; ++q) {
        if (rig.below(100) >= rate) continue;
        if (left.at(q) == 0) left.at(q) = 1 + rig.below(longest);
        if (rig.finish(q, left.at(q) == 1)) --left.at(q);
      }
      ASSERT_NO_FATAL_FAILURE(rig.cycle());
    }
    rig.active = true;
    rig.paused = false;
    rig.window_full = 0;
    for (unsigned q = 0; q < kQueues; ++q) {
      while (left.at(q) != 0) {
        if (rig.finish(q, left.at(q) == 1)) --left.at(q);
        ASSERT_NO_FATAL_FAILURE(rig.cycle());
      }
    }
    ASSERT_NO_FATAL_FAILURE(rig.settle_down());
    EXPECT_EQ(rig.twin()->settled, 7);
    rig.active = false;
    if (rig.below(2) == 0) {  // with chains that nobody returns any more
      for (unsigned q = 0; q < kQueues; ++q) rig.finish(q, true);
      rig.cycle();
    }
    ASSERT_NO_FATAL_FAILURE(rig.pulse_flush());
  }
  EXPECT_GT(rig.interrupts, 5u);
  EXPECT_GT(rig.decisions, rig.interrupts);
  EXPECT_GT(rig.returns, 100u);
}

TEST(UsedRing, RandomChains) {
  for (int seed = 1; seed <= 12; ++seed) ASSERT_NO_FATAL_FAILURE(random_run(seed));
}

TEST(UsedRing, AFullBatchGoesAtOnceAndTheRestAfterTheTimeOut) {
  UsedRingRig rig(1);
  rig.window_never_full();
  rig.timeout = 1000;
  ASSERT_NO_FATAL_FAILURE(rig.enable(1, 8, 0));
  rig.run(5);
  for (unsigned i = 0; i < 9; ++i) {
    ASSERT_TRUE(rig.finish(1, true));
    ASSERT_NO_FATAL_FAILURE(rig.cycle());
  }
  const uint64_t last = rig.now();
  rig.run(6);
  EXPECT_EQ(rig.returns, 1u);
  EXPECT_EQ(rig.queue(1).used_next, 8);
  const uint64_t first_return = rig.last_return;
  EXPECT_LE(first_return, last + 3);
  EXPECT_EQ(rig.twin()->deadline, first_return + 1000);
  ASSERT_NO_FATAL_FAILURE(rig.settle_down());
  EXPECT_EQ(rig.returns, 2u);
  EXPECT_LE(rig.last_return, first_return + 1000 + 3);
  EXPECT_LT(rig.twin().edges(), 150u) << "it is not idle while it waits";
}

TEST(UsedRing, AFullWindowDoesNotWait) {
  UsedRingRig rig(2);
  rig.timeout = 1000;
  ASSERT_NO_FATAL_FAILURE(rig.enable(0, 8, 0));
  ASSERT_TRUE(rig.finish(0, true));
  rig.run(20);
  EXPECT_EQ(rig.returns, 0u);
  rig.window_full = 1;
  rig.run(4);
  EXPECT_EQ(rig.returns, 1u);
}

TEST(UsedRing, AFailedReadIsAnError) {
  UsedRingRig rig(3);
  rig.fail_reads = true;
  ASSERT_NO_FATAL_FAILURE(rig.enable(0, 8, 0));
  ASSERT_TRUE(rig.finish(0, true));
  rig.run(300);
  EXPECT_EQ(rig.errors, 1u);
  EXPECT_EQ(rig.decisions, 0u);
}

// Also while decisions wait for a write of a register, but not in a reset or after an error.
TEST(UsedRing, AFailedReadIsAnErrorWhileDecisionsPause) {
  for (const bool resetting : {false, true}) {
    SCOPED_TRACE(testing::Message() << "resetting " << resetting);
    UsedRingRig rig(6);
    rig.fail_reads = true;
    rig.read_delay = 1;
    ASSERT_NO_FATAL_FAILURE(rig.enable(0, 8, 0));
    ASSERT_TRUE(rig.finish(0, true));
    while (!rig.read_is_under_way()) ASSERT_NO_FATAL_FAILURE(rig.cycle());
    rig.paused = true;
    rig.active = !resetting;
    rig.run(300);
    EXPECT_EQ(rig.errors, resetting ? 0u : 1u);
    EXPECT_EQ(rig.decisions, 0u);
  }
}

// Index writes always are on their way, and yet the driver is told.
TEST(UsedRing, LoadDoesNotHoldUpInterrupts) {
  UsedRingRig rig(5);
  rig.written_delay = 200;
  rig.read_delay = 100;
  ASSERT_NO_FATAL_FAILURE(rig.enable(0, 8, 0));
  for (unsigned i = 0; i < 20000; ++i) {
    rig.finish(0, true);
    ASSERT_NO_FATAL_FAILURE(rig.cycle());
  }
  EXPECT_GT(rig.decisions, 20000U / 500);
}

// Two queues with a chain each cycle, as far as there is room.
TEST(UsedRing, FullRate) {
  UsedRingRig rig(4);
  rig.written_delay = 20;
  rig.read_delay = 150;
  ASSERT_NO_FATAL_FAILURE(rig.enable(0, 8, 0));
  ASSERT_NO_FATAL_FAILURE(rig.enable(1, 8, 0));
  unsigned given = 0;
  constexpr unsigned kCycles = 20000;
  for (unsigned i = 0; i < kCycles; ++i) {
    for (unsigned q = 0; q < 2; ++q) given += rig.finish(q, true) ? 1 : 0;
    ASSERT_NO_FATAL_FAILURE(rig.cycle());
  }
  std::cout << "two queues: " << double(kCycles) / given << " cycles per chain\n";
  EXPECT_LT(double(kCycles) / given, 2.5);
}

}  // namespace
}  // namespace ringside::test
