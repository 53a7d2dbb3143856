// SPDX-License-Identifier: Apache-2.0
// Where a command leaves its results, and which it is asked for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::tb {

inline constexpr const char* kSummaryFile = "summary.json";

/// A folder for the results: a fresh one, or with --force an old one without its old results.
struct OutFolder {
  std::string path;
  bool created = false;
  bool replaces = false;  ///< it holds an earlier run
  std::string error;
};

/// `out` as given with --out; without it a fresh one under out/, called after `name`.
OutFolder make_out_folder(const std::optional<std::string>& out, bool force,
                          const std::string& name);
/// Removes what an earlier run says that it wrote, and what one that was killed left, so that
/// nothing stale stands beside new results.
void remove_old_results(const std::filesystem::path& folder);

struct TraceKinds {
  bool pcapng = false;
  bool events = false;
  bool perfetto = false;
  bool waves = false;
  bool any() const { return pcapng || events || perfetto || waves; }
};
/// Which traces --trace asks for; an error if one is not known. `no_waves`: why waves cannot be
/// had; empty: they can.
std::string read_traces(const std::vector<std::string>& traces, std::string_view no_waves,
                        TraceKinds& kinds);

/// `word` as a shell takes it.
std::string shell_quoted(const std::string& word);

}  // namespace ringside::tb
