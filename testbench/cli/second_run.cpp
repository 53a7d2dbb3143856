// SPDX-License-Identifier: Apache-2.0
// See second_run.h.
#include "testbench/cli/second_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "testbench/cli/interrupt_guard.h"
#include "testbench/report/progress.h"
#include "testbench/scenario/quantity.h"

namespace ringside::tb {

namespace {

using Json = nlohmann::json;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const DifferenceResult& difference) {
  return {{"nic", difference.nic}, {"what", difference.what}, {"time_ps", difference.time_ps}};
}

std::optional<DifferenceResult> read_difference(const Json& json) {
  if (!json.is_object() || !json.contains("difference")) return std::nullopt;
  const Json& from = json["difference"];
  DifferenceResult difference;
  difference.nic = from["nic"];
  difference.what = from["what"];
  difference.time_ps = from["time_ps"];
  return difference;
}

/// Why the second run has left no waves of its window; empty: it has. `same`: it came to the same
/// difference.
std::string no_waves(const Rerun::Answer& answer, const Json& json, bool same) {
  const std::string failed = "the second run failed: ";
  if (!answer.error.empty()) return failed + answer.error;
  if (!json.is_object()) return failed + "it gave no answer";
  if (json.contains("cut")) return failed + std::string(json["cut"]);
  if (same) return {};
  // Where it stopped something else may be wrong.
  if (json["interrupted"] == true) return "the second run was interrupted";
  return json["files"].empty() ? failed + json.value("error", "") : "";
}

/// What has not come to its end must not look whole.
void remove_waves(const std::string& path) {
  std::error_code error;
  for (const char* suffix : {".fst", ".fst.part", ".fst.part.hier", ".gtkw"}) {
    std::filesystem::remove(path + suffix, error);
  }
}

}  // namespace

std::string SecondRun::impossible(const Scenario& scenario, uint64_t window_ps) {
  if (window_ps == 0) return "no waves: --diff-window 0 makes no second run";
  if (!scenario.repeatable()) return "no waves: the outside took part, which no second run repeats";
  return {};
}

SecondRun::SecondRun(const Scenario& scenario, const RunOptions& options,
                     const CliEnvironment& environment, bool quiet)
    : scenario_(scenario),
      options_(options),
      environment_(environment),
      quiet_(quiet),
      rerun_([this](const std::string& request) { return run(request); }) {}

/// In the copy of the process.
std::string SecondRun::run(const std::string& request) {
  const Json asked = Json::parse(request);
  RunOptions options = options_;
  options.built = {};
  options.log = {};
  options.file_failed = {};
  options.out_dir += std::string("/") + kDifferenceFolder;
  options.trace_pcapng = options.trace_events = options.trace_perfetto = false;
  options.trace_waves = true;
  options.wave_card = asked["nic"];
  options.wave_window = {asked["from_ps"], asked["to_ps"]};
  options.keep_evidence = false;
  const InterruptGuard guard;
  options.interrupted = &guard.interrupted();
  std::optional<ProgressLine> progress;
  if (environment_.terminal && !quiet_) {
    progress.emplace(environment_.err, steady_clock_ms);
    options.progress = &*progress;
  }
  const RunResult result = environment_.run(scenario_, options);
  progress.reset();
  Json answer = {{"files", result.files}, {"interrupted", guard.interrupted().load()}};
  if (!result.file_errors.empty()) answer["cut"] = result.all_errors();
  if (result.difference) {
    answer["difference"] = to_json(*result.difference);
  } else {
    answer["error"] = result.all_errors();
  }
  return dump(answer);
}

void SecondRun::make(uint64_t window_ps, RunResult& result) {
  DifferenceResult& difference = *result.difference;
  DifferenceResult::Rerun& rerun = difference.rerun;
  rerun.from_ps = difference.time_ps - std::min(difference.time_ps, window_ps);
  if (environment_.terminal && !quiet_) {
    environment_.err << fmt::format("nic.{} differs; once more, for waves\n", difference.nic)
                     << std::flush;
  }
  const Rerun::Answer answer = rerun_.ask(
      dump({{"nic", difference.nic}, {"from_ps", rerun.from_ps}, {"to_ps", difference.time_ps}}));
  const Json json = Json::parse(answer.text, nullptr, /*allow_exceptions=*/false);
  const std::optional<DifferenceResult> other = read_difference(json);
  const bool same = other && is_same(difference, *other);
  if (const std::string why = no_waves(answer, json, same); !why.empty()) {
    remove_waves(fmt::format("{}/{}/{}", options_.out_dir, kDifferenceFolder, difference.nic));
    rerun.detail = "no waves: " + why;
    return;
  }
  const std::vector<std::string> files = json["files"];
  for (const std::string& file : files) {
    result.files.push_back(std::string(kDifferenceFolder) + "/" + file);
  }
  say_rerun(difference, files, other, json.value("error", ""));
}

}  // namespace ringside::tb
