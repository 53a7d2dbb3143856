// SPDX-License-Identifier: Apache-2.0
// The reports of a difference, which `run` and `serve` leave in the folder of a difference.
#pragma once

#include <functional>
#include <string>

#include "testbench/report/summary.h"
#include "testbench/run/runner.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// Writes difference.txt and difference.json about `result.difference` into kDifferenceFolder of
/// the run's folder, beside the files of `result` that are there, and names them in `result`.
/// `failed`: told of each that could not be written.
void report_difference(const Scenario& scenario, const RunContext& context,
                       const std::function<void(const std::string&)>& failed, RunResult& result);

}  // namespace ringside::tb
