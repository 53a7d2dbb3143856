// SPDX-License-Identifier: Apache-2.0
// The layout of the card's memory BAR (bar.toml, ring_state.toml, statistics.toml).
#pragma once

#include "hw_model/registers/bar_regs.hpp"

namespace ringside::hw {

static_assert(16 * BarLayout::kMsixVectorsMax == BarLayout::kMsixTableBytes);
static_assert(BarLayout::kMsixVectorsMax / 8 == BarLayout::kMsixPendingBytes);

}  // namespace ringside::hw
