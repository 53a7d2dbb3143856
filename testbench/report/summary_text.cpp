// SPDX-License-Identifier: Apache-2.0
// The end of a run in words.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "testbench/report/difference_report.h"
#include "testbench/report/summary.h"

namespace ringside::tb {
namespace {

struct Step {
  double factor;
  std::string_view unit;
};

/// Three digits in the largest unit that leaves at least one.
std::string scaled(double value, std::span<const Step> steps) {
  for (const Step& step : steps) {
    const double number = value / step.factor;
    // What would be printed as 1000 belongs to the next unit.
    if (number < 0.9995) continue;
    const int digits = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}", number, digits, step.unit);
  }
  return fmt::format("{:.0f} {}", value, steps.back().unit);
}

constexpr double kBusy = 0.7;

/// "host.alice.core0" to "core 0 of host alice"; others stay as they are.
std::string resource_in_words(const std::string& resource) {
  const std::size_t first = resource.find('.');
  const std::size_t last = resource.rfind('.');
  if (first == std::string::npos) return resource;
  const std::string kind = resource.substr(0, first);
  if (kind == "host" && last > first && resource.compare(last, 5, ".core") == 0) {
    return fmt::format("core {} of host {}", resource.substr(last + 5),
                       resource.substr(first + 1, last - first - 1));
  }
  if (kind == "nic" && last > first) {
    return fmt::format("{} of nic {}", resource.substr(last + 1),
                       resource.substr(first + 1, last - first - 1));
  }
  if (kind == "link") {
    return last == first
               ? fmt::format("link {}", resource.substr(first + 1))
               : fmt::format("link {} from {}", resource.substr(first + 1, last - first - 1),
                             resource.substr(last + 1));
  }
  return resource;
}

std::string limits_in_words(const RunResult& result) {
  if (result.limits.empty()) return "not known";
  const LimitResult& top =
      *std::max_element(result.limits.begin(), result.limits.end(),
                        [](const LimitResult& a, const LimitResult& b) { return a.busy < b.busy; });
  const std::string where = resource_in_words(top.resource);
  if (top.busy >= kBusy) return fmt::format("{}, busy {:.0f} % of the time", where, 100 * top.busy);
  return fmt::format("waiting: the busiest part, {}, was busy {:.0f} % of the time", where,
                     100 * top.busy);
}

/// Frames that were dropped, by reason, and what links did to others: where TCP waits for a
/// retransmission, nothing is busy.
std::string drops_line(const std::string& where, const Counters& counters) {
  constexpr std::string_view kFaults[] = {"damaged",   "altered",    "delayed",
                                          "reordered", "duplicated", "outages"};
  std::string line;
  for (const auto& [name, count] : counters) {
    const bool drop = name.starts_with("drop_") || name.find("_drop_") != std::string::npos;
    const bool fault = std::find(std::begin(kFaults), std::end(kFaults), name) != std::end(kFaults);
    if (count == 0 || !(drop || fault)) continue;
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", name, count);
  }
  return line.empty() ? line : fmt::format("drops:  {}: {}\n", where, line);
}

std::string drops_in_words(const RunResult& result) {
  std::string text;
  for (const NicResult& nic : result.nics) text += drops_line("nic " + nic.name, nic.counters);
  for (const OutsideResult& port : result.outside) {
    text += drops_line(port.kind + " " + port.name, port.counters);
  }
  for (const SwitchResult& device : result.switches) {
    for (const SwitchPortResult& port : device.ports) {
      text +=
          drops_line(fmt::format("switch {}, port of {}", device.name, port.link), port.counters);
    }
  }
  for (const LinkResult& link : result.links) {
    for (const LinkDirectionResult& way : link.directions) {
      text += drops_line(fmt::format("link {} from {}", link.name, way.from), way.counters);
    }
  }
  return text;
}

/// p50 of one of a card's stages, or nothing if no frame went through it.
std::string stage_in_words(const std::vector<StageResult>& stages, std::string_view name,
                           std::string_view words) {
  for (const StageResult& stage : stages) {
    if (stage.name == name && stage.count != 0) {
      return fmt::format("{} p50 {}", words, human_time_ns(stage.latency_ns.p50));
    }
  }
  return {};
}

/// Of a card with bus timing: its two whole latencies, and what a data frame costs on the bus.
std::string card_line(const NicResult& nic) {
  const std::string tx = stage_in_words(nic.tx_stages, "doorbell_to_sent", "doorbell to wire");
  const std::string rx = stage_in_words(nic.rx_stages, "arrived_to_interrupt", "wire to interrupt");
  uint64_t up = 0, down = 0;
  for (const LedgerRowResult& row : nic.ledger->rows) {
    up += row.up.link_bytes;
    down += row.down.link_bytes;
  }
  const uint64_t frames = std::max<uint64_t>(nic.ledger->data_frames, 1);
  return fmt::format("card:   {}: {}{}{}{}PCIe bytes per data frame {} up, {} down\n", nic.name, tx,
                     tx.empty() || rx.empty() ? "" : ", ", rx, tx.empty() && rx.empty() ? "" : "; ",
                     up / frames, down / frames);
}

std::string flow_line(const FlowResult& flow, std::size_t width) {
  std::string line =
      fmt::format("  {:<{}}  {:<8}  {:>9}", flow.name, width, flow.kind, human_size(flow.bytes));
  line += fmt::format("  {:>11}", flow.goodput_bps > 0 ? human_rate(flow.goodput_bps) : "");
  if (flow.compared) {
    line += flow.intact ? "  intact" : "  NOT INTACT";
  } else {
    line += flow.intact ? "  complete, not compared" : "  NOT COMPLETE";
  }
  if (flow.latency_ns) {
    line += fmt::format("  latency min {}, p50 {}, p99 {}, max {}",
                        human_time_ns(flow.latency_ns->min), human_time_ns(flow.latency_ns->p50),
                        human_time_ns(flow.latency_ns->p99), human_time_ns(flow.latency_ns->max));
  }
  return line + "\n";
}

}  // namespace

std::string human_time_ns(uint64_t ns) {
  constexpr Step kSteps[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
  return scaled(static_cast<double>(ns), kSteps);
}

std::string human_rate(uint64_t bps) {
  constexpr Step kSteps[] = {
      {1e12, "Tbit/s"}, {1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}, {1, "bit/s"}};
  return scaled(static_cast<double>(bps), kSteps);
}

std::string human_size(uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr Step kSteps[] = {
      {1099511627776.0, "TiB"}, {1073741824.0, "GiB"}, {1048576.0, "MiB"}, {1024.0, "KiB"}};
  return scaled(static_cast<double>(bytes), kSteps);
}

std::string checks_text(const RunResult& result) {
  if (result.checks.empty()) return "checks: none was made\n";
  std::size_t failed = 0;
  for (const CheckResult& check : result.checks) failed += check.pass ? 0 : 1;
  std::string text = failed == 0
                         ? fmt::format("checks: {}, all hold\n", result.checks.size())
                         : fmt::format("checks: {} of {} failed\n", failed, result.checks.size());
  for (const CheckResult& check : result.checks) {
    if (!check.pass) text += fmt::format("  FAILED {}: {}\n", check.name, check.detail);
  }
  return text;
}

std::string summary_text(const Scenario& scenario, const RunResult& result,
                         const RunContext& context) {
  std::string text = fmt::format("{}: model {}, seed {}, {} simulated in {:.2f} s", scenario.name,
                                 name_of(scenario.model), scenario.seed,
                                 human_time_ns(result.sim_time_ns), result.wall_s);
  if (result.speed.data_frames_per_wall_s > 0) {
    text += fmt::format(", {} data frames per second", result.speed.data_frames_per_wall_s);
  }
  text += "\n";
  const std::string error = result.all_errors();
  if (!error.empty()) text += fmt::format("error: {}\n", error);
  if (result.incomplete) text += "incomplete: ended before it was done\n";
  std::size_t width = 0;
  for (const FlowResult& flow : result.flows) width = std::max(width, flow.name.size());
  for (const FlowResult& flow : result.flows) text += flow_line(flow, width);
  text += checks_text(result);
  for (const NicResult& nic : result.nics) {
    if (nic.ledger) text += card_line(nic);
  }
  text += fmt::format("limit:  {}\n", limits_in_words(result));
  text += drops_in_words(result);
  text += fmt::format("digest: {}{}\n", result.digest,
                      scenario.repeatable() ? "" : " (of this run alone: the outside took part)");
  if (result.difference) {
    text += difference_line(*result.difference, context);
  }
  text += fmt::format("files:  {}/summary.json", context.out_dir);
  for (const std::string& file : result.files) {
    text += fmt::format(", {}/{}{}", context.out_dir, file,
                        result.ends_early(file) ? " (ends early)" : "");
  }
  return text + fmt::format("\nagain:  {}\n", context.command);
}

}  // namespace ringside::tb
