// SPDX-License-Identifier: Apache-2.0
// One trace for several takers.
#pragma once

#include <algorithm>
#include <vector>

#include "hw_model/trace/nic_trace.h"

namespace ringside::hw {

/// Gives every record to each sink, in the order in which they were added. Sinks outlive it.
class TraceTee final : public TraceSink {
 public:
  void add(TraceSink& sink) { sinks_.push_back(&sink); }
  void record(const TraceRecord& record) override {
    for (TraceSink* sink : sinks_) sink->record(record);
  }
  bool wants_dma() const override {
    return std::any_of(sinks_.begin(), sinks_.end(),
                       [](const TraceSink* sink) { return sink->wants_dma(); });
  }

 private:
  std::vector<TraceSink*> sinks_;
};

}  // namespace ringside::hw
