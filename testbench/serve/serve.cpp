// SPDX-License-Identifier: Apache-2.0
// See serve.h.
#include "testbench/serve/serve.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <exception>

#include "testbench/run/stack_guard.h"
#include "testbench/serve/server.h"
#include "testbench/vhost/owned_fd.h"

namespace ringside::tb {

namespace {

constexpr long kProgressNs = 250'000'000;

double thread_cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

uint64_t per_second(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<uint64_t>(static_cast<double>(count) / seconds) : 0;
}

/// A descriptor that is readable some times a second.
OwnedFd progress_timer() {
  OwnedFd timer(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  itimerspec every{};
  every.it_value.tv_nsec = every.it_interval.tv_nsec = kProgressNs;
  timerfd_settime(timer.get(), 0, &every, nullptr);
  return timer;
}

}  // namespace

RunResult serve(const ServeOptions& options) {
  // They stay until the process ends: the simulation's contexts refer to them.
  static ExternalLoop* loop = nullptr;
  static Server* server = nullptr;
  RunResult result;
  if (server != nullptr) {
    result.error = "a process can serve once only";
    return result;
  }
  install_stack_guard();
  const auto wall_start = std::chrono::steady_clock::now();
  const double cpu_start = thread_cpu_s();
  try {
    // A capture's gaps are the peer's time; everything else waits for the peer.
    loop =
        new ExternalLoop(options.far_end == FarEndKind::kPcap ? Pace::kWallClock : Pace::kDemand);
    server = new Server(options, *loop);
    Status status = server->build();
    // What can be wrong with the options shows before the first file is made.
    if (status.ok()) status = server->listen();
    if (status.ok()) status = server->boot();
    if (status.ok() && options.starts) options.starts();
    if (status.ok()) status = server->open_traces(result);
    result.input_wrong = !status.ok();
    result.error = status.error;
    if (status.ok()) {
      if (options.end_descriptor >= 0) {
        loop->watch(options.end_descriptor, [&options] {
          loop->unwatch(options.end_descriptor);
          loop->stop();
        });
      }
      OwnedFd timer;
      if (options.progress) {
        timer = progress_timer();
        loop->watch(timer.get(), [&options, &timer] {
          uint64_t ticks = 0;
          if (read(timer.get(), &ticks, sizeof ticks) > 0) options.progress(server->progress());
        });
      }
      if (options.ready) options.ready();
      loop->run();
      if (timer.valid()) loop->unwatch(timer.get());
      loop->unwatch(options.end_descriptor);
      result.error = server->failure();
    }
    server->close();
    server->collect(result);
  } catch (const std::exception& error) {
    result.error = std::string("the simulation broke down: ") + error.what();
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - wall_start;
  result.wall_s = wall.count();
  const double cpu_s = thread_cpu_s() - cpu_start;
  uint64_t frames = 0;
  for (const NicResult& nic : result.nics) {
    for (const auto& [name, value] : nic.counters) {
      if (name == "tx_frames" || name == "rx_frames") frames += value;
    }
  }
  result.speed.data_frames_per_wall_s = per_second(frames, result.wall_s);
  result.speed.data_frames_per_cpu_s = per_second(frames, cpu_s);
  return result;
}

}  // namespace ringside::tb
