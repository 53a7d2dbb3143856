// SPDX-License-Identifier: Apache-2.0
// The run that is made once more where a card and the core that follows it disagree, with waves of
// what led to it.
#pragma once

#include <cstdint>
#include <string>

#include "testbench/cli/cli.h"
#include "testbench/cli/rerun.h"
#include "testbench/run/runner.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

class SecondRun {
 public:
  /// Why there can be none, in words; empty: there can. `window_ps`: what its waves are of.
  static std::string impossible(const Scenario& scenario, uint64_t window_ps);

  /// Before the first run begins. `options` of the first: what the second has beside them is its
  /// own. Arguments outlive it.
  SecondRun(const Scenario& scenario, const RunOptions& options, const CliEnvironment& environment,
            bool quiet);
  /// Makes it for `result.difference`, whose `rerun` then says what came of it; its files are named
  /// in `result.files`.
  void make(uint64_t window_ps, RunResult& result);

 private:
  std::string run(const std::string& request);

  const Scenario& scenario_;
  RunOptions options_;
  const CliEnvironment& environment_;
  bool quiet_;
  Rerun rerun_;
};

}  // namespace ringside::tb
