// SPDX-License-Identifier: Apache-2.0
// The card's Ethernet MAC: frames of a port as beats, beats as frames.
#pragma once

#include <array>

#include "hw_model/diff/card_tap.h"
#include "hw_model/pcie/fifo.h"
#include "hw_model/rtl_bridge/beats.h"
#include "hw_model/rtl_bridge/card_pins.h"
#include "hw_model/rtl_bridge/frame_numbers.h"
#include "hw_model/rtl_bridge/pin_checks.h"
#include "hw_model/trace/nic_trace.h"

namespace ringside::hw {

/// Received frames are given a beat a cycle, whatever the card does. Sent ones are taken while
/// fewer than two wait for the wire.
class EthernetPins {
 public:
  static constexpr TimePs kNoTime = ~TimePs{0};
  /// All references outlive it.
  EthernetPins(const CardPins& pins, FrameNumbers& numbers, const Complain& complain);
  void connect(EthernetPort& port) { port_ = &port; }
  void trace(TraceSink* sink) { sink_ = sink; }
  /// Null: nobody.
  void tap(CardTap* tap) { tap_ = tap; }

  void receive(const FramePtr& frame, TimePs now_ps);
  void carrier(bool up, uint32_t speed_mbps, TimePs now_ps);
  /// The next edge changes something here.
  bool pending() const {
    return !frames_.empty() || carrier_changed_ps_ != kNoChange ||
           (*pins_.tx_valid != 0 && *pins_.tx_ready != 0);
  }
  /// When the wire takes the frame that waits for it; kNoTime: none does.
  TimePs wire_takes_ps() const;
  /// Edges at which beats moved.
  uint64_t rx_beats() const { return rx_beats_; }
  uint64_t tx_beats() const { return tx_beats_; }

  void drive(const ClockEdge& edge);
  void sample(const ClockEdge& edge);

 private:
  static constexpr unsigned kWaitingMax = 2;
  static constexpr TimePs kNoChange = kNoTime;
  struct Arrived {
    FramePtr frame;
    TimePs told_ps = 0;
  };
  bool wire_takes(TimePs edge_ps) const;
  void took_beat(const ClockEdge& edge);
  void transmit(TimePs edge_ps);

  const CardPins& pins_;
  const uint32_t width_;  ///< bytes of a beat
  FrameNumbers& numbers_;
  EthernetPort* port_ = nullptr;
  TraceSink* sink_ = nullptr;
  CardTap* tap_ = nullptr;

  Fifo<Arrived> frames_;
  BeatCutter cutter_;  ///< of the front
  bool receiving_ = false;
  TimePs carrier_changed_ps_ = kNoChange;
  bool carrier_up_ = false;
  uint32_t speed_mbps_ = 0;

  FramePtr sending_;  ///< what has come of it so far
  /// When the last frames' first bits leave, the oldest first.
  std::array<TimePs, kWaitingMax> starts_{};
  StableCheck stable_;
  PacketCheck packets_;
  Complain complain_;
  uint64_t rx_beats_ = 0, tx_beats_ = 0;
};

}  // namespace ringside::hw
