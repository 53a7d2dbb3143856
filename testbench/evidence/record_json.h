// SPDX-License-Identifier: Apache-2.0
// Trace records as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "hw_model/trace/nic_trace.h"
#include "hw_model/trace/trace_file.h"

namespace ringside::tb {

/// Adds the fields that count with the record's kind, behind "time_ps", "nic" and "kind".
void add_record(const hw::TraceCard& card, const hw::TraceRecord& record,
                nlohmann::ordered_json& json);

}  // namespace ringside::tb
