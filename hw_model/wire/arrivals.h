// SPDX-License-Identifier: Apache-2.0
// The agenda of what arrives at the ends of links, for one link or for all of a simulation: one
// event of the simulation for all of them, and an order among those that are due at one moment.
#pragma once

#include <systemc>
#include <utility>
#include <vector>

#include "hw_model/wire/horizon.h"

namespace ringside::hw {

/// Called when the time has come that it asked for.
class ArrivalHandler {
 public:
  virtual ~ArrivalHandler() = default;
  virtual void arrive() = 0;
};

/// What is due at one time happens in the order in which the handlers were added, whatever else the
/// simulation does: a switch that gets two frames at one picosecond takes them in this order.
class Arrivals {
 public:
  /// Before the simulation starts.
  Arrivals();
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  /// `handler` outlives the simulation. Its number, for at().
  unsigned add(ArrivalHandler& handler);
  /// Calls the handler at `time_ps` (now or later), in place of what it asked for before; kNeverPs:
  /// not at all.
  void at(unsigned handler, TimePs time_ps);
  /// From now on `due` says when the handler is called next.
  void report(unsigned handler, DueTime due) { entries_[handler].due = due; }

 private:
  struct Entry {
    ArrivalHandler* handler;
    TimePs time_ps = kNeverPs;
    DueTime due;
  };
  using Key = std::pair<TimePs, unsigned>;
  void run();
  void notify();

  std::vector<Entry> entries_;
  std::vector<Key> heap_;  ///< those that do not agree with their entry are stale
  TimePs notified_ps_ = kNeverPs;
  sc_core::sc_event event_;
};

}  // namespace ringside::hw
