// SPDX-License-Identifier: Apache-2.0
// dma_read between clients and a host that answers late, in any order, in pieces, wrongly, or not
// at all. What must come out is worked out from the operations alone.
#include <Vdma_read_bench.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "tests/support/gtest.h"
#include "tests/unit/rtl/clock_pair.h"

namespace ringside::test {
namespace {

constexpr unsigned kClients = 4;
constexpr unsigned kRegions = 16;  // operations of one client at a time
constexpr uint32_t kRegionBytes = 4096;
constexpr uint32_t kFirstRegion = 3000;  // the last one runs over the end of the memory
constexpr uint32_t kBeat = sizeof(Vdma_read_bench::completion_data);
constexpr uint64_t kTimeout = 4000;
constexpr uint64_t kScan = 1100;  // most cycles from a deadline until the tag's turn
constexpr uint64_t kNever = (uint64_t{1} << 48) - 1;
constexpr uint8_t kTraceDmaReadDone = 19;

/// The host's memory.
uint8_t host_byte(uint64_t address) {
  uint64_t x = address * 0x9E3779B97F4A7C15U;
  x ^= x >> 29;
  x *= 0xBF58476D1CE4E5B9U;
  return static_cast<uint8_t>(x >> 56);
}

struct Settings {
  unsigned requests = 16;     ///< of 16 cycles, those in which the host takes a request
  unsigned completions = 16;  ///< and those in which a beat may come
  unsigned operations = 16;
  unsigned max_read_request = 2;
  uint32_t longest = 3500;
  unsigned faults = 0;   ///< of 1000 completions
  unsigned flushes = 0;  ///< of 10000 cycles
  bool bus_master_toggles = false;
  uint64_t timeout = kTimeout;
};

struct Operation {
  uint64_t address = 0;
  uint32_t length = 0;
  uint32_t landing = 0;
  uint8_t handle = 0;
  uint32_t asked = 0;
  bool failed = false;
  std::vector<bool> landed;
  uint32_t landed_bytes = 0;
};

struct Request {
  uint64_t operation = 0;  ///< key
  uint64_t address = 0;
  uint32_t size = 0;
  uint32_t received = 0;
  uint64_t asked_at = 0;
  bool lost = false;     ///< will not be answered in time
  uint64_t late_at = 0;  ///< answered then; 0: never
};

struct Tlp {
  uint16_t tag = 0;
  uint8_t status = 0;
  bool poisoned = false;
  bool has_data = true;
  uint32_t length = 0;
  uint32_t byte_count = 0;
  uint8_t lower_address = 0;
  uint64_t address = 0;  ///< of the first byte
  enum { kGood, kFailing, kJunk, kLate } meaning = kGood;
};

class Rig {  // NOLINT(clang-analyzer-optin.performance.Padding)
 public:
  Rig(int seed, const Settings& settings)
      : settings_(settings), pair_(seed), random_(static_cast<unsigned>(seed)) {
    pair_.set([&](Vdma_read_bench& m) {
      m.now = 0;
      m.completion_timeout = static_cast<uint32_t>(settings.timeout);
      m.bus_master = 1;
      m.max_read_request = static_cast<uint8_t>(settings.max_read_request);
      m.flush = m.op_valid = m.request_ready = m.completion_valid = 0;
    });
    pair_.reset();
  }

  void cycle(bool offer, bool flush = false) {
    offer_operations(offer);
    offer_completion();
    const bool ready = chance(settings_.requests);
    if (settings_.bus_master_toggles && random_() % 64 == 0) bus_master_ = !bus_master_;
    pair_.set([&](Vdma_read_bench& m) {
      m.now = now_;
      m.flush = flush;
      m.request_ready = ready;
      m.bus_master = bus_master_;
    });
    pair_.settle();
    compare();
    outputs();
    if (::testing::Test::HasFatalFailure()) return;
    inputs_taken();
    if (flush) forget();
    pair_.tick();
    ++now_;
  }
  void run(unsigned cycles) {
    for (unsigned i = 0; i < cycles && !::testing::Test::HasFatalFailure(); ++i) {
      cycle(true, random_() % 10000 < settings_.flushes);
    }
  }
  /// No new operations until nothing is left to happen; then every count must be as expected.
  void drain() {
    bus_master_ = true;
    settings_.bus_master_toggles = false;
    for (unsigned i = 0; i < 100000 && !at_rest() && !::testing::Test::HasFatalFailure(); ++i) {
      cycle(false);
    }
    ASSERT_TRUE(at_rest()) << operations_.size() << " operations, " << tags_.size() << " tags";
    ASSERT_TRUE(operations_.empty());
    // reads, read_bytes, requests, unexpected, failed, poisoned, timeouts, cancelled
    for (unsigned i = 0; i < 7; ++i) EXPECT_EQ(counter(i), expected_[i]) << "counter " << i;
    EXPECT_GE(counter(7), cancelled_least_);
    EXPECT_LE(counter(7), cancelled_most_);
    EXPECT_GT(done_, 0u);
    EXPECT_GT(pair_.stopped(), 0u);
  }

  uint64_t counter(unsigned field) {
    const unsigned word = 2 * (7 - field);
    return pair_->counters[word] | uint64_t{pair_->counters[word + 1]} << 32;
  }
  uint64_t now() const { return now_; }
  uint64_t done() const { return done_; }
  uint64_t failures() const { return failures_; }
  ClockPair<Vdma_read_bench>& pair() { return pair_; }
  bool at_rest() const {
    return operations_.empty() && !sending_ && now_ > quiet_at_ &&
           std::all_of(tags_.begin(), tags_.end(),
                       [&](const auto& entry) { return entry.second.lost && !due(entry.second); });
  }
  Settings& settings() { return settings_; }
  void set_bus_master(bool on) { bus_master_ = on; }
  /// Delay of each completion, cycles.
  void set_latency(uint64_t least, uint64_t spread) {
    latency_ = least;
    spread_ = spread;
  }

 private:
  bool chance(unsigned of16) { return random_() % 16 < of16; }
  /// A late completion of it is still to come, or it is not retired yet.
  bool due(const Request& request) const {
    return now_ < request.asked_at + settings_.timeout + kScan || request.late_at > now_;
  }

  void offer_operations(bool offer) {
    for (unsigned client = 0; client < kClients; ++client) {
      std::optional<Operation>& next = offered_[client];
      if (next || !offer || !chance(settings_.operations)) continue;
      unsigned region = static_cast<unsigned>(random_()) % kRegions;
      unsigned tried = 0;
      while (tried < kRegions && regions_[client].contains(region)) {
        region = (region + 1) % kRegions;
        ++tried;
      }
      if (tried == kRegions) continue;
      Operation op;
      op.length = 1 + random_() % settings_.longest;
      if (client == 3 || random_() % 8 == 0) op.length = 1 + random_() % 3;
      ++key_;
      // Near the end of a page as often as not.
      uint64_t offset = random_() % (0x10000 - op.length);
      if (random_() % 2 == 0) offset = 0x1000 * (1 + random_() % 14) - random_() % 70;
      op.address = key_ << 16 | (key_ & 1) << 63 | offset;
      op.landing = (kFirstRegion + region * kRegionBytes + random_() % 500) % 0x10000;
      op.handle = static_cast<uint8_t>(region | (random_() % 16) << 4);
      op.landed.resize(op.length);
      next = op;
    }
    pair_.set([&](Vdma_read_bench& m) {
      m.op_valid = 0;
      for (unsigned client = 0; client < kClients; ++client) {
        if (!offered_[client]) continue;
        const Operation& op = *offered_[client];
        m.op_valid |= static_cast<uint8_t>(1U << client);
        m.op_address[std::size_t{2} * client] = static_cast<uint32_t>(op.address);
        m.op_address[std::size_t{2} * client + 1] = static_cast<uint32_t>(op.address >> 32);
        reinterpret_cast<uint16_t*>(&m.op_length)[client] = static_cast<uint16_t>(op.length);
        reinterpret_cast<uint16_t*>(&m.op_landing)[client] = static_cast<uint16_t>(op.landing);
        reinterpret_cast<uint8_t*>(&m.op_handle)[client] = op.handle;
      }
    });
  }

  /// The next completion, if there is one to send; changes nothing but `random_`.
  std::optional<Tlp> choose_tlp() {
    std::vector<uint16_t> ready;
    std::vector<uint16_t> late;
    for (const auto& [tag, request] : tags_) {
      if (request.lost) {
        if (request.late_at != 0 && request.late_at <= now_) late.push_back(tag);
      } else if (now_ >= request.asked_at + latency_ +
                             (spread_ == 0 ? 0 : request.address / 64 * 7919 % spread_)) {
        ready.push_back(tag);
      }
    }
    Tlp tlp;
    if (!late.empty()) {
      tlp.tag = late.front();
      Request& request = tags_.at(tlp.tag);
      tlp.meaning = Tlp::kLate;
      tlp.address = request.address + request.received;
      tlp.lower_address = tlp.address & 0x7F;
      tlp.byte_count = request.size - request.received;
      tlp.length = tlp.byte_count;
      if (tlp.length > 64 && random_() % 2 == 0) tlp.length = 64 - (tlp.address & 63);
      if (random_() % 4 == 0) {
        tlp.status = 1;
        tlp.has_data = false;
        tlp.length = 0;
      }
      return tlp;
    }
    if (random_() % 1000 < settings_.faults / 2) return junk();
    if (ready.empty()) return {};
    tlp.tag = ready[random_() % ready.size()];
    // None is left until its time is over.
    const uint16_t oldest =
        *std::min_element(ready.begin(), ready.end(),
                          [&](uint16_t x, uint16_t y) { return order_.at(x) < order_.at(y); });
    if (tags_.at(oldest).asked_at + settings_.timeout / 4 < now_) tlp.tag = oldest;
    Request& request = tags_.at(tlp.tag);
    const uint32_t lacks = request.size - request.received;
    tlp.address = request.address + request.received;
    tlp.lower_address = tlp.address & 0x7F;
    tlp.byte_count = lacks;
    tlp.length = lacks;
    if (random_() % 1000 < settings_.faults) {
      switch (random_() % 4) {
        case 0:
          request.lost = true;
          ++expected_[6];
          if (random_() % 2 == 0) {
            request.late_at = request.asked_at + settings_.timeout + kScan + random_() % 1500;
          }
          return {};
        case 1:
          tlp.poisoned = true;
          break;
        default:
          tlp.status = random_() % 2 == 0 ? 1 : 4;
          tlp.meaning = Tlp::kFailing;
          tlp.has_data = false;
          tlp.length = 0;
          return tlp;
      }
    }
    // Pieces end at multiples of 64 bytes (2.3.1.1).
    const uint32_t to_boundary = 64 - (tlp.address & 63);
    if (lacks > to_boundary && random_() % 2 == 0) {
      tlp.length = std::min<uint32_t>(lacks, to_boundary + 64 * (random_() % 8));
    }
    return tlp;
  }

  /// A completion that nobody expects.
  Tlp junk() {
    Tlp tlp;
    tlp.meaning = Tlp::kJunk;
    tlp.length = 1 + random_() % 300;
    tlp.byte_count = tlp.length;
    tlp.lower_address = random_() % 128;
    std::vector<uint16_t> flying;
    for (const auto& [tag, request] : tags_) {
      if (!request.lost) flying.push_back(tag);
    }
    if (flying.empty() || random_() % 3 == 0) {
      do {
        tlp.tag = random_() % 1024;
      } while (tags_.contains(tlp.tag) || request_offered(tlp.tag));
      return tlp;
    }
    tlp.tag = flying[random_() % flying.size()];
    const Request& request = tags_.at(tlp.tag);
    const uint32_t lacks = request.size - request.received;
    const uint64_t address = request.address + request.received;
    tlp.byte_count = lacks;
    tlp.length = lacks;
    tlp.lower_address = address & 0x7F;
    switch (random_() % 4) {
      case 0:
        tlp.byte_count += 1 + random_() % 5;
        break;
      case 1:
        tlp.lower_address ^= 1U << random_() % 7;
        break;
      case 2:
        tlp.length = lacks + 1 + random_() % 100;
        break;
      default:
        tlp.has_data = false;
        tlp.length = 0;
        break;
    }
    return tlp;
  }
  /// The tag is on the way to the host.
  bool request_offered(uint16_t tag) { return pair_->request_valid && pair_->request_tag == tag; }

  void offer_completion() {
    if (!sending_ && chance(settings_.completions)) {
      sending_ = choose_tlp();
      sent_ = 0;
      beat_offered_ = sending_.has_value();
    } else if (sending_ && !beat_offered_) {
      beat_offered_ = chance(settings_.completions);
    }
    pair_.set([&](Vdma_read_bench& m) {
      m.completion_valid = beat_offered_;
      if (!beat_offered_) return;
      const Tlp& tlp = *sending_;
      const uint32_t first_lane = sent_ == 0 ? tlp.lower_address & 3 : 0;
      const uint32_t bytes = std::min(tlp.length - sent_, kBeat - first_lane);
      m.completion_tag = tlp.tag;
      m.completion_status = tlp.status;
      m.completion_poisoned = tlp.poisoned;
      m.completion_has_data = tlp.has_data;
      m.completion_length = static_cast<uint16_t>(tlp.length);
      m.completion_byte_count = static_cast<uint16_t>(tlp.byte_count);
      m.completion_lower_address = tlp.lower_address;
      m.completion_eop = !tlp.has_data || sent_ + bytes == tlp.length;
      auto* lanes = reinterpret_cast<uint8_t*>(&m.completion_data[0]);
      std::memset(lanes, 0xEE, kBeat);
      for (uint32_t i = 0; i < bytes; ++i) {
        lanes[first_lane + i] = host_byte(tlp.address + sent_ + i);
      }
    });
  }

  /// The module whose clock stops answers as the other one.
  void compare() {
    const Vdma_read_bench& a = *pair_;
    const Vdma_read_bench& b = pair_.stopping();
    ASSERT_EQ(a.op_ready, b.op_ready) << now_;
    ASSERT_EQ(a.request_valid, b.request_valid) << now_;
    ASSERT_EQ(a.completion_ready, b.completion_ready) << now_;
    ASSERT_EQ(a.landing_valid, b.landing_valid) << now_;
    ASSERT_EQ(a.done_valid, b.done_valid) << now_;
    ASSERT_EQ(a.idle, b.idle) << now_;
    ASSERT_EQ(a.deadline, b.deadline) << now_;
    if (a.request_valid) {
      ASSERT_EQ(a.request_address, b.request_address);
      ASSERT_EQ(a.request_tag, b.request_tag);
    }
    ASSERT_EQ(std::memcmp(&a.counters[0], &b.counters[0], sizeof a.counters), 0);
  }

  Operation* owner(unsigned client, uint32_t landing) {
    const uint32_t region = (landing + 0x10000 - kFirstRegion) % 0x10000 / kRegionBytes;
    const auto at = regions_[client].find(region);
    return at == regions_[client].end() ? nullptr : &operations_.at(at->second);
  }

  void outputs() {
    const Vdma_read_bench& m = *pair_;
    if (!bus_master_) {
      ASSERT_FALSE(m.request_valid);
    }
    if (m.landing_valid) {
      for (uint32_t i = 0; i < m.landing_count; ++i) {
        const uint32_t at = (m.landing_address + i) % 0x10000;
        Operation* op = owner(m.landing_client, at);
        ASSERT_NE(op, nullptr) << "bytes for nobody, client " << unsigned{m.landing_client};
        const uint32_t offset = (at + 0x10000 - op->landing) % 0x10000;
        ASSERT_LT(offset, op->length);
        ASSERT_FALSE(op->landed[offset]);
        op->landed[offset] = true;
        ++op->landed_bytes;
        ASSERT_EQ(reinterpret_cast<const uint8_t*>(&m.landing_data[0])[at % kBeat],
                  host_byte(op->address + offset))
            << "offset " << offset;
      }
    }
    ASSERT_EQ(m.trace_valid, m.done_valid);
    if (m.done_valid) check_done(m);
  }

  void check_done(const Vdma_read_bench& m) {
    const unsigned client = m.done_client;
    const auto at = regions_[client].find(m.done_handle % kRegions);
    ASSERT_NE(at, regions_[client].end()) << "the end of nothing";
    const Operation& op = operations_.at(at->second);
    ASSERT_EQ(m.done_handle, op.handle);
    bool lost = false;
    for (const auto& [tag, request] : tags_) {
      if (request.operation != at->second) continue;
      ASSERT_TRUE(request.lost && now_ >= request.asked_at + settings_.timeout)
          << "it is not all there";
      lost = true;
    }
    ASSERT_EQ(m.done_ok, !op.failed && !lost) << "client " << client;
    if (m.done_ok) {
      ASSERT_EQ(op.asked, op.length);
      ASSERT_EQ(op.landed_bytes, op.length);
      ASSERT_EQ(m.done_head & 0xFF, host_byte(op.address));
      if (op.length > 1) {
        ASSERT_EQ(m.done_head >> 8, host_byte(op.address + 1));
      }
    } else {
      ++failures_;
    }
    ASSERT_EQ(m.trace_kind, kTraceDmaReadDone);
    ASSERT_EQ(m.trace_purpose, client + 1);
    ASSERT_EQ(m.trace_queue, client % 3);
    ASSERT_EQ(m.trace_chain, op.handle + 1000 * client);
    ASSERT_EQ(m.trace_size, op.length);
    ASSERT_EQ(m.trace_value, m.done_ok);
    operations_.erase(at->second);
    regions_[client].erase(at);
    ++done_;
    quiet_at_ = now_ + 10;
  }

  void inputs_taken() {
    const Vdma_read_bench& m = *pair_;
    for (unsigned client = 0; client < kClients; ++client) {
      if (!(m.op_ready >> client & 1) || !offered_[client]) continue;
      if (!m.flush) {
        ++expected_[0];
        expected_[1] += offered_[client]->length;
        const uint64_t key = (offered_[client]->address & ~(uint64_t{1} << 63)) >> 16;
        regions_[client][offered_[client]->handle % kRegions] = key;
        operations_[key] = *offered_[client];
      }
      offered_[client].reset();
    }
    if (m.request_valid && m.request_ready) take_request(m);
    if (m.completion_valid && m.completion_ready) beat_taken();
    if (m.request_valid || m.completion_valid || m.op_valid) quiet_at_ = now_ + 10;
  }

  void take_request(const Vdma_read_bench& m) {
    const uint64_t key = (m.request_address & ~(uint64_t{1} << 63)) >> 16;
    const uint32_t size = m.request_length;
    ++expected_[2];
    const auto held = tags_.find(m.request_tag);
    if (held != tags_.end()) {
      ASSERT_TRUE(held->second.lost && now_ >= held->second.asked_at + 2 * settings_.timeout)
          << "tag " << m.request_tag << " is used twice";
      tags_.erase(held);
    }
    ASSERT_LE((m.request_address & 3) + size, 128U << settings_.max_read_request);
    ASSERT_LE((m.request_address & 0xFFF) + size, 4096U);
    Request request;
    request.operation = key;
    request.address = m.request_address;
    request.size = size;
    request.asked_at = now_;
    const auto at = operations_.find(key);
    if (at == operations_.end()) {
      // It waited when its operation was forgotten.
      ASSERT_TRUE(left_behind_) << "a request for nothing";
      left_behind_ = false;
    } else {
      Operation& op = at->second;
      ASSERT_EQ(m.request_address, op.address + op.asked);
      op.asked += size;
      ASSERT_LE(op.asked, op.length);
      // No piece is smaller than it has to be.
      const bool full = (m.request_address & 3) + size == 128U << settings_.max_read_request;
      ASSERT_TRUE(full || op.asked == op.length || ((m.request_address + size) & 0xFFF) == 0);
    }
    tags_[m.request_tag] = request;
    order_[m.request_tag] = ++requests_;
  }

  void fail(uint64_t key) {
    const auto at = operations_.find(key);
    if (at != operations_.end()) at->second.failed = true;
  }

  void beat_taken() {
    const Tlp& tlp = *sending_;
    const bool first = sent_ == 0;
    const uint32_t first_lane = first ? tlp.lower_address & 3 : 0;
    sent_ += std::min(tlp.length - sent_, kBeat - first_lane);
    beat_offered_ = false;
    if (first) {
      const auto at = tags_.find(tlp.tag);
      switch (tlp.meaning) {
        case Tlp::kGood:
          if (tlp.poisoned) {
            ++expected_[5];
            fail(at->second.operation);
          }
          break;
        case Tlp::kFailing:
          ++expected_[4];
          fail(at->second.operation);
          tags_.erase(at);
          break;
        case Tlp::kLate:
          ++expected_[3];
          at->second.late_at = 0;
          if (tlp.status != 0 || tlp.byte_count <= tlp.length) tags_.erase(at);
          break;
        case Tlp::kJunk:
          ++expected_[3];
          break;
      }
    }
    if (tlp.has_data && sent_ != tlp.length) return;
    if (tlp.meaning == Tlp::kGood) {
      Request& request = tags_.at(tlp.tag);
      request.received += tlp.length;
      if (request.received == request.size) tags_.erase(tlp.tag);
    }
    sending_.reset();
  }

  void forget() {
    const Vdma_read_bench& m = *pair_;
    // A request that waits is seen only with Bus Master Enable.
    uint64_t on_the_way = 0;
    left_behind_ = true;
    if (m.request_valid) {
      left_behind_ = !m.request_ready;
      if (left_behind_) on_the_way = (m.request_address & ~(uint64_t{1} << 63)) >> 16;
    }
    uint64_t certain = 0;
    for (const auto& [key, op] : operations_) {
      const uint32_t asked = op.asked + (key == on_the_way ? m.request_length : 0);
      if (asked == op.length) continue;
      ++cancelled_most_;
      bool lost = op.failed;
      for (const auto& [tag, request] : tags_) lost |= request.lost && request.operation == key;
      if (!lost) ++certain;
    }
    if (!bus_master_ && certain != 0) --certain;
    cancelled_least_ += certain;
    operations_.clear();
    for (auto& regions : regions_) regions.clear();
    for (auto& offered : offered_) offered.reset();
  }

  Settings settings_;
  ClockPair<Vdma_read_bench> pair_;
  std::mt19937 random_;
  uint64_t now_ = 0;
  uint64_t quiet_at_ = 0;
  uint64_t latency_ = 20;
  uint64_t spread_ = 300;
  bool bus_master_ = true;
  std::array<std::optional<Operation>, kClients> offered_;
  std::array<std::map<uint32_t, uint64_t>, kClients> regions_;  ///< region to operation
  std::map<uint64_t, Operation> operations_;
  std::map<uint16_t, Request> tags_;
  std::map<uint16_t, uint64_t> order_;
  std::optional<Tlp> sending_;
  uint32_t sent_ = 0;
  bool beat_offered_ = false;
  uint64_t key_ = 0;
  bool left_behind_ = false;  ///< a request may come of an operation that was forgotten
  uint64_t requests_ = 0;
  uint64_t done_ = 0;
  uint64_t failures_ = 0;
  std::array<uint64_t, 7> expected_{};
  uint64_t cancelled_least_ = 0;
  uint64_t cancelled_most_ = 0;
};

class DmaReadTest : public ::testing::TestWithParam<int> {};

TEST_P(DmaReadTest, BytesLandOnceAndInTheirLanes) {
  for (const unsigned max_read_request : {0U, 2U, 5U}) {
    Settings settings;
    settings.max_read_request = max_read_request;
    settings.requests = 10;
    settings.completions = 13;
    settings.timeout = 1'000'000;
    Rig rig(GetParam(), settings);
    rig.run(4000);
    rig.drain();
    EXPECT_EQ(rig.failures(), 0u);
    if (HasFailure()) return;
  }
}

TEST_P(DmaReadTest, FailuresAndStrangeCompletions) {
  Settings settings;
  settings.faults = 60;
  settings.operations = 3;
  settings.requests = 12;
  settings.longest = 1500;
  settings.max_read_request = 1;
  Rig rig(GetParam(), settings);
  rig.run(25000);
  rig.drain();
  EXPECT_GT(rig.failures(), 10u);
  for (const unsigned field : {3U, 4U, 5U, 6U}) EXPECT_GT(rig.counter(field), 0u) << field;
}

TEST_P(DmaReadTest, ForgottenOperations) {
  Settings settings;
  settings.faults = 10;
  settings.flushes = 40;
  settings.longest = 16 * kBeat;  // so that none comes too late
  settings.bus_master_toggles = true;
  settings.requests = 8;
  Rig rig(GetParam(), settings);
  rig.run(15000);
  rig.drain();
  EXPECT_GT(rig.counter(7), 0u);
}

TEST_P(DmaReadTest, FlushInEveryCycleOfAnOperation) {
  for (unsigned at = 0; at < 60; ++at) {
    Settings settings;
    settings.longest = 700;
    settings.faults = 100;
    Rig rig(GetParam(), settings);
    rig.set_latency(3, 0);
    for (unsigned i = 0; i < at; ++i) rig.cycle(i < 6);
    rig.cycle(false, true);
    rig.run(100);
    rig.drain();
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DmaReadTest, ::testing::Values(1, 2, 3, 4));

TEST(DmaRead, WaitsForBusMaster) {
  Settings settings;
  Rig rig(1, settings);
  rig.set_bus_master(false);
  rig.run(200);
  EXPECT_EQ(rig.counter(2), 0u);
  EXPECT_TRUE(rig.pair()->idle);
  EXPECT_EQ(rig.pair()->deadline, kNever);
  rig.drain();
}

TEST(DmaRead, TimesOutAtTheDeadline) {
  Settings settings;
  settings.completions = 0;
  settings.longest = 64;
  Rig rig(1, settings);
  for (unsigned i = 0; i < 40; ++i) rig.cycle(i < 2);
  ASSERT_GT(rig.counter(2), 0u);
  EXPECT_TRUE(rig.pair()->idle);
  EXPECT_GT(rig.pair()->deadline, kTimeout);
  EXPECT_LT(rig.pair()->deadline, kTimeout + 20);
}

/// Cycles for each of the requests that reads of `length` bytes make, with a fast host.
double cycles_per_operation(uint32_t length) {
  RtlBench<Vdma_read_bench> bench(1);
  bench->now = 0;
  bench->completion_timeout = 1'000'000;
  bench->bus_master = 1;
  bench->max_read_request = 2;
  bench->flush = 0;
  bench->op_valid = bench->completion_valid = 0;
  bench->request_ready = 1;
  bench.reset();
  struct Wanted {
    uint16_t tag;
    uint64_t address;
    uint32_t size;
    uint64_t at;
  };
  std::deque<Wanted> wanted;
  uint32_t sent = 0;
  uint64_t done = 0;
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t operations = 0;
  for (uint64_t cycle = 0; cycle < 20000; ++cycle) {
    bench->now = cycle;
    bench->op_valid = 2;
    const uint64_t address = 0x100000 + 4096 * operations;
    bench->op_address[2] = static_cast<uint32_t>(address);
    bench->op_address[3] = 0;
    reinterpret_cast<uint16_t*>(&bench->op_length)[1] = static_cast<uint16_t>(length);
    reinterpret_cast<uint16_t*>(&bench->op_landing)[1] =
        static_cast<uint16_t>(kBeat - 12 + 2048 * operations);
    reinterpret_cast<uint8_t*>(&bench->op_handle)[1] = static_cast<uint8_t>(operations);
    bench->completion_valid = !wanted.empty() && cycle >= wanted.front().at;
    if (bench->completion_valid) {
      const Wanted& next = wanted.front();
      bench->completion_tag = next.tag;
      bench->completion_status = bench->completion_poisoned = 0;
      bench->completion_has_data = 1;
      bench->completion_length = bench->completion_byte_count = static_cast<uint16_t>(next.size);
      bench->completion_lower_address = next.address & 0x7F;
      bench->completion_eop = sent + kBeat >= next.size;
    }
    bench.settle();
    if (bench->op_ready & 2) ++operations;
    if (bench->completion_valid && bench->completion_ready) {
      sent += kBeat;
      if (sent >= wanted.front().size) {
        wanted.pop_front();
        sent = 0;
      }
    }
    if (bench->request_valid) {
      wanted.push_back(
          {bench->request_tag, bench->request_address, bench->request_length, cycle + 50});
    }
    if (bench->done_valid) {
      if (++done == 32) begin = cycle;
      if (done == 160) {
        end = cycle;
        break;
      }
    }
    bench.tick();
  }
  const double cycles = static_cast<double>(end - begin) / 128;
  std::printf("%u bytes: %.2f cycles\n", length, cycles);
  return cycles;
}

unsigned read_tags() {
  RtlBench<Vdma_read_bench> bench(1);
  bench.settle();
  return bench->read_tags;
}

TEST(DmaRead, OneRequestOrBeatACycle) {
  // With a latency of 50 cycles and few tags, those are what limits.
  const double tags = 58.0 / read_tags();
  EXPECT_LE(cycles_per_operation(64), std::max({1.0, 64.0 / kBeat, tags}) + 0.01);
  EXPECT_LE(cycles_per_operation(76), std::max(std::ceil(76.0 / kBeat), tags) + 0.01);
  // Three requests: 512, 512 and 502 bytes.
  const double beats = 2 * 512.0 / kBeat + std::ceil(502.0 / kBeat);
  EXPECT_LE(cycles_per_operation(1526), std::max(beats, 3 * tags) + 0.01);
}

TEST(DmaRead, ChecksFire) {
  Settings settings;
  settings.completions = 0;
  Rig rig(1, settings);
  rig.pair().clocked().expect_assertion();
  for (unsigned i = 0; i < 30; ++i) rig.cycle(i < 3);
  RtlBench<Vdma_read_bench>& bench = rig.pair().clocked();
  ASSERT_FALSE(bench.assertion_fired());
  bench->op_valid = 0;
  bench->completion_valid = 1;  // 200 bytes in one beat of at most 64
  bench->completion_has_data = 1;
  bench->completion_length = 200;
  bench->completion_eop = 1;
  bench.tick();
  EXPECT_TRUE(bench.assertion_fired());
}

}  // namespace
}  // namespace ringside::test
