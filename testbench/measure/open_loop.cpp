// SPDX-License-Identifier: Apache-2.0
// One point after the other, each with a card of its own, in one simulation.
#include "testbench/measure/open_loop.h"

#include <fmt/format.h>

#include <deque>
#include <exception>

#include "testbench/measure/open_loop_rig.h"

namespace ringside::tb {
namespace {

/// Virtual time between looks at progress and interruption; it does not change what happens.
constexpr hw::TimePs kSlicePs = 50'000'000;
/// Coming up takes some microseconds.
constexpr hw::TimePs kBringUpPs = 1'000'000'000;
/// A point starts at a multiple of it, so at an edge of every card's clock.
constexpr hw::TimePs kGridPs = 1'000'000;

bool is_interrupted(const OpenLoopWatch& watch) {
  return watch.interrupted != nullptr && watch.interrupted->load();
}

/// Until the rig is done, or interrupted. `before_ps` of `all_ps` have passed before.
void measure(OpenLoopRig& rig, const OpenLoopPoint& point, const OpenLoopWatch& watch,
             double before_ps, double all_ps) {
  const auto now_ps = [] { return sc_core::sc_time_stamp().value(); };
  const hw::TimePs start_ps = (now_ps() / kGridPs + 1) * kGridPs;
  const hw::TimePs most_ps = kBringUpPs + point.warm_up_ps + point.measure_ps;
  rig.start(start_ps);
  while (!rig.done() && !is_interrupted(watch)) {
    sc_core::sc_start(sc_core::sc_time::from_value(kSlicePs));
    if (now_ps() > start_ps + most_ps) rig.fail("the card does not come up");
    if (watch.progress && now_ps() > start_ps) {
      watch.progress(point, (before_ps + static_cast<double>(now_ps() - start_ps)) / all_ps);
    }
  }
}

}  // namespace

OpenLoopEnd measure_open_loop(const std::vector<OpenLoopPoint>& points,
                              const OpenLoopWatch& watch) {
  OpenLoopEnd end;
  std::deque<OpenLoopRig> rigs;
  double all_ps = 0;
  for (const OpenLoopPoint& point : points) {
    rigs.emplace_back(fmt::format("point{}", rigs.size()).c_str(), point);
    end.error = rigs.back().shortfall();
    end.input_wrong = !end.error.empty();
    if (end.input_wrong) return end;
    all_ps += static_cast<double>(point.warm_up_ps + point.measure_ps);
  }
  double before_ps = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    OpenLoopRig& rig = rigs[i];
    std::string error;
    try {
      measure(rig, points[i], watch, before_ps, all_ps);
      error = rig.error();
    } catch (const std::exception& exception) {
      error = std::string("the simulation broke down: ") + exception.what();
    }
    if (!error.empty()) {
      end.error = fmt::format("{} of {} bytes: {}", name_of(points[i].direction),
                              points[i].frame_bytes, error);
      return end;
    }
    end.interrupted = !rig.done();
    if (end.interrupted) return end;
    before_ps += static_cast<double>(points[i].warm_up_ps + points[i].measure_ps);
    if (watch.measured) watch.measured(rig.result());
  }
  return end;
}

}  // namespace ringside::tb
