// SPDX-License-Identifier: Apache-2.0
// Which port of a switch leads to which station: the filtering database of IEEE 802.1Q 8.8, for one
// VLAN. Plain C++; times are simulation time in picoseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

#include "formats/units.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

struct MacTableCounters {
  uint64_t learned = 0;
  uint64_t moved = 0;    ///< stations that were seen at another port than before
  uint64_t aged = 0;     ///< forgotten because nothing came from them for so long
  uint64_t refused = 0;  ///< frames whose source was not learned: the table was full
};

class MacTable {
 public:
  /// `entries_max`: at least 1. `ageing_ps`: 0 keeps entries for ever.
  MacTable(std::size_t entries_max, TimePs ageing_ps)
      : entries_max_(entries_max), ageing_ps_(ageing_ps) {}

  /// A frame from `station` came in at `port`. A group address is no station (8.7) and not learned.
  void learn(const MacAddress& station, unsigned port, TimePs now_ps);
  /// Where `station` was seen last, unless that is too long ago.
  std::optional<unsigned> find(const MacAddress& station, TimePs now_ps);
  /// Forgets what was learned at `port`.
  void forget_port(unsigned port);

  std::size_t size() const { return by_age_.size(); }
  const MacTableCounters& counters() const { return counters_; }

 private:
  struct Entry {
    uint64_t station;
    unsigned port;
    TimePs seen_ps;
  };
  using Entries = std::list<Entry>;
  void forget_aged(TimePs now_ps);
  void erase(Entries::iterator entry);

  std::size_t entries_max_;
  TimePs ageing_ps_;
  Entries by_age_;  ///< seen longest ago first
  std::unordered_map<uint64_t, Entries::iterator> by_station_;
  MacTableCounters counters_;
};

}  // namespace ringside::hw
