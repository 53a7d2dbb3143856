// SPDX-License-Identifier: Apache-2.0
// Which fields of a trace record count with which kind.
#pragma once

#include "hw_model/trace/nic_trace.h"

namespace ringside::hw {

namespace trace_field {
enum : unsigned {
  kQueue = 1,
  kPurpose = 2,
  kId = 4,
  kChain = 8,
  kSize = 16,
  kFrame = 32,
  kAddress = 64,
  kValue = 128,
};
}  // namespace trace_field

/// Bits of trace_field.
unsigned trace_fields(TraceKind kind);

}  // namespace ringside::hw
