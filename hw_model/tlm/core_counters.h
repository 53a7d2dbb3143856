// SPDX-License-Identifier: Apache-2.0
// The functional core's counters as a model reports them.
#pragma once

#include <vector>

#include "hw_model/core/counters.h"
#include "hw_model/tlm/nic_model.h"

namespace ringside::hw {

inline std::vector<NicCounter> core_counters(const Counters& counters) {
  std::vector<NicCounter> result;
  for (unsigned i = 0; i < static_cast<unsigned>(Counter::kCount); ++i) {
    const auto counter = static_cast<Counter>(i);
    result.push_back({counter_name(counter), counters[counter]});
  }
  for (unsigned i = 0; i < static_cast<unsigned>(DeviceError::kCount); ++i) {
    const auto error = static_cast<DeviceError>(i);
    result.push_back({error_name(error), counters[error]});
  }
  return result;
}

}  // namespace ringside::hw
