// SPDX-License-Identifier: Apache-2.0
// How long frames take at each stage of a card.
#pragma once

#include <array>

#include "testbench/trace/frame_follower.h"
#include "testbench/trace/latency_histogram.h"

namespace ringside::tb {

class StageLatency final : public FrameListener {
 public:
  void stage(FrameStage stage, const FollowedFrame&, hw::TimePs from_ps,
             hw::TimePs to_ps) override {
    histograms_[static_cast<std::size_t>(stage)].add(to_ps - from_ps);
  }
  /// In ps.
  const LatencyHistogram& histogram(FrameStage stage) const {
    return histograms_[static_cast<std::size_t>(stage)];
  }

 private:
  std::array<LatencyHistogram, static_cast<std::size_t>(FrameStage::kCount)> histograms_;
};

}  // namespace ringside::tb
