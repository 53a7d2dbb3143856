// SPDX-License-Identifier: Apache-2.0
// The card's end of a wire: swallows and checks what is sent, and sends what it is given.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <systemc>
#include <vector>

#include "hw_model/wire/ethernet_port.h"

namespace ringside::differential {

class Wire : public sc_core::sc_module, public hw::EthernetPort {
 public:
  SC_HAS_PROCESS(Wire);
  Wire(const sc_core::sc_module_name& name, uint64_t bps);

  // EthernetPort
  void attach(hw::EthernetReceiver& receiver) override { receiver_ = &receiver; }
  hw::TimePs transmit(const hw::FramePtr& frame, hw::TimePs earliest_ps) override;
  hw::TimePs free_at() const override { return out_free_ps_; }
  hw::TimePs wire_time(uint64_t bytes) const override;
  uint64_t rate_bps() const override { return bps_; }
  bool carrier() const override { return up_; }

  void set_carrier(bool up);
  /// To the card, `gap_ps` behind the one before. What arrives while the carrier is off is lost.
  void send(const hw::FramePtr& frame, hw::TimePs gap_ps);
  /// Frames on their way to the card.
  std::size_t under_way() const { return in_.size(); }
  uint64_t handed_over() const { return handed_over_; }

  /// A frame that the card may send from `queue`, once: behind those that were named before.
  void expect(unsigned queue, uint32_t number, std::vector<std::byte> bytes);
  uint64_t arrived() const { return arrived_; }
  /// Frames that were to come and have been left out by later ones, or are still to come.
  std::size_t missing() const { return expected_.size(); }
  void forget_expected() { expected_.clear(); }
  const std::string& failure() const { return failure_; }

 private:
  struct Inbound {
    hw::FramePtr frame;
    hw::TimePs start_ps, end_ps;
  };
  void arrive();
  void plan();
  uint64_t bps_;
  hw::EthernetReceiver* receiver_ = nullptr;
  bool up_ = true;
  hw::TimePs out_free_ps_ = 0, in_free_ps_ = 0;
  std::deque<Inbound> in_;
  uint64_t handed_over_ = 0, arrived_ = 0;
  struct Expected {
    unsigned queue;
    std::vector<std::byte> bytes;
  };
  std::map<uint32_t, Expected> expected_;
  std::map<unsigned, uint32_t> next_;  ///< by queue: no frame with a lower number may come
  std::string failure_;
  sc_core::sc_event arrival_;
};

}  // namespace ringside::differential
