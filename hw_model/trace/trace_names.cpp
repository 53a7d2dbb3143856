// SPDX-License-Identifier: Apache-2.0
// The names of trace records' kinds, and which of a record's fields count with each.
#include <array>

#include "hw_model/trace/trace_fields.h"

namespace ringside::hw {

namespace {

struct KindInfo {
  std::string_view name;
  unsigned fields;
};

using namespace trace_field;

/// In the order of TraceKind.
constexpr std::array kKinds{
    KindInfo{"doorbell", kQueue},
    KindInfo{"frame_in", kQueue | kFrame | kSize},
    KindInfo{"frame_dropped", kQueue | kFrame | kSize | kChain | kValue},
    KindInfo{"register_write", kAddress | kSize | kValue},
    KindInfo{"register_read", kAddress | kSize | kValue},
    KindInfo{"sample_avail", kQueue},
    KindInfo{"fetch_ids", kQueue | kChain | kSize},
    KindInfo{"fetch_descriptors", kQueue | kChain | kSize},
    KindInfo{"start_transmit", kQueue | kChain | kFrame | kSize},
    KindInfo{"start_receive", kQueue | kChain | kFrame | kSize | kValue},
    KindInfo{"return_used", kQueue | kChain | kSize | kValue},
    KindInfo{"read_suppression", kQueue},
    KindInfo{"arm_notify", kQueue | kValue},
    KindInfo{"suppress_notify", kQueue},
    KindInfo{"start_command", kQueue | kChain | kSize},
    KindInfo{"avail_sampled", kQueue | kSize | kValue},
    KindInfo{"ids_fetched", kQueue | kChain | kSize},
    KindInfo{"described", kQueue | kChain | kSize},
    KindInfo{"dma_read", kQueue | kPurpose | kId | kChain | kSize | kAddress},
    KindInfo{"dma_read_done", kQueue | kPurpose | kId | kChain | kSize | kValue},
    KindInfo{"dma_write", kQueue | kPurpose | kChain | kSize | kAddress | kValue},
    KindInfo{"frame_out", kQueue | kChain | kFrame | kSize},
    KindInfo{"frame_sent", kQueue | kFrame | kSize | kValue},
    KindInfo{"interrupt_decision", kQueue | kValue},
    KindInfo{"msix", kQueue | kValue},
    KindInfo{"intx", kValue},
    KindInfo{"management_event", kId | kValue},
    KindInfo{"management_command", kId | kValue},
    KindInfo{"device_error", kQueue | kValue},
    KindInfo{"reset", 0},
    KindInfo{"queue_suspended", kQueue},
    KindInfo{"queue_resumed", kQueue | kChain | kValue},
    KindInfo{"config_write", kAddress | kSize | kValue},
    KindInfo{"config_read", kAddress | kSize | kValue},
};
static_assert(kKinds.size() == static_cast<std::size_t>(TraceKind::kCount));

}  // namespace

std::string_view name_of(TraceKind kind) { return kKinds[static_cast<std::size_t>(kind)].name; }

unsigned trace_fields(TraceKind kind) { return kKinds[static_cast<std::size_t>(kind)].fields; }

}  // namespace ringside::hw
