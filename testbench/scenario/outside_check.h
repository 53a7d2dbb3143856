// SPDX-License-Identifier: Apache-2.0
// Checks of what stands at the end of a link in place of a card.
#pragma once

#include "testbench/scenario/diagnostics.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// Of taps and pcaps alone and of their links; links have been checked. Fills in the pace.
void check_outside(Scenario& scenario, Diagnostics& diagnostics);

/// Whether a host can send to that address: no multicast, loopback or unspecified address.
bool is_peer_address(const IpAddress& address);

}  // namespace ringside::tb
