// SPDX-License-Identifier: Apache-2.0
// `ringside doctor`: what the program was made with, and what this machine lacks.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/Version.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "testbench/cli/commands.h"

namespace ringside::tb {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kWantedMemoryKib = uint64_t{1024} * 1024;

class Report {
 public:
  void ok(std::string_view what, std::string_view detail) { line("ok", what, detail); }
  /// Something still works without it.
  void missing(std::string_view what, std::string_view advice) { line("missing", what, advice); }
  /// Runs fail without it.
  void bad(std::string_view what, std::string_view advice) {
    line("bad", what, advice);
    good_ = false;
  }
  bool good() const { return good_; }
  std::string text() const {
    std::string text;
    for (const Line& line : lines_) {
      text += fmt::format("{:<8} {:<18} {}\n", line.state, line.what, line.detail);
    }
    return text;
  }
  nlohmann::ordered_json json() const {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Line& line : lines_) {
      list.push_back({{"state", line.state}, {"what", line.what}, {"detail", line.detail}});
    }
    return {{"good", good_}, {"findings", list}};
  }

 private:
  struct Line {
    std::string state, what, detail;
  };
  void line(std::string_view state, std::string_view what, std::string_view detail) {
    lines_.push_back({std::string(state), std::string(what), std::string(detail)});
  }
  std::vector<Line> lines_;
  bool good_ = true;
};

/// The full path of a program, as a shell finds it; empty if there is none.
std::string in_path(std::string_view program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const fs::path file = fs::path(rest.substr(0, colon)) / program;
    std::error_code error;
    if (fs::is_regular_file(file, error) && access(file.c_str(), X_OK) == 0) return file.string();
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return {};
}

/// What one use or the other needs, beside the program itself.
struct Tool {
  const char* program;
  const char* use;
  const char* package;
};
constexpr Tool kTools[] = {
    {"tshark", "looking at captures", "tshark"},
    {"gtkwave", "looking at waves", "gtkwave"},
    {"c++", "applications and cards of your own", "g++"},
    {"cmake", "applications and cards of your own", "cmake"},
    {"verilator", "cards of your own", "verilator"},
    {"python3", "cards of your own", "python3"},
    {"dpdk-testpmd", "DPDK's driver at `ringside serve`", "dpdk"},
    {"qemu-system-x86_64", "guests at `ringside serve`", "qemu-system-x86"},
};

void say_tool(Report& report, const Tool& tool, const std::string& found) {
  if (found.empty()) {
    report.missing(tool.program,
                   fmt::format("only for {}; 'apt-get install {}'", tool.use, tool.package));
  } else {
    report.ok(tool.program, fmt::format("{}, for {}", found, tool.use));
  }
}

/// zlib's header, where compilers look by themselves.
std::string zlib_header() {
  for (const char* path : {"/usr/include/zlib.h", "/usr/local/include/zlib.h"}) {
    if (access(path, R_OK) == 0) return path;
  }
  return {};
}

void check_tools(Report& report) {
  for (const Tool& tool : kTools) say_tool(report, tool, in_path(tool.program));
  say_tool(report, {"zlib", "cards of your own", "zlib1g-dev"}, zlib_header());
}

void check_memory(Report& report) {
  std::ifstream file("/proc/meminfo");
  std::string name;
  uint64_t kib = 0;
  std::string unit;
  while (file >> name >> kib && std::getline(file, unit)) {
    if (name != "MemAvailable:") continue;
    if (kib >= kWantedMemoryKib) {
      report.ok("memory", fmt::format("{} MiB free", kib / 1024));
    } else {
      report.missing(
          "memory",
          fmt::format("only {} MiB free; set host.*.memory lower, or free some", kib / 1024));
    }
    return;
  }
}

void check_address_space(Report& report) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    report.missing("address space",
                   "limited; contexts' stacks may not fit, try 'ulimit -v "
                   "unlimited'");
  } else {
    report.ok("address space", "not limited");
  }
}

void check_folder(Report& report) {
  if (access(".", W_OK) == 0) {
    report.ok("results", "this folder can be written; runs go to ./out");
  } else {
    report.bad("results", "this folder cannot be written; change to another, or use --out");
  }
}

std::string compiler() {
#ifdef __clang__
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

}  // namespace

std::string rtl_in_words(const CliEnvironment& environment) {
  const auto sizes = environment.rtl == nullptr ? std::nullopt : environment.rtl();
  if (!sizes) return {};
  return fmt::format("{} bits wide, {} queue {}, rings of up to {} entries", sizes->data_bits,
                     sizes->queue_pairs, sizes->queue_pairs == 1 ? "pair" : "pairs",
                     sizes->ring_limit);
}

int command_doctor(bool json, const CliEnvironment& environment) {
  Report report;
  report.ok("ringside", fmt::format("{}, built with {}", RINGSIDE_VERSION, compiler()));
  for (const auto& [name, version] : environment.components) report.ok(name, version);
  report.ok("CLI11", CLI11_VERSION);
  report.ok("nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                                         NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH));
  report.ok("fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                               FMT_VERSION % 100));
  if (const std::string sizes = rtl_in_words(environment); !sizes.empty()) {
    report.ok("card in RTL", sizes);
  } else {
    report.missing("card in RTL", "this build has none; configure with -DRINGSIDE_RTL=ON");
  }
  check_tools(report);
  check_memory(report);
  check_address_space(report);
  check_folder(report);
  if (json) {
    nlohmann::ordered_json document = report.json();
    if (const auto sizes = environment.rtl == nullptr ? std::nullopt : environment.rtl()) {
      document["rtl"] = {{"data_bits", sizes->data_bits},
                         {"queue_pairs", sizes->queue_pairs},
                         {"ring_limit", sizes->ring_limit}};
    }
    environment.out << document.dump(2, ' ', false,
                                     nlohmann::ordered_json::error_handler_t::replace)
                    << "\n";
  } else {
    environment.out << report.text();
  }
  return report.good() ? kExitOk : kExitCheckFailed;
}

}  // namespace ringside::tb
