// SPDX-License-Identifier: Apache-2.0
// What a run makes of its cards' traces: latencies by stage, events.nictrace, trace.perfetto.json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "formats/status.h"
#include "hw_model/tlm/nic_model.h"
#include "hw_model/trace/trace_file.h"
#include "hw_model/trace/trace_tee.h"
#include "testbench/run/runner.h"
#include "testbench/trace/frame_follower.h"
#include "testbench/trace/perfetto_trace.h"
#include "testbench/trace/stage_latency.h"

namespace ringside::tb {

/// Stays until the simulation is over: cards, cores and links keep references to it.
class TraceOutputs {
 public:
  /// Opens the files that `options` asks for and appends their names to `files`.
  Status open(const Scenario& scenario, const RunOptions& options, std::vector<std::string>* files);
  /// Hosts, cards and links, each in the order of the scenario, before the simulation starts.
  void watch_host(const std::string& name, const std::vector<CpuCore*>& cores);
  void watch_card(hw::NicModel& nic);
  void watch_link(const Link& config, hw::Link& link);
  /// Ends the files; `closed` is told the name of each, and the first error of its life.
  void close(const std::function<void(const char* file, const Status& status)>& closed);
  /// Latencies of card number `index`, if they were measured.
  void collect(std::size_t index, NicResult& result) const;

 private:
  struct Card {
    explicit Card(hw::TraceFileWriter& events, uint16_t index) : event_sink(events, index) {}
    StageLatency latency;
    FrameFollower follower{latency};
    hw::TraceFileSink event_sink;
    hw::TraceTee tee;
    bool followed = false;
  };

  bool events_on_ = false;
  bool perfetto_on_ = false;
  std::vector<hw::TraceCard> names_;
  std::vector<std::unique_ptr<Card>> cards_;
  hw::TraceFileWriter events_;
  PerfettoTrace perfetto_;
};

}  // namespace ringside::tb
