// SPDX-License-Identifier: Apache-2.0
// A scenario built: hosts, cards and links, the traffic on them, and what they measured.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/status.h"
#include "host_driver/net_device.h"
#include "hw_model/tlm/nic_model.h"
#include "hw_model/wire/frame.h"
#include "hw_model/wire/impaired_link.h"
#include "hw_model/wire/switch.h"
#include "stack/network_stack.h"
#include "testbench/apps/traffic.h"
#include "testbench/external/external_loop.h"
#include "testbench/host/sim_host.h"
#include "testbench/run/altered_frames.h"
#include "testbench/run/difference_files.h"
#include "testbench/run/monitor.h"
#include "testbench/run/outside.h"
#include "testbench/run/runner.h"
#include "testbench/run/trace_outputs.h"

namespace ringside::tb {

class Simulation {
 public:
  /// `scenario`, `options`, `monitor` and `loop` outlive it. `loop`: what it runs in; null:
  /// sc_start.
  Simulation(const Scenario& scenario, const RunOptions& options, Monitor& monitor,
             ExternalLoop* loop = nullptr);
  ~Simulation();

  /// Builds everything; before sc_start().
  Status build();
  /// Shows everything that was built to `outputs`; between build() and sc_start().
  void attach(TraceOutputs& outputs);
  /// Begins to record the signals of the cards that options name in `folder` and names the files;
  /// after build().
  Status record_waves(const std::string& folder, std::vector<std::string>* files);
  /// Ends what record_waves() began; `closed` is told the name of each file.
  void finish_waves(
      const std::function<void(const std::string& file, const Status& status)>& closed);
  /// Clock edges of all cards that have a clock.
  uint64_t clock_cycles() const;
  /// The card that disagreed with the core that follows it first, as a number in the scenario's
  /// order, with what it left; without it if none did.
  std::optional<FoundEvidence> evidence() const;
  /// All traffic has ended.
  bool done() const { return done_; }
  /// Bring-up that failed, a context that threw: one line. Empty: none.
  std::string failure() const;
  uint64_t bytes_done() const;
  uint64_t bytes_total() const;
  /// What is not done yet, in words.
  std::string unfinished() const;
  /// The measured time ends here; what follows only lets the network come to rest.
  void stop_clock();
  /// Fills the parts of a result that the simulated things know.
  void collect(RunResult& result);

 private:
  struct Node;
  struct Crossing;
  struct Wire;
  struct Task;

  Status build_hosts();
  void build_switches();
  Status build_links();
  /// Accounts for what a link alters silently.
  void check_altered(RunResult& result) const;
  void start_pauses();
  /// Lets hosts go ahead of what happens elsewhere.
  void start_look_ahead();
  hw::LinkFaults link_faults(std::size_t index) const;
  /// Tells `horizon` of a host, whose card is at `end`, what comes over a link from `far` and when.
  void add_way_in(hw::Horizon& horizon, hw::Link& link, unsigned end, const LinkEnd& far) const;
  /// Connects the part at one end of a link to it.
  void plug(const LinkEnd& part, const std::string& link, hw::EthernetPort& end);
  Status build_traffic();
  void add_task(const std::string& label, const Traffic& traffic,
                std::unique_ptr<TrafficTask> traffic_task);
  void boot(Node& node);
  void start_servers();
  void start_clients();
  void spawn(Node& node, const std::string& label, std::function<void()> body);
  void finish_if_done();
  /// Lets the caller of the simulation look at what happened.
  void pause();
  /// Its waves are asked for.
  bool records_waves(const Nic& nic) const {
    return options_.trace_waves && scenario_.has_signals(nic) &&
           (options_.wave_card.empty() || options_.wave_card == nic.name);
  }
  LedgerResult ledger(std::size_t nic, const hw::PcieLedger& ledger) const;

  const Scenario& scenario_;
  const RunOptions& options_;
  Monitor& monitor_;
  ExternalLoop* loop_;
  hw::FramePool frames_;
  hw::Arrivals arrivals_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<hw::NicModel>> nics_;  ///< as Scenario::nics
  /// What resources() said of each card as the measured time began and ended.
  std::vector<std::vector<hw::NicResource>> nics_at_start_, nics_at_end_;
  std::vector<std::unique_ptr<Crossing>> crossings_;  ///< as Scenario::switches
  Outside outside_;
  std::vector<std::unique_ptr<Wire>> wires_;
  std::unique_ptr<AlteredFrames> altered_;  ///< null: no link alters frames silently
  std::vector<std::unique_ptr<Task>> tasks_;
  std::string failure_;
  unsigned not_booted_ = 0;
  unsigned not_ready_ = 0;
  bool done_ = false;
  uint64_t start_ps_ = 0;
  uint64_t end_ps_ = 0;
};

}  // namespace ringside::tb
