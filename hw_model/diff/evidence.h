// SPDX-License-Identifier: Apache-2.0
// What a followed card leaves where the core disagrees with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hw_model/diff/history.h"

namespace ringside::hw {

/// Something that the core did and the card has not done yet, or the other way round, in words.
struct Demand {
  static constexpr TimePs kNotKnown = ~TimePs{0};
  TimePs since_ps = kNotKnown;
  std::string what;
};

struct Evidence {
  std::string what;    ///< the difference, or what else the card must not do
  TimePs time_ps = 0;  ///< of the clock edge
  uint64_t cycle = 0;
  const History* history = nullptr;  ///< never null; the card's
  std::vector<Demand> demands;       ///< as they were then
};

}  // namespace ringside::hw
