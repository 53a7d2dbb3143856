// SPDX-License-Identifier: Apache-2.0
// See link.h.
#include "hw_model/wire/link.h"

namespace ringside::hw {

namespace {

constexpr uint64_t kPsPerS = 1'000'000'000'000;

}  // namespace

Link::Link(const sc_core::sc_module_name& name, const LinkConfig& config, Arrivals* arrivals)
    : sc_core::sc_module(name),
      config_(config),
      ps_per_byte_(kPsPerS * 8 % config.rate_bps == 0 ? kPsPerS * 8 / config.rate_bps : 0),
      own_arrivals_(arrivals == nullptr ? std::make_unique<Arrivals>() : nullptr),
      arrivals_(arrivals == nullptr ? *own_arrivals_ : *arrivals) {
  for (unsigned sender = 0; sender < 2; ++sender) {
    ends_[sender].link = this;
    ends_[sender].index = sender;
    ends_[sender].arrival = arrivals_.add(ends_[sender]);
  }
}

TimePs Link::min_latency() const {
  return config_.delay_ps + bits_time(kPreambleBytes + kMinFrameBytes + kFcsBytes);
}

void Link::report_arrivals(unsigned end, Horizon& horizon) {
  arrivals_.report(ends_[1 - end].arrival, horizon.add_source());
}

TimePs Link::bits_time(uint64_t bytes) const {
  if (ps_per_byte_ != 0) return bytes * ps_per_byte_;
  // In 64 bits this holds up to 2.3 MB, far above any frame.
  const uint64_t bits_ps = bytes * 8 * kPsPerS;
  return (bits_ps + config_.rate_bps - 1) / config_.rate_bps;
}

TimePs Link::End::wire_time(uint64_t bytes) const { return link->bits_time(wire_bytes(bytes)); }

TimePs Link::End::transmit(const FramePtr& frame, TimePs earliest_ps) {
  TimePs end_ps = 0;
  in_flight.push_back(launch(frame, earliest_ps, end_ps));
  if (in_flight.size() == 1) link->arrivals_.at(arrival, in_flight.front().end_ps);
  return end_ps;
}

void Link::End::arrive() {
  End& to = link->ends_[1 - index];
  const TimePs now = sc_core::sc_time_stamp().value();
  while (!in_flight.empty() && in_flight.front().end_ps <= now) {
    const InFlight arrived = std::move(in_flight.front());
    in_flight.pop_front();
    link->hand_over(to, arrived);
  }
  if (!in_flight.empty()) link->arrivals_.at(arrival, in_flight.front().end_ps);
}

}  // namespace ringside::hw
