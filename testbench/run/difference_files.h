// SPDX-License-Identifier: Apache-2.0
// What a run leaves where a card and the core that follows it disagree.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "hw_model/diff/evidence.h"
#include "hw_model/tlm/nic_model.h"
#include "testbench/run/monitor.h"
#include "testbench/run/runner.h"

namespace ringside::tb {

/// Frames of all links that are kept for it.
inline constexpr std::size_t kFramesKept = 2000;

/// Card number `nic`, as records name it.
hw::TraceCard trace_card(const Scenario& scenario, std::size_t nic);

/// What following the card `nic` came to.
CheckResult difference_check(const std::string& nic, const hw::NicComparison& comparison);

/// The number of a card, and what it leaves.
using FoundEvidence = std::pair<std::size_t, std::shared_ptr<const hw::Evidence>>;
/// Of the card that was wrong first; ties go to the first card. Nothing: none was.
std::optional<FoundEvidence> first_evidence(const std::vector<const hw::NicModel*>& nics);

/// Writes both histories and the last frames into kDifferenceFolder of the run's folder, and names
/// them, and what could not be written, in `result`.
void write_difference_files(const Scenario& scenario, const RunOptions& options, std::size_t nic,
                            const hw::Evidence& evidence, const Monitor& monitor,
                            RunResult& result);

}  // namespace ringside::tb
