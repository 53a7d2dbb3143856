// SPDX-License-Identifier: Apache-2.0
// A full-duplex Ethernet link: serialisation at a rate, propagation delay. IEEE 802.3 clause 4.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <systemc>
#include <utility>
#include <vector>

#include "hw_model/wire/arrivals.h"
#include "hw_model/wire/ethernet_port.h"
#include "hw_model/wire/horizon.h"
#include "hw_model/wire/wire_size.h"

namespace ringside::hw {

/// Told of every frame as it arrives at an end, in time order per link.
class LinkObserver {
 public:
  virtual ~LinkObserver() = default;
  /// `end`: 0 or 1, the receiving end.
  virtual void frame_arrived(unsigned end, const Frame& frame, TimePs start_ps, TimePs end_ps) = 0;
};

struct LinkConfig {
  uint64_t rate_bps = 100'000'000'000;
  TimePs delay_ps = 1'000'000;
};

/// Of what an end sent, and of what became of it.
struct LinkDirectionCounters {
  uint64_t frames = 0;
  uint64_t bytes = 0;  ///< frame bytes, padded, without FCS
  TimePs busy_ps = 0;  ///< time taken on the wire, gap included
};

/// A link without fault; ImpairedLink has them.
class Link : public sc_core::sc_module {
 public:
  /// `arrivals`: the agenda that it shares with other links and that outlives it; null: its own.
  Link(const sc_core::sc_module_name& name, const LinkConfig& config, Arrivals* arrivals = nullptr);
  /// End 0 or 1.
  virtual EthernetPort& end(unsigned index) { return ends_[index]; }
  void observe(LinkObserver* observer) { observers_.push_back(observer); }
  /// From a frame's first bit out to its last bit in, at the least.
  TimePs min_latency() const;
  /// From now on `horizon` knows what is on its way to `end`, and that nothing else touches it.
  virtual void report_arrivals(unsigned end, Horizon& horizon);
  /// Traffic sent by end 0 or 1.
  const LinkDirectionCounters& counters(unsigned sender) const { return ends_[sender].counters; }

 protected:
  /// A frame's arrival at the other end.
  struct InFlight {
    FramePtr frame;
    TimePs start_ps;
    TimePs end_ps;
  };
  class End : public EthernetPort, public ArrivalHandler {
   public:
    void attach(EthernetReceiver& receiver) override { this->receiver = &receiver; }
    TimePs transmit(const FramePtr& frame, TimePs earliest_ps) override;
    TimePs free_at() const override { return free_at_ps; }
    TimePs wire_time(uint64_t bytes) const override;
    uint64_t rate_bps() const override { return link->config_.rate_bps; }
    bool carrier() const override { return true; }
    void arrive() override;

    /// Pads a frame, gives it its time on the wire and counts it; `end_ps` is when it has left.
    [[gnu::always_inline]] InFlight launch(const FramePtr& frame, TimePs earliest_ps,
                                           TimePs& end_ps);

    Link* link = nullptr;
    unsigned index = 0;
    EthernetReceiver* receiver = nullptr;
    TimePs free_at_ps = 0;
    std::deque<InFlight> in_flight;  ///< sent by this end, not yet arrived at the other
    unsigned arrival = 0;            ///< number in the agenda
    LinkDirectionCounters counters;
  };

  /// Shows and hands over what arrives at end `to`.
  void hand_over(End& to, const InFlight& arrived) {
    for (LinkObserver* observer : observers_) {
      observer->frame_arrived(to.index, *arrived.frame, arrived.start_ps, arrived.end_ps);
    }
    to.receiver->receive_frame(arrived.frame, arrived.start_ps, arrived.end_ps);
  }
  TimePs bits_time(uint64_t bytes) const;

  LinkConfig config_;
  TimePs ps_per_byte_;  ///< 0: no whole number
  std::array<End, 2> ends_;
  std::unique_ptr<Arrivals> own_arrivals_;  ///< null: shared
  Arrivals& arrivals_;
  std::vector<LinkObserver*> observers_;
  FramePool pool_;  ///< of frames that are not as they were sent
};

inline Link::InFlight Link::End::launch(const FramePtr& frame, TimePs earliest_ps, TimePs& end_ps) {
  FramePtr sent = frame;
  if (sent->bytes.size() < kMinFrameBytes) {
    sent = link->pool_.make();
    sent->bytes = frame->bytes;
    sent->bytes.resize(kMinFrameBytes);
    sent->fcs_ok = frame->fcs_ok;
    sent->id = frame->id;
  }
  const TimePs now = sc_core::sc_time_stamp().value();
  const TimePs start = std::max({now, earliest_ps, free_at_ps});
  const TimePs taken = wire_time(sent->bytes.size());
  end_ps = start + taken - link->bits_time(kInterFrameGapBytes);
  free_at_ps = start + taken;
  ++counters.frames;
  counters.bytes += sent->bytes.size();
  counters.busy_ps += taken;
  const TimePs delay = link->config_.delay_ps;
  return {std::move(sent), start + delay, end_ps + delay};
}

}  // namespace ringside::hw
