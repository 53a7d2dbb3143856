// SPDX-License-Identifier: Apache-2.0
// See runner.h.
#include "testbench/run/runner.h"

#include <chrono>
#include <ctime>
#include <filesystem>
#include <systemc>

#include "host_driver/virtio_net_driver.h"
#include "testbench/run/difference_files.h"
#include "testbench/run/paced_run.h"
#include "testbench/run/simulation.h"
#include "testbench/run/stack_guard.h"
#include "testbench/run/trace_outputs.h"

namespace ringside::tb {

namespace {

using sc_core::sc_time;

/// Virtual time between looks at progress and interruption; it does not change what happens.
constexpr uint64_t kSlicePs = 1'000'000'000;
/// After the last application has ended: time for last acknowledgements and completions.
constexpr uint64_t kDrainPs = 2'000'000'000;
/// Likewise with a part of it outside, which is slower.
constexpr uint64_t kPacedDrainPs = 20'000'000'000;

double thread_cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

uint64_t per_second(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<uint64_t>(static_cast<double>(count) / seconds) : 0;
}

uint64_t now_ps() { return sc_core::sc_time_stamp().value(); }

/// Notes that the time is over; that is how a run ends that has no end of its own.
void out_of_time(const Scenario& scenario, const Simulation& simulation, RunResult& result) {
  if (scenario.open_ended()) return;
  result.checks.push_back({"completed", false,
                           "not done after " + std::to_string(now_ps() / 1'000'000'000) +
                               " ms of virtual time: " + simulation.unfinished()});
}

/// As simulate(), in a loop with the outside or the wall clock.
std::string simulate_paced(const Scenario& scenario, const RunOptions& options, PacedRun& paced,
                           Simulation& simulation, RunResult& result) {
  std::string failure = paced.run_until(scenario.duration_ps, options, simulation);
  if (!failure.empty()) return failure;
  if (!simulation.done()) {
    if (options.interrupted != nullptr && options.interrupted->load()) {
      result.incomplete = !scenario.open_ended();
    } else {
      out_of_time(scenario, simulation, result);
    }
    return {};
  }
  simulation.stop_clock();
  return paced.run_until(now_ps() + kPacedDrainPs, options, simulation);
}

/// Runs until done, failed, interrupted or `duration_ps`; empty, or why it ended early.
std::string simulate(const Scenario& scenario, const RunOptions& options, Simulation& simulation,
                     RunResult& result) {
  while (!simulation.done()) {
    if (now_ps() >= scenario.duration_ps) {
      out_of_time(scenario, simulation, result);
      return {};
    }
    const uint64_t slice = std::min(kSlicePs, scenario.duration_ps - now_ps());
    sc_core::sc_start(sc_time::from_value(slice));
    if (std::string failure = simulation.failure(); !failure.empty()) return failure;
    if (options.interrupted != nullptr && options.interrupted->load()) {
      result.incomplete = !scenario.open_ended();
      return {};
    }
    if (options.progress != nullptr) {
      options.progress->progress(now_ps(), scenario.duration_ps, simulation.bytes_done(),
                                 simulation.bytes_total());
    }
    if (!simulation.done() && !sc_core::sc_pending_activity()) {
      result.checks.push_back(
          {"completed", false, "nothing is left to happen: " + simulation.unfinished()});
      return {};
    }
  }
  simulation.stop_clock();
  sc_core::sc_start(sc_time::from_value(kDrainPs));
  return simulation.failure();
}

}  // namespace

std::unique_ptr<driver::NetDevice> make_virtio_net_driver(driver::PciAccess& pci,
                                                          driver::Platform& platform,
                                                          const driver::VirtioNetOptions& options) {
  return std::make_unique<driver::VirtioNetDriver>(pci, platform, options);
}

RunResult run_scenario(const Scenario& scenario, const RunOptions& options) {
  // They stay until the process ends: contexts that never ended refer to them.
  static Monitor* monitor = nullptr;
  static Simulation* simulation = nullptr;
  static TraceOutputs* outputs = nullptr;
  static PacedRun* paced = nullptr;
  RunResult result;
  if (simulation != nullptr) {
    result.error = "a process can run one scenario only";
    return result;
  }
  install_stack_guard();
  const auto wall_start = std::chrono::steady_clock::now();
  const double cpu_start = thread_cpu_s();
  try {
    monitor = new Monitor;
    outputs = new TraceOutputs;
    if (PacedRun::wanted(scenario)) paced = new PacedRun(scenario);
    simulation =
        new Simulation(scenario, options, *monitor, paced == nullptr ? nullptr : &paced->loop());
    Status status = simulation->build();
    result.input_wrong = !status.ok();
    if (status.ok() && options.built) options.built();
    const bool may_differ = scenario.model == ModelKind::kDiff && options.keep_evidence;
    if (may_differ) monitor->keep_frames(kFramesKept);
    if (status.ok() && options.trace_pcapng) {
      status = monitor->open_capture(std::filesystem::path(options.out_dir) / kCaptureName,
                                     scenario.name, options.file_failed);
      if (status.ok()) result.files.emplace_back(kCaptureName);
    }
    if (status.ok()) status = outputs->open(scenario, options, &result.files);
    if (status.ok() && options.trace_waves) {
      status = simulation->record_waves(options.out_dir, &result.files);
    }
    if (status.ok()) simulation->attach(*outputs);
    if (!status.ok()) {
      result.error = status.error;
    } else {
      result.error = paced == nullptr
                         ? simulate(scenario, options, *simulation, result)
                         : simulate_paced(scenario, options, *paced, *simulation, result);
    }
  } catch (const std::exception& error) {
    result.error = std::string("the simulation broke down: ") + error.what();
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - wall_start;
  result.wall_s = wall.count();
  const double cpu_s = thread_cpu_s() - cpu_start;
  const auto closed = [&result](const std::string& file, const Status& status) {
    // One that could not even be opened has said so already.
    if (status.ok() || status.error == result.error) return;
    result.cut(file, status.error);
  };
  closed(kCaptureName, monitor->close_capture());
  outputs->close(closed);
  simulation->finish_waves([&](const std::string& file, const Status& status) {
    // What writes waves does not say it earlier.
    if (!status.ok() && options.file_failed) options.file_failed(status.error);
    closed(file, status);
  });
  simulation->collect(result);
  if (const auto found = simulation->evidence()) {
    const auto& [nic, evidence] = *found;
    result.difference = difference_result(trace_card(scenario, nic), *evidence);
    if (options.keep_evidence) {
      write_difference_files(scenario, options, nic, *evidence, *monitor, result);
    }
  }
  for (std::size_t i = 0; i < result.nics.size(); ++i) outputs->collect(i, result.nics[i]);
  result.digest = monitor->digest();
  result.content_digest = monitor->content_digest();
  result.speed.data_frames_per_wall_s = per_second(monitor->data_frames(), result.wall_s);
  result.speed.data_frames_per_cpu_s = per_second(monitor->data_frames(), cpu_s);
  result.speed.clock_cycles_per_wall_s = per_second(simulation->clock_cycles(), result.wall_s);
  return result;
}

}  // namespace ringside::tb
