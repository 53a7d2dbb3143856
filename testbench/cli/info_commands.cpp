// SPDX-License-Identifier: Apache-2.0
// `ringside explain` and `ringside list`.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "testbench/cli/commands.h"
#include "testbench/host/cost_table.h"
#include "testbench/scenario/explain.h"
#include "testbench/scenario/features.h"
#include "testbench/scenario/keys.h"
#include "testbench/scenario/load.h"
#include "testbench/scenario/quantity.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

namespace fs = std::filesystem;

std::string list_models(const CliEnvironment& environment) {
  // In the order of ModelKind.
  constexpr std::string_view kDocs[] = {
      "the card's core run to completion, no bus timing; for writing software, the fastest",
      "the core in a scheduler of pipeline stages and bus transactions; for studies",
      "the SystemVerilog",
      "the SystemVerilog, followed and checked by the core",
  };
  const KeySpec& key = *find_key("", "model");
  const std::size_t built = key.built == 0 ? key.choices.size() : key.built;
  std::string text;
  for (std::size_t i = 0; i < built; ++i) {
    const auto model = static_cast<ModelKind>(i);
    const bool rtl = model == ModelKind::kRtl || model == ModelKind::kDiff;
    const std::string sizes = rtl ? rtl_in_words(environment) : std::string{};
    text +=
        fmt::format("{:<6} {}{}{}\n", key.choices[i], kDocs[i], sizes.empty() ? "" : "; ", sizes);
  }
  return text;
}

std::string list_features() {
  std::string text;
  for (const Feature& feature : features()) {
    text += fmt::format("{:<18} bit {:<3} {}{}\n", feature.name, feature.bit, feature.doc,
                        feature.mandatory ? "; always offered" : "");
  }
  return text;
}

std::string list_costs() {
  std::string text;
  for (const CostEntry& entry : cost_entries()) {
    text +=
        fmt::format("{:<18} {:>7} per {:<10} {}\n", entry.name,
                    format_quantity(Quantity::kTime, entry.default_ps), entry.unit, entry.source);
  }
  return text;
}

/// Where the examples are: installed beside the program, in the source tree, or here.
fs::path examples_folder(const CliEnvironment& environment) {
  std::error_code error;
  std::vector<fs::path> places;
  if (!environment.program_folder.empty()) {
    places.push_back(fs::path(environment.program_folder) / RINGSIDE_EXAMPLES_FROM_PROGRAM);
  }
  places.emplace_back(RINGSIDE_SOURCE_EXAMPLES);
  places.emplace_back("examples");
  for (const fs::path& place : places) {
    if (fs::is_directory(place, error)) return place.lexically_normal();
  }
  return {};
}

/// The first heading of a page, without its '#'.
std::string heading_of(const fs::path& page) {
  std::ifstream file(page);
  std::string line;
  std::getline(file, line);
  return line.starts_with("# ") ? printable(line.substr(2), 1000) : std::string{};
}

/// Scenarios, and folders that are projects of their own.
std::string list_examples(const CliEnvironment& environment) {
  const fs::path folder = examples_folder(environment);
  if (folder.empty()) return "none is installed\n";
  std::vector<fs::path> files;
  std::vector<fs::path> projects;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
    if (fs::is_regular_file(entry.path() / "README.md", error)) projects.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::sort(projects.begin(), projects.end());
  std::string text;
  for (const fs::path& file : files) {
    const LoadResult result = load_scenario(file.string());
    text +=
        fmt::format("{}\n    {}\n", file.string(),
                    result.scenario ? printable(result.scenario->description, 1000) : result.error);
  }
  for (const fs::path& project : projects) {
    const fs::path page = project / "README.md";
    text += fmt::format("{}/\n    {}: {}\n", project.string(), heading_of(page), page.string());
  }
  return text;
}

std::string list_topic(const std::string& topic, const CliEnvironment& environment) {
  if (topic == "models") return list_models(environment);
  if (topic == "features") return list_features();
  if (topic == "examples") return list_examples(environment);
  return list_costs();
}

}  // namespace

std::vector<std::string> list_topics() { return {"models", "features", "examples", "costs"}; }

int command_explain(const std::string& key, bool markdown, const CliEnvironment& environment) {
  if (markdown) {
    environment.out << scenario_markdown();
    return kExitOk;
  }
  if (key.empty()) {
    environment.out << explain_all();
    return kExitOk;
  }
  const Explanation explanation = explain(key);
  if (!explanation.error.empty()) {
    environment.err << "ringside: " << explanation.error << "\n";
    return kExitBadInput;
  }
  environment.out << explanation.text;
  return kExitOk;
}

int command_list(const std::string& topic, const CliEnvironment& environment) {
  const std::vector<std::string> topics = list_topics();
  if (topic.empty()) {
    for (const std::string& each : topics) {
      environment.out << (each == topics.front() ? "" : "\n") << each << "\n\n"
                      << list_topic(each, environment);
    }
    return kExitOk;
  }
  if (std::find(topics.begin(), topics.end(), topic) == topics.end()) {
    environment.err << fmt::format("ringside: nothing to list is named '{}'; expected {}{}\n",
                                   printable(topic), join_words(topics, "or"),
                                   suggestion(topic, topics));
    return kExitBadInput;
  }
  environment.out << list_topic(topic, environment);
  return kExitOk;
}

}  // namespace ringside::tb
