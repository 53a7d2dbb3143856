// SPDX-License-Identifier: Apache-2.0
// A link with faults: frames that are lost, doubled, held back, late or damaged, each way, and a
// carrier that goes and comes back.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "hw_model/wire/impairment.h"
#include "hw_model/wire/link.h"

namespace ringside::hw {

/// Times from start_outages() on.
struct Outage {
  TimePs down_ps = 0;
  TimePs up_ps = 0;
};

struct LinkFaults {
  /// Of what end 0 sends, and of what end 1 sends.
  std::array<ImpairmentConfig, 2> ways;
  /// In rising order, none touching the next.
  std::vector<Outage> outages;
  /// Outages of their own, if not 0: each begins between half and one and a half of this after the
  /// last ended (uniform), and takes `flap_length_ps`.
  TimePs flap_period_ps = 0;
  TimePs flap_length_ps = 0;
  uint64_t seed = 0;

  /// Whether they do anything.
  bool active() const {
    return ways[0].active() || ways[1].active() || !outages.empty() || flap_period_ps != 0;
  }
};

/// One way of the link: what end `sender` sent.
struct LinkFaultCounters {
  ImpairmentCounters impairment;
  uint64_t drop_link_down = 0;  ///< on their way when the carrier went, or sent without it
  uint64_t delivered = 0;       ///< copies too
};

/// Frames pass in this order: loss, the slower stretch, damage, jitter, holding back, doubling.
/// What comes out of it is put in order of time and arrives at the link's rate at the soonest, so
/// that frames never overlap at the receiver.
class ImpairedLink final : public Link {
 public:
  ImpairedLink(const sc_core::sc_module_name& name, const LinkConfig& config,
               const LinkFaults& faults, Arrivals* arrivals = nullptr);
  EthernetPort& end(unsigned index) override { return faulty_[index]; }
  /// Of faults nothing is known ahead.
  void report_arrivals(unsigned, Horizon& horizon) override { horizon.unbound(); }
  /// The outages' times count from now.
  void start_outages();
  /// Lets the carrier go or come, and tells both ends. What is on its way is lost.
  void set_carrier(bool up);
  LinkFaultCounters fault_counters(unsigned sender) const;
  /// How often the carrier went.
  uint64_t outages() const { return outages_; }

 private:
  /// Arrival, then order of sending: two frames never have the same.
  using Key = std::pair<TimePs, uint64_t>;
  struct HeldBack {
    Key key;
    uint32_t frames_left;
  };
  class FaultyEnd final : public EthernetPort, public ArrivalHandler {
   public:
    void attach(EthernetReceiver& receiver) override { end->attach(receiver); }
    TimePs transmit(const FramePtr& frame, TimePs earliest_ps) override;
    TimePs free_at() const override { return end->free_at(); }
    TimePs wire_time(uint64_t bytes) const override { return end->wire_time(bytes); }
    uint64_t rate_bps() const override { return end->rate_bps(); }
    bool carrier() const override { return link->up_; }

    void schedule(InFlight&& frame, TimePs end_ps);
    void hold_back(InFlight&& frame, TimePs end_ps);
    void passed(TimePs end_ps);
    void notify();
    void arrive() override;

    ImpairedLink* link = nullptr;
    End* end = nullptr;
    std::optional<Impairment> impairment;
    std::map<Key, InFlight> arriving;
    std::vector<HeldBack> held_back;  ///< until so many frames have passed, oldest first
    uint64_t scheduled = 0;
    TimePs last_end_ps = 0;
    unsigned arrival = 0;  ///< number in the agenda
    uint64_t drop_link_down = 0;
    uint64_t delivered = 0;
  };

  FramePtr flipped(const Frame& frame, Impairment& impairment, bool silent);
  void next_outage();
  void change_carrier();

  LinkFaults faults_;
  std::array<FaultyEnd, 2> faulty_;
  bool up_ = true;
  uint64_t outages_ = 0;
  TimePs origin_ps_ = 0;
  std::size_t next_ = 0;  ///< of faults_.outages
  Outage outage_;         ///< the next or present one, in simulation time
  SplitMix64 random_;
  sc_core::sc_event carrier_event_;
};

}  // namespace ringside::hw
