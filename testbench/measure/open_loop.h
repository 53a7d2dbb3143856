// SPDX-License-Identifier: Apache-2.0
// One card by itself in an open loop: prefilled rings, a host that costs nothing and takes no
// interrupts, a wire that brings frames at a set rate. What the card itself can do.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hw_model/tlm/nic_config.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

enum class OpenLoopDirection : uint8_t { kReceive, kTransmit, kBoth };

// Here, because the command line names them without a simulation.
inline std::string_view name_of(OpenLoopDirection direction) {
  constexpr std::string_view kNames[] = {"receive", "transmit", "both"};
  return kNames[static_cast<std::size_t>(direction)];
}

/// Descriptors of a buffer, at most: each has a byte of the smallest frame and more.
inline constexpr uint16_t kChainMost = 32;

/// One measurement. Frame sizes in bytes without frame check sequence.
struct OpenLoopPoint {
  ModelKind model = ModelKind::kAt;
  hw::NicConfig nic;
  OpenLoopDirection direction = OpenLoopDirection::kReceive;
  uint32_t frame_bytes = 1514;
  uint64_t wire_bps = 100'000'000'000;
  /// Frames offered each way, per second; 0: as many as the wire carries (receive) or the rings
  /// give (transmit).
  double frames_per_s = 0;
  /// Frames go to so many queue pairs in turn, each way.
  uint16_t pairs = 1;
  /// Each buffer is a chain of so many linked descriptors, which follow each other in the table.
  uint16_t chain = 1;
  uint16_t ring_size = 1024;
  /// Long enough for steady state: a receive buffer of 256 KiB fills with frames of 60 bytes in 40
  /// us and takes 100 us to pass, a ring of 1024 of 9014 bytes takes 740 us to send; and what
  /// queued up while the card was finding its rhythm has drained.
  hw::TimePs warm_up_ps = 1'000'000'000;
  hw::TimePs measure_ps = 1'000'000'000;
};

/// Of one direction.
struct OpenLoopFlow {
  double frames_per_s = 0;
  uint64_t frames = 0;   ///< in the measured time
  uint64_t dropped = 0;  ///< received ones, in the measured time
  /// Receive: from the last bit on the wire until the used index names the frame. Transmit: from
  /// the available index until the first bit on the wire. 0 without frames.
  hw::TimePs latency_p50_ps = 0, latency_p99_ps = 0;
};

struct OpenLoopResult {
  OpenLoopPoint point;
  OpenLoopFlow receive, transmit;
  std::string limit;  ///< the busiest resource
  double limit_busy = 0;
  std::vector<hw::NicCounter> counters;  ///< at the end
};

/// What happens beside the measurement of points, one after the other. Each may be left out.
struct OpenLoopWatch {
  /// Set by a signal: no further point, and the one that is measured is given up.
  const std::atomic<bool>* interrupted = nullptr;
  /// A point, as soon as it is measured.
  std::function<void(const OpenLoopResult& result)> measured;
  /// Now and then: the point that is measured, and the share of all virtual time that has passed.
  std::function<void(const OpenLoopPoint& point, double share)> progress;
};

/// How the measurement ended. Points that were measured before it did are good.
struct OpenLoopEnd {
  bool interrupted = false;
  /// Why a point could not be measured: the card did not come up, or a frame was not what it should
  /// be; or, with `input_wrong`, why none was: the card is not made for it.
  std::string error;
  bool input_wrong = false;
};

/// Measures the points one after the other, in one simulation, the only one of the process. What a
/// point gives does not depend on those before it.
OpenLoopEnd measure_open_loop(const std::vector<OpenLoopPoint>& points, const OpenLoopWatch& watch);

}  // namespace ringside::tb
