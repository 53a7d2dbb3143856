// SPDX-License-Identifier: Apache-2.0
// What is in an FST file, as JSON: for scripts.
//
//   fst_info FILE [SIGNAL...]     of each signal: how often it changed, and its last value
#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/support/fst_file.h"

int main(int argc, char** argv) {
  const ringside::test::FstFile file(argc < 2 ? "" : argv[1]);
  if (!file.good) {
    std::cerr << "fst_info: no FST file\n";
    return 2;
  }
  nlohmann::ordered_json json = {{"timescale", file.timescale},
                                 {"start", file.start},
                                 {"end", file.end},
                                 {"signals", file.handles.size()}};
  for (int i = 2; i < argc; ++i) {
    const auto handle = file.handles.find(argv[i]);
    if (handle == file.handles.end()) {
      std::cerr << "fst_info: no signal " << argv[i] << "\n";
      return 1;
    }
    const auto changes = file.changes.find(handle->second);
    if (changes == file.changes.end()) continue;
    json["changes"][argv[i]] = {{"count", changes->second.size()},
                                {"last_ps", changes->second.back().first},
                                {"last", changes->second.back().second}};
  }
  std::cout << json.dump() << "\n";
  return 0;
}
