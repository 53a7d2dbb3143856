// SPDX-License-Identifier: Apache-2.0
// One trace for several takers.
#pragma once

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

 private:
  std::vector<TraceSink*> sinks_;
};

}  // namespace ringside::hw
