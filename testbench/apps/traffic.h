// SPDX-License-Identifier: Apache-2.0
// Traffic: what a section such as [flow.NAME] does: server processes on one host, client processes
// on another, and a result.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "formats/status.h"
#include "testbench/application.h"
#include "testbench/run/runner.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

class TrafficTask {
 public:
  virtual ~TrafficTask() = default;
  /// Processes on the `to` host; each calls `ready` once it can be reached. May be 0.
  virtual unsigned servers() const { return 0; }
  virtual void serve(unsigned index, Application& app, const std::function<void()>& ready);
  /// True: the run lasts until the servers end too. False: they are stopped with the run.
  virtual bool servers_end() const { return false; }
  /// Processes on the `from` host.
  virtual unsigned clients() const { return 1; }
  virtual void run_client(unsigned index, Application& app) = 0;

  /// Something went wrong: the servers may wait for ever and are not waited for.
  virtual bool failed() const = 0;
  /// Application bytes done and to do, for progress.
  virtual uint64_t bytes_done() const { return 0; }
  virtual uint64_t bytes_total() const { return 0; }
  // After the simulation:
  /// False: no row among the flows.
  virtual bool has_result() const { return true; }
  virtual FlowResult result() = 0;
  virtual std::vector<CheckResult> checks() = 0;
};

std::unique_ptr<TrafficTask> make_flow(const Flow& flow, uint64_t seed, Status* status);
std::unique_ptr<TrafficTask> make_ping(const Ping& ping);
std::unique_ptr<TrafficTask> make_udp_echo(const UdpEcho& echo, uint64_t seed);
std::unique_ptr<TrafficTask> make_tcp_echo(const TcpEcho& echo, uint64_t seed);

/// A scenario's address as the stack takes it.
stack::IpAddress stack_address(const IpAddress& address);
/// Who answers: a host of the scenario, or an address of the outside.
stack::IpAddress target_of(const Traffic& traffic, const Application& app);
/// 0 if no time passed.
uint64_t goodput_bps(uint64_t bytes, uint64_t begin_ns, uint64_t end_ns);
/// "ECONNREFUSED (Connection refused)" for -ECONNREFUSED.
std::string errno_text(int64_t result);
stack::Family family_of(IpVersion version);
/// Minimum, median, 99th percentile, maximum of `samples`; nothing if there are none.
std::optional<LatencyNs> latency_of(std::vector<uint64_t> samples);

/// Closes a descriptor at the end of a block.
class SocketGuard {
 public:
  SocketGuard(stack::Sockets& sockets, int descriptor)
      : sockets_(sockets), descriptor_(descriptor) {}
  ~SocketGuard() {
    if (descriptor_ >= 0) sockets_.close(descriptor_);
  }
  SocketGuard(const SocketGuard&) = delete;
  SocketGuard& operator=(const SocketGuard&) = delete;
  int get() const { return descriptor_; }

 private:
  stack::Sockets& sockets_;
  int descriptor_;
};

}  // namespace ringside::tb
