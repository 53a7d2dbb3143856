// SPDX-License-Identifier: Apache-2.0
// Where keys() gets its rows from; everyone else uses keys.h.
#pragma once

#include <vector>

#include "testbench/scenario/keys.h"

namespace ringside::tb {

/// All rows, by section, in the order in which people read them.
std::vector<KeySpec> make_key_rows();

}  // namespace ringside::tb
