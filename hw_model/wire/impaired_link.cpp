// SPDX-License-Identifier: Apache-2.0
// See impaired_link.h.
#include "hw_model/wire/impaired_link.h"

#include <algorithm>

namespace ringside::hw {

namespace {

using sc_core::sc_time;

TimePs now_ps() { return sc_core::sc_time_stamp().value(); }

template <typename Body>
void spawn_method(Body body, const char* name, const sc_core::sc_event& event) {
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.set_sensitivity(&event);
  options.dont_initialize();
  sc_core::sc_spawn(body, sc_core::sc_gen_unique_name(name), &options);
}

}  // namespace

ImpairedLink::ImpairedLink(const sc_core::sc_module_name& name, const LinkConfig& config,
                           const LinkFaults& faults, Arrivals* arrivals)
    : Link(name, config, arrivals), faults_(faults), random_(faults.seed) {
  for (unsigned sender = 0; sender < 2; ++sender) {
    FaultyEnd& end = faulty_[sender];
    end.link = this;
    end.end = &ends_[sender];
    end.impairment.emplace(faults.ways[sender]);
    end.arrival = arrivals_.add(end);
  }
  spawn_method([this] { change_carrier(); }, "carrier", carrier_event_);
}

TimePs ImpairedLink::FaultyEnd::transmit(const FramePtr& frame, TimePs earliest_ps) {
  TimePs sent_ps = 0;
  InFlight flying = end->launch(frame, earliest_ps, sent_ps);
  if (!link->up_) {
    ++drop_link_down;
    return sent_ps;
  }
  const Fate fate = impairment->next(flying.frame->bytes.size(), flying.end_ps);
  if (fate.lost) return sent_ps;
  if (fate.damaged || fate.altered) {
    flying.frame = link->flipped(*flying.frame, *impairment, fate.altered);
  }
  if (fate.copy_ps) schedule(InFlight(flying), *fate.copy_ps);
  if (fate.held_back) {
    hold_back(std::move(flying), fate.end_ps);
  } else {
    schedule(std::move(flying), fate.end_ps);
    passed(fate.end_ps);
  }
  notify();
  return sent_ps;
}

void ImpairedLink::FaultyEnd::schedule(InFlight&& frame, TimePs end_ps) {
  arriving.emplace(Key{end_ps, scheduled++}, std::move(frame));
}

void ImpairedLink::FaultyEnd::hold_back(InFlight&& frame, TimePs end_ps) {
  const ImpairmentConfig& config = impairment->config();
  const Key key{end_ps + config.reorder_delay_ps, scheduled};
  schedule(std::move(frame), key.first);
  if (config.reorder_frames != 0) held_back.push_back({key, config.reorder_frames});
}

/// A frame that arrives at `end_ps` passes what is held back; it lets go what has waited enough.
void ImpairedLink::FaultyEnd::passed(TimePs end_ps) {
  std::erase_if(held_back, [&](HeldBack& held) {
    if (held.key.first <= end_ps) return true;  // it goes by itself before
    if (--held.frames_left != 0) return false;
    auto node = arriving.extract(held.key);
    node.key() = {end_ps, scheduled++};
    arriving.insert(std::move(node));
    return true;
  });
}

/// The first of `arriving`, but not before the last one has passed the receiver.
void ImpairedLink::FaultyEnd::notify() {
  if (arriving.empty()) return link->arrivals_.at(arrival, kNeverPs);
  const auto& [key, first] = *arriving.begin();
  const TimePs end_ps = std::max(key.first, last_end_ps + wire_time(first.frame->bytes.size()));
  link->arrivals_.at(arrival, end_ps);
}

void ImpairedLink::FaultyEnd::arrive() {
  const TimePs now = now_ps();
  while (!arriving.empty()) {
    const auto first = arriving.begin();
    const TimePs taken = wire_time(first->second.frame->bytes.size());
    if (std::max(first->first.first, last_end_ps + taken) > now) break;
    InFlight arrived = std::move(first->second);
    arriving.erase(first);
    arrived.start_ps = now - (arrived.end_ps - arrived.start_ps);
    arrived.end_ps = last_end_ps = now;
    ++delivered;
    link->hand_over(link->ends_[1 - end->index], arrived);
  }
  notify();
}

FramePtr ImpairedLink::flipped(const Frame& frame, Impairment& impairment, bool silent) {
  FramePtr copy = pool_.make();
  copy->bytes = frame.bytes;
  copy->id = frame.id;
  const uint32_t bit = impairment.flip(copy->bytes, silent);
  copy->fcs_ok = frame.fcs_ok && silent;
  copy->altered = frame.altered || silent;
  copy->altered_bit = silent ? bit : frame.altered_bit;
  return copy;
}

void ImpairedLink::set_carrier(bool up) {
  if (up == up_) return;
  up_ = up;
  if (!up) ++outages_;
  for (FaultyEnd& end : faulty_) {
    end.drop_link_down += end.arriving.size();
    end.arriving.clear();
    end.held_back.clear();
    arrivals_.at(end.arrival, kNeverPs);
    end.end->free_at_ps = now_ps();
  }
  for (End& end : ends_) end.receiver->carrier_change(up);
}

void ImpairedLink::start_outages() {
  origin_ps_ = now_ps();
  outage_.up_ps = origin_ps_;
  next_outage();
}

void ImpairedLink::next_outage() {
  if (next_ < faults_.outages.size()) {
    const Outage& next = faults_.outages[next_++];
    outage_ = {origin_ps_ + next.down_ps, origin_ps_ + next.up_ps};
  } else if (faults_.flap_period_ps != 0) {
    const TimePs wait = faults_.flap_period_ps / 2 + random_.below(faults_.flap_period_ps + 1);
    outage_.down_ps = outage_.up_ps + wait;
    outage_.up_ps = outage_.down_ps + faults_.flap_length_ps;
  } else {
    return;
  }
  carrier_event_.notify(sc_time::from_value(outage_.down_ps - now_ps()));
}

void ImpairedLink::change_carrier() {
  set_carrier(!up_);
  if (up_) {
    next_outage();
  } else {
    carrier_event_.notify(sc_time::from_value(outage_.up_ps - now_ps()));
  }
}

LinkFaultCounters ImpairedLink::fault_counters(unsigned sender) const {
  const FaultyEnd& end = faulty_[sender];
  return {end.impairment->counters(), end.drop_link_down, end.delivered};
}

}  // namespace ringside::hw
