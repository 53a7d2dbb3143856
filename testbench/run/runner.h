// SPDX-License-Identifier: Apache-2.0
// The seam between command line and simulation: a scenario and options in, a result out. The result
// holds all that summary.json says.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/output_file.h"
#include "host_driver/net_device.h"
#include "host_driver/pci_access.h"
#include "host_driver/platform.h"
#include "host_driver/virtio_net_options.h"
#include "hw_model/pcie/ledger.h"
#include "hw_model/tlm/wave_window.h"
#include "testbench/evidence/difference.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// Told how far a run is; called between simulation slices, never from inside one.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  /// `done` and `total` are application bytes (total 0: unknown); `duration_ps` the scenario's.
  virtual void progress(uint64_t sim_time_ps, uint64_t duration_ps, uint64_t done,
                        uint64_t total) = 0;
};

/// Makes the driver of a card; how a test puts another driver in.
using DriverFactory = std::function<std::unique_ptr<driver::NetDevice>(
    driver::PciAccess&, driver::Platform&, const driver::VirtioNetOptions&)>;
/// The driver of host_driver/.
std::unique_ptr<driver::NetDevice> make_virtio_net_driver(driver::PciAccess& pci,
                                                          driver::Platform& platform,
                                                          const driver::VirtioNetOptions& options);

/// Files in a run's folder: frames of all links, records of all cards (hw::TraceFileWriter), the
/// timeline.
inline constexpr const char* kCaptureName = "capture.pcapng";
inline constexpr const char* kEventsName = "events.nictrace";
inline constexpr const char* kPerfettoName = "trace.perfetto.json";
/// What a difference leaves, in a folder of its own: both histories, and the last frames.
inline constexpr const char* kDifferenceFolder = "difference";

struct RunOptions {
  /// Empty: make_virtio_net_driver. (Not a default here, so that only who runs links the runner.)
  DriverFactory make_driver;
  /// Called when everything is built and nothing is written yet: the moment to clear away what an
  /// earlier run left. May be empty.
  std::function<void()> built;
  /// Lines that hosts log, "alice: ..."; may be empty.
  std::function<void(driver::LogLevel, const std::string&)> log;
  /// A result file takes no more, as on a full disk: told at once, one line. The run goes on. May
  /// be empty.
  std::function<void(const std::string&)> file_failed;
  /// Exists; captures and other files of the run go into it.
  std::string out_dir;
  /// Hosts go ahead of what happens elsewhere as far as it cannot reach them. It changes how fast a
  /// run is and nothing else.
  bool look_ahead = true;
  bool trace_pcapng = false;
  bool trace_events = false;
  bool trace_perfetto = false;
  /// Of the signals of cards in RTL: NAME.fst and NAME.gtkw for each card.
  bool trace_waves = false;
  /// The part of the run that they are of.
  hw::WaveWindow wave_window = {};
  /// Of this card alone; empty: of all.
  std::string wave_card = {};
  /// A card that the core follows and disagrees with leaves its evidence in the folder
  /// kDifferenceFolder of `out_dir`.
  bool keep_evidence = true;
  /// Polled; when it becomes true the run ends in good order with `incomplete` set. May be null.
  const std::atomic<bool>* interrupted = nullptr;
  /// May be null.
  ProgressSink* progress = nullptr;
};

struct CheckResult {
  std::string name;
  bool pass = false;
  std::string detail;
};

struct LatencyNs {
  uint64_t min = 0;
  uint64_t p50 = 0;
  uint64_t p99 = 0;
  uint64_t max = 0;
};

/// One flow, ping or echo. What does not apply to its kind is left out of the summary.
struct FlowResult {
  std::string name;
  /// "flow", "ping", "udp_echo", "tcp_echo".
  std::string kind;
  uint64_t bytes = 0;
  uint64_t goodput_bps = 0;
  /// Lower-case hex of what arrived; empty where nothing was compared.
  std::string sha256;
  bool intact = false;
  /// False: bytes left for or came from the outside, and nobody knows what they should be; `intact`
  /// says that the connection ended in good order then.
  bool compared = true;
  std::optional<LatencyNs> latency_ns;
};

struct HostResult {
  std::string name;
  uint64_t cpu_busy_ns = 0;
  uint64_t interrupts = 0;
  uint64_t napi_polls = 0;
  uint64_t tx_frames = 0;
  uint64_t rx_frames = 0;
  /// The driver's counters, `ethtool -S` names.
  std::vector<std::pair<std::string, uint64_t>> driver_counters;
  /// The stack's: what it dropped and why, and TCP's retransmissions.
  std::vector<std::pair<std::string, uint64_t>> stack_counters = {};
};

/// How long frames took at one stage of a card.
struct StageResult {
  std::string name;  ///< "doorbell_to_sampled"
  uint64_t count = 0;
  LatencyNs latency_ns;
};

/// A card's traffic on the bus for one purpose.
struct LedgerRowResult {
  std::string name;  ///< name_of(hw::LedgerRow)
  hw::LedgerEntry up, down;
};

struct LedgerResult {
  /// Frames with transport payload that the card sent or received.
  uint64_t data_frames = 0;
  std::vector<LedgerRowResult> rows;
};

struct NicResult {
  std::string name;
  std::string model;
  std::vector<std::pair<std::string, uint64_t>> counters;
  /// Empty where they were not measured.
  std::vector<StageResult> tx_stages = {};
  std::vector<StageResult> rx_stages = {};
  /// Of cards with bus timing.
  std::optional<LedgerResult> ledger = std::nullopt;
};

using Counters = std::vector<std::pair<std::string, uint64_t>>;

/// One way of a link.
struct LinkDirectionResult {
  std::string from;
  std::string to;
  Counters counters;
};

struct LinkResult {
  std::string name;
  std::vector<LinkDirectionResult> directions;
};

struct SwitchPortResult {
  std::string link;
  Counters counters;
};

struct SwitchResult {
  std::string name;
  /// Of its table of stations.
  Counters counters;
  std::vector<SwitchPortResult> ports;
};

/// How busy a resource was, 0.0 to 1.0: "host.alice.core0", "link.wire.alice0", "nic.alice0.STAGE".
struct LimitResult {
  std::string resource;
  double busy = 0;
};

struct SpeedResult {
  uint64_t data_frames_per_wall_s = 0;
  /// By the processor time of the simulation's own thread: hashing for checks has others.
  uint64_t data_frames_per_cpu_s = 0;
  uint64_t clock_cycles_per_wall_s = 0;
};

/// What stands at the end of a link in place of a card.
struct OutsideResult {
  std::string name;
  std::string kind;
  Counters counters;
};

/// A socket of `ringside serve`.
struct PeerResult {
  std::string socket;
  std::string nic;
  uint64_t served = 0;  ///< front ends that came
};

struct RunResult {
  /// Not empty: the run could not be made or broke down; one line that a user can act on. The rest
  /// holds what was known by then.
  std::string error;
  /// `error` is about the input (an application's library without its entry point, a file that
  /// changed): exit status 2.
  bool input_wrong = false;
  /// The user ended the run before it was done.
  bool incomplete = false;
  /// Lower-case hex.
  std::string digest;
  std::string content_digest;
  uint64_t sim_time_ns = 0;
  double wall_s = 0;
  std::vector<CheckResult> checks;
  std::vector<FlowResult> flows;
  std::vector<HostResult> hosts;
  std::vector<NicResult> nics;
  std::vector<PeerResult> peers;
  std::vector<SwitchResult> switches;
  std::vector<LinkResult> links;
  std::vector<OutsideResult> outside;
  /// Busiest first.
  std::vector<LimitResult> limits;
  SpeedResult speed;
  std::optional<DifferenceResult> difference;
  /// Written into `out_dir`, relative to it.
  std::vector<std::string> files;
  /// Those of `files` that an error, such as a full disk, ended early: valid as far as they go, and
  /// called NAME.part.
  std::vector<std::string> files_cut;
  /// These errors, told through `file_failed` when they happened.
  std::vector<std::string> file_errors;

  /// Notes that `file` of `files` was ended early by `why`.
  void cut(const std::string& file, const std::string& why) {
    files_cut.push_back(file + formats::OutputFile::kPartSuffix);
    std::replace(files.begin(), files.end(), file, files_cut.back());
    file_errors.push_back(why);
  }
  /// `error` and `file_errors` in one line.
  std::string all_errors() const {
    std::string line = error;
    for (const std::string& why : file_errors) line += (line.empty() ? "" : "; ") + why;
    return line;
  }
  bool ends_early(const std::string& file) const {
    return std::find(files_cut.begin(), files_cut.end(), file) != files_cut.end();
  }
  /// No error, not cut short, every check holds.
  bool passed() const {
    if (!error.empty() || !file_errors.empty() || incomplete) return false;
    for (const CheckResult& check : checks) {
      if (!check.pass) return false;
    }
    return true;
  }
};

/// Builds and runs the scenario; returns when it is done, broken or interrupted. Once a process:
/// SystemC allows one simulation.
RunResult run_scenario(const Scenario& scenario, const RunOptions& options);

}  // namespace ringside::tb
