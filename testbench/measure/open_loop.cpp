// SPDX-License-Identifier: Apache-2.0
// All points side by side in one simulation.
#include "testbench/measure/open_loop.h"

#include <fmt/format.h>

#include <deque>

#include "testbench/measure/open_loop_rig.h"

namespace ringside::tb {

Status measure_open_loop(const std::vector<OpenLoopPoint>& points,
                         std::vector<OpenLoopResult>* results) {
  hw::TimePs longest_ps = 0;
  std::deque<OpenLoopRig> rigs;
  for (const OpenLoopPoint& point : points) {
    rigs.emplace_back(fmt::format("point{}", rigs.size()).c_str(), point);
    longest_ps = std::max(longest_ps, point.warm_up_ps + point.measure_ps);
  }
  // Coming up takes some microseconds.
  constexpr hw::TimePs kBringUpPs = 1'000'000'000;
  sc_core::sc_start(sc_core::sc_time::from_value(longest_ps + kBringUpPs));
  results->clear();
  for (const OpenLoopRig& rig : rigs) {
    const OpenLoopPoint& point = points[results->size()];
    if (!rig.error().empty()) {
      return Status::failure(fmt::format("{} of {} bytes: {}", name_of(point.direction),
                                         point.frame_bytes, rig.error()));
    }
    results->push_back(rig.result());
  }
  return Status::success();
}

}  // namespace ringside::tb
