// SPDX-License-Identifier: Apache-2.0
// See mac_table.h.
#include "hw_model/wire/mac_table.h"

#include <iterator>

#include "formats/address.h"

namespace ringside::hw {

namespace {

uint64_t key_of(const MacAddress& address) {
  uint64_t key = 0;
  for (const uint8_t byte : address) key = key << 8 | byte;
  return key;
}

}  // namespace

void MacTable::learn(const MacAddress& station, unsigned port, TimePs now_ps) {
  if (formats::is_multicast(station)) return;
  forget_aged(now_ps);
  const uint64_t key = key_of(station);
  if (const auto found = by_station_.find(key); found != by_station_.end()) {
    const auto entry = found->second;
    if (entry->port != port) ++counters_.moved;
    entry->port = port;
    entry->seen_ps = now_ps;
    by_age_.splice(by_age_.end(), by_age_, entry);
    return;
  }
  if (by_age_.size() >= entries_max_) {
    ++counters_.refused;
    return;
  }
  by_station_.emplace(key, by_age_.insert(by_age_.end(), {key, port, now_ps}));
  ++counters_.learned;
}

std::optional<unsigned> MacTable::find(const MacAddress& station, TimePs now_ps) {
  forget_aged(now_ps);
  const auto found = by_station_.find(key_of(station));
  if (found == by_station_.end()) return std::nullopt;
  return found->second->port;
}

void MacTable::forget_port(unsigned port) {
  for (auto entry = by_age_.begin(); entry != by_age_.end();) {
    const auto next = std::next(entry);
    if (entry->port == port) erase(entry);
    entry = next;
  }
}

void MacTable::forget_aged(TimePs now_ps) {
  if (ageing_ps_ == 0) return;
  while (!by_age_.empty() && now_ps - by_age_.front().seen_ps > ageing_ps_) {
    erase(by_age_.begin());
    ++counters_.aged;
  }
}

void MacTable::erase(Entries::iterator entry) {
  by_station_.erase(entry->station);
  by_age_.erase(entry);
}

}  // namespace ringside::hw
