// SPDX-License-Identifier: Apache-2.0
// difference.txt and difference.json: what a card and the core that follows it disagree about, and
// what was left of it.
#pragma once

#include <string>
#include <vector>

#include "testbench/report/summary.h"
#include "testbench/run/runner.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

inline constexpr const char* kDifferenceTextName = "difference.txt";
inline constexpr const char* kDifferenceJsonName = "difference.json";

/// "12.345678 us of virtual time, clock cycle 3086 of alice0".
std::string moment_in_words(const DifferenceResult& difference);
/// What is printed: when it was, where everything is, what the second run came to.
std::string difference_line(const DifferenceResult& difference, const RunContext& context);
/// `files`: in the folder of the difference, without those two.
std::string difference_text(const Scenario& scenario, const DifferenceResult& difference,
                            const RunContext& context, const std::vector<std::string>& files);
std::string difference_json(const Scenario& scenario, const DifferenceResult& difference,
                            const RunContext& context, const std::vector<std::string>& files);

}  // namespace ringside::tb
