// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/rtl/ring_engine_rig.h"

#include <algorithm>
#include <utility>

#include "tests/support/gtest.h"

namespace ringside::test {

using formats::SplitRing;
using hw::DeviceError;
using hw::Purpose;
using hw::TraceKind;

namespace {

constexpr uint32_t kWindow = 64;
constexpr uint32_t kBatch = 32;
constexpr uint64_t kQueueBytes = uint64_t{8} << 20;
constexpr uint8_t kRingClient = 0;

template <typename Wide>
void set32(Wide& wide, unsigned index, uint32_t value) {
  wide[index] = value;
}
template <typename Wide>
void set64(Wide& wide, unsigned index, uint64_t value) {
  wide[2 * index] = static_cast<uint32_t>(value);
  wide[2 * index + 1] = static_cast<uint32_t>(value >> 32);
}
template <typename Wide>
uint64_t get64(const Wide& wide, unsigned index) {
  return wide[2 * index] | uint64_t{wide[2 * index + 1]} << 32;
}

/// Descriptors that follow each other in the table, at most; what one read can bring is 16.
uint32_t longest_streak(const std::vector<uint32_t>& links) {
  uint32_t longest = 0;
  uint32_t streak = 0;
  for (std::size_t i = 0; i < links.size(); ++i) {
    streak = i != 0 && links[i] == links[i - 1] + 1 ? std::min(streak + 1, 16u) : 1;
    longest = std::max(longest, streak);
  }
  return longest;
}

bool bit(uint32_t mask, unsigned index) { return ((mask >> index) & 1) != 0; }

}  // namespace

RingRig::RingRig(const RingWorld& of)
    : world(of),
      random_(of.seed),
      bench_(static_cast<int>(of.seed) + 1),
      memory_(kQueues * kQueueBytes) {
  Module& m = *bench_;
  m.active = 0;
  m.indirect = world.indirect;
  m.event_idx = world.event_idx;
  m.enabled = m.suspended = m.enable = m.resume = m.resumed = m.doorbell = 0;
  m.flush = m.read_ready = m.landing_valid = m.done_valid = m.write_ready = m.written = 0;
  m.chain_ready = m.segment_ready = 0;
  for (unsigned q = 0; q < kQueues; ++q) {
    set32(m.returned, q, 0);
    set_up(q);
  }
  bench_.reset();
  enable_all();
}

/// Rings of a queue in fresh memory.
void RingRig::set_up(unsigned queue) {
  Queue& q = queues_[queue];
  q = {};
  const uint64_t base = HostBytes::kBase + queue * kQueueBytes;
  q.place.desc = base + 16 * random_.below(1000);
  q.place.driver = base + 0x100000 + 2 * random_.below(1000);
  q.place.device = base + 0x180000 + 4 * random_.below(1000);
  q.place.tables = base + 0x200000;
  q.place.size_log2 = world.size_log2;
  q.place.table_entries = std::min(1024u, (0x600000u >> q.place.size_log2) / 16 - 1);
  q.place.transmit = queue % 2 == 1;
  q.place.indirect = world.indirect;
  q.maker = std::make_unique<ChainMaker>(memory_, q.place, world.style, random_.next());
  q.avail = q.used = q.rules.seen = q.rules.next = world.first_index;
  const bool resumed = random_.below(2) == 0;
  memory_.put<uint16_t>(q.place.driver + SplitRing::kAvailIdx, q.avail);
  memory_.put<uint16_t>(q.place.device + SplitRing::kUsedFlags, resumed && !world.event_idx);
  memory_.put<uint16_t>(q.place.device + SplitRing::avail_event(q.place.size()),
                        static_cast<uint16_t>(q.avail + (resumed ? 0x8000 : 0)));
  q.rules.no_notify = resumed && !world.event_idx;
  Module& m = *bench_;
  set32(m.size_log2, queue, q.place.size_log2);
  set64(m.desc, queue, q.place.desc);
  set64(m.driver, queue, q.place.driver);
  set64(m.device, queue, q.place.device);
  set32(m.index, queue, q.avail);
  set32(m.used_index, queue, q.used);
  m.resumed = (m.resumed & ~(1u << queue)) | (resumed ? 1u << queue : 0);
  q.enabled = true;
}

void RingRig::enable_all() {
  Module& m = *bench_;
  m.flush = m.read_ready = m.landing_valid = m.done_valid = m.write_ready = m.written = 0;
  m.resume = m.doorbell = m.chain_ready = m.segment_ready = m.active = 0;
  m.enabled = (1u << kQueues) - 1;
  m.enable = m.enabled;
  bench_.tick();
  m.enable = 0;
  bench_.settle();
}

void RingRig::reset_device() {
  const bool was_draining = std::exchange(draining_, true);
  inactive_until_ = ~uint64_t{0};
  do {
    cycle();
  } while (bench_->busy != 0 || write_pending_ || random_.below(4) != 0);
  flush_ = true;
  cycle();
  flush_ = false;
  in_flight_.clear();
  landed_.clear();
  expected_.clear();
  error_.reset();
  bench_->enabled = bench_->suspended = bench_->doorbell = 0;
  for (unsigned q = 0; q < kQueues; ++q) {
    set32(bench_->returned, q, 0);
    set_up(q);
  }
  enable_all();
  inactive_until_ = 0;
  draining_ = was_draining;
}

bool RingRig::all_settled() { return bench_->busy == 0 && bench_->settled == (1u << kQueues) - 1; }

// -- driver

void RingRig::publish(unsigned queue) {
  Queue& q = queues_[queue];
  const uint16_t from = q.avail;
  const uint64_t count = 1 + random_.below(world.publish_max);
  for (uint64_t i = 0; i < count; ++i) {
    const auto head = q.maker->make();
    if (!head) break;
    const bool stray = random_.below(1000) < world.stray_per_mille;
    const uint32_t beyond = static_cast<uint32_t>(random_.below(0x10000 - q.place.size()));
    const auto entry = stray ? static_cast<uint16_t>(q.place.size() + beyond) : *head;
    memory_.put(q.place.driver + SplitRing::avail_entry(q.avail % q.place.size()), entry);
    q.published.push_back({*head, entry, walk_chain(memory_, q.place, *head), 0});
    ++q.avail;
  }
  if (q.avail == from) return;
  uint16_t shown = q.avail;
  if (random_.below(1000) < world.jump_per_mille) {
    q.jumped = true;
    // Beyond the ring, or behind what was used, whatever is returned until it is read.
    shown =
        static_cast<uint16_t>(random_.below(2) == 0 ? q.avail + q.place.size() + 1 : q.used - 1);
  }
  memory_.put(q.place.driver + SplitRing::kAvailIdx, shown);
  kick(q, from);
}

void RingRig::kick(Queue& q, uint16_t from) {
  const auto event = memory_.get<uint16_t>(q.place.device + SplitRing::avail_event(q.place.size()));
  const auto flags = memory_.get<uint16_t>(q.place.device + SplitRing::kUsedFlags);
  q.kick = q.kick || q.jumped ||
           (world.event_idx ? formats::need_event(event, q.avail, from) : flags == 0);
}

// -- inputs

void RingRig::drive_landing() {
  Module& m = *bench_;
  std::vector<std::size_t> due;
  for (std::size_t i = 0; i < in_flight_.size() && (world.cut || due.empty()); ++i) {
    if (in_flight_[i].due <= now_) due.push_back(i);
  }
  m.landing_valid = 0;
  if (!due.empty() && chance(world.landing)) {
    const std::size_t which = due[random_.below(due.size())];
    Read& read = in_flight_[which];
    const auto [offset, bytes] = read.pieces.back();
    read.pieces.pop_back();
    std::array<uint8_t, kRowBytes> row;
    for (uint8_t& lane : row) lane = static_cast<uint8_t>(random_.next());
    for (uint32_t i = 0; i < bytes; ++i) {
      memory_.read(read.address + offset + i, &row[(read.landing + offset + i) % kRowBytes], 1);
    }
    m.landing_valid = 1;
    m.landing_client = kRingClient;
    m.landing_address = read.landing + offset;
    m.landing_count = static_cast<uint8_t>(bytes);
    std::memcpy(m.landing_data.data(), row.data(), row.size());
    if (read.pieces.empty()) {
      landed_.push_back(std::move(read));
      in_flight_.erase(in_flight_.begin() + static_cast<std::ptrdiff_t>(which));
    }
  } else if (world.cut && chance(5)) {  // for somebody else
    m.landing_valid = 1;
    m.landing_client = static_cast<uint8_t>(1 + random_.below(3));
    m.landing_address = static_cast<uint32_t>(random_.below(65536));
    m.landing_count = 1;
  }
  m.done_valid = 0;
  if (!landed_.empty() && (!world.cut || chance(70))) {
    const Read& read = landed_.front();
    m.done_valid = 1;
    m.done_client = kRingClient;
    m.done_handle = read.handle;
    m.done_ok = !read.fail;
    m.done_head = memory_.get<uint16_t>(read.address);
    if (read.fail) {
      Queue& q = queues_[read.queue];
      if (read.run) {
        ++runs_failed_;
        q.at(read.chain).again = true;
      } else {
        q.read_failed = true;
      }
    }
    landed_.pop_front();
  } else if (world.cut && chance(5)) {
    m.done_valid = 1;
    m.done_client = static_cast<uint8_t>(1 + random_.below(3));
    m.done_handle = static_cast<uint8_t>(random_.next());
    m.done_ok = random_.below(2) == 0;
  }
}

void RingRig::drive_consumers() {
  Module& m = *bench_;
  m.chain_ready = m.segment_ready = 0;
  for (unsigned i = 0; i < kQueues; ++i) {
    Queue& q = queues_[i];
    const bool between = q.segment == q.segments;
    if (between && taking(q) && chance(world.take)) m.chain_ready |= 1u << i;
    if (!between && chance(world.segment)) m.segment_ready |= 1u << i;
    if (q.returned_at + 1 == now_) set32(m.used_index, i, q.used);
    q.returning = 0;
    if (q.to_return != 0 && chance(world.give_back)) {
      q.returning = static_cast<unsigned>(std::min<uint64_t>(q.to_return, 1 + random_.below(8)));
    }
    set32(m.returned, i, q.returning);
  }
}

void RingRig::resume(Queue& q, unsigned number) {
  ++resumes_;
  bench_->resume |= 1u << number;
  // Another device had the queue in between, and left its own words to the driver.
  memory_.put<uint16_t>(q.place.device + SplitRing::kUsedFlags, world.event_idx ? 0 : 1);
  memory_.put<uint16_t>(q.place.device + SplitRing::avail_event(q.place.size()),
                        static_cast<uint16_t>(random_.next()));
  Rules& rules = q.rules;
  rules.seen = rules.next = q.used;
  rules.known = rules.head = rules.described = rules.returned = rules.allocated;
  rules.no_notify = !world.event_idx;
  rules.run = 1;
  q.base = q.taken = rules.allocated;
  for (Published& published : q.published) {
    published.followed = 0;
    published.again = false;
  }
}

/// Bus mastering, suspended queues, doorbells.
void RingRig::drive_life() {
  Module& m = *bench_;
  if (world.inactive != 0 && now_ >= inactive_until_ && random_.below(10000) < world.inactive) {
    inactive_until_ = now_ + 1 + random_.below(100);
  }
  bench_active_ = now_ >= inactive_until_;
  m.active = bench_active_;
  m.flush = flush_;
  m.doorbell = m.resume = 0;
  for (unsigned i = 0; i < kQueues; ++i) {
    Queue& q = queues_[i];
    if (!draining_ && random_.below(1000) < world.publish && !q.jumped) publish(i);
    if (q.kick && chance(30)) {
      m.doorbell |= 1u << i;
      q.kick = false;
    }
    if (!q.suspended) {
      if (!draining_ && world.suspend != 0 && random_.below(10000) < world.suspend) {
        q.suspended = true;
      }
    } else if (chance(2)) {
      const bool at_rest = bit(m.settled, i) && q.taken == q.base && q.to_return == 0 &&
                           q.segment == q.segments && now_ > q.returned_at + 2;
      if (at_rest) resume(q, i);
      if (at_rest || random_.below(40) == 0) q.suspended = false;
    }
    const uint32_t suspended = m.suspended & ~(1u << i);
    // The context changes with the pulse or behind it.
    m.suspended = suspended | (q.suspended ? 1u << i : 0);
  }
}

void RingRig::drive_inputs() {
  Module& m = *bench_;
  m.read_ready = chance(world.read_ready);
  m.write_ready = chance(world.write_ready);
  m.written = write_pending_ && now_ >= written_at_;
  drive_life();
  drive_landing();
  drive_consumers();
}

// -- outputs

void RingRig::expect_read(Purpose purpose, unsigned queue, uint32_t chain, uint64_t address,
                          uint32_t length, bool run) {
  expected_.push_back(
      {static_cast<uint8_t>(purpose), static_cast<uint8_t>(queue), chain, address, length, run});
}

void RingRig::observe_choice(TraceKind kind, unsigned queue) {
  const Module& m = *bench_;
  Queue& q = queues_[queue];
  Rules& rules = q.rules;
  if (kind == TraceKind::kSampleAvail && rules.sample_behind_write) {
    ASSERT_FALSE(write_pending_ && written_queue_ == queue)
        << "a sample in front of the request that it is for";
    rules.sample_behind_write = false;
    expect_read(Purpose::kAvailIndex, queue, 0, q.place.driver + SplitRing::kAvailIdx, 2);
    return;
  }
  ASSERT_TRUE(taking(q)) << "a choice of a queue that takes nothing";
  switch (kind) {
    case TraceKind::kSampleAvail:
      ASSERT_FALSE(rules.sampling);
      rules.sampling = true;
      expect_read(Purpose::kAvailIndex, queue, 0, q.place.driver + SplitRing::kAvailIdx, 2);
      return;
    case TraceKind::kFetchIds: {
      const uint32_t slot = rules.next % q.place.size();
      const uint32_t most =
          std::min({uint32_t{static_cast<uint16_t>(rules.seen - rules.next)},
                    kWindow - (rules.allocated - rules.returned), q.place.size() - slot, kBatch});
      ASSERT_EQ(m.trace_chain, rules.allocated);
      ASSERT_GE(m.trace_size, 1u);
      ASSERT_LE(m.trace_size, most);
      expect_read(Purpose::kAvailEntries, queue, rules.allocated,
                  q.place.driver + SplitRing::avail_entry(slot), 2 * m.trace_size);
      rules.fetches.push_back({rules.allocated, m.trace_size});
      rules.allocated += m.trace_size;
      rules.next = static_cast<uint16_t>(rules.next + m.trace_size);
      return;
    }
    case TraceKind::kFetchDescriptors: {
      ASSERT_EQ(m.trace_chain, rules.head);
      ASSERT_GE(m.trace_size, 1u);
      ASSERT_LE(m.trace_size, std::min(kBatch, rules.known - rules.head));
      const uint32_t first = q.at(rules.head).entry;
      for (uint32_t i = 0; i < m.trace_size; ++i) {
        ASSERT_EQ(q.at(rules.head + i).entry, first + i);
      }
      expect_read(Purpose::kDescriptors, queue, rules.head, q.place.desc + uint64_t{16} * first,
                  16 * m.trace_size);
      rules.head += m.trace_size;
      return;
    }
    default:  // kArmNotify
      ASSERT_FALSE(rules.sampling);
      ASSERT_TRUE(world.event_idx || rules.no_notify);
      ASSERT_EQ(m.trace_value, rules.seen);
      ASSERT_FALSE(write_pending_);
      rules.sampling = rules.sample_behind_write = true;
      rules.no_notify = false;
      return;
  }
}

void RingRig::observe_result(TraceKind kind, unsigned queue) {
  const Module& m = *bench_;
  Queue& q = queues_[queue];
  Rules& rules = q.rules;
  ASSERT_TRUE(bench_active_);
  switch (kind) {
    case TraceKind::kAvailSampled: {
      ASSERT_TRUE(rules.sampling && !rules.sample_behind_write);
      const auto index = static_cast<uint16_t>(m.trace_value);
      const uint32_t moved = static_cast<uint16_t>(index - rules.seen);
      const uint32_t held = static_cast<uint16_t>(rules.seen - m.used_index[queue]);
      ASSERT_EQ(m.trace_size, moved);
      rules.sampling = false;
      if (moved + held > q.place.size()) {
        rules.error_due = DeviceError::kAvailIndexJump;
      } else {
        rules.seen = index;
      }
      return;
    }
    case TraceKind::kIdsFetched: {
      ASSERT_FALSE(rules.fetches.empty());
      const Fetch fetch = rules.fetches.front();
      rules.fetches.pop_front();
      ASSERT_EQ(m.trace_chain, fetch.position);
      ASSERT_EQ(m.trace_size, fetch.count);
      for (uint32_t i = 0; i < fetch.count; ++i) {
        if (q.at(fetch.position + i).entry >= q.place.size()) {
          rules.error_due = DeviceError::kHeadOutOfRange;
        }
      }
      rules.known += fetch.count;
      return;
    }
    default: {  // kDescribed
      ASSERT_EQ(m.trace_chain, rules.described);
      ASSERT_LT(rules.described, rules.head);
      const WalkedChain& chain = q.at(rules.described).chain;
      ASSERT_FALSE(chain.error) << "an invalid chain counts as valid: error "
                                << static_cast<int>(*chain.error);
      ASSERT_EQ(m.trace_size, static_cast<uint32_t>(q.place.transmit ? chain.readable_bytes
                                                                     : chain.writable_bytes));
      ASSERT_EQ(q.at(rules.described).followed, chain.links.size());
      ASSERT_FALSE(q.at(rules.described).again) << "a run that failed is used";
      ++rules.described;
      // As many as the longest run had, and one less with each chain that had less.
      rules.run = std::max({longest_streak(chain.links), rules.run - 1, 1u});
      return;
    }
  }
}

/// A read that the walk of the next chain needs: of the ring's table or of the chain's own.
void RingRig::observe_walk_read(unsigned queue) {
  const Module& m = *bench_;
  Queue& q = queues_[queue];
  ASSERT_GE(m.trace_chain, q.rules.described);
  ASSERT_LT(m.trace_chain, q.rules.head);
  Published& published = q.at(m.trace_chain);
  const WalkedChain& chain = published.chain;
  const bool in_table = m.trace_purpose == static_cast<uint8_t>(Purpose::kIndirectTable);
  const uint64_t offset = m.trace_address - (in_table ? chain.table : q.place.desc);
  ASSERT_EQ(offset % 16, 0u);
  if (in_table) {
    ASSERT_LE(offset + m.trace_size, uint64_t{16} * chain.table_entries);
    ASSERT_LE(m.trace_size, 256u);
  } else {
    ASSERT_EQ(m.trace_purpose, static_cast<uint8_t>(Purpose::kDescriptors));
    ASSERT_LE(offset + m.trace_size, uint64_t{16} * q.place.size());
    ASSERT_EQ(m.trace_size % 16, 0u);
    ASSERT_LE(m.trace_size, 256u);
    const auto first = static_cast<uint32_t>(offset / 16);
    const uint32_t count = m.trace_size / 16;
    const bool again = std::exchange(published.again, false);
    if (again) published.followed = published.failed_at;
    ASSERT_EQ(count, again ? 1 : std::min(q.rules.run, q.place.size() - first));
    longest_run_ = std::max(longest_run_, count);
    published.failed_at = published.followed;
    if (chain.links.empty()) {  // a head that is an error was looked at before it was judged
      ASSERT_EQ(published.followed, 0u);
      published.followed = 1;
    }
    for (uint32_t i = 0; i < count && published.followed < chain.links.size(); ++i) {
      const bool goes_on = chain.links[published.followed] == first + i;
      ASSERT_TRUE(goes_on || i != 0) << "a descriptor that the chain does not go on with";
      if (!goes_on) break;
      ++published.followed;
    }
  }
  expect_read(static_cast<Purpose>(m.trace_purpose), queue, m.trace_chain, m.trace_address,
              m.trace_size, !in_table && m.trace_size > 16);
}

void RingRig::observe_trace() {
  const Module& m = *bench_;
  if (m.trace_valid == 0) return;
  const auto kind = static_cast<TraceKind>(m.trace_kind);
  for (const uint64_t part : {now_, uint64_t{m.trace_kind}, uint64_t{m.trace_queue},
                              uint64_t{m.trace_chain}, uint64_t{m.trace_size}, m.trace_value}) {
    digest_ = splitmix64(digest_, part);
  }
  ASSERT_LT(m.trace_queue, kQueues);
  switch (kind) {
    case TraceKind::kAvailSampled:
    case TraceKind::kIdsFetched:
    case TraceKind::kDescribed:
      observe_result(kind, m.trace_queue);
      return;
    case TraceKind::kDmaRead:
      ASSERT_TRUE(bench_active_);
      observe_walk_read(m.trace_queue);
      return;
    default:
      observe_choice(kind, m.trace_queue);
      return;
  }
}

void RingRig::observe_error() {
  const Module& m = *bench_;
  if (m.error_valid == 0) {
    for (const Queue& q : queues_) ASSERT_TRUE(!q.rules.error_due) << "an error was not seen";
    return;
  }
  ASSERT_FALSE(error_);
  ASSERT_LT(m.error_queue, kQueues);
  error_ = Error{static_cast<DeviceError>(m.error_code), m.error_queue};
  Queue& q = queues_[m.error_queue];
  if (error_->code == DeviceError::kDmaRead) {
    ASSERT_TRUE(q.read_failed);
  } else if (q.rules.error_due) {
    ASSERT_EQ(error_->code, *q.rules.error_due);
  } else {
    ASSERT_LT(q.rules.described, q.rules.head);
    const WalkedChain& chain = q.at(q.rules.described).chain;
    ASSERT_TRUE(chain.error) << "an error " << int{m.error_code} << " of a valid chain";
    ASSERT_EQ(error_->code, *chain.error);
    // What follows a head is asked for before the head itself is judged.
    const uint32_t followed = q.at(q.rules.described).followed;
    const std::size_t links = chain.links.size();
    ASSERT_TRUE(followed == links || (links == 0 && followed == 1));
  }
  for (Queue& each : queues_) each.rules.error_due.reset();
  inactive_until_ = ~uint64_t{0};  // the card stops at this edge
}

void RingRig::observe_read() {
  const Module& m = *bench_;
  if (m.read_valid == 0 || m.read_ready == 0) return;
  ++reads_;
  const auto matches = [&m](const Expected& e) {
    return e.purpose == m.read_purpose && e.queue == m.read_queue && e.chain == m.read_chain &&
           e.address == m.read_address && e.length == m.read_length;
  };
  ASSERT_TRUE(!expected_.empty() && matches(expected_.front()))
      << "a read that no record announced";
  const bool run = expected_.front().run;
  expected_.pop_front();
  Read read{
      .purpose = m.read_purpose,
      .queue = m.read_queue,
      .handle = m.read_handle,
      .length = m.read_length,
      .landing = m.read_landing,
      .address = m.read_address,
      .due = now_ + world.latency_min + random_.below(world.latency_max - world.latency_min + 1),
      .chain = m.read_chain,
      .run = run,
      .fail = random_.below(1000) < world.fail_per_mille || (run && chance(world.fail_runs)),
      .pieces = {}};
  for (uint32_t at = 0; at < read.length;) {
    const uint64_t most = std::min<uint64_t>(kRowBytes, read.length - at);
    const uint64_t bytes = world.cut ? 1 + random_.below(most) : most;
    read.pieces.emplace_back(at, bytes);
    at += static_cast<uint32_t>(bytes);
  }
  if (world.cut) {
    for (std::size_t i = read.pieces.size(); i > 1; --i) {
      std::swap(read.pieces[i - 1], read.pieces[random_.below(i)]);
    }
  } else {
    std::reverse(read.pieces.begin(), read.pieces.end());
  }
  in_flight_.push_back(std::move(read));
}

void RingRig::observe_write() {
  const Module& m = *bench_;
  if (m.written != 0) write_pending_ = false;
  if (m.write_valid == 0 || m.write_ready == 0) return;
  Queue& q = queues_[m.write_queue];
  ASSERT_TRUE(q.rules.sample_behind_write);
  ASSERT_EQ(m.write_length, 2u);
  ASSERT_EQ(m.write_notify, 1u);
  const uint64_t offset =
      world.event_idx ? SplitRing::avail_event(q.place.size()) : SplitRing::kUsedFlags;
  ASSERT_EQ(m.write_address, q.place.device + offset);
  ASSERT_EQ(m.write_data, world.event_idx ? q.rules.seen : 0);
  memory_.put<uint16_t>(m.write_address, m.write_data);
  write_pending_ = true;
  written_queue_ = m.write_queue;
  written_at_ = now_ + 1 + random_.below(20);
}

void RingRig::observe_chains(unsigned queue) {
  const Module& m = *bench_;
  Queue& q = queues_[queue];
  const bool visible = q.rules.described != q.taken;
  ASSERT_EQ(bit(m.chain_valid, queue), visible) << "queue " << queue;
  if (visible && bit(m.chain_ready, queue)) {
    const Published& published = q.at(q.taken);
    const WalkedChain& chain = published.chain;
    ASSERT_EQ(m.chain_position[queue], q.taken);
    ASSERT_EQ(m.chain_id[queue], published.head);
    ASSERT_EQ(m.chain_readable[queue], chain.readable);
    ASSERT_EQ(m.chain_writable[queue], chain.segments.size() - chain.readable);
    ASSERT_EQ(get64(m.chain_readable_bytes, queue), chain.readable_bytes);
    ASSERT_EQ(get64(m.chain_writable_bytes, queue), chain.writable_bytes);
    q.segment = 0;
    q.segments = static_cast<uint32_t>(chain.segments.size());
    ++q.taken;
    ++q.taken_ever;
  }
  if (bit(m.segment_valid, queue) && bit(m.segment_ready, queue)) {
    const ChainSegment& segment = q.at(q.taken - 1).chain.segments.at(q.segment);
    ASSERT_EQ(get64(m.segment_address, queue), segment.address);
    ASSERT_EQ(m.segment_length[queue], segment.length);
    if (++q.segment == q.segments) ++q.to_return;
  }
}

void RingRig::observe() {
  const Module& m = *bench_;
  for (unsigned q = 0; q < kQueues; ++q) {
    if (!bit(m.resume, q) && !flush_) observe_chains(q);
    windows_full_ += bit(m.window_full, q) ? 1 : 0;
  }
  observe_error();
  observe_trace();
  observe_read();
  observe_write();
  for (Queue& q : queues_) {
    if (q.returning == 0) continue;
    for (unsigned i = 0; i < q.returning; ++i) {
      q.maker->release(q.published.front().head);
      q.published.pop_front();
    }
    q.base += q.returning;
    q.rules.returned += q.returning;
    q.to_return -= q.returning;
    q.used = static_cast<uint16_t>(q.used + q.returning);
    q.returned_at = now_;
  }
}

void RingRig::cycle() {
  ++now_;
  drive_inputs();
  bench_.settle();
  observe();
  if (!world.stop_clock || bench_->idle == 0) bench_.tick();
}

bool RingRig::run(uint64_t chains, uint64_t cycles) {
  for (uint64_t i = 0; i < cycles; ++i) {
    cycle();
    if (::testing::Test::HasFatalFailure() || error_) return true;
    if (std::ranges::all_of(queues_, [&](const Queue& q) { return q.taken_ever >= chains; })) {
      return true;
    }
  }
  return false;
}

bool RingRig::drain(uint64_t cycles) {
  draining_ = true;
  for (uint64_t i = 0; i < cycles; ++i) {
    cycle();
    if (::testing::Test::HasFatalFailure() || error_) return true;
    if (std::ranges::all_of(
            queues_,
            [](const Queue& q) { return q.published.empty() && !q.suspended && !q.kick; }) &&
        all_settled() && in_flight_.empty()) {
      return true;
    }
  }
  return false;
}

}  // namespace ringside::test
