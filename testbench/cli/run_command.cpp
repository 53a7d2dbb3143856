// SPDX-License-Identifier: Apache-2.0
// `ringside run` and `ringside check`.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string_view>

#include "testbench/cli/commands.h"
#include "testbench/report/progress.h"
#include "testbench/report/summary.h"
#include "testbench/scenario/load.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSummaryFile = "summary.json";
constexpr const char* kDefaultRoot = "out";
constexpr unsigned kMostRuns = 1'000'000;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_interrupt(int) { interrupted.store(true); }

/// While it lives, the first SIGINT sets `interrupted`; the next one acts as before.
class InterruptGuard {
 public:
  InterruptGuard() {
    interrupted.store(false);
    struct sigaction action = {};
    action.sa_handler = on_interrupt;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &before_);
  }
  ~InterruptGuard() { sigaction(SIGINT, &before_, nullptr); }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction before_ = {};
};

std::string shell_quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:=,+@%").find(c) != std::string_view::npos;
  });
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string in_file_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || c == '.';
    out += plain ? c : '_';
  }
  return out;
}

/// A folder for the results: a fresh one, or with --force an old one without its old results.
struct OutFolder {
  std::string path;
  bool created = false;
  bool replaces = false;  ///< it holds an earlier run
  std::string error;
};

/// Removes what an earlier run says that it wrote, so that nothing stale stands beside new results.
void remove_old_results(const fs::path& folder) {
  const fs::path summary = folder / kSummaryFile;
  std::ifstream file(summary, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  std::error_code error;
  if (json.is_object() && json.contains("files") && json["files"].is_array()) {
    for (const auto& name : json["files"]) {
      if (!name.is_string()) continue;
      // Only a plain name: a summary must not be able to point elsewhere.
      const fs::path plain(name.get<std::string>());
      if (plain.has_filename() && plain == plain.filename() && plain != "." && plain != ".." &&
          fs::is_regular_file(fs::symlink_status(folder / plain, error))) {
        fs::remove(folder / plain, error);
      }
    }
  }
  fs::remove(summary, error);
}

OutFolder make_out_folder(const RunArguments& arguments, const std::string& scenario_name) {
  OutFolder folder;
  std::error_code error;
  if (arguments.out) {
    folder.path = *arguments.out;
    while (folder.path.size() > 1 && folder.path.back() == '/') folder.path.pop_back();
    if (fs::exists(fs::symlink_status(folder.path, error))) {
      if (!arguments.force) {
        folder.error = fmt::format("--out {0}: '{0}' exists; expected a new folder, or --force",
                                   printable(folder.path));
      } else if (!fs::is_directory(folder.path, error)) {
        folder.error =
            fmt::format("--out {0}: '{0}' is not a folder; expected one", printable(folder.path));
      } else {
        folder.replaces = true;
      }
      return folder;
    }
    fs::create_directories(folder.path, error);
    folder.created = !error;
    if (error) {
      folder.error = fmt::format("--out {}: {}; expected a folder that can be made",
                                 printable(folder.path), error.message());
    }
    return folder;
  }
  fs::create_directories(kDefaultRoot, error);
  for (unsigned number = 1; number < kMostRuns && !error; ++number) {
    folder.path = fmt::format("{}/{}-{:03}", kDefaultRoot, in_file_name(scenario_name), number);
    if (fs::create_directory(folder.path, error)) {
      folder.created = true;
      return folder;
    }
  }
  folder.error = fmt::format("{}: {}; expected a folder that can be written, or --out",
                             kDefaultRoot, error ? error.message() : "too many runs");
  return folder;
}

/// Which traces; an error if one is not known.
std::string read_traces(const RunArguments& arguments, RunOptions& options) {
  const std::vector<std::string> known = {"pcapng", "events", "perfetto"};
  bool* const wanted[] = {&options.trace_pcapng, &options.trace_events, &options.trace_perfetto};
  for (const std::string& trace : arguments.traces) {
    const auto it = std::find(known.begin(), known.end(), trace);
    if (it == known.end()) {
      return fmt::format("--trace {0}: trace '{0}' is not known; expected {1}{2}", printable(trace),
                         join_words(known, "or"), suggestion(trace, known));
    }
    *wanted[it - known.begin()] = true;
  }
  return {};
}

}  // namespace

std::optional<Scenario> load_for(const RunArguments& arguments, const CliEnvironment& environment) {
  std::vector<Override> overrides;
  for (const std::string& set : arguments.sets) {
    std::optional<Override> override = override_from_set(set);
    if (!override) {
      environment.err << fmt::format("--set {}: no value; expected KEY=VALUE\n", printable(set));
      return std::nullopt;
    }
    overrides.push_back(std::move(*override));
  }
  for (const auto& [key, value] :
       {std::pair{"model", &arguments.model}, std::pair{"firmware", &arguments.firmware},
        std::pair{"seed", &arguments.seed}}) {
    if (*value) overrides.push_back({fmt::format("--{} {}", key, **value), key, **value});
  }
  LoadResult result = load_scenario(arguments.scenario, overrides);
  if (!result.scenario) environment.err << result.error << "\n";
  return std::move(result.scenario);
}

std::string repeat_command(const RunArguments& arguments) {
  std::string command = "ringside run " + shell_quoted(arguments.scenario);
  const auto add = [&](const char* option, const std::string& value) {
    command += fmt::format(" {} {}", option, shell_quoted(value));
  };
  if (arguments.model) add("--model", *arguments.model);
  if (arguments.firmware) add("--firmware", *arguments.firmware);
  if (arguments.seed) add("--seed", *arguments.seed);
  for (const std::string& set : arguments.sets) add("--set", set);
  for (const std::string& trace : arguments.traces) add("--trace", trace);
  return command;
}

int command_run(const RunArguments& arguments, const CliEnvironment& environment) {
  RunOptions options;
  if (const std::string error = read_traces(arguments, options); !error.empty()) {
    environment.err << error << "\n";
    return kExitBadInput;
  }
  const std::optional<Scenario> scenario = load_for(arguments, environment);
  if (!scenario) return kExitBadInput;
  const OutFolder folder = make_out_folder(arguments, scenario->name);
  if (!folder.error.empty()) {
    environment.err << folder.error << "\n";
    return kExitBadInput;
  }
  options.out_dir = folder.path;
  // Not earlier: a scenario that cannot be built leaves the old results as they are.
  options.built = [&folder] {
    if (folder.replaces) remove_old_results(folder.path);
  };

  RunResult result;
  {
    const InterruptGuard guard;
    options.interrupted = &interrupted;
    std::optional<ProgressLine> progress;
    if (environment.terminal && !arguments.quiet) {
      progress.emplace(environment.err, steady_clock_ms);
      options.progress = &*progress;
    }
    if (!arguments.quiet) {
      options.log = [&](driver::LogLevel level, const std::string& line) {
        if (level > driver::LogLevel::kWarning) return;
        if (progress) progress->clear();
        environment.err << printable(line, 1000) << "\n";
      };
    }
    result = environment.run(*scenario, options);
  }
  if (result.input_wrong) {
    std::error_code error;
    // Fails, as it should, if something is in it.
    if (folder.created) fs::remove(folder.path, error);
    environment.err << fmt::format("{}: {}\n", printable(arguments.scenario, 4096),
                                   printable(result.error, 4096));
    return kExitBadInput;
  }
  const RunContext context{folder.path, repeat_command(arguments)};
  const std::string json = summary_json(*scenario, result, context);
  if (const std::string why = write_whole(folder.path + "/" + kSummaryFile, json); !why.empty()) {
    if (!result.error.empty()) {
      environment.err << "ringside: " << printable(result.error, 4096) << "\n";
    }
    environment.err << fmt::format("{}/{}: {}; expected to write the summary\n",
                                   printable(folder.path), kSummaryFile, why);
    return kExitCheckFailed;
  }
  if (!result.error.empty()) {
    environment.err << "ringside: " << printable(result.error, 4096) << "\n";
  }
  if (arguments.json) {
    environment.out << json;
  } else if (!arguments.quiet) {
    environment.out << summary_text(*scenario, result, context);
  }
  environment.out.flush();
  return result.passed() ? kExitOk : kExitCheckFailed;
}

int command_check(const RunArguments& arguments, const CliEnvironment& environment) {
  const std::optional<Scenario> scenario = load_for(arguments, environment);
  if (!scenario) return kExitBadInput;
  const std::size_t traffic = scenario->flows.size() + scenario->pings.size() +
                              scenario->udp_echoes.size() + scenario->tcp_echoes.size() +
                              scenario->apps.size();
  environment.out << fmt::format("{}: good; hosts {}, nics {}, links {}, flows and others {}\n",
                                 arguments.scenario, scenario->hosts.size(), scenario->nics.size(),
                                 scenario->links.size(), traffic);
  return kExitOk;
}

}  // namespace ringside::tb
