// SPDX-License-Identifier: Apache-2.0
// What a run leaves where a card and the core that follows it disagree.
#pragma once

#include <cstddef>

#include "hw_model/diff/evidence.h"
#include "testbench/run/monitor.h"
#include "testbench/run/runner.h"

namespace ringside::tb {

/// Frames of all links that are kept for it.
inline constexpr std::size_t kFramesKept = 2000;

/// Card number `nic`, as records name it.
hw::TraceCard trace_card(const Scenario& scenario, std::size_t nic);

/// Writes both histories and the last frames into kDifferenceFolder of the run's folder, and names
/// them, and what could not be written, in `result`.
void write_difference_files(const Scenario& scenario, const RunOptions& options, std::size_t nic,
                            const hw::Evidence& evidence, const Monitor& monitor,
                            RunResult& result);

}  // namespace ringside::tb
