// SPDX-License-Identifier: Apache-2.0
// See link.h.
#include "hw_model/wire/link.h"

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
  TimePs end_ps = 0;
  in_flight.push_back(launch(frame, earliest_ps, end_ps));
  if (in_flight.size() == 1) {
    arrival.notify(
        sc_core::sc_time::from_value(in_flight.front().end_ps - sc_core::sc_time_stamp().value()));
  }
  return end_ps;
}

void Link::deliver(unsigned sender) {
  End& from = ends_[sender];
  End& to = ends_[1 - sender];
  const TimePs now = sc_core::sc_time_stamp().value();
  while (!from.in_flight.empty() && from.in_flight.front().end_ps <= now) {
    const InFlight arrived = std::move(from.in_flight.front());
    from.in_flight.pop_front();
    hand_over(to, arrived);
  }
  if (!from.in_flight.empty()) {
    from.arrival.notify(sc_core::sc_time::from_value(from.in_flight.front().end_ps - now));
  }
}

}  // namespace ringside::hw
