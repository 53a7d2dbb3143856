// SPDX-License-Identifier: Apache-2.0
// The taps and pcaps of a scenario, built.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "formats/status.h"
#include "testbench/external/external_loop.h"
#include "testbench/external/outside_port.h"
#include "testbench/external/pcap_source.h"
#include "testbench/external/tap_port.h"
#include "testbench/run/runner.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

class Outside {
 public:
  /// Opens interfaces and files. `scenario`, `loop` and `frames` outlive it; `loop` may be null if
  /// there is no tap. `changed` is called when a capture was played to its end, and after a
  /// failure.
  Status build(const Scenario& scenario, ExternalLoop* loop, hw::FramePool& frames,
               const std::function<void()>& changed);
  OutsidePort& tap(std::size_t index) { return *taps_[index]; }
  OutsidePort& pcap(std::size_t index) { return *pcaps_[index]; }

  /// The hosts are up: captures begin. From within a process.
  void start();
  /// Every capture that has an end was played.
  bool played() const;
  /// An interface that was removed, a file that changed: one line. Empty: none.
  const std::string& failure() const { return failure_; }
  void collect(std::vector<OutsideResult>& results) const;

 private:
  const Scenario* scenario_ = nullptr;
  std::vector<std::unique_ptr<TapPort>> taps_;      ///< as Scenario::taps
  std::vector<std::unique_ptr<PcapSource>> pcaps_;  ///< as Scenario::pcaps
  std::string failure_;
};

}  // namespace ringside::tb
