// SPDX-License-Identifier: Apache-2.0
// The card's trace ports (nic_pkg.sv: trace_t) as records of nic_trace.
#pragma once

#include "hw_model/diff/card_tap.h"
#include "hw_model/rtl_bridge/card_pins.h"
#include "hw_model/rtl_bridge/frame_numbers.h"
#include "hw_model/rtl_bridge/pin_checks.h"
#include "hw_model/trace/nic_trace.h"

namespace ringside::hw {

class TracePins {
 public:
  /// References outlive it.
  TracePins(const CardPins& pins, FrameNumbers& numbers, Complain complain)
      : pins_(pins), numbers_(numbers), complain_(std::move(complain)) {}
  /// Null: nowhere.
  void trace(TraceSink* sink) {
    sink_ = sink;
    dma_ = sink != nullptr && sink->wants_dma();
  }
  /// Gets every record, as the card gave it: a register read that is held has `frame` 1, and 2 when
  /// it is answered. Null: nobody.
  void tap(CardTap* tap) { tap_ = tap; }
  bool pending() const { return *pins_.trace_valid != 0; }
  void sample(const ClockEdge& edge) {
    if ((sink_ != nullptr || tap_ != nullptr) && *pins_.trace_valid != 0) take(edge);
  }

 private:
  void take(const ClockEdge& edge);
  void take(const ClockEdge& edge, const uint32_t* words);
  bool wanted(const TraceRecord& record) const;
  void name_frame(TraceRecord* record, uint32_t number);

  const CardPins& pins_;
  FrameNumbers& numbers_;
  Complain complain_;
  TraceSink* sink_ = nullptr;
  bool dma_ = false;
  CardTap* tap_ = nullptr;
};

}  // namespace ringside::hw
