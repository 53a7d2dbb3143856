// SPDX-License-Identifier: Apache-2.0
// A cable's end at which nothing listens: it counts.
#pragma once

#include "testbench/external/outside_port.h"

namespace ringside::tb {

class SinkPort : public OutsidePort {
 public:
  void connect(hw::EthernetPort& end) override { end.attach(*this); }
  std::vector<hw::NicCounter> counters() const override {
    return {{"rx_frames", frames_}, {"rx_bytes", bytes_}};
  }
  void receive_frame(const hw::FramePtr& frame, hw::TimePs, hw::TimePs) override {
    ++frames_;
    bytes_ += frame->bytes.size();
  }

 private:
  uint64_t frames_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace ringside::tb
