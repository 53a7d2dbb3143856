// SPDX-License-Identifier: Apache-2.0
// A full-duplex Ethernet link: serialisation at a rate, propagation delay. IEEE 802.3 clause 4.
#pragma once

#include <array>
#include <deque>
#include <systemc>
#include <vector>

#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// Bytes around a frame on the wire, IEEE 802.3 4.2.
inline constexpr uint64_t kPreambleBytes = 8;
inline constexpr uint64_t kMinFrameBytes = 60;  ///< without FCS; shorter frames are padded
inline constexpr uint64_t kFcsBytes = 4;
inline constexpr uint64_t kInterFrameGapBytes = 12;

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

struct LinkDirectionCounters {
  uint64_t frames = 0;
  uint64_t bytes = 0;  ///< frame bytes, padded, without FCS
  TimePs busy_ps = 0;  ///< time taken on the wire, gap included
};

class Link : public sc_core::sc_module {
 public:
  Link(const sc_core::sc_module_name& name, const LinkConfig& config);
  /// End 0 or 1.
  EthernetPort& end(unsigned index) { return ends_[index]; }
  void observe(LinkObserver* observer) { observers_.push_back(observer); }
  /// Traffic sent by end 0 or 1.
  const LinkDirectionCounters& counters(unsigned sender) const { return ends_[sender].counters; }

 private:
  struct InFlight {
    FramePtr frame;
    TimePs start_ps;
    TimePs end_ps;
  };
  class End : public EthernetPort {
   public:
    void attach(EthernetReceiver& receiver) override { this->receiver = &receiver; }
    TimePs transmit(const FramePtr& frame, TimePs earliest_ps) override;
    TimePs free_at() const override { return free_at_ps; }
    TimePs wire_time(uint64_t bytes) const override;
    uint64_t rate_bps() const override { return link->config_.rate_bps; }
    bool carrier() const override { return true; }

    Link* link = nullptr;
    unsigned index = 0;
    EthernetReceiver* receiver = nullptr;
    TimePs free_at_ps = 0;
    std::deque<InFlight> in_flight;  ///< sent by this end, not yet arrived at the other
    sc_core::sc_event arrival;
    LinkDirectionCounters counters;
  };

  void deliver(unsigned sender);
  TimePs bits_time(uint64_t bytes) const;

  LinkConfig config_;
  TimePs ps_per_byte_;  ///< 0: no whole number
  std::array<End, 2> ends_;
  std::vector<LinkObserver*> observers_;
  FramePool padding_pool_;
};

}  // namespace ringside::hw
