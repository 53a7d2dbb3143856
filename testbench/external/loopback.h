// SPDX-License-Identifier: Apache-2.0
// A plug that sends every frame back as it came.
#pragma once

#include "testbench/external/outside_port.h"

namespace ringside::tb {

class Loopback : public OutsidePort {
 public:
  void connect(hw::EthernetPort& end) override {
    end_ = &end;
    end.attach(*this);
  }
  std::vector<hw::NicCounter> counters() const override {
    return {{"rx_frames", frames_}, {"rx_bytes", bytes_}, {"rx_drop_fcs", bad_fcs_}};
  }
  /// Both directions have one rate, so that what is sent back never queues for long.
  void receive_frame(const hw::FramePtr& frame, hw::TimePs, hw::TimePs) override {
    if (!frame->fcs_ok) {
      ++bad_fcs_;
      return;
    }
    ++frames_;
    bytes_ += frame->bytes.size();
    end_->transmit(frame);
  }

 private:
  hw::EthernetPort* end_ = nullptr;
  uint64_t frames_ = 0;
  uint64_t bytes_ = 0;
  uint64_t bad_fcs_ = 0;
};

}  // namespace ringside::tb
