// SPDX-License-Identifier: Apache-2.0
// A difference between a card and the core that follows it: what results say of it, and the files
// that it leaves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/status.h"
#include "hw_model/diff/evidence.h"
#include "hw_model/trace/trace_file.h"

namespace ringside::tb {

inline constexpr const char* kHistoryTextName = "history.txt";
inline constexpr const char* kHistoryJsonName = "history.jsonl";

/// How long before a difference the waves of the second run begin, if nobody says.
inline constexpr uint64_t kDiffWindowPs = 10'000'000;

/// Something that a followed card and the core owe each other.
struct DemandResult {
  std::optional<uint64_t> since_ps;
  std::string what;
};

/// Where a card and the core that follows it disagree.
struct DifferenceResult {
  std::string nic;
  std::string what;
  uint64_t time_ps = 0;  ///< of the clock edge
  uint64_t cycle = 0;    ///< of that card
  std::vector<DemandResult> demands;
  /// The last lines of both histories.
  std::vector<std::string> last_lines;
  /// The second run, which records waves of what led to the difference.
  struct Rerun {
    bool made = false;
    bool same = false;     ///< it came to the same difference at the same time
    std::string detail;    ///< in words, also why it was not made
    uint64_t from_ps = 0;  ///< what the waves begin with
  };
  Rerun rerun = {};
};

DifferenceResult difference_result(const hw::TraceCard& card, const hw::Evidence& evidence);

/// The same difference at the same time.
bool is_same(const DifferenceResult& first, const DifferenceResult& second);

/// Says in `difference.rerun` what a second run came to that left waves from `rerun.from_ps` on in
/// `files` (none: it left no waves): to `other`, or to no difference, perhaps because of `error`.
void say_rerun(DifferenceResult& difference, const std::vector<std::string>& files,
               const std::optional<DifferenceResult>& other, const std::string& error);

/// Writes both histories, as text to kHistoryTextName and as JSON lines to kHistoryJsonName of
/// `folder`. Each has `.part` behind its name until it is whole.
Status write_history_text(const std::string& folder, const hw::TraceCard& card,
                          const hw::History& history);
Status write_history_json(const std::string& folder, const hw::TraceCard& card,
                          const hw::History& history);

}  // namespace ringside::tb
