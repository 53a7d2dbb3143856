// SPDX-License-Identifier: Apache-2.0
// See arrivals.h.
#include "hw_model/wire/arrivals.h"

#include <algorithm>
#include <functional>

namespace ringside::hw {

Arrivals::Arrivals() {
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.set_sensitivity(&event_);
  options.dont_initialize();
  sc_core::sc_spawn([this] { run(); }, sc_core::sc_gen_unique_name("arrivals"), &options);
}

unsigned Arrivals::add(ArrivalHandler& handler) {
  entries_.push_back({&handler, kNeverPs, {}});
  return static_cast<unsigned>(entries_.size() - 1);
}

void Arrivals::at(unsigned handler, TimePs time_ps) {
  Entry& entry = entries_[handler];
  if (entry.time_ps == time_ps) return;
  entry.time_ps = time_ps;
  entry.due.at(time_ps);
  if (time_ps == kNeverPs) return;
  heap_.emplace_back(time_ps, handler);
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  notify();
}

void Arrivals::notify() {
  if (heap_.empty() || heap_.front().first >= notified_ps_) return;
  notified_ps_ = heap_.front().first;
  event_.notify(sc_core::sc_time::from_value(notified_ps_ - sc_core::sc_time_stamp().value()));
}

void Arrivals::run() {
  const TimePs now = sc_core::sc_time_stamp().value();
  // What the handlers ask for meanwhile is notified at the end.
  notified_ps_ = 0;
  while (!heap_.empty() && heap_.front().first <= now) {
    const Key key = heap_.front();
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    heap_.pop_back();
    Entry& entry = entries_[key.second];
    if (entry.time_ps != key.first) continue;
    entry.time_ps = kNeverPs;
    entry.due.never();
    entry.handler->arrive();
  }
  notified_ps_ = kNeverPs;
  notify();
}

}  // namespace ringside::hw
