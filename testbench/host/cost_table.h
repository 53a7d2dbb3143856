// SPDX-License-Identifier: Apache-2.0
// What each kind of host work costs in virtual time, with the source of each default.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "host_driver/cost.h"

namespace ringside::tb {

inline constexpr std::size_t kCostCount = static_cast<std::size_t>(driver::Cost::kCount);

/// One row of the table. `default_ps` is per `unit`.
struct CostEntry {
  driver::Cost cost;
  std::string_view name;
  uint64_t default_ps;
  std::string_view unit;
  std::string_view source;
};

/// All kinds, in the order of driver::Cost.
std::span<const CostEntry, kCostCount> cost_entries();

/// Picoseconds per unit, indexed by driver::Cost.
using CostTable = std::array<uint64_t, kCostCount>;

CostTable default_costs();
/// Everything free: what is left is the card, the bus and the wire.
CostTable zero_costs();

}  // namespace ringside::tb
