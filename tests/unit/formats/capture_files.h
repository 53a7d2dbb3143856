// SPDX-License-Identifier: Apache-2.0
// The captures that tests may read: those under the folder that RINGSIDE_PCAP_DIR names.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace ringside::formats {

/// Paths in a fixed order; empty where the variable is not set.
inline std::vector<std::string> capture_files() {
  std::vector<std::string> paths;
  const char* folder = std::getenv("RINGSIDE_PCAP_DIR");
  if (folder == nullptr || *folder == '\0') return paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension();
    if (extension == ".pcap" || extension == ".pcapng" || extension == ".cap") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

inline constexpr const char* kNoCaptures = "RINGSIDE_PCAP_DIR does not name a folder of captures";

}  // namespace ringside::formats
