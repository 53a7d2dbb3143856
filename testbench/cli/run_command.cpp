// SPDX-License-Identifier: Apache-2.0
// `ringside run` and `ringside check`.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string_view>

#include "testbench/cli/commands.h"
#include "testbench/cli/difference_output.h"
#include "testbench/cli/interrupt_guard.h"
#include "testbench/cli/out_folder.h"
#include "testbench/cli/second_run.h"
#include "testbench/report/progress.h"
#include "testbench/report/summary.h"
#include "testbench/scenario/load.h"
#include "testbench/scenario/quantity.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

#if RINGSIDE_HAVE_RTL
constexpr std::string_view kNoWaves;
#else
constexpr std::string_view kNoWaves = "this build has no card in RTL";
#endif

namespace fs = std::filesystem;

bool read_time(const std::string& text, uint64_t* ps) {
  const QuantityResult time = parse_quantity(Quantity::kTime, text);
  *ps = time.value;
  return time.error == QuantityError::kNone;
}

/// --wave-window and --diff-window; empty, or what is wrong with them.
std::string read_windows(const RunArguments& arguments, const Scenario& scenario,
                         RunOptions& options, uint64_t& diff_window_ps) {
  if (arguments.wave_window) {
    const std::string& text = *arguments.wave_window;
    const std::size_t dots = text.find("..");
    hw::WaveWindow& window = options.wave_window;
    if (dots == std::string::npos || !read_time(text.substr(0, dots), &window.from_ps) ||
        !read_time(text.substr(dots + 2), &window.to_ps)) {
      return fmt::format("--wave-window {}: expected two times with units, such as 10us..25us",
                         printable(text));
    }
    if (window.from_ps >= window.to_ps) {
      return fmt::format(
          "--wave-window {}: does not end after it begins; expected the earlier time first, such "
          "as 10us..25us",
          printable(text));
    }
    if (!options.trace_waves) {
      return "--wave-window without waves; expected --trace waves beside it";
    }
  }
  if (arguments.diff_window) {
    if (!read_time(*arguments.diff_window, &diff_window_ps)) {
      return fmt::format("--diff-window {}: expected {}", printable(*arguments.diff_window),
                         describe(Quantity::kTime));
    }
    if (scenario.model != ModelKind::kDiff) {
      return fmt::format("--diff-window: model {} has no difference; expected --model diff",
                         name_of(scenario.model));
    }
  }
  return {};
}

/// Says that `scenario` cannot be run because of `error`, which begins with the key that it is
/// about: where a library was named, or else in its file.
void refuse(const Scenario& scenario, const std::string& error, const CliEnvironment& environment) {
  std::string place = printable(scenario.path, 4096);
  for (const Nic& nic : scenario.nics) {
    const bool own = !nic.card.empty() && error.starts_with("nic." + nic.name + ".card: ");
    if (own) place = nic.card_place;
  }
  for (const App& app : scenario.apps) {
    if (error.starts_with("app." + app.name + ": ")) place = app.library_place;
  }
  environment.err << fmt::format("{}: {}\n", place, printable(error, 4096));
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
  if (!arguments.quiet) {
    for (const std::string& note : result.notes) environment.err << note << "\n";
  }
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
  if (arguments.wave_window) add("--wave-window", *arguments.wave_window);
  if (arguments.diff_window) add("--diff-window", *arguments.diff_window);
  return command;
}

int command_run(const RunArguments& arguments, const CliEnvironment& environment) {
  RunOptions options;
  TraceKinds traces;
  if (const std::string error = read_traces(arguments.traces, kNoWaves, traces); !error.empty()) {
    environment.err << error << "\n";
    return kExitBadInput;
  }
  const std::optional<Scenario> scenario = load_for(arguments, environment);
  if (!scenario) return kExitBadInput;
  const auto has_signals = [&](const Nic& nic) { return scenario->has_signals(nic); };
  if (traces.waves && std::none_of(scenario->nics.begin(), scenario->nics.end(), has_signals)) {
    environment.err << fmt::format(
        "--trace waves: model {} has no signals; expected --model rtl or diff, or a card of "
        "your own\n",
        name_of(scenario->model));
    return kExitBadInput;
  }
  options.trace_waves = traces.waves;
  uint64_t diff_window_ps = kDiffWindowPs;
  if (const std::string error = read_windows(arguments, *scenario, options, diff_window_ps);
      !error.empty()) {
    environment.err << error << "\n";
    return kExitBadInput;
  }
  options.look_ahead = !arguments.no_look_ahead;
  options.trace_pcapng = traces.pcapng;
  options.trace_events = traces.events;
  options.trace_perfetto = traces.perfetto;
  const OutFolder folder = make_out_folder(arguments.out, arguments.force, scenario->name);
  if (!folder.error.empty()) {
    environment.err << folder.error << "\n";
    return kExitBadInput;
  }
  options.out_dir = folder.path;
  // Not earlier: a scenario that cannot be built leaves the old results as they are.
  options.built = [&folder] {
    if (folder.replaces) remove_old_results(folder.path);
  };

  std::optional<SecondRun> second;
  std::string no_second;
  if (scenario->model == ModelKind::kDiff) {
    no_second = SecondRun::impossible(*scenario, diff_window_ps);
    if (no_second.empty()) second.emplace(*scenario, options, environment, arguments.quiet);
  }

  RunResult result;
  const RunContext context{folder.path, repeat_command(arguments)};
  const InterruptGuard guard;  // until the summary is whole
  {
    options.interrupted = &guard.interrupted();
    std::optional<ProgressLine> progress;
    if (environment.terminal && !arguments.quiet) {
      progress.emplace(environment.err, steady_clock_ms);
      options.progress = &*progress;
    }
    options.file_failed = [&](const std::string& line) {
      if (progress) progress->clear();
      environment.err << "ringside: " << printable(line, 4096) << "\n" << std::flush;
    };
    if (!arguments.quiet) {
      options.log = [&](driver::LogLevel level, const std::string& line) {
        if (level > driver::LogLevel::kWarning) return;
        if (progress) progress->clear();
        environment.err << printable(line, 1000) << "\n";
      };
    }
    result = environment.run(*scenario, options);
    progress.reset();
    if (result.difference) {
      if (second && guard.interrupted()) {
        result.difference->rerun.detail = "no waves: the run was interrupted";
      } else if (second) {
        result.difference->rerun.detail = "a second run, for waves, has not come to its end";
        report_difference(*scenario, context, options.file_failed, result);
        second->make(diff_window_ps, result);
      } else {
        result.difference->rerun.detail = no_second;
      }
      report_difference(*scenario, context, options.file_failed, result);
    }
  }
  if (result.input_wrong) {
    std::error_code error;
    // Fails, as it should, if something is in it.
    if (folder.created) fs::remove(folder.path, error);
    refuse(*scenario, result.error, environment);
    return kExitBadInput;
  }
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
  if (const Status status = environment.check_libraries(*scenario); !status.ok()) {
    refuse(*scenario, status.error, environment);
    return kExitBadInput;
  }
  const std::size_t traffic = scenario->flows.size() + scenario->pings.size() +
                              scenario->udp_echoes.size() + scenario->tcp_echoes.size() +
                              scenario->apps.size();
  environment.out << fmt::format("{}: good; hosts {}, nics {}, links {}, flows and others {}\n",
                                 arguments.scenario, scenario->hosts.size(), scenario->nics.size(),
                                 scenario->links.size(), traffic);
  return kExitOk;
}

}  // namespace ringside::tb
