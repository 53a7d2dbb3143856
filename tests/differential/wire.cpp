// SPDX-License-Identifier: Apache-2.0
// See wire.h.
#include "tests/differential/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/differential/test_frame.h"

namespace ringside::differential {

namespace {

/// Preamble, frame check sequence and gap (IEEE 802.3), bytes.
constexpr uint64_t kOverhead = 8 + 4 + 12;
constexpr uint64_t kLeastFrame = 60;
constexpr uint64_t kPsPerS = 1'000'000'000'000;

hw::TimePs now_ps() { return sc_core::sc_time_stamp().value(); }

}  // namespace

Wire::Wire(const sc_core::sc_module_name& name, uint64_t bps) : sc_module(name), bps_(bps) {
  SC_METHOD(arrive);
  sensitive << arrival_;
  dont_initialize();
}

hw::TimePs Wire::wire_time(uint64_t bytes) const {
  return (std::max(bytes, kLeastFrame) + kOverhead) * 8 * kPsPerS / bps_;
}

void Wire::expect(unsigned queue, uint32_t number, std::vector<std::byte> bytes) {
  expected_.emplace(number, Expected{queue, std::move(bytes)});
}

hw::TimePs Wire::transmit(const hw::FramePtr& frame, hw::TimePs earliest_ps) {
  const hw::TimePs start = std::max({out_free_ps_, earliest_ps, now_ps()});
  out_free_ps_ = start + wire_time(frame->bytes.size());
  ++arrived_;
  const uint32_t number = frame->bytes.size() < kNumberBytes ? 0 : number_of(frame->bytes.data());
  const auto found = expected_.find(number);
  if (failure_.empty() && (found == expected_.end() || found->second.bytes != frame->bytes)) {
    failure_ = fmt::format("a frame of {} bytes is sent that the driver did not give",
                           frame->bytes.size());
  } else if (failure_.empty() && number < next_[found->second.queue]) {
    failure_ = fmt::format("frame {} is sent behind {}", number, next_[found->second.queue] - 1);
  }
  if (found != expected_.end()) {
    next_[found->second.queue] = number + 1;
    expected_.erase(found);
  }
  return out_free_ps_;
}

void Wire::set_carrier(bool up) {
  if (up == up_) return;
  up_ = up;
  receiver_->carrier_change(up);
}

void Wire::send(const hw::FramePtr& frame, hw::TimePs gap_ps) {
  const hw::TimePs start = std::max(in_free_ps_, now_ps()) + gap_ps;
  in_free_ps_ = start + wire_time(frame->bytes.size());
  in_.push_back({frame, start, in_free_ps_});
  if (in_.size() == 1) plan();
}

void Wire::plan() {
  if (!in_.empty()) arrival_.notify(sc_core::sc_time::from_value(in_.front().end_ps - now_ps()));
}

void Wire::arrive() {
  const Inbound one = std::move(in_.front());
  in_.pop_front();
  if (up_) {
    ++handed_over_;
    receiver_->receive_frame(one.frame, one.start_ps, one.end_ps);
  }
  plan();
}

}  // namespace ringside::differential
