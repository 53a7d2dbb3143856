// SPDX-License-Identifier: Apache-2.0
// Where keys() gets its rows from; everyone else uses keys.h.
#pragma once

#include <vector>

#include "testbench/scenario/keys.h"

namespace ringside::tb {

/// All rows, by section, in the order in which people read them.
std::vector<KeySpec> make_key_rows();

/// Those of a link's outages, and of impairments.
void add_outage_keys(std::vector<KeySpec>& table);
void add_impair_keys(std::vector<KeySpec>& table);

/// Those of a tap and of a pcap.
void add_outside_keys(std::vector<KeySpec>& table);

/// Those of a card's bus and of its pipeline.
void add_bus_keys(std::vector<KeySpec>& table);
void add_pipeline_keys(std::vector<KeySpec>& table);

}  // namespace ringside::tb
