// SPDX-License-Identifier: Apache-2.0
// See memory_order.h.
#include "testbench/host/memory_order.h"

#include <algorithm>
#include <cstring>

namespace ringside::tb {

namespace {

constexpr std::size_t kStoreBufferEntries = 16;
/// A store leaves the buffer by itself within about this time, ps.
constexpr uint64_t kDrainPs = 2'000'000;
/// A load is satisfied at most this early, ps.
constexpr uint64_t kLoadWindowPs = 2'000'000;
constexpr std::size_t kLoadWindowWrites = 256;
constexpr uint64_t kDelayPs = 1'000'000;

bool overlap(const std::byte* a, std::size_t a_size, const std::byte* b, std::size_t b_size) {
  return a < b + b_size && b < a + a_size;
}

/// Copies what [source, source + source_size) and [at, at + size) have in common into `to`, which
/// stands for `at`.
void overlay(std::byte* to, const std::byte* at, std::size_t size, const std::byte* source_at,
             const std::byte* source, std::size_t source_size) {
  const std::byte* begin = std::max(at, source_at);
  const std::byte* end = std::min(at + size, source_at + source_size);
  if (begin < end) {
    std::memcpy(to + (begin - at), source + (begin - source_at),
                static_cast<std::size_t>(end - begin));
  }
}

/// Length of the first naturally aligned piece (at most 8 bytes) of an access.
std::size_t word_size(const std::byte* at, std::size_t size) {
  const std::size_t to_boundary = 8 - (reinterpret_cast<uintptr_t>(at) & 7);
  return std::min(size, to_boundary);
}

}  // namespace

MemoryOrder::MemoryOrder(const sc_core::sc_module_name& name, CpuCore& core, uint64_t seed)
    : sc_core::sc_module(name), core_(core), random_(seed) {
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.set_sensitivity(&drain_event_);
  options.dont_initialize();
  sc_core::sc_spawn([this] { drain_later(); }, "drain", &options);
  core_.on_serialise([this] { full_barrier(); });
  core_.set_memory_order(this);
}

MemoryOrder::~MemoryOrder() {
  core_.on_serialise(nullptr);
  core_.set_memory_order(nullptr);
}

void MemoryOrder::perturb() {
  if (random_.below(8) == 0) core_.charge_ps(random_.below(kDelayPs));
}

void MemoryOrder::store(std::byte* to, const std::byte* from, std::size_t size) {
  while (size != 0) {
    const std::size_t piece = word_size(to, size);
    PendingStore store{to, static_cast<uint8_t>(piece), {}};
    std::memcpy(store.bytes, from, piece);
    stores_.push_back(store);
    to += piece;
    from += piece;
    size -= piece;
  }
  while (!stores_.empty() && (stores_.size() > kStoreBufferEntries || random_.below(8) == 0)) {
    drain_one();
  }
  if (!stores_.empty()) {
    drain_event_.notify(sc_core::sc_time::from_value(1 + random_.below(kDrainPs)));
  }
}

void MemoryOrder::drain_one() {
  auto chosen = stores_.begin() + static_cast<std::ptrdiff_t>(random_.below(stores_.size()));
  // Stores to one location keep their order: the oldest that overlaps goes first, and before it the
  // oldest that overlaps that one.
  for (;;) {
    const auto oldest = std::find_if(stores_.begin(), chosen, [&](const PendingStore& store) {
      return overlap(store.to, store.size, chosen->to, chosen->size);
    });
    if (oldest == chosen) break;
    chosen = oldest;
  }
  write(*chosen);
  stores_.erase(chosen);
}

void MemoryOrder::drain_all() {
  for (const PendingStore& store : stores_) write(store);
  stores_.clear();
}

void MemoryOrder::write(const PendingStore& store) {
  std::memcpy(store.to, store.bytes, store.size);
  // What a device wrote there before is older than this store: no load may bring it back.
  for (DeviceWrite& write : log_) {
    overlay(write.before.data(), write.memory, write.before.size(), store.to, store.bytes,
            store.size);
  }
}

void MemoryOrder::drain_later() {
  if (stores_.empty()) return;
  drain_one();
  if (!stores_.empty()) {
    drain_event_.notify(sc_core::sc_time::from_value(1 + random_.below(kDrainPs)));
  }
}

void MemoryOrder::read_barrier() {
  floor_ = sequence_;
  seen_.clear();
  log_.clear();
}

void MemoryOrder::device_write(uint64_t, const std::byte* memory, ByteView bytes) {
  log_.push_back({++sequence_, sc_core::sc_time_stamp().value(), memory,
                  std::vector<std::byte>(memory, memory + bytes.size())});
  forget_old();
}

void MemoryOrder::forget_old() {
  const uint64_t now = sc_core::sc_time_stamp().value();
  while (!log_.empty() &&
         (log_.size() > kLoadWindowWrites || now - log_.front().time_ps > kLoadWindowPs)) {
    floor_ = log_.front().sequence;
    log_.pop_front();
  }
}

uint64_t& MemoryOrder::seen(const std::byte* word) {
  for (Seen& entry : seen_) {
    if (entry.word == word) return entry.sequence;
  }
  seen_.push_back({word, 0});
  return seen_.back().sequence;
}

void MemoryOrder::load(std::byte* to, const std::byte* from, std::size_t size) {
  forget_old();
  while (size != 0) {
    const std::size_t piece = word_size(from, size);
    load_word(to, from, piece);
    to += piece;
    from += piece;
    size -= piece;
  }
}

void MemoryOrder::load_word(std::byte* to, const std::byte* from, std::size_t size) {
  std::memcpy(to, from, size);
  const std::byte* word = from - (reinterpret_cast<uintptr_t>(from) & 7);
  uint64_t& last = seen(word);
  const uint64_t oldest = std::max(floor_, last);
  uint64_t view = sequence_;
  if (view > oldest && random_.below(2) == 0) view = oldest + random_.below(view - oldest + 1);
  last = view;
  for (auto write = log_.rbegin(); write != log_.rend() && write->sequence > view; ++write) {
    overlay(to, from, size, write->memory, write->before.data(), write->before.size());
  }
  for (const PendingStore& store : stores_) {
    overlay(to, from, size, store.to, store.bytes, store.size);
  }
}

}  // namespace ringside::tb
