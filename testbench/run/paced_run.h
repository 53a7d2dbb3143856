// SPDX-License-Identifier: Apache-2.0
// Runs a simulation in the loop that also waits for the outside, or keeps to the wall clock.
#pragma once

#include <string>

#include "testbench/external/external_loop.h"
#include "testbench/run/runner.h"
#include "testbench/run/simulation.h"

namespace ringside::tb {

class PacedRun {
 public:
  /// Whether a scenario needs it.
  static bool wanted(const Scenario& scenario);

  explicit PacedRun(const Scenario& scenario);
  /// What a Simulation is given.
  ExternalLoop& loop() { return loop_; }

  /// As runner.cpp's simulate() until `until_ps` of virtual time, but with the loop. Empty, or why
  /// the run broke down.
  std::string run_until(uint64_t until_ps, const RunOptions& options, const Simulation& simulation);

 private:
  void look(const RunOptions& options, const Simulation& simulation);

  const Scenario& scenario_;
  ExternalLoop loop_;
};

}  // namespace ringside::tb
