// SPDX-License-Identifier: Apache-2.0
// What links and switches counted, as a run's result has it.
#pragma once

#include <string>
#include <vector>

#include "hw_model/wire/impaired_link.h"
#include "hw_model/wire/switch.h"
#include "stack/network_stack.h"
#include "testbench/run/altered_frames.h"
#include "testbench/run/runner.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// `faulty`: the same link if it has faults.
LinkResult link_result(const Link& config, const hw::Link& link,
                       const hw::ImpairedLink* faulty = nullptr);
/// `links`: names of the links at its ports.
SwitchResult switch_result(const std::string& name, const hw::Switch& device,
                           const std::vector<std::string>& links);

Counters stack_counters(const stack::StackStatistics& statistics);
/// `card`: the host's card's counters.
CaughtFrames caught_frames(const stack::StackStatistics& statistics, const Counters& card);

}  // namespace ringside::tb
