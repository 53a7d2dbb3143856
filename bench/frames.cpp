// SPDX-License-Identifier: Apache-2.0
// Data frames per wall second, driver to driver: driver, card, wire, card, driver, on one thread.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <string>

#include "testbench/frames/frame_exchange.h"

using ringside::tb::ModelKind;

/// Enough that the hash leaves no queue without any.
constexpr uint32_t kFlowsPerQueue = 16;

int main(int argc, char** argv) {
  CLI::App app("Frames per wall second, driver to driver");
  ringside::tb::FrameExchangeConfig config;
  uint32_t bytes = 60;
  uint64_t frames = 1'000'000;
  bool zero_cost = false;
  config.window = 200;
  config.batch = 32;
  const std::map<std::string, ModelKind> models = {{"lt", ModelKind::kLt}, {"at", ModelKind::kAt}};
  app.add_option("--model", config.model, "lt or at")->transform(CLI::CheckedTransformer(models));
  app.add_option("--bytes", bytes, "frame size without FCS")->check(CLI::Range(60, 1514));
  app.add_option("--frames", frames, "frames to send");
  unsigned queues = 1;
  unsigned cores = 0;
  app.add_option("--queues", queues, "queue pairs")->check(CLI::Range(1, 8));
  app.add_option("--cores", cores, "of each host; 0: one for every queue pair")
      ->check(CLI::Range(0, 8));
  app.add_option("--ring", config.driver.ring_size, "entries of each virtqueue");
  app.add_option("--window", config.window, "frames sent and not yet received, at most");
  app.add_option("--batch", config.batch, "frames for one doorbell; 0: random, four on average");
  app.add_flag("--zero-cost", zero_cost, "host work takes no virtual time");
  CLI11_PARSE(app, argc, argv);
  config.frames[0] = frames;
  config.frames[1] = 0;
  config.min_bytes = config.max_bytes = bytes;
  config.max_fragments = 1;
  if (queues > 1) {
    config.driver.queue_pairs = queues;
    config.nic.queue_pairs = static_cast<uint16_t>(queues);
    config.host.cores = cores != 0 ? cores : queues;
    config.flows = kFlowsPerQueue * queues;
    config.trains = true;
    config.window *= queues;
  }
  config.verify = false;
  if (zero_cost) config.host.costs = ringside::tb::zero_costs();
  const ringside::tb::FrameExchangeResult result = ringside::tb::run_frame_exchange(config);
  if (!result.fault.empty()) {
    std::fprintf(stderr, "bench_frames: %s\n", result.fault.c_str());
    return 1;
  }
  std::printf(
      "model=%s queues=%u bytes=%u frames=%llu sim_ms=%.3f wall_s=%.3f frames_per_wall_s=%.0f "
      "interrupts=%llu\n",
      name_of(config.model), queues, bytes, static_cast<unsigned long long>(result.frames),
      static_cast<double>(result.sim_time_ns) / 1e6, result.wall_s,
      static_cast<double>(result.frames) / result.wall_s,
      static_cast<unsigned long long>(result.interrupts));
  return 0;
}

extern "C" int sc_main(int, char**) { return 0; }
