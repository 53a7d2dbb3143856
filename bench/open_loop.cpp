// SPDX-License-Identifier: Apache-2.0
// One card at line rate in an open loop: data frames and, for a card in RTL, clock cycles for a
// second of one core's time; the same for `at`, as a ratio.
#include <sys/wait.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <map>
#include <string>

#include "testbench/measure/open_loop.h"

using namespace ringside;

namespace {

struct Speed {
  double cpu_s = 0;
  double frames_per_s = 0;
  double cycles_per_s = 0;
};

double cpu_s() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Speed measure(const tb::OpenLoopPoint& point) {
  tb::OpenLoopResult result;
  tb::OpenLoopWatch watch;
  watch.measured = [&result](const tb::OpenLoopResult& measured) { result = measured; };
  const double start = cpu_s();
  const tb::OpenLoopEnd end = tb::measure_open_loop({point}, watch);
  Speed speed;
  speed.cpu_s = cpu_s() - start;
  if (!end.error.empty()) {
    std::fprintf(stderr, "bench_open_loop: %s\n", end.error.c_str());
    return {};
  }
  const double window = static_cast<double>(point.measure_ps) * 1e-12;
  const double all = window + static_cast<double>(point.warm_up_ps) * 1e-12;
  const double frames =
      static_cast<double>(result.receive.frames + result.transmit.frames) * all / window;
  speed.frames_per_s = frames / speed.cpu_s;
  speed.cycles_per_s = all * static_cast<double>(point.nic.pipeline.clock_hz) / speed.cpu_s;
  return speed;
}

/// SystemC has one simulation a process.
Speed measure_apart(const tb::OpenLoopPoint& point) {
  int ends[2];
  Speed speed;
  if (pipe(ends) != 0) return speed;
  const pid_t child = fork();
  if (child == 0) {
    speed = measure(point);
    const bool told = write(ends[1], &speed, sizeof speed) == sizeof speed;
    _exit(told ? 0 : 1);
  }
  close(ends[1]);
  if (child < 0 || read(ends[0], &speed, sizeof speed) != sizeof speed) speed = {};
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return speed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Data frames for a second of processor time, one card at line rate");
  tb::OpenLoopPoint point;
  double milliseconds = 2;
  const std::map<std::string, tb::OpenLoopDirection> directions = {
      {"receive", tb::OpenLoopDirection::kReceive},
      {"transmit", tb::OpenLoopDirection::kTransmit},
      {"both", tb::OpenLoopDirection::kBoth}};
  app.add_option("--bytes", point.frame_bytes, "frame size without FCS")
      ->check(CLI::Range(60, 9014));
  app.add_option("--direction", point.direction, "receive, transmit or both")
      ->transform(CLI::CheckedTransformer(directions));
  app.add_option("--milliseconds", milliseconds, "of virtual time")->check(CLI::Range(0.1, 1000.0));
  CLI11_PARSE(app, argc, argv);
  if (point.frame_bytes > 1514) point.nic.mtu = static_cast<uint16_t>(point.frame_bytes - 14);
  point.measure_ps = static_cast<hw::TimePs>(milliseconds * 1e9);
  point.model = tb::ModelKind::kAt;
  const Speed at = measure_apart(point);
  point.model = tb::ModelKind::kRtl;
  const Speed rtl = measure_apart(point);
  if (at.cpu_s == 0 || rtl.cpu_s == 0) return 1;
  std::printf(
      "bytes=%u rtl_frames_per_cpu_s=%.0f rtl_cycles_per_cpu_s=%.0f at_frames_per_cpu_s=%.0f "
      "ratio=%.1f\n",
      point.frame_bytes, rtl.frames_per_s, rtl.cycles_per_s, at.frames_per_s,
      at.frames_per_s / rtl.frames_per_s);
  return 0;
}

extern "C" int sc_main(int, char**) { return 0; }
