// SPDX-License-Identifier: Apache-2.0
// TCP bulk: data frames per second through two stacks, drivers and cards. The figure by processor
// time is that of the simulation's thread; SHA-256 over the bytes runs on threads of its own.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "testbench/run/runner.h"
#include "testbench/scenario/load.h"

namespace {

constexpr const char* kScenario = R"(
version = 1
[host.alice]
nics = ["alice0"]
address = "10.0.0.1/24"
[host.bob]
nics = ["bob0"]
address = "10.0.0.2/24"
[nic.alice0]
[nic.bob0]
[link.wire]
ends = ["alice0", "bob0"]
rate = "100G"
delay = "1us"
[flow.bulk]
from = "alice"
to = "bob"
)";

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("TCP bulk: data frames per second");
  std::string size = "512MiB";
  std::string model = "lt";
  std::string queues = "1";
  bool zero_cost = false;
  app.add_option("--size", size, "bytes to send, with a unit");
  app.add_option("--model", model, "model of both cards");
  app.add_option("--queues", queues, "queue pairs, and connections");
  app.add_flag("--zero-cost", zero_cost, "host work takes no virtual time");
  CLI11_PARSE(app, argc, argv);
  std::vector<ringside::tb::Override> overrides = {{"--size", "flow.bulk.size", size},
                                                   {"--model", "model", model},
                                                   {"--queues", "nic.*.queue_pairs", queues},
                                                   {"--queues", "flow.bulk.streams", queues}};
  if (zero_cost) overrides.push_back({"--zero-cost", "host.*.cost", "zero"});
  const ringside::tb::LoadResult loaded =
      ringside::tb::parse_scenario(kScenario, "bench", overrides);
  if (!loaded.scenario) {
    std::fprintf(stderr, "bench_tcp: %s\n", loaded.error.c_str());
    return 2;
  }
  const ringside::tb::RunResult result =
      ringside::tb::run_scenario(*loaded.scenario, ringside::tb::RunOptions());
  if (!result.passed()) {
    std::fprintf(stderr, "bench_tcp: the bytes did not arrive whole %s\n", result.error.c_str());
    return 1;
  }
  std::printf(
      "model=%s queues=%s size=%s sim_ms=%.3f wall_s=%.3f data_frames_per_wall_s=%llu "
      "data_frames_per_cpu_s=%llu\n",
      model.c_str(), queues.c_str(), size.c_str(), static_cast<double>(result.sim_time_ns) / 1e6,
      result.wall_s, static_cast<unsigned long long>(result.speed.data_frames_per_wall_s),
      static_cast<unsigned long long>(result.speed.data_frames_per_cpu_s));
  return 0;
}

extern "C" int sc_main(int, char**) { return 0; }
