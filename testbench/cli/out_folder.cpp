// SPDX-License-Identifier: Apache-2.0
// See out_folder.h.
#include "testbench/cli/out_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

#include "formats/output_file.h"
#include "testbench/report/difference_report.h"
#include "testbench/run/runner.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDefaultRoot = "out";
constexpr unsigned kMostRuns = 1'000'000;

std::string in_file_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || c == '.';
    out += plain ? c : '_';
  }
  return out;
}

/// What a killed run leaves of waves, whatever its cards are called.
void remove_parts_of_waves(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> parts;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool part = name.ends_with(".fst.part") || name.ends_with(".fst.part.hier");
    if (part && fs::is_regular_file(entry.symlink_status(error))) parts.push_back(entry.path());
  }
  for (const fs::path& part : parts) fs::remove(part, error);
}

}  // namespace

std::string shell_quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:=,+@%").find(c) != std::string_view::npos;
  });
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

void remove_old_results(const fs::path& folder) {
  const fs::path summary = folder / kSummaryFile;
  const fs::path difference = kDifferenceFolder;
  std::ifstream file(summary, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  std::error_code error;
  if (json.is_object() && json.contains("files") && json["files"].is_array()) {
    for (const auto& name : json["files"]) {
      if (!name.is_string()) continue;
      // Only a plain name, here or in the folder of a difference: a summary must not be able to
      // point elsewhere.
      const fs::path file(name.get<std::string>());
      const fs::path plain = file.filename();
      const bool inside = file == difference / plain &&
                          fs::is_directory(fs::symlink_status(folder / difference, error));
      if (file.has_filename() && (file == plain || inside) && plain != "." && plain != ".." &&
          fs::is_regular_file(fs::symlink_status(folder / file, error))) {
        fs::remove(folder / file, error);
      }
    }
  }
  fs::remove(summary, error);
  // A run that was killed has written no summary.
  const auto remove_file = [&error](const fs::path& path) {
    if (fs::is_regular_file(fs::symlink_status(path, error))) fs::remove(path, error);
  };
  const auto remove_part = [&](const fs::path& path) {
    remove_file(path.string() + formats::OutputFile::kPartSuffix);
  };
  for (const char* name : {kCaptureName, kEventsName, kPerfettoName}) remove_part(folder / name);
  remove_parts_of_waves(folder);
  if (!fs::is_directory(fs::symlink_status(folder / difference, error))) return;
  for (const char* name : {kDifferenceTextName, kDifferenceJsonName, kHistoryTextName,
                           kHistoryJsonName, kCaptureName}) {
    remove_file(folder / difference / name);
    remove_part(folder / difference / name);
  }
  remove_parts_of_waves(folder / difference);
  // If nothing else is in it.
  fs::remove(folder / difference, error);
}

OutFolder make_out_folder(const std::optional<std::string>& out, bool force,
                          const std::string& name) {
  OutFolder folder;
  std::error_code error;
  if (out && out->empty()) {
    folder.error = "--out '': no name; expected that of a new folder";
    return folder;
  }
  if (out) {
    folder.path = *out;
    while (folder.path.size() > 1 && folder.path.back() == '/') folder.path.pop_back();
    if (fs::exists(fs::symlink_status(folder.path, error))) {
      if (!force) {
        folder.error = fmt::format("--out {0}: '{0}' exists; expected a new folder, or --force",
                                   printable(folder.path));
      } else if (!fs::is_directory(folder.path, error)) {
        folder.error =
            fmt::format("--out {0}: '{0}' is not a folder; expected one", printable(folder.path));
      } else {
        folder.replaces = true;
      }
      return folder;
    }
    fs::create_directories(folder.path, error);
    folder.created = !error;
    if (error) {
      folder.error = fmt::format("--out {}: {}; expected a folder that can be made",
                                 printable(folder.path), error.message());
    }
    return folder;
  }
  fs::create_directories(kDefaultRoot, error);
  for (unsigned number = 1; number < kMostRuns && !error; ++number) {
    folder.path = fmt::format("{}/{}-{:03}", kDefaultRoot, in_file_name(name), number);
    if (fs::create_directory(folder.path, error)) {
      folder.created = true;
      return folder;
    }
  }
  folder.error = fmt::format("{}: {}; expected a folder that can be written, or --out",
                             kDefaultRoot, error ? error.message() : "too many runs");
  return folder;
}

std::string read_traces(const std::vector<std::string>& traces, std::string_view no_waves,
                        TraceKinds& kinds) {
  std::vector<std::string> known = {"pcapng", "events", "perfetto"};
  if (no_waves.empty()) known.emplace_back("waves");
  bool* const wanted[] = {&kinds.pcapng, &kinds.events, &kinds.perfetto, &kinds.waves};
  for (const std::string& trace : traces) {
    const auto it = std::find(known.begin(), known.end(), trace);
    if (it == known.end() && trace == "waves") {
      return fmt::format("--trace waves: {}; expected {}", no_waves, join_words(known, "or"));
    }
    if (it == known.end()) {
      return fmt::format("--trace {0}: trace '{0}' is not known; expected {1}{2}", printable(trace),
                         join_words(known, "or"), suggestion(trace, known));
    }
    *wanted[it - known.begin()] = true;
  }
  return {};
}

}  // namespace ringside::tb
