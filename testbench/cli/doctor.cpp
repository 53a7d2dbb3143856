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
#include <ostream>
#include <string>
#include <string_view>

#include "testbench/cli/commands.h"

namespace ringside::tb {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kWantedMemoryKib = 1024 * 1024;

class Report {
 public:
  explicit Report(std::ostream& out) : out_(out) {}
  void ok(std::string_view what, std::string_view detail) { line("ok", what, detail); }
  /// Something still works without it.
  void missing(std::string_view what, std::string_view advice) { line("missing", what, advice); }
  /// Runs fail without it.
  void bad(std::string_view what, std::string_view advice) {
    line("bad", what, advice);
    good_ = false;
  }
  bool good() const { return good_; }

 private:
  void line(std::string_view state, std::string_view what, std::string_view detail) {
    out_ << fmt::format("{:<8} {:<16} {}\n", state, what, detail);
  }
  std::ostream& out_;
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

void check_program(Report& report, std::string_view program, std::string_view advice) {
  const std::string found = in_path(program);
  if (found.empty()) {
    report.missing(program, advice);
  } else {
    report.ok(program, found);
  }
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

int command_doctor(const CliEnvironment& environment) {
  Report report(environment.out);
  report.ok("ringside", fmt::format("{}, built with {}", RINGSIDE_VERSION, compiler()));
  for (const auto& [name, version] : environment.components) report.ok(name, version);
  report.ok("CLI11", CLI11_VERSION);
  report.ok("nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                                         NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH));
  report.ok("fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                               FMT_VERSION % 100));
  check_program(report, "tshark", "only for looking at captures; 'apt-get install tshark'");
  check_program(report, "c++", "only for applications of your own; 'apt-get install g++'");
  check_program(report, "cmake", "only for applications of your own; 'apt-get install cmake'");
  check_memory(report);
  check_address_space(report);
  check_folder(report);
  return report.good() ? kExitOk : kExitCheckFailed;
}

}  // namespace ringside::tb
