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

Json to_json(const LatencyNs& latency) {
  return {{"min", latency.min}, {"p50", latency.p50}, {"p99", latency.p99}, {"max", latency.max}};
}

Json to_json(const FlowResult& flow) {
  Json json;
  json["name"] = flow.name;
  json["kind"] = flow.kind;
  json["bytes"] = flow.bytes;
  json["goodput_bps"] = flow.goodput_bps;
  if (!flow.sha256.empty()) json["sha256"] = flow.sha256;
  json["intact"] = flow.intact;
  if (!flow.compared) json["compared"] = false;
  if (flow.latency_ns) json["latency_ns"] = to_json(*flow.latency_ns);
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
          {"driver", counters(host.driver_counters)},
          {"stack_counters", counters(host.stack_counters)}};
}

Json stages(const std::vector<StageResult>& list) {
  Json json = Json::object();
  for (const StageResult& stage : list) {
    Json& entry = json[stage.name];
    entry["count"] = stage.count;
    entry.update(to_json(stage.latency_ns));
  }
  return json;
}

Json to_json(const hw::LedgerEntry& entry, uint64_t data_frames) {
  const auto each = [data_frames](uint64_t sum) {
    return data_frames == 0 ? 0.0 : static_cast<double>(sum) / static_cast<double>(data_frames);
  };
  return {{"tlps", entry.tlps},
          {"payload_bytes", entry.payload_bytes},
          {"link_bytes", entry.link_bytes},
          {"tlps_per_data_frame", each(entry.tlps)},
          {"payload_bytes_per_data_frame", each(entry.payload_bytes)},
          {"link_bytes_per_data_frame", each(entry.link_bytes)}};
}

Json to_json(const LedgerResult& ledger) {
  Json json;
  json["data_frames"] = ledger.data_frames;
  json["rows"] = Json::object();
  hw::LedgerEntry up, down;
  const auto add = [](hw::LedgerEntry& sum, const hw::LedgerEntry& entry) {
    sum.tlps += entry.tlps;
    sum.payload_bytes += entry.payload_bytes;
    sum.link_bytes += entry.link_bytes;
  };
  for (const LedgerRowResult& row : ledger.rows) {
    json["rows"][row.name] = {{"up", to_json(row.up, ledger.data_frames)},
                              {"down", to_json(row.down, ledger.data_frames)}};
    add(up, row.up);
    add(down, row.down);
  }
  json["total"] = {{"up", to_json(up, ledger.data_frames)},
                   {"down", to_json(down, ledger.data_frames)}};
  return json;
}

Json to_json(const NicResult& nic) {
  Json json;
  json["name"] = nic.name;
  json["model"] = nic.model;
  json["counters"] = counters(nic.counters);
  if (!nic.tx_stages.empty() || !nic.rx_stages.empty()) {
    json["latency_ns"] = {{"tx", stages(nic.tx_stages)}, {"rx", stages(nic.rx_stages)}};
  }
  if (nic.ledger) json["ledger"] = to_json(*nic.ledger);
  return json;
}

Json to_json(const SwitchResult& device) {
  Json ports = Json::array();
  for (const SwitchPortResult& port : device.ports) {
    ports.push_back({{"link", port.link}, {"counters", counters(port.counters)}});
  }
  return {{"name", device.name}, {"counters", counters(device.counters)}, {"ports", ports}};
}

Json to_json(const LinkResult& link) {
  Json directions = Json::array();
  for (const LinkDirectionResult& way : link.directions) {
    directions.push_back(
        {{"from", way.from}, {"to", way.to}, {"counters", counters(way.counters)}});
  }
  return {{"name", link.name}, {"directions", directions}};
}

Json to_json(const OutsideResult& part) {
  return {{"name", part.name}, {"kind", part.kind}, {"counters", counters(part.counters)}};
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
  json["repeatable"] = scenario.repeatable() && result.peers.empty();
  json["digest"] = result.digest;
  json["content_digest"] = result.content_digest;
  json["incomplete"] = result.incomplete;
  const std::string error = result.all_errors();
  if (!error.empty()) json["error"] = error;
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
  for (const NicResult& nic : result.nics) json["nics"].push_back(to_json(nic));
  for (const PeerResult& peer : result.peers) {
    json["peers"].push_back({{"socket", peer.socket}, {"nic", peer.nic}, {"served", peer.served}});
  }
  json["switches"] = Json::array();
  for (const SwitchResult& device : result.switches) json["switches"].push_back(to_json(device));
  json["links"] = Json::array();
  for (const LinkResult& link : result.links) json["links"].push_back(to_json(link));
  if (!result.outside.empty()) json["outside"] = Json::array();
  for (const OutsideResult& part : result.outside) json["outside"].push_back(to_json(part));
  json["limits"] = Json::array();
  for (const LimitResult& limit : result.limits) {
    json["limits"].push_back({{"resource", limit.resource}, {"busy", limit.busy}});
  }
  json["speed"] = {{"data_frames_per_wall_s", result.speed.data_frames_per_wall_s},
                   {"data_frames_per_cpu_s", result.speed.data_frames_per_cpu_s},
                   {"clock_cycles_per_wall_s", result.speed.clock_cycles_per_wall_s}};
  if (result.difference) {
    const DifferenceResult& difference = *result.difference;
    json["difference"] = {{"nic", difference.nic},
                          {"what", difference.what},
                          {"time_ps", difference.time_ps},
                          {"cycle", difference.cycle},
                          {"folder", kDifferenceFolder},
                          {"rerun",
                           {{"made", difference.rerun.made},
                            {"same", difference.rerun.same},
                            {"detail", difference.rerun.detail}}}};
  }
  json["files"] = result.files;
  if (!result.files_cut.empty()) json["files_cut"] = result.files_cut;
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
