// SPDX-License-Identifier: Apache-2.0
// The statistics window: the card's counters as registers (Statistics in bar_layout.h).
#include "hw_model/core/nic_core.h"

namespace ringside::hw {

namespace {

constexpr uint32_t kCounterBytes = 8;
static_assert(Statistics::kTxFrames == kCounterBytes * static_cast<uint32_t>(Counter::kTxFrames));
static_assert(Statistics::kDmaReads == kCounterBytes * static_cast<uint32_t>(Counter::kDmaReads));
static_assert(Statistics::kDeviceErrors ==
              kCounterBytes * static_cast<uint32_t>(Counter::kDeviceErrors));
static_assert(Statistics::kRxDropQueueShare ==
              kCounterBytes * static_cast<uint32_t>(Counter::kRxDropQueueShare));
static_assert(Statistics::kErrorQueueSetup ==
              Statistics::kErrors +
                  kCounterBytes * static_cast<uint32_t>(DeviceError::kQueueSetup));
static_assert(kCounterBytes * static_cast<uint32_t>(Counter::kCount) <= Statistics::kErrors);

uint64_t counter_at(const Counters& counters, uint32_t offset) {
  const uint32_t number = offset % Statistics::kErrors / kCounterBytes;
  if (offset >= Statistics::kErrors) {
    return number < counters.errors.size() ? counters.errors[number] : 0;
  }
  return number < counters.values.size() ? counters.values[number] : 0;
}

}  // namespace

/// A read that takes bytes of the lower half keeps the counter as it is now, for one of the upper.
uint64_t NicCore::read_statistics(uint32_t offset, unsigned width) {
  const uint32_t index = offset / kCounterBytes, within = offset % kCounterBytes;
  if (within < kCounterBytes / 2 || index != statistics_index_) {
    statistics_index_ = index;
    statistics_value_ = counter_at(counters_, offset);
  }
  const uint64_t value = statistics_value_ >> (8 * within);
  return width == kCounterBytes ? value : value & ((uint64_t{1} << (8 * width)) - 1);
}

}  // namespace ringside::hw
