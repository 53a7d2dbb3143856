// SPDX-License-Identifier: Apache-2.0
// See level_counter.h.
#include "testbench/trace/level_counter.h"

#include <algorithm>

namespace ringside::tb {

void LevelCounter::change(TimePs at_ps, int64_t by, TimePs now_ps) {
  settle(now_ps);
  by = std::max(by, -last_);
  last_ += by;
  changes_[std::max(at_ps, settled_ps_)] += by;
}

void LevelCounter::settle(TimePs now_ps) {
  while (!changes_.empty() && changes_.begin()->first < now_ps) {
    const auto [at_ps, by] = *changes_.begin();
    changes_.erase(changes_.begin());
    settled_ps_ = at_ps;
    if (by == 0) continue;
    level_ += by;
    writer_->counter(process_, name_, at_ps, static_cast<uint64_t>(std::max<int64_t>(level_, 0)));
  }
}

}  // namespace ringside::tb
