// SPDX-License-Identifier: Apache-2.0
// The Linux kernel at the end of a link, through a TAP interface.
#pragma once

#include <functional>
#include <string>
#include <systemc>

#include "testbench/external/external_loop.h"
#include "testbench/external/outside_port.h"

namespace ringside::tb {

/// Frames that the kernel sends enter the link when the loop finds them; while the link is behind
/// they wait in the kernel, which drops what its own queue does not hold. Frames from the link are
/// written at once, or dropped and counted.
class TapPort : public OutsidePort {
 public:
  /// Owns `descriptor` (open_tap()). `loop` and `frames` outlive it. `lost` is called once, with
  /// one line, from within a callback of the loop or a process, when the interface was removed.
  TapPort(std::string interface, int descriptor, ExternalLoop& loop, hw::FramePool& frames,
          std::function<void(const std::string&)> lost);
  ~TapPort() override;

  void connect(hw::EthernetPort& end) override;
  std::vector<hw::NicCounter> counters() const override;
  void receive_frame(const hw::FramePtr& frame, hw::TimePs start_ps, hw::TimePs end_ps) override;

 private:
  void watch();
  void read_frames();
  void give_up();

  std::string interface_;
  int descriptor_;
  ExternalLoop& loop_;
  hw::FramePool& frames_;
  std::function<void(const std::string&)> lost_;
  hw::EthernetPort* end_ = nullptr;
  sc_core::sc_event link_free_;
  std::vector<std::byte> buffer_;
  bool gone_ = false;
  uint64_t tx_frames_ = 0;
  uint64_t tx_bytes_ = 0;
  uint64_t tx_drop_size_ = 0;
  uint64_t rx_frames_ = 0;
  uint64_t rx_bytes_ = 0;
  uint64_t rx_drop_fcs_ = 0;
  uint64_t rx_drop_refused_ = 0;
};

}  // namespace ringside::tb
