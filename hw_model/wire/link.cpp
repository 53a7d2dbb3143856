// SPDX-License-Identifier: Apache-2.0
// See link.h.
#include "hw_model/wire/link.h"

#include <algorithm>

namespace ringside::hw {

namespace {

constexpr uint64_t kPsPerS = 1'000'000'000'000;

}  // namespace

Link::Link(const sc_core::sc_module_name& name, const LinkConfig& config)
    : sc_core::sc_module(name),
      config_(config),
      ps_per_byte_(kPsPerS * 8 % config.rate_bps == 0 ? kPsPerS * 8 / config.rate_bps : 0) {
  for (unsigned sender = 0; sender < 2; ++sender) {
    ends_[sender].link = this;
    ends_[sender].index = sender;
    sc_core::sc_spawn_options options;
    options.spawn_method();
    options.set_sensitivity(&ends_[sender].arrival);
    options.dont_initialize();
    sc_core::sc_spawn([this, sender] { deliver(sender); }, sc_core::sc_gen_unique_name("deliver"),
                      &options);
  }
}

TimePs Link::bits_time(uint64_t bytes) const {
  if (ps_per_byte_ != 0) return bytes * ps_per_byte_;
  // In 64 bits this holds up to 2.3 MB, far above any frame.
  const uint64_t bits_ps = bytes * 8 * kPsPerS;
  return (bits_ps + config_.rate_bps - 1) / config_.rate_bps;
}

TimePs Link::End::wire_time(uint64_t bytes) const {
  return link->bits_time(kPreambleBytes + std::max(bytes, kMinFrameBytes) + kFcsBytes +
                         kInterFrameGapBytes);
}

TimePs Link::End::transmit(const FramePtr& frame, TimePs earliest_ps) {
  FramePtr sent = frame;
  if (sent->bytes.size() < kMinFrameBytes) {
    sent = link->padding_pool_.make();
    sent->bytes = frame->bytes;
    sent->bytes.resize(kMinFrameBytes);
    sent->fcs_ok = frame->fcs_ok;
    sent->id = frame->id;
  }
  const TimePs now = sc_core::sc_time_stamp().value();
  const TimePs start = std::max({now, earliest_ps, free_at_ps});
  const TimePs taken = wire_time(sent->bytes.size());
  const TimePs end = start + taken - link->bits_time(kInterFrameGapBytes);
  free_at_ps = start + taken;
  ++counters.frames;
  counters.bytes += sent->bytes.size();
  counters.busy_ps += taken;
  const TimePs delay = link->config_.delay_ps;
  in_flight.push_back({std::move(sent), start + delay, end + delay});
  if (in_flight.size() == 1) {
    arrival.notify(sc_core::sc_time::from_value(end + delay - now));
  }
  return end;
}

void Link::deliver(unsigned sender) {
  End& from = ends_[sender];
  End& to = ends_[1 - sender];
  const TimePs now = sc_core::sc_time_stamp().value();
  while (!from.in_flight.empty() && from.in_flight.front().end_ps <= now) {
    const InFlight arrived = std::move(from.in_flight.front());
    from.in_flight.pop_front();
    for (LinkObserver* observer : observers_) {
      observer->frame_arrived(to.index, *arrived.frame, arrived.start_ps, arrived.end_ps);
    }
    to.receiver->receive_frame(arrived.frame, arrived.start_ps, arrived.end_ps);
  }
  if (!from.in_flight.empty()) {
    from.arrival.notify(sc_core::sc_time::from_value(from.in_flight.front().end_ps - now));
  }
}

}  // namespace ringside::hw
