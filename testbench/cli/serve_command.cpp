// SPDX-License-Identifier: Apache-2.0
// `ringside serve`.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <ostream>

#include "testbench/cli/commands.h"
#include "testbench/cli/difference_output.h"
#include "testbench/cli/interrupt_guard.h"
#include "testbench/cli/out_folder.h"
#include "testbench/report/difference_report.h"
#include "testbench/report/progress.h"
#include "testbench/report/summary.h"
#include "testbench/scenario/load.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostSockets = 64;

/// The cards as a scenario has them, so that its keys and their checks count here too.
std::string parts_text(std::size_t cards) {
  std::string text = "version = 1\nname = \"serve\"\n[switch.switch]\n";
  for (std::size_t i = 0; i < cards; ++i) {
    text += fmt::format(
        "[host.peer{0}]\nnics = [\"card{0}\"]\n[nic.card{0}]\n"
        "[link.wire{0}]\nends = [\"card{0}\", \"switch\"]\n",
        i);
  }
  return text;
}

/// nic.mtu means nic.*.mtu: of every card.
std::string whole_key(const std::string& key) {
  const std::size_t dot = key.find('.');
  const bool two_words = dot != std::string::npos && key.find('.', dot + 1) == std::string::npos;
  const std::string section = key.substr(0, dot);
  if (!two_words || (section != "nic" && section != "link" && section != "switch")) return key;
  return section + ".*" + key.substr(dot);
}

std::optional<Scenario> load_parts(const ServeArguments& arguments,
                                   const CliEnvironment& environment) {
  std::vector<Override> overrides;
  for (const std::string& set : arguments.sets) {
    std::optional<Override> override = override_from_set(set);
    if (!override) {
      environment.err << fmt::format("--set {}: no value; expected KEY=VALUE\n", printable(set));
      return std::nullopt;
    }
    override->key = whole_key(override->key);
    overrides.push_back(std::move(*override));
  }
  for (const auto& [option, key, value] : {std::tuple{"model", "model", &arguments.model},
                                           {"seed", "seed", &arguments.seed},
                                           {"queues", "nic.*.queue_pairs", &arguments.queues},
                                           {"mac", "nic.card0.mac", &arguments.mac}}) {
    if (*value) overrides.push_back({fmt::format("--{} {}", option, **value), key, **value});
  }
  LoadResult result = parse_parts(parts_text(arguments.sockets.size()), "serve", overrides);
  if (!result.scenario) environment.err << result.error << "\n";
  if (!arguments.quiet) {
    for (const std::string& note : result.notes) environment.err << note << "\n";
  }
  return std::move(result.scenario);
}

/// What the wires lead to; an error if it is said twice, or what belongs to another.
std::string read_far_end(const ServeArguments& arguments, ServeOptions& options) {
  std::vector<std::string> given;
  if (arguments.tap) given.emplace_back("--tap");
  if (arguments.pcap) given.emplace_back("--pcap");
  if (arguments.loopback) given.emplace_back("--loopback");
  if (given.size() > 1) {
    return fmt::format("{} beside each other; expected one of --tap, --pcap and --loopback",
                       join_words(given, "and"));
  }
  if (!arguments.pcap && (arguments.repeat || arguments.back_to_back)) {
    return fmt::format("{} without --pcap; expected --pcap FILE beside it",
                       arguments.repeat ? "--repeat" : "--back-to-back");
  }
  if (arguments.loopback) options.far_end = FarEndKind::kLoopback;
  if (arguments.tap) {
    options.far_end = FarEndKind::kTap;
    options.far_name = *arguments.tap;
  }
  if (arguments.pcap) {
    options.far_end = FarEndKind::kPcap;
    options.far_name = *arguments.pcap;
    options.repeat = arguments.repeat.value_or(1);
    options.recorded_gaps = !arguments.back_to_back;
  }
  return {};
}

std::string check_sockets(const std::vector<std::string>& sockets) {
  if (sockets.size() > kMostSockets) {
    return fmt::format("{} sockets; expected at most {}", sockets.size(), kMostSockets);
  }
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    if (std::find(sockets.begin(), sockets.begin() + static_cast<std::ptrdiff_t>(i), sockets[i]) !=
        sockets.begin() + static_cast<std::ptrdiff_t>(i)) {
      return fmt::format(
          "--vhost-user {}: named twice; expected a socket of its own for every card",
          printable(sockets[i]));
    }
  }
  return {};
}

std::string repeat_serve(const ServeArguments& arguments) {
  std::string command = "ringside serve";
  const auto add = [&](const char* option, const std::string& value) {
    command += fmt::format(" {} {}", option, shell_quoted(value));
  };
  if (arguments.model) add("--model", *arguments.model);
  for (const std::string& socket : arguments.sockets) add("--vhost-user", socket);
  if (arguments.tap) add("--tap", *arguments.tap);
  if (arguments.pcap) add("--pcap", *arguments.pcap);
  if (arguments.repeat) add("--repeat", std::to_string(*arguments.repeat));
  if (arguments.back_to_back) command += " --back-to-back";
  if (arguments.loopback) command += " --loopback";
  if (arguments.queues) add("--queues", *arguments.queues);
  if (arguments.mac) add("--mac", *arguments.mac);
  if (arguments.seed) add("--seed", *arguments.seed);
  for (const std::string& set : arguments.sets) add("--set", set);
  for (const std::string& trace : arguments.traces) add("--trace", trace);
  return command;
}

/// One line that always says the same things, with frames per second since the last.
class ServeLine {
 public:
  explicit ServeLine(std::ostream& out) : out_(out), last_ms_(steady_clock_ms()) {}
  ~ServeLine() { clear(); }
  ServeLine(const ServeLine&) = delete;
  ServeLine& operator=(const ServeLine&) = delete;
  void clear() {
    if (shown_) out_ << "\r\033[K" << std::flush;
    shown_ = false;
  }
  void show(const ServeProgress& now) {
    const uint64_t now_ms = steady_clock_ms();
    const double seconds = static_cast<double>(std::max<uint64_t>(now_ms - last_ms_, 1)) * 1e-3;
    const auto rate = [seconds](uint64_t frames) { return static_cast<double>(frames) / seconds; };
    out_ << fmt::format(
                "\r\033[K{} {}, {} simulated, tx {:.3g} frames/s, rx {:.3g} frames/s", now.peers,
                now.peers == 1 ? "peer" : "peers", human_time_ns(now.sim_time_ps / 1000),
                rate(now.tx_frames - last_.tx_frames), rate(now.rx_frames - last_.rx_frames))
         << std::flush;
    shown_ = true;
    last_ = now;
    last_ms_ = now_ms;
  }

 private:
  std::ostream& out_;
  uint64_t last_ms_;
  ServeProgress last_;
  bool shown_ = false;
};

std::string summary_of(const RunResult& result, const RunContext& context) {
  const auto counter = [](const NicResult& nic, std::string_view name) {
    for (const auto& [key, value] : nic.counters) {
      if (key == name) return value;
    }
    return uint64_t{0};
  };
  std::string text;
  for (std::size_t i = 0; i < result.nics.size(); ++i) {
    const NicResult& nic = result.nics[i];
    text += fmt::format("{} ({}): {} front {}, tx {} frames, rx {} frames", nic.name,
                        result.peers[i].socket, result.peers[i].served,
                        result.peers[i].served == 1 ? "end" : "ends", counter(nic, "tx_frames"),
                        counter(nic, "rx_frames"));
    for (const auto& [key, value] : nic.counters) {
      const bool told =
          key.starts_with("tx_drop") || key.starts_with("rx_drop") || key.starts_with("error_");
      if (told && value != 0) text += fmt::format(", {} {}", key, value);
    }
    text += "\n";
  }
  if (!result.checks.empty()) text += checks_text(result);
  if (result.difference) text += difference_line(*result.difference, context);
  return text;
}

}  // namespace

int command_serve(const ServeArguments& arguments, const CliEnvironment& environment) {
  ServeOptions options;
  options.sockets = arguments.sockets;
  TraceKinds traces;
  std::string error = check_sockets(arguments.sockets);
  if (error.empty()) error = read_far_end(arguments, options);
  if (error.empty()) error = read_traces(arguments.traces, "serve records none", traces);
  if (!error.empty()) {
    environment.err << error << "\n";
    return kExitBadInput;
  }
  std::optional<Scenario> scenario = load_parts(arguments, environment);
  if (!scenario) return kExitBadInput;
  options.scenario = std::move(*scenario);
  options.trace_pcapng = traces.pcapng;
  options.trace_events = traces.events;
  options.trace_perfetto = traces.perfetto;
  // Without --out and traces nothing is left behind, unless there may be a difference.
  std::optional<OutFolder> folder;
  if (arguments.out || traces.any() || options.scenario.model == ModelKind::kDiff) {
    folder = make_out_folder(arguments.out, arguments.force, "serve");
    if (!folder->error.empty()) {
      environment.err << folder->error << "\n";
      return kExitBadInput;
    }
    options.starts = [&folder] {
      if (folder->replaces) remove_old_results(folder->path);
    };
    options.out_dir = folder->path;
  }
  std::optional<ServeLine> line;
  if (environment.terminal && !arguments.quiet) line.emplace(environment.err);
  const auto say = [&](const std::string& text) {
    if (arguments.quiet) return;
    if (line) line->clear();
    environment.err << printable(text, 4096) << "\n" << std::flush;
  };
  options.log = say;
  options.file_failed = [&](const std::string& text) {
    if (line) line->clear();
    environment.err << "ringside: " << printable(text, 4096) << "\n" << std::flush;
  };
  if (line) options.progress = [&line](const ServeProgress& progress) { line->show(progress); };
  options.ready = [&] {
    for (const std::string& socket : options.sockets) say(socket + ": waiting for a front end");
  };
  // Until the summary is whole.
  const InterruptGuard guard;
  options.end_descriptor = guard.descriptor();
  RunResult result = environment.serve(options);
  line.reset();
  if (result.input_wrong) {
    std::error_code ignored;
    if (folder && folder->created) fs::remove(folder->path, ignored);
    environment.err << "ringside: " << printable(result.error, 4096) << "\n";
    return kExitBadInput;
  }
  const RunContext context{folder ? folder->path : "", repeat_serve(arguments)};
  if (result.difference) {
    report_difference(options.scenario, context, options.file_failed, result);
  }
  const std::string json = summary_json(options.scenario, result, context);
  int status = result.passed() ? kExitOk : kExitCheckFailed;
  if (!result.error.empty()) {
    environment.err << "ringside: " << printable(result.error, 4096) << "\n";
  }
  if (folder) {
    if (const std::string why = write_whole(folder->path + "/" + kSummaryFile, json);
        !why.empty()) {
      environment.err << fmt::format("{}/{}: {}; expected to write the summary\n",
                                     printable(folder->path), kSummaryFile, why);
      status = kExitCheckFailed;
    }
  }
  if (arguments.json) {
    environment.out << json;
  } else if (!arguments.quiet) {
    environment.out << summary_of(result, context);
    if (folder) environment.out << "results in " << folder->path << "\n";
  }
  environment.out.flush();
  return status;
}

}  // namespace ringside::tb
