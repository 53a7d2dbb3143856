// SPDX-License-Identifier: Apache-2.0
// The verbs of the command line, with their arguments already cut apart.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "testbench/cli/cli.h"

namespace ringside::tb {

/// Of `run` and `serve`: settings, and what becomes of the results.
struct ResultArguments {
  std::optional<std::string> model;
  std::optional<std::string> seed;
  std::vector<std::string> sets;
  std::optional<std::string> out;
  bool force = false;
  std::vector<std::string> traces;
  bool quiet = false;
  bool json = false;
};

/// Of `run`, and of `check` as far as it has them.
struct RunArguments : ResultArguments {
  std::string scenario;
  std::optional<std::string> firmware;
  bool no_look_ahead = false;
  std::optional<std::string> wave_window;  ///< "FROM..TO"
  std::optional<std::string> diff_window;  ///< a time
};

/// Of `measure pcie`. Sizes in bytes.
struct MeasurePcieArguments {
  std::optional<unsigned> generation;
  std::optional<unsigned> lanes;
  uint32_t mps = 256;
  uint32_t mrrs = 512;
  uint32_t rcb = 64;
  std::vector<std::string> sizes;  ///< none: a set of them
  unsigned tags = 1024;
  bool whole_dwords = false;
  bool json = false;
};

/// Of `measure card`.
struct MeasureCardArguments {
  std::optional<std::string> model;
  std::vector<std::string> directions;  ///< none: all
  std::vector<std::string> sizes;       ///< none: a set of them
  std::optional<std::string> rate;      ///< of the wire
  unsigned pairs = 1;                   ///< queue pairs, which frames go to in turn
  unsigned chain = 1;                   ///< linked descriptors of a buffer
  std::optional<double> load;           ///< share of what the wire carries; none: all of it
  std::optional<std::string> time;      ///< that is measured
  bool json = false;
};

/// Of `events`; what is not given lets every record through.
struct EventsArguments {
  std::string file;  ///< or the folder of its run
  std::optional<std::string> nic;
  std::optional<std::string> queue;
  std::vector<std::string> kinds;
  std::optional<std::string> frame;
  std::optional<std::string> from;
  std::optional<std::string> to;
  bool json = false;
};

/// Of `serve`.
struct ServeArguments : ResultArguments {
  std::vector<std::string> sockets;
  std::optional<std::string> tap;
  std::optional<std::string> pcap;
  std::optional<uint64_t> repeat;
  bool back_to_back = false;
  bool loopback = false;
  std::optional<std::string> queues;
  std::optional<std::string> mac;
};

/// Each returns the exit status.
int command_run(const RunArguments& arguments, const CliEnvironment& environment);
int command_check(const RunArguments& arguments, const CliEnvironment& environment);
int command_explain(const std::string& key, bool markdown, const CliEnvironment& environment);
/// `topic` is one of list_topics(), or empty for all.
int command_list(const std::string& topic, const CliEnvironment& environment);
int command_measure_pcie(const MeasurePcieArguments& arguments, const CliEnvironment& environment);
int command_measure_card(const MeasureCardArguments& arguments, const CliEnvironment& environment);
int command_serve(const ServeArguments& arguments, const CliEnvironment& environment);
int command_events(const EventsArguments& arguments, const CliEnvironment& environment);
int command_doctor(bool json, const CliEnvironment& environment);

/// "512 bits wide, 1 queue pair, rings of up to 1024 entries"; empty: this build has no card in
/// RTL.
std::string rtl_in_words(const CliEnvironment& environment);

std::vector<std::string> list_topics();

/// Loads the scenario with all settings of the command line; says on `err` why not.
std::optional<Scenario> load_for(const RunArguments& arguments, const CliEnvironment& environment);

/// The command that gives the same run again, quoted for a shell.
std::string repeat_command(const RunArguments& arguments);

}  // namespace ringside::tb
