// SPDX-License-Identifier: Apache-2.0
// Which part of a run the waves of its hardware are of.
#pragma once

#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// Virtual times, both included. A view opens at the beginning, with its marker at the end, if
/// there is one.
struct WaveWindow {
  static constexpr TimePs kNoEnd = ~TimePs{0};
  TimePs from_ps = 0;
  TimePs to_ps = kNoEnd;
  bool has(TimePs time_ps) const { return time_ps >= from_ps && time_ps <= to_ps; }
};

}  // namespace ringside::hw
