// SPDX-License-Identifier: Apache-2.0
// `ringside serve`: cards behind vhost-user sockets, and what their wires lead to. Knows no
// SystemC.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "testbench/run/runner.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// What stands at the far end of the cards' wires, beside each other.
enum class FarEndKind : uint8_t {
  kNothing,   ///< a single card's frames are counted and gone; two cards have a link
  kLoopback,  ///< every card's frames come back to it
  kPcap,      ///< a capture is played to the cards
  kTap,       ///< the kernel, through a TAP interface
};

/// "loopback".
const char* name_of(FarEndKind kind);

struct ServeProgress {
  uint64_t sim_time_ps = 0;
  unsigned peers = 0;                     ///< connected now
  uint64_t tx_frames = 0, rx_frames = 0;  ///< of all cards, since the start
};

struct ServeOptions {
  /// Card number i serves sockets[i]. Its first link is every wire's pattern, its first switch, if
  /// any, that of the switch.
  Scenario scenario;
  std::vector<std::string> sockets;
  FarEndKind far_end = FarEndKind::kNothing;
  /// kTap: the interface, made if there is none. kPcap: the file.
  std::string far_name;
  /// kPcap: rounds, 0 for ever; and whether with the gaps of the capture.
  uint64_t repeat = 1;
  bool recorded_gaps = true;
  /// Exists if there are traces, and with model diff, where a difference leaves its evidence in it.
  std::string out_dir;
  bool trace_pcapng = false;
  bool trace_events = false;
  bool trace_perfetto = false;
  /// One line each, without its end.
  std::function<void(const std::string&)> log;
  /// As of RunOptions.
  std::function<void(const std::string&)> file_failed;
  /// Nothing is wrong with the options: called once, before a file is written. May be empty.
  std::function<void()> starts;
  /// Everything listens: called once.
  std::function<void()> ready;
  /// Called some times a second; may be empty.
  std::function<void(const ServeProgress&)> progress;
  /// Serving ends when it is readable. Nobody reads it. -1: there is none.
  int end_descriptor = -1;
};

/// Serves until `end_descriptor` says so, or until something breaks. Once a process. Sockets are
/// removed when it returns. `error` and `input_wrong` as of run_scenario(); not `incomplete`,
/// because an end from outside is how it ends.
RunResult serve(const ServeOptions& options);

}  // namespace ringside::tb
