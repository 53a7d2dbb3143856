// SPDX-License-Identifier: Apache-2.0
// How full something is over time, from changes that are known a little ahead of their time.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "testbench/trace/perfetto_writer.h"

namespace ringside::tb {

class LevelCounter {
 public:
  LevelCounter(PerfettoWriter& writer, unsigned process, std::string name)
      : writer_(&writer), process_(process), name_(std::move(name)) {}
  /// The level changes at `at_ps`; simulation time is `now_ps`, before which nothing more will
  /// change. Below 0 it does not go.
  void change(TimePs at_ps, int64_t by, TimePs now_ps);
  /// The level once all changes have happened.
  uint64_t final_level() const { return static_cast<uint64_t>(last_); }
  /// Writes what is before `now_ps`.
  void settle(TimePs now_ps);

 private:
  PerfettoWriter* writer_;
  unsigned process_;
  std::string name_;
  std::map<TimePs, int64_t> changes_;
  int64_t level_ = 0;
  int64_t last_ = 0;
  TimePs settled_ps_ = 0;
};

}  // namespace ringside::tb
