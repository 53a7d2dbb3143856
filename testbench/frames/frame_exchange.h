// SPDX-License-Identifier: Apache-2.0
// Driver to driver without a stack: two hosts exchange numbered frames, every byte and every
// buffer's ownership checked. What driver mutants are hunted with, and what frame rates are
// measured with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host_driver/virtio_net_options.h"
#include "hw_model/tlm/nic_model.h"
#include "hw_model/wire/link.h"
#include "testbench/host/sim_host.h"
#include "testbench/run/runner.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

struct FrameExchangeConfig {
  uint64_t seed = 1;
  ModelKind model = ModelKind::kLt;
  /// Of both hosts, cards and drivers; names, MAC addresses and seeds are set for each.
  SimHostConfig host;
  hw::NicConfig nic;
  driver::VirtioNetOptions driver;
  hw::LinkConfig link;
  DriverFactory make_driver = make_virtio_net_driver;

  /// 0: frames of no flow, which keep one order. Else UDP datagrams of that many flows, each of
  /// which keeps its own order; every core of a host sends those of its share of the flows.
  uint32_t flows = 0;
  /// Frames from the first host to the second, and back. 0: none in that direction.
  uint64_t frames[2] = {1000, 1000};
  /// Frame sizes without FCS, bytes, at least 60.
  uint32_t min_bytes = 60;
  uint32_t max_bytes = 1514;
  uint32_t max_fragments = 4;
  /// Sent and not yet received, at most. More than ring and card buffer hold may be lost.
  uint32_t window = 64;
  /// Mean length of a burst, after which the sender waits until everything has arrived and every
  /// buffer is back; 0: one burst.
  uint32_t burst = 0;
  /// Transmit buffers beyond the window.
  uint32_t spare_buffers = 0;
  /// At the end of a burst, wait for the transmit buffers too. Off where the driver may keep them
  /// for long.
  bool await_completion = true;
  /// Frames given to the driver for one doorbell; 0: random, four on average.
  uint32_t batch = 0;
  /// Those frames are all of one flow, as a connection sends them.
  bool trains = false;
  /// Frames may be dropped: the sender does not wait for arrivals, and what arrives must be in
  /// order, with gaps.
  bool lossy = false;
  /// Check every byte, hold receive buffers for a while, overwrite buffers that came back.
  bool verify = true;
  /// Longest time to wait for room, arrival or completion while no frame is sent or arrives, ns.
  uint64_t patience_ns = 20'000'000;
};

/// One side when everything has come to rest.
struct FrameExchangeSide {
  uint64_t sent = 0;
  uint64_t received = 0;
  std::vector<std::pair<std::string, uint64_t>> card;
  std::vector<std::pair<std::string, uint64_t>> driver;
  /// Models with bus timing: TLPs by purpose, and what does not hold on the bus, or nothing.
  std::optional<hw::PcieLedger> ledger;
  std::string bus_fault;
};

struct FrameExchangeResult {
  /// Empty, or what went wrong first.
  std::string fault;
  uint64_t frames = 0;
  uint64_t sim_time_ns = 0;
  double wall_s = 0;
  std::string digest;
  uint64_t interrupts = 0;
  FrameExchangeSide sides[2];
};

/// One exchange a process.
FrameExchangeResult run_frame_exchange(const FrameExchangeConfig& config);

}  // namespace ringside::tb
