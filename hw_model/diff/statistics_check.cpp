// SPDX-License-Identifier: Apache-2.0
// See statistics_check.h.
#include "hw_model/diff/statistics_check.h"

#include <fmt/format.h>

#include "hw_model/diff/follower_mutants.h"

namespace ringside::hw {

namespace {

/// How transfers are cut is the card's business.
bool cuts(uint32_t counter) {
  return counter == Statistics::kDmaReads || counter == Statistics::kDmaReadBytes ||
         counter == Statistics::kDmaWrites;
}

/// What the register side does, one after the other with the reads.
bool of_registers(uint32_t counter) {
  switch (counter) {
    case Statistics::kMsixMessages:
    case Statistics::kIntxAsserts:
    case Statistics::kDoorbells:
    case Statistics::kDeviceResets:
    case Statistics::kFunctionResets:
    case Statistics::kHoldsExpired:
    case Statistics::kDeviceErrors:
      return true;
    default:
      return counter >= Statistics::kErrors;
  }
}

}  // namespace

std::string StatisticsCheck::read(const TraceRecord& record, uint64_t expected, bool resting) {
  const auto offset = static_cast<uint32_t>(record.address - BarLayout::kStatistics);
  const uint32_t counter = offset & ~7u;
  const bool exact =
      (of_registers(counter) && !follower_mutant(FollowerMutant::kCountsOfRegisters)) ||
      (resting && !follower_mutant(FollowerMutant::kCountsAtRest));
  if (exact && !cuts(counter) && record.value != expected) {
    return fmt::format("the counter at {:#x} of the statistics window gives {:#x}, expected {:#x}",
                       offset, record.value, expected);
  }
  if (offset != counter || record.size < 4) return {};
  uint64_t& shown = shown_[counter / 8];
  const bool fell = record.size == 8
                        ? record.value < shown
                        : static_cast<int32_t>(static_cast<uint32_t>(record.value - shown)) < 0;
  if (fell && !follower_mutant(FollowerMutant::kCountsFall)) {
    return fmt::format("the counter at {:#x} of the statistics window falls from {:#x} to {:#x}",
                       offset, shown, record.value);
  }
  shown = record.size == 8 ? record.value : shown + static_cast<uint32_t>(record.value - shown);
  return {};
}

}  // namespace ringside::hw
