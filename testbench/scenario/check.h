// SPDX-License-Identifier: Apache-2.0
// Checks between the parts of a scenario, and what follows from them: indices and ports.
#pragma once

#include "testbench/scenario/diagnostics.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// Fills in the indices that stand for names and the ports and MAC addresses that were left out,
/// and adds an error for everything that does not fit together. Single values are already right.
/// `needs_traffic`: a scenario with nothing to run is an error.
void check_scenario(Scenario& scenario, Diagnostics& diagnostics, bool needs_traffic = true);

}  // namespace ringside::tb
