// SPDX-License-Identifier: Apache-2.0
// The command line `ringside`, apart from the process around it, so that tests can call it.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "testbench/measure/open_loop.h"
#include "testbench/measure/pcie_bandwidth.h"
#include "testbench/run/rtl_sizes.h"
#include "testbench/run/runner.h"
#include "testbench/scenario/scenario.h"
#include "testbench/serve/serve.h"

namespace ringside::tb {

/// What the program brings along.
struct CliEnvironment {
  std::ostream& out;
  std::ostream& err;
  /// `err` is a terminal: show progress.
  bool terminal = false;
  /// Makes the simulation: run_scenario.
  RunResult (*run)(const Scenario& scenario, const RunOptions& options) = nullptr;
  /// Whether run() would take the scenario's libraries: check_libraries.
  Status (*check_libraries)(const Scenario& scenario) = nullptr;
  /// Serves cards: tb::serve.
  RunResult (*serve)(const ServeOptions& options) = nullptr;
  /// Makes the measurement: tb::measure_pcie.
  Status (*measure_pcie)(const std::vector<PciePoint>& points,
                         std::vector<PcieBandwidth>* results) = nullptr;
  /// Likewise: tb::measure_open_loop.
  OpenLoopEnd (*measure_card)(const std::vector<OpenLoopPoint>& points,
                              const OpenLoopWatch& watch) = nullptr;
  /// How the card in RTL was built: tb::rtl_sizes.
  std::optional<RtlSizes> (*rtl)() = nullptr;
  /// Name and version of parts that only the program knows ("SystemC", "2.3.4").
  std::vector<std::pair<std::string, std::string>> components = {};
  /// The folder that the program lies in; empty if not known.
  std::string program_folder = {};
};

inline constexpr int kExitOk = 0;
inline constexpr int kExitCheckFailed = 1;
inline constexpr int kExitBadInput = 2;

/// Runs one command and returns the exit status: 0 all checks hold, 1 a check failed or the run was
/// cut short, 2 the input was wrong, which one line on `err` explains. While a run or serving
/// lasts, SIGINT, SIGTERM or SIGHUP ends it in good order; one more, 0.2 s after it or later, ends
/// the process.
int cli_main(int argc, const char* const* argv, const CliEnvironment& environment);

}  // namespace ringside::tb
