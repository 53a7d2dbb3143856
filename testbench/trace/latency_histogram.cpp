// SPDX-License-Identifier: Apache-2.0
// See latency_histogram.h.
#include "testbench/trace/latency_histogram.h"

#include <algorithm>

namespace ringside::tb {

uint64_t LatencyHistogram::percentile(unsigned percent) const {
  // Rounded up; in two parts, because the product of a count and 100 need not fit.
  const uint64_t wanted = count_ / 100 * percent + (count_ % 100 * percent + 99) / 100;
  uint64_t seen = 0;
  for (unsigned group = 0; group < groups_.size(); ++group) {
    if (!groups_[group]) continue;
    const unsigned shift = group == 0 ? 0 : group - 1;
    const uint64_t first = group == 0 ? 0 : uint64_t{kSub} << shift;
    for (unsigned i = 0; i < kSub; ++i) {
      seen += (*groups_[group])[i];
      if (seen < wanted || seen == 0) continue;
      const uint64_t middle = first + (uint64_t{i} << shift) + ((uint64_t{1} << shift) >> 1);
      return std::clamp(middle, min_, max_);
    }
  }
  return 0;
}

}  // namespace ringside::tb
