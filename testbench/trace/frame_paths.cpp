// SPDX-License-Identifier: Apache-2.0
// See frame_paths.h.
#include "testbench/trace/frame_paths.h"

namespace ringside::tb {

FramePaths::Path& FramePaths::path(uint64_t frame) {
  if (paths_.size() == kFramesMax) paths_.erase(paths_.begin());
  return paths_[frame];
}

FramePaths::Path FramePaths::take(uint64_t frame) {
  const auto it = paths_.find(frame);
  if (it == paths_.end()) return {};
  const Path path = it->second;
  paths_.erase(it);
  return path;
}

void FramePaths::sent(uint64_t frame, TraceTrack track, TimePs at_ps) {
  path(frame) = {{track, at_ps, true}, {}};
}

void FramePaths::on_wire(uint64_t frame, TraceTrack track, TimePs at_ps) {
  path(frame).wires.push_back({track, at_ps, true});
}

void FramePaths::received(uint64_t frame, TraceTrack track, TimePs at_ps) {
  const Path path = take(frame);
  if (!path.sent.known || path.wires.empty()) return;
  writer_.flow('s', path.sent.track, frame, path.sent.at_ps);
  for (const Place& wire : path.wires) writer_.flow('t', wire.track, frame, wire.at_ps);
  writer_.flow('f', track, frame, at_ps);
}

void FramePaths::lost(uint64_t frame) {
  const Path path = take(frame);
  if (!path.sent.known || path.wires.empty()) return;
  writer_.flow('s', path.sent.track, frame, path.sent.at_ps);
  const Place last = path.wires.back();
  for (std::size_t i = 0; i + 1 < path.wires.size(); ++i) {
    writer_.flow('t', path.wires[i].track, frame, path.wires[i].at_ps);
  }
  writer_.flow('f', last.track, frame, last.at_ps);
}

}  // namespace ringside::tb
