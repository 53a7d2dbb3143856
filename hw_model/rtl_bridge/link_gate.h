// SPDX-License-Identifier: Apache-2.0
// Whether the link towards the host takes more from the card's pins: so that the link bounds the
// card, not the other way round.
#pragma once

#include <systemc>
#include <utility>

#include "hw_model/pcie/lane_clock.h"
#include "hw_model/pcie/link_config.h"
#include "hw_model/pcie/tlp_channel.h"

namespace ringside::hw {

/// Open while nothing waits for credits and the link has at most two TLPs of the largest size in
/// front of it. A clock edge sees what the link was before it, whatever else happens at its time:
/// the answer must not depend on the order of events within one time.
class LinkGate {
 public:
  /// `up` outlives it; takes its on_ready().
  LinkGate(TlpChannel& up, const PcieLinkConfig& link)
      : up_(up),
        ahead_ps_(TimePs{2} * (link.mps + kHeaderBytes) * byte_ticks(link.generation, link.lanes) /
                  kTicksPerPs) {
    up_.on_ready([this] { changed(sc_core::sc_time_stamp().value()); });
  }
  void send(Tlp&& tlp, TimePs at_ps) {
    up_.send(std::move(tlp), at_ps);
    changed(at_ps);
  }
  bool takes_posted(TimePs edge_ps) const {
    const State& state = before(edge_ps);
    return !state.posted_waits && state.free_ps <= edge_ps + ahead_ps_;
  }
  /// Reads and completions.
  bool takes_others(TimePs edge_ps) const {
    const State& state = before(edge_ps);
    return !state.waits && state.free_ps <= edge_ps + ahead_ps_;
  }

 private:
  static constexpr uint32_t kHeaderBytes = 16 + kTlpFramingBytes;
  struct State {
    TimePs free_ps = 0;
    bool waits = false;
    bool posted_waits = false;
  };
  const State& before(TimePs edge_ps) const { return changed_ps_ < edge_ps ? now_ : before_; }
  void changed(TimePs time_ps) {
    if (changed_ps_ < time_ps) before_ = now_;
    changed_ps_ = time_ps;
    now_ = {up_.free_at(), up_.waiting() != 0, up_.posted_waiting() != 0};
  }

  TlpChannel& up_;
  TimePs ahead_ps_;
  State now_, before_;  ///< since changed_ps_, and until then
  TimePs changed_ps_ = 0;
};

}  // namespace ringside::hw
