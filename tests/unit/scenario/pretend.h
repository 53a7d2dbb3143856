// SPDX-License-Identifier: Apache-2.0
// A stand-in for the simulation: results that are known beforehand.
#pragma once

#include <poll.h>
#include <time.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "testbench/run/runner.h"
#include "testbench/serve/serve.h"

namespace ringside::test {

/// What the scenario's seed asks of pretend_run; every other seed passes.
enum PretendSeed : uint64_t {
  kPretendPass = 1,
  kPretendFailedCheck = 2,
  kPretendError = 3,
  kPretendBadInput = 4,
  /// Waits for the interrupt flag.
  kPretendLong = 5,
  /// A file takes no more; then as kPretendLong.
  kPretendFullDisk = 6,
  /// A card differs from the core that follows it; the second run comes to the same, to something
  /// else, to nothing, breaks down, waits for the interrupt flag, or cannot write waves.
  kPretendDifference = 101,
  kPretendOtherDifference = 102,
  kPretendNoDifference = 103,
  kPretendCrash = 104,
  kPretendLongSecond = 105,
  kPretendNoWaves = 106,
};

inline void pretend_difference(const tb::Scenario& scenario, const tb::RunOptions& options,
                               tb::RunResult& result) {
  const bool second = !options.keep_evidence;
  const std::string name = second ? options.wave_card + ".fst" : "difference/history.txt";
  if (second && scenario.seed == kPretendNoWaves) {
    result.error = name + ": cannot be written";
    return;
  }
  if (!second) std::filesystem::create_directory(options.out_dir + "/difference");
  std::ofstream(options.out_dir + "/" + name)
      << options.wave_window.from_ps << " to " << options.wave_window.to_ps;
  result.files.push_back(name);
  if (second && scenario.seed == kPretendCrash) std::abort();
  if (second && scenario.seed == kPretendLongSecond) {
    std::ofstream(options.out_dir + "/started") << "1";
    while (!options.interrupted->load()) {
      const timespec pause = {0, 1'000'000};
      nanosleep(&pause, nullptr);
    }
    result.incomplete = true;
  }
  if (second && scenario.seed == kPretendNoDifference) return;
  tb::DifferenceResult& difference = result.difference.emplace();
  difference.nic = "alice0";
  const bool other =
      scenario.seed == kPretendOtherDifference || scenario.seed == kPretendLongSecond;
  difference.what = second && other ? "a b" : "a byte is wrong";
  difference.time_ps = 12'000'000;
  difference.cycle = 3000;
  difference.demands = {{11'000'000, "a write"}, {std::nullopt, "a frame"}};
  difference.last_lines = {"the last line"};
  result.checks.push_back({"diff alice0", false, difference.what});
}

/// The libraries of a scenario with the seed kPretendBadInput are wrong.
inline Status pretend_check(const tb::Scenario& scenario) {
  if (scenario.seed != kPretendBadInput) return Status::success();
  return Status::failure("nic.alice0.card: no card");
}

inline tb::RunResult pretend_run(const tb::Scenario& scenario, const tb::RunOptions& options) {
  tb::RunResult result;
  result.digest = "00112233445566778899aabbccddeeff";
  result.content_digest = "ffeeddccbbaa99887766554433221100";
  result.sim_time_ns = 12'345'678;
  result.wall_s = 0.5;
  result.checks.push_back({"flow.upload intact", true, "67108864 bytes"});
  result.flows.push_back({.name = "upload",
                          .kind = "flow",
                          .bytes = 67'108'864,
                          .goodput_bps = 43'487'654'321,
                          .sha256 = "ab",
                          .intact = true,
                          .latency_ns = std::nullopt});
  result.flows.push_back({.name = "ping",
                          .kind = "ping",
                          .bytes = 560,
                          .goodput_bps = 0,
                          .sha256 = "",
                          .intact = true,
                          .latency_ns = tb::LatencyNs{3000, 3100, 4200, 5300}});
  result.hosts.push_back(
      {"alice", 11'000'000, 120, 130, 46'000, 23'000, {{"rx0_packets", 23'000}}});
  result.nics.push_back({"alice0", name_of(scenario.model), {{"tx_frames", 46'000}}});
  result.limits.push_back({"link.wire.alice0", 0.41});
  result.limits.push_back({"host.alice.core0", 0.97});
  result.speed.data_frames_per_wall_s = 92'000;
  if (scenario.seed != kPretendBadInput && options.built) options.built();
  switch (scenario.seed) {
    case kPretendFailedCheck:
      result.checks.push_back({"ping answers", false, "9 of 10"});
      break;
    case kPretendError:
      result.error = "host.alice: the context 'upload' has overflowed its stack";
      break;
    case kPretendBadInput:
      result.error = "app.probe: 'libprobe.so' has no entry 'main'; expected an extern \"C\" one";
      result.input_wrong = true;
      break;
    case kPretendFullDisk:
      result.files.push_back("capture.pcapng");
      result.cut("capture.pcapng", "capture.pcapng: the disk is full");
      options.file_failed(result.file_errors.back());
      [[fallthrough]];
    case kPretendLong: {
      std::ofstream(options.out_dir + "/started") << "1";
      while (!options.interrupted->load()) {
        const timespec pause = {0, 1'000'000};
        nanosleep(&pause, nullptr);
      }
      result.incomplete = true;
      break;
    }
    case kPretendDifference:
    case kPretendOtherDifference:
    case kPretendNoDifference:
    case kPretendCrash:
    case kPretendLongSecond:
    case kPretendNoWaves:
      pretend_difference(scenario, options, result);
      break;
    default:
      break;
  }
  if (options.trace_pcapng) {
    std::ofstream(options.out_dir + "/wire.pcapng") << "capture";
    result.files.push_back("wire.pcapng");
  }
  return result;
}

/// Says "started" in its folder, waits for the end, and takes another second over it.
/// With kPretendDifference the card differs in place of that.
inline tb::RunResult pretend_serve(const tb::ServeOptions& options) {
  if (options.scenario.seed == kPretendDifference) {
    tb::RunOptions files;
    files.out_dir = options.out_dir;
    tb::RunResult differs;
    pretend_difference(options.scenario, files, differs);
    differs.error = "card0: clock cycle 3000: difference: a byte is wrong";
    return differs;
  }
  std::ofstream(options.out_dir + "/started") << "1";
  pollfd end = {options.end_descriptor, POLLIN, 0};
  while (poll(&end, 1, -1) != 1) {
  }
  std::ofstream(options.out_dir + "/ending") << "1";
  timespec left = {1, 0};
  while (nanosleep(&left, &left) != 0) {
  }
  tb::RunResult result;
  result.nics.push_back({"card0", name_of(options.scenario.model), {{"tx_frames", 1}}});
  result.peers.push_back({options.sockets.front(), "card0", 1});
  return result;
}

}  // namespace ringside::test
