// SPDX-License-Identifier: Apache-2.0
// Writes summary.json.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "testbench/report/summary.h"

namespace ringside::tb {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const FlowResult& flow) {
  Json json;
  json["name"] = flow.name;
  json["kind"] = flow.kind;
  json["bytes"] = flow.bytes;
  json["goodput_bps"] = flow.goodput_bps;
  if (!flow.sha256.empty()) json["sha256"] = flow.sha256;
  json["intact"] = flow.intact;
  if (flow.latency_ns) {
    json["latency_ns"] = {{"min", flow.latency_ns->min},
                          {"p50", flow.latency_ns->p50},
                          {"p99", flow.latency_ns->p99},
                          {"max", flow.latency_ns->max}};
  }
  return json;
}

Json counters(const std::vector<std::pair<std::string, uint64_t>>& list) {
  Json json = Json::object();
  for (const auto& [name, value] : list) json[name] = value;
  return json;
}

Json to_json(const HostResult& host) {
  return {{"name", host.name},
          {"cpu_busy_ns", host.cpu_busy_ns},
          {"interrupts", host.interrupts},
          {"napi_polls", host.napi_polls},
          {"tx_frames", host.tx_frames},
          {"rx_frames", host.rx_frames},
          {"driver", counters(host.driver_counters)}};
}

}  // namespace

std::string summary_json(const Scenario& scenario, const RunResult& result,
                         const RunContext& context) {
  Json json;
  json["ringside"] = RINGSIDE_VERSION;
  json["scenario"] = scenario.name;
  json["model"] = name_of(scenario.model);
  json["firmware"] = name_of(scenario.firmware);
  json["seed"] = scenario.seed;
  json["digest"] = result.digest;
  json["content_digest"] = result.content_digest;
  json["incomplete"] = result.incomplete;
  if (!result.error.empty()) json["error"] = result.error;
  json["sim_time_ns"] = result.sim_time_ns;
  json["wall_s"] = result.wall_s;
  json["checks"] = Json::array();
  for (const CheckResult& check : result.checks) {
    json["checks"].push_back(
        {{"name", check.name}, {"pass", check.pass}, {"detail", check.detail}});
  }
  json["flows"] = Json::array();
  for (const FlowResult& flow : result.flows) json["flows"].push_back(to_json(flow));
  json["hosts"] = Json::array();
  for (const HostResult& host : result.hosts) json["hosts"].push_back(to_json(host));
  json["nics"] = Json::array();
  for (const NicResult& nic : result.nics) {
    json["nics"].push_back(
        {{"name", nic.name}, {"model", nic.model}, {"counters", counters(nic.counters)}});
  }
  json["limits"] = Json::array();
  for (const LimitResult& limit : result.limits) {
    json["limits"].push_back({{"resource", limit.resource}, {"busy", limit.busy}});
  }
  json["speed"] = {{"data_frames_per_wall_s", result.speed.data_frames_per_wall_s},
                   {"data_frames_per_cpu_s", result.speed.data_frames_per_cpu_s},
                   {"clock_cycles_per_wall_s", result.speed.clock_cycles_per_wall_s}};
  json["files"] = result.files;
  json["command"] = context.command;
  // Names come from the user's files and need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string write_whole(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".tmp";
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) return std::strerror(errno);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const int write_error = errno;
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = written ? errno : write_error;
    unlink(temporary.c_str());
    return std::strerror(error);
  }
  return {};
}

}  // namespace ringside::tb
