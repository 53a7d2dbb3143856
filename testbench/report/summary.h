// SPDX-License-Identifier: Apache-2.0
// What a run leaves behind: summary.json, and the lines that a person reads at its end.
#pragma once

#include <string>

#include "testbench/run/runner.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// What the command line knows about a run, beside scenario and result.
struct RunContext {
  std::string out_dir;
  /// Repeats the run, in a shell.
  std::string command;
};

/// The document, with its final line feed. Keys are those of docs; they are added, never renamed.
std::string summary_json(const Scenario& scenario, const RunResult& result,
                         const RunContext& context);

/// Writes `text` to `path` as a whole or not at all: through a temporary file beside it. Returns an
/// empty string, or why it could not.
std::string write_whole(const std::string& path, const std::string& text);

/// How many checks hold, and a line for each that does not.
std::string checks_text(const RunResult& result);

/// Flows, checks, what limited the run, files, and how to repeat it.
std::string summary_text(const Scenario& scenario, const RunResult& result,
                         const RunContext& context);

/// "12.3 ms"; "5.43 Gbit/s"; "64.0 MiB": for people, three digits.
std::string human_time_ns(uint64_t ns);
std::string human_rate(uint64_t bps);
std::string human_size(uint64_t bytes);

}  // namespace ringside::tb
