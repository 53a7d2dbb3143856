// SPDX-License-Identifier: Apache-2.0
// What a card does, record by record, on standard output: for a look at a seed that fails.
#pragma once

#include <fmt/format.h>

#include "hw_model/trace/trace_text.h"

namespace ringside::differential {

class Listing final : public hw::TraceSink {
 public:
  void record(const hw::TraceRecord& record) override {
    fmt::print("{:>12} ns  queue {:>5}  {:<18} {}\n", record.time_ps / 1000, record.queue,
               name_of(record.kind), describe(record));
  }
};

}  // namespace ringside::differential
