// SPDX-License-Identifier: Apache-2.0
// See ethernet_pins.h.
#include "hw_model/rtl_bridge/ethernet_pins.h"

#include <algorithm>

namespace ringside::hw {

EthernetPins::EthernetPins(const CardPins& pins, FrameNumbers& numbers, const Complain& complain)
    : pins_(pins),
      width_(*pins.build_data_bits / 8),
      numbers_(numbers),
      stable_("sent frame", complain),
      packets_("sent frame", width_, complain),
      complain_(complain) {}

void EthernetPins::receive(const FramePtr& frame, TimePs now_ps) {
  if (frame->bytes.empty()) return;  // there is none on a wire
  frames_.push({frame, now_ps});
}

void EthernetPins::carrier(bool up, uint32_t speed_mbps, TimePs now_ps) {
  carrier_up_ = up;
  speed_mbps_ = speed_mbps;
  carrier_changed_ps_ = now_ps;
}

/// Those of the last two frames whose first bit has not left wait.
bool EthernetPins::wire_takes(TimePs edge_ps) const {
  return packets_.inside() || starts_.front() <= edge_ps;
}

TimePs EthernetPins::wire_takes_ps() const {
  if (*pins_.tx_valid == 0 || port_ == nullptr) return kNoTime;
  return packets_.inside() ? 0 : starts_.front();
}

void EthernetPins::drive(const ClockEdge& edge) {
  if (carrier_changed_ps_ < edge.time_ps) {
    *pins_.carrier = carrier_up_ ? 1 : 0;
    *pins_.speed_mbps = speed_mbps_;
    carrier_changed_ps_ = kNoChange;
    if (tap_ != nullptr) tap_->carrier(carrier_up_, speed_mbps_);
  }
  *pins_.tx_ready = port_ != nullptr && wire_takes(edge.time_ps) ? 1 : 0;
  const bool valid = !frames_.empty() && frames_.front().told_ps < edge.time_ps;
  *pins_.rx_valid = valid ? 1 : 0;
  if (!valid) return;
  const Frame& frame = *frames_.front().frame;
  if (!receiving_) {
    receiving_ = true;
    cutter_.start(frame.bytes, 0);
  }
  const bool eop = cutter_.last(width_);
  *pins_.rx_sop = cutter_.first() ? 1 : 0;
  *pins_.rx_eop = eop ? 1 : 0;
  *pins_.rx_err = eop && !frame.fcs_ok ? 1 : 0;
  *pins_.rx_empty = static_cast<uint8_t>(cutter_.empty(width_));
  cutter_.put(pins_.rx_data, width_);
  // The card takes it, and may report it in this very cycle.
  if (eop && tap_ != nullptr) tap_->frame_in(frames_.front().frame);
}

void EthernetPins::sample(const ClockEdge& edge) {
  if (*pins_.rx_valid != 0) {
    ++rx_beats_;
    if (cutter_.first()) numbers_.received(*frames_.front().frame);
    cutter_.advance(width_);
    if (cutter_.done()) {
      receiving_ = false;
      frames_.front().frame = {};
      frames_.pop();
    }
  }
  const bool valid = *pins_.tx_valid != 0;
  const bool ready = *pins_.tx_ready != 0;
  stable_.look(
      edge.cycle, valid, ready,
      [this] {
        return StableCheck::Fields{*pins_.tx_sop, *pins_.tx_eop, *pins_.tx_err, *pins_.tx_empty};
      },
      pins_.tx_data, width_ / 4);
  if (valid && ready) took_beat(edge);
}

void EthernetPins::took_beat(const ClockEdge& edge) {
  ++tx_beats_;
  const bool eop = *pins_.tx_eop != 0;
  packets_.beat(edge.cycle, *pins_.tx_sop != 0, eop, *pins_.tx_empty, 0);
  if (*pins_.tx_err != 0) complain_(edge.cycle, "sent frame: err is set");
  if (!sending_) sending_ = numbers_.take_sent();
  const ByteView bytes = beat_bytes(pins_.tx_data, width_, 0, eop ? *pins_.tx_empty : 0);
  sending_->bytes.insert(sending_->bytes.end(), bytes.begin(), bytes.end());
  if (eop) transmit(edge.time_ps);
}

void EthernetPins::transmit(TimePs edge_ps) {
  const FramePtr frame = std::exchange(sending_, {});
  if (tap_ != nullptr) tap_->frame_out(frame->bytes);
  const TimePs start_ps = std::max(edge_ps, port_->free_at());
  const TimePs end_ps = port_->transmit(frame, edge_ps);
  std::shift_left(starts_.begin(), starts_.end(), 1);
  starts_.back() = start_ps;
  if (sink_ == nullptr) return;
  TraceRecord record;
  record.time_ps = end_ps;
  record.kind = TraceKind::kFrameSent;
  record.queue = numbers_.queue_of_last_sent();
  record.size = static_cast<uint32_t>(frame->bytes.size());
  record.frame = frame->id;
  record.value = start_ps;
  sink_->record(record);
}

}  // namespace ringside::hw
