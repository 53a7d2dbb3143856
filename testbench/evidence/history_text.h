// SPDX-License-Identifier: Apache-2.0
// Both histories behind a difference, as text for people and as JSON lines.
#pragma once

#include <string>
#include <vector>

#include "hw_model/diff/history.h"
#include "hw_model/trace/trace_file.h"

namespace ringside::tb {

/// One entry of one side.
struct HistoryLine {
  bool of_core = false;
  const hw::HistoryEntry* entry = nullptr;
};

/// Both sides in the order in which things happened; it refers to `history`.
std::vector<HistoryLine> merged(const hw::History& history);
/// "      12.345678 us  card  tx0   start_transmit      chain 12, frame 7, 1514 bytes", without
/// line feed; of bytes the first ones.
std::string to_line(const hw::TraceCard& card, const HistoryLine& line);
/// An object with "by" ("card" or "core"), "number", and what `ringside events --json` has; "bytes"
/// in hexadecimal digits, all of them. Without line feed.
std::string to_json(const hw::TraceCard& card, const HistoryLine& line);

}  // namespace ringside::tb
