// SPDX-License-Identifier: Apache-2.0
// Trace records for people: one line each, with every number that has a name spelled out.
#pragma once

#include <cstdint>
#include <string>

#include "hw_model/trace/nic_trace.h"
#include "hw_model/trace/trace_file.h"

namespace ringside::hw {

/// "rx0", "tx0", "ctrl" as the card has them; empty for what belongs to no queue.
std::string queue_name(const TraceCard& card, const TraceRecord& record);
/// What `value` means in a record of this kind, where it stands for a word: "rx_drop_fcs",
/// "device_status", "suppressed"; empty where it is a number or does not count.
std::string value_name(const TraceRecord& record);
/// The record's details without time, card, queue and kind: "chain 12, frame 7, 1514 bytes".
std::string describe(const TraceRecord& record);
/// "      12.345678 us  alice0  tx0   doorbell            ", without trailing spaces and line feed.
/// `card_width`: the longest card's name.
std::string to_line(const TraceCard& card, const TraceRecord& record, std::size_t card_width);
/// Microseconds with all six decimals: "12.345678".
std::string microseconds(TimePs time_ps);

}  // namespace ringside::hw
