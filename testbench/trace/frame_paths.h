// SPDX-License-Identifier: Apache-2.0
// The arrows of a trace: a frame's slices at its sender, on the wire and at its receiver.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "testbench/trace/perfetto_writer.h"

namespace ringside::tb {

/// Remembers where frames were, and draws an arrow once its end is known, so that none is left
/// open. Of frames that go nowhere the oldest are forgotten.
class FramePaths {
 public:
  explicit FramePaths(PerfettoWriter& writer) : writer_(writer) {}
  void sent(uint64_t frame, TraceTrack track, TimePs at_ps);
  /// It went over one more link.
  void on_wire(uint64_t frame, TraceTrack track, TimePs at_ps);
  /// It reached `track`, whose slice is written.
  void received(uint64_t frame, TraceTrack track, TimePs at_ps);
  /// Nothing shows it beyond the wire.
  void lost(uint64_t frame);

 private:
  static constexpr std::size_t kFramesMax = 65536;
  struct Place {
    TraceTrack track;
    TimePs at_ps = 0;
    bool known = false;
  };
  struct Path {
    Place sent;
    std::vector<Place> wires;
  };
  Path& path(uint64_t frame);
  Path take(uint64_t frame);

  PerfettoWriter& writer_;
  std::map<uint64_t, Path> paths_;
};

}  // namespace ringside::tb
