// SPDX-License-Identifier: Apache-2.0
// A whole run as a Perfetto trace: hosts with their cores, cards, links, and frames from one to
// the other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "formats/status.h"
#include "hw_model/tlm/nic_model.h"
#include "hw_model/trace/trace_file.h"
#include "hw_model/wire/link.h"
#include "testbench/host/cpu_core.h"
#include "testbench/trace/card_tracks.h"
#include "testbench/trace/frame_paths.h"
#include "testbench/trace/perfetto_writer.h"

namespace ringside::tb {

/// Watches what it is given from then on; everything outlives the trace or the simulation's end.
class PerfettoTrace {
 public:
  PerfettoTrace();
  ~PerfettoTrace();
  PerfettoTrace(const PerfettoTrace&) = delete;
  PerfettoTrace& operator=(const PerfettoTrace&) = delete;

  Status open(const std::string& path, const std::string& scenario);
  /// As of OutputFile.
  void on_error(std::function<void(const std::string& line)> told) {
    writer_.on_error(std::move(told));
  }
  void watch_host(const std::string& name, const std::vector<CpuCore*>& cores);
  /// The card's records are to be given to the sink; its bus is watched.
  hw::TraceSink& watch_card(const hw::TraceCard& card, hw::NicModel& nic);
  /// `names`: the cards at ends 0 and 1.
  void watch_link(const std::string& name, const std::string (&names)[2], hw::Link& link);
  /// Ends what is open now and closes; the first error of the file's life.
  Status close();

 private:
  class CoreTrack;
  class LinkTracks;

  PerfettoWriter writer_;
  FramePaths paths_{writer_};
  unsigned processes_ = 0;
  std::vector<std::unique_ptr<CoreTrack>> cores_;
  std::vector<std::unique_ptr<CardTracks>> cards_;
  std::vector<std::unique_ptr<LinkTracks>> links_;
};

}  // namespace ringside::tb
