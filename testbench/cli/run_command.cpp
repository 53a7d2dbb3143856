// SPDX-License-Identifier: Apache-2.0
// `ringside run` and `ringside check`.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string_view>

#include "testbench/cli/commands.h"
#include "testbench/cli/out_folder.h"
#include "testbench/report/progress.h"
#include "testbench/report/summary.h"
#include "testbench/scenario/load.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

#if RINGSIDE_HAVE_RTL
constexpr bool kHaveWaves = true;
#else
constexpr bool kHaveWaves = false;
#endif

namespace fs = std::filesystem;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

/// Signals that come so soon after the first are the same request: timeout(1) sends each one twice,
/// to its command and to the command's group.
constexpr int64_t kSameRequestNs = 200'000'000;
std::atomic<int64_t> interrupted_at_ns{0};
static_assert(std::atomic<int64_t>::is_always_lock_free);

/// Of the wall clock; async-signal-safe.
int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

extern "C" void on_interrupt(int signal) {
  const int64_t now = monotonic_ns();
  if (!interrupted.exchange(true)) {
    interrupted_at_ns.store(now);
  } else if (now - interrupted_at_ns.load() > kSameRequestNs) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // acts when the handler returns
  }
}

/// While it lives, the first SIGINT or SIGTERM sets `interrupted`; a later one ends the process.
class InterruptGuard {
 public:
  InterruptGuard() {
    interrupted.store(false);
    struct sigaction action = {};
    action.sa_handler = on_interrupt;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaction(SIGINT, &action, &before_interrupt_);
    sigaction(SIGTERM, &action, &before_terminate_);
  }
  ~InterruptGuard() {
    sigaction(SIGINT, &before_interrupt_, nullptr);
    sigaction(SIGTERM, &before_terminate_, nullptr);
  }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction before_interrupt_ = {}, before_terminate_ = {};
};

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
  TraceKinds traces;
  if (const std::string error = read_traces(arguments.traces, kHaveWaves, traces); !error.empty()) {
    environment.err << error << "\n";
    return kExitBadInput;
  }
  const std::optional<Scenario> scenario = load_for(arguments, environment);
  if (!scenario) return kExitBadInput;
  const auto has_signals = [&](const Nic& nic) { return scenario->has_signals(nic); };
  if (traces.waves && std::none_of(scenario->nics.begin(), scenario->nics.end(), has_signals)) {
    environment.err << fmt::format("--trace waves: model {} has no signals; expected --model rtl\n",
                                   name_of(scenario->model));
    return kExitBadInput;
  }
  options.trace_waves = traces.waves;
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

  RunResult result;
  {
    const InterruptGuard guard;
    options.interrupted = &interrupted;
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
