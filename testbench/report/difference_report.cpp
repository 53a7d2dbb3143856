// SPDX-License-Identifier: Apache-2.0
// See difference_report.h.
#include "testbench/report/difference_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hw_model/trace/trace_text.h"

namespace ringside::tb {

namespace {

/// Of what is owed, in the text.
constexpr std::size_t kDemandsShown = 20;

std::string demands_in_words(const DifferenceResult& difference) {
  if (difference.demands.empty()) return "owed:   nothing by either side\n";
  std::string text = "owed by one side to the other:\n";
  for (std::size_t i = 0; i < difference.demands.size() && i < kDemandsShown; ++i) {
    const DemandResult& demand = difference.demands[i];
    const std::string since =
        demand.since_ps ? hw::microseconds(*demand.since_ps) + " us" : std::string("?");
    text += fmt::format("{:>19}  {}\n", since, demand.what);
  }
  if (difference.demands.size() > kDemandsShown) {
    text += fmt::format("{:>19}  and {} more, in {}\n", "",
                        difference.demands.size() - kDemandsShown, kDifferenceJsonName);
  }
  return text;
}

}  // namespace

std::string moment_in_words(const DifferenceResult& difference) {
  return fmt::format("{} us of virtual time, clock cycle {} of {}",
                     hw::microseconds(difference.time_ps), difference.cycle, difference.nic);
}

std::string difference_line(const DifferenceResult& difference, const RunContext& context) {
  return fmt::format("difference: {}; {}/{}/{} says where everything is; {}\n",
                     moment_in_words(difference), context.out_dir, kDifferenceFolder,
                     kDifferenceTextName, difference.rerun.detail);
}

std::string difference_text(const Scenario& scenario, const DifferenceResult& difference,
                            const RunContext& context, const std::vector<std::string>& files) {
  std::string text = fmt::format("{}: {}\n", difference.nic, difference.what);
  text += fmt::format("when:   {}\n", moment_in_words(difference));
  text += fmt::format("run:    scenario {}, model {}, seed {}\n", scenario.name,
                      name_of(scenario.model), scenario.seed);
  text += fmt::format("again:  {}\n", context.command);
  text += fmt::format("waves:  {}\n", difference.rerun.detail);
  text += "files: ";
  for (const std::string& file : files) text += " " + file;
  text += "\n" + demands_in_words(difference);
  text += fmt::format("the last of both histories (more in {}, with all bytes in {}):\n",
                      kHistoryTextName, kHistoryJsonName);
  for (const std::string& line : difference.last_lines) text += line + "\n";
  return text;
}

std::string difference_json(const Scenario& scenario, const DifferenceResult& difference,
                            const RunContext& context, const std::vector<std::string>& files) {
  nlohmann::ordered_json json;
  json["nic"] = difference.nic;
  json["what"] = difference.what;
  json["time_ps"] = difference.time_ps;
  json["cycle"] = difference.cycle;
  json["scenario"] = scenario.name;
  json["model"] = name_of(scenario.model);
  json["seed"] = scenario.seed;
  json["command"] = context.command;
  json["rerun"] = {{"made", difference.rerun.made},
                   {"same", difference.rerun.same},
                   {"detail", difference.rerun.detail}};
  if (difference.rerun.made) {
    json["rerun"]["from_ps"] = difference.rerun.from_ps;
    json["rerun"]["to_ps"] = difference.time_ps;
  }
  json["owed"] = nlohmann::ordered_json::array();
  for (const DemandResult& demand : difference.demands) {
    nlohmann::ordered_json entry;
    if (demand.since_ps) entry["since_ps"] = *demand.since_ps;
    entry["what"] = demand.what;
    json["owed"].push_back(std::move(entry));
  }
  json["files"] = files;
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace ringside::tb
