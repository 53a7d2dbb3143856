// SPDX-License-Identifier: Apache-2.0
// Puts the time into trace records that come from the core, which knows none.
#pragma once

#include <optional>
#include <systemc>

#include "hw_model/trace/nic_trace.h"

namespace ringside::hw {

/// Forwards records to a sink. A record without a time (0) gets the one that at() set, else
/// simulation time; a record with a time keeps it.
class TraceStamp final : public TraceSink {
 public:
  /// Null: nowhere. The sink outlives this or the next call.
  void forward_to(TraceSink* sink) { sink_ = sink; }
  bool on() const { return sink_ != nullptr; }
  /// Records are of `time_ps` until now() is called: for a model that decides ahead of time.
  void at(TimePs time_ps) { ahead_ = time_ps; }
  void now() { ahead_.reset(); }

  void record(const TraceRecord& record) override {
    if (sink_ == nullptr) return;
    TraceRecord stamped = record;
    if (stamped.time_ps == 0) {
      stamped.time_ps = ahead_ ? *ahead_ : sc_core::sc_time_stamp().value();
    }
    sink_->record(stamped);
  }
  bool wants_dma() const override { return sink_ != nullptr && sink_->wants_dma(); }

 private:
  TraceSink* sink_ = nullptr;
  std::optional<TimePs> ahead_;
};

}  // namespace ringside::hw
