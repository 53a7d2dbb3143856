// SPDX-License-Identifier: Apache-2.0
// The parts of one `ringside serve` and how they are joined.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "formats/status.h"
#include "hw_model/wire/link.h"
#include "hw_model/wire/switch.h"
#include "testbench/external/external_loop.h"
#include "testbench/external/outside_port.h"
#include "testbench/external/pcap_source.h"
#include "testbench/run/monitor.h"
#include "testbench/run/trace_outputs.h"
#include "testbench/serve/card_host.h"
#include "testbench/serve/serve.h"
#include "testbench/vhost/loop_watcher.h"
#include "testbench/vhost/vhost_server.h"

namespace ringside::tb {

class Server {
 public:
  /// `options` outlives it.
  Server(const ServeOptions& options, ExternalLoop& loop);
  ~Server();

  /// Cards, wires and what they lead to; before the simulation.
  Status build();
  /// Listens on the sockets; front ends are served when the loop runs.
  Status listen();
  /// Opens the files of traces, before the simulation.
  Status open_traces(RunResult& result);
  /// Finds the cards. Runs the simulation.
  Status boot();
  /// Ends sessions, removes sockets.
  void close();
  /// After close().
  void collect(RunResult& result);
  ServeProgress progress() const;
  /// Why it cannot go on; empty while it can.
  const std::string& failure() const { return failure_; }

 private:
  struct Card;
  struct Wire;

  bool followed() const { return options_.scenario.model == ModelKind::kDiff; }

  hw::Link& add_wire(const std::string& name, const std::string& near, const std::string& far);
  Status make_outside(std::unique_ptr<OutsidePort>* port, const std::string& name);
  void start_capture_if_ready();
  void fail(const std::string& reason);
  /// The folder and what goes into it.
  RunOptions files() const;
  /// What following the cards came to, and what a difference leaves.
  void collect_comparisons(RunResult& result);

  const ServeOptions& options_;
  ExternalLoop& loop_;
  LoopWatcher watcher_;
  hw::FramePool frames_;
  Monitor monitor_;
  TraceOutputs traces_;
  std::vector<std::unique_ptr<Card>> cards_;
  std::vector<std::unique_ptr<Wire>> wires_;
  std::unique_ptr<hw::Switch> switch_;
  std::vector<std::string> switch_links_;
  std::vector<std::unique_ptr<OutsidePort>> outside_;
  std::vector<std::string> outside_names_;
  PcapSource* source_ = nullptr;
  bool source_started_ = false;
  std::string failure_;
};

}  // namespace ringside::tb
