// SPDX-License-Identifier: Apache-2.0
// See difference_files.h.
#include "testbench/run/difference_files.h"

#include <filesystem>
#include <string_view>
#include <utility>

#include "formats/output_file.h"
#include "testbench/evidence/history_text.h"

namespace ringside::tb {

namespace {

/// Of both histories, for difference.txt.
constexpr std::size_t kLastLines = 40;

hw::TraceCard card_of(const Scenario& scenario, std::size_t nic) {
  return {scenario.nics[nic].name, static_cast<uint16_t>(scenario.nics[nic].queue_pairs)};
}

Status write_lines(const std::string& path, const hw::TraceCard& card,
                   const std::vector<HistoryLine>& lines,
                   std::string (*text_of)(const hw::TraceCard&, const HistoryLine&)) {
  formats::OutputFile file;
  if (Status status = file.open(path, "the history"); !status.ok()) return status;
  for (const HistoryLine& line : lines) {
    file.append(std::string_view(text_of(card, line) + "\n"));
    file.commit();
  }
  return file.close();
}

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

DifferenceResult difference_result(const Scenario& scenario, std::size_t nic,
                                   const hw::Evidence& evidence) {
  const hw::TraceCard card = card_of(scenario, nic);
  DifferenceResult result;
  result.nic = card.name;
  result.what = evidence.what;
  result.time_ps = evidence.time_ps;
  result.cycle = evidence.cycle;
  for (const hw::Demand& demand : evidence.demands) {
    DemandResult& added = result.demands.emplace_back();
    if (demand.since_ps != hw::Demand::kNotKnown) added.since_ps = demand.since_ps;
    added.what = demand.what;
  }
  const std::vector<HistoryLine> lines = merged(*evidence.history);
  for (std::size_t i = lines.size() - std::min(lines.size(), kLastLines); i < lines.size(); ++i) {
    result.last_lines.push_back(to_line(card, lines[i]));
  }
  return result;
}

void write_difference_files(const Scenario& scenario, const RunOptions& options, std::size_t nic,
                            const hw::Evidence& evidence, const Monitor& monitor,
                            RunResult& result) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(options.out_dir) / kDifferenceFolder;
  std::error_code error;
  fs::create_directories(folder, error);
  const hw::TraceCard card = card_of(scenario, nic);
  const std::vector<HistoryLine> lines = merged(*evidence.history);
  const auto leave = [&](const char* name, const Status& status) {
    result.files.push_back(std::string(kDifferenceFolder) + "/" + name);
    if (status.ok()) return;
    result.cut(result.files.back(), status.error);
    if (options.file_failed) options.file_failed(status.error);
  };
  leave(kHistoryTextName, write_lines(folder / kHistoryTextName, card, lines, to_line));
  leave(kHistoryJsonName, write_lines(folder / kHistoryJsonName, card, lines, to_json));
  leave(kCaptureName, monitor.write_kept(folder / kCaptureName, scenario.name, card.name,
                                         sent_frames(*evidence.history)));
}

}  // namespace ringside::tb
