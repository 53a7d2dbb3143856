// SPDX-License-Identifier: Apache-2.0
// See difference_files.h.
#include "testbench/run/difference_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "testbench/evidence/difference.h"

namespace ringside::tb {

namespace {

std::vector<Monitor::SentFrame> sent_frames(const hw::History& history) {
  std::vector<Monitor::SentFrame> frames;
  for (std::size_t i = 0; i < history.card().size(); ++i) {
    const hw::HistoryEntry& entry = history.card()[i];
    if (entry.kind != hw::HistoryEntry::Kind::kFrameOut) continue;
    frames.push_back({entry.record.time_ps, entry.bytes});
  }
  return frames;
}

}  // namespace

hw::TraceCard trace_card(const Scenario& scenario, std::size_t nic) {
  return {scenario.nics[nic].name, static_cast<uint16_t>(scenario.nics[nic].queue_pairs)};
}

CheckResult difference_check(const std::string& nic, const hw::NicComparison& comparison) {
  const bool same = comparison.difference.empty();
  return {"diff " + nic, same,
          same ? fmt::format("{} records followed, {} sent frames and {} bytes compared",
                             comparison.records, comparison.frames, comparison.bytes)
               : comparison.difference};
}

std::optional<FoundEvidence> first_evidence(const std::vector<const hw::NicModel*>& nics) {
  std::optional<FoundEvidence> first;
  for (std::size_t i = 0; i < nics.size(); ++i) {
    auto evidence = nics[i]->evidence();
    if (evidence == nullptr || (first && first->second->time_ps <= evidence->time_ps)) continue;
    first.emplace(i, std::move(evidence));
  }
  return first;
}

void write_difference_files(const Scenario& scenario, const RunOptions& options, std::size_t nic,
                            const hw::Evidence& evidence, const Monitor& monitor,
                            RunResult& result) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(options.out_dir) / kDifferenceFolder;
  std::error_code error;
  fs::create_directories(folder, error);
  const hw::TraceCard card = trace_card(scenario, nic);
  const auto leave = [&](const char* name, const Status& status) {
    result.files.push_back(std::string(kDifferenceFolder) + "/" + name);
    if (status.ok()) return;
    result.cut(result.files.back(), status.error);
    if (options.file_failed) options.file_failed(status.error);
  };
  leave(kHistoryTextName, write_history_text(folder, card, *evidence.history));
  leave(kHistoryJsonName, write_history_json(folder, card, *evidence.history));
  leave(kCaptureName, monitor.write_kept(folder / kCaptureName, scenario.name, card.name,
                                         sent_frames(*evidence.history)));
}

}  // namespace ringside::tb
