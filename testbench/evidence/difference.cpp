// SPDX-License-Identifier: Apache-2.0
// See difference.h.
#include "testbench/evidence/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "formats/output_file.h"
#include "testbench/evidence/history_text.h"
#include "testbench/scenario/quantity.h"

namespace ringside::tb {

namespace {

/// Of both histories, for difference.txt.
constexpr std::size_t kLastLines = 40;

Status write_lines(const std::string& path, const hw::TraceCard& card, const hw::History& history,
                   std::string (*text_of)(const hw::TraceCard&, const HistoryLine&)) {
  formats::OutputFile file;
  if (Status status = file.open(path, "the history"); !status.ok()) return status;
  for (const HistoryLine& line : merged(history)) {
    file.append(std::string_view(text_of(card, line) + "\n"));
    file.commit();
  }
  return file.close();
}

}  // namespace

DifferenceResult difference_result(const hw::TraceCard& card, const hw::Evidence& evidence) {
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

bool is_same(const DifferenceResult& first, const DifferenceResult& second) {
  return first.nic == second.nic && first.what == second.what && first.time_ps == second.time_ps;
}

void say_rerun(DifferenceResult& difference, const std::vector<std::string>& files,
               const std::optional<DifferenceResult>& other, const std::string& error) {
  DifferenceResult::Rerun& rerun = difference.rerun;
  rerun.made = true;
  rerun.same = other && is_same(difference, *other);
  if (!other) {
    rerun.detail =
        fmt::format("A SECOND RUN CAME TO NO DIFFERENCE{}{}", error.empty() ? "" : ": ", error);
    return;
  }
  std::string names;
  for (const std::string& file : files) names += (names.empty() ? "" : ", ") + file;
  const std::string window = format_quantity(Quantity::kTime, difference.time_ps - rerun.from_ps);
  const std::string waves =
      names.empty() ? "no waves" : fmt::format("waves of the last {} are in {}", window, names);
  rerun.detail = rerun.same
                     ? waves + ", by a second run that came to the same difference at the same time"
                     : fmt::format("A SECOND RUN DIFFERS FROM THE FIRST: nic {} at {} ps: {} ({})",
                                   other->nic, other->time_ps, other->what, waves);
}

Status write_history_text(const std::string& folder, const hw::TraceCard& card,
                          const hw::History& history) {
  return write_lines(folder + "/" + kHistoryTextName, card, history, to_line);
}

Status write_history_json(const std::string& folder, const hw::TraceCard& card,
                          const hw::History& history) {
  return write_lines(folder + "/" + kHistoryJsonName, card, history, to_json);
}

}  // namespace ringside::tb
