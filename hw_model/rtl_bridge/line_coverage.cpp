// SPDX-License-Identifier: Apache-2.0
// See line_coverage.h. The files are Verilator's: after a first line one point of the source a
// line, C 'POINT' COUNT.
#include "hw_model/rtl_bridge/line_coverage.h"

#include <unistd.h>
#include <verilated_cov.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

namespace ringside::hw {

namespace {

/// Counts by point; `header` is the first line.
struct Counts {
  std::string header;
  std::map<std::string, uint64_t> points;
};

/// Adds what `path` has, if there is such a file.
void add(const std::string& path, Counts* counts) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return;
  counts->header = line;
  while (std::getline(file, line)) {
    const std::size_t space = line.rfind(' ');
    if (space == std::string::npos) continue;
    counts->points[line.substr(0, space)] += std::strtoull(line.c_str() + space + 1, nullptr, 10);
  }
}

bool write(const std::string& path, const Counts& counts) {
  std::ofstream file(path);
  file << counts.header << '\n';
  for (const auto& [point, count] : counts.points) file << point << ' ' << count << '\n';
  return file.flush().good();
}

}  // namespace

void keep_line_coverage(VerilatedContext& context) {
  const char* folder = std::getenv("RINGSIDE_RTL_COVERAGE_DIR");
  if (folder == nullptr) return;
  const std::string base = std::string(folder) + '/' + std::to_string(getpid());
  const std::string one = base + ".one";
  context.coveragep()->write(one.c_str());
  Counts counts;
  add(one, &counts);
  add(base + ".dat", &counts);
  std::remove(one.c_str());
  if (counts.header.empty() || !write(base + ".dat", counts)) {
    std::fprintf(stderr, "%s.dat: the lines that ran cannot be written\n", base.c_str());
    std::exit(1);
  }
}

}  // namespace ringside::hw
