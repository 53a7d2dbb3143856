// SPDX-License-Identifier: Apache-2.0
// Scenario files to typed scenarios: parsing, overrides from the command line, and every check that
// needs no simulation.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// A setting that replaces one of the file: `--set KEY=VALUE`, or `--seed N` as key "seed".
struct Override {
  /// As the user gave it, for error messages: "--set nic.*.ring_size=300".
  std::string option;
  /// Dotted, `*` matches in names: "nic.*.ring_size".
  std::string key;
  std::string value;
};

/// Cuts "KEY=VALUE" of a --set; nullopt if there is no '=' or nothing before it.
std::optional<Override> override_from_set(std::string_view argument);

/// Either a scenario or an error: one line, "FILE:LINE: what is wrong; what was expected".
struct LoadResult {
  std::optional<Scenario> scenario;
  std::string error;
  /// Of keys that were set and that the model does not heed, one line each.
  std::vector<std::string> notes = {};
};

/// Reads and checks `path`. Later overrides win. Relative paths in the file are relative to the
/// file's folder, those in overrides to the working directory.
LoadResult load_scenario(const std::string& path, std::span<const Override> overrides = {});

/// The same for text that is already in memory; `path` names it in errors and gives the folder.
LoadResult parse_scenario(std::string_view text, const std::string& path,
                          std::span<const Override> overrides = {});

/// The same for parts that something else than the scenario puts to work: no traffic is needed.
LoadResult parse_parts(std::string_view text, const std::string& path,
                       std::span<const Override> overrides = {});

}  // namespace ringside::tb
