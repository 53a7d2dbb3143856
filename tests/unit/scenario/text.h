// SPDX-License-Identifier: Apache-2.0
// Scenarios for tests.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "testbench/scenario/load.h"
#include "tests/support/gtest.h"

namespace ringside::test {

/// Lines 1 to 18: two hosts with a cable and a flow.
inline constexpr std::string_view kTwoHosts =
    "version = 1\n"                    // 1
    "[host.alice]\n"                   // 2
    "nics = [\"alice0\"]\n"            // 3
    "address = \"10.0.0.1/24\"\n"      // 4
    "address6 = \"fd00::1/64\"\n"      // 5
    "[host.bob]\n"                     // 6
    "nics = [\"bob0\"]\n"              // 7
    "address = \"10.0.0.2/24\"\n"      // 8
    "address6 = \"fd00::2/64\"\n"      // 9
    "[nic.alice0]\n"                   // 10
    "mtu = 1500\n"                     // 11
    "[nic.bob0]\n"                     // 12
    "mtu = 1500\n"                     // 13
    "[link.wire]\n"                    // 14
    "ends = [\"alice0\", \"bob0\"]\n"  // 15
    "[flow.upload]\n"                  // 16
    "from = \"alice\"\n"               // 17
    "to = \"bob\"\n";                  // 18

/// kTwoHosts with the first `from` replaced by `to`.
inline std::string replaced(std::string_view from, std::string_view to) {
  std::string text(kTwoHosts);
  const std::size_t at = text.find(from);
  if (at == std::string::npos) return "the test's text has no such part";
  return text.replace(at, from.size(), to);
}

/// kTwoHosts and more lines, the first of which is line 19.
inline std::string with(std::string_view more) { return std::string(kTwoHosts).append(more); }

inline tb::LoadResult parse(std::string_view text, const std::vector<std::string>& sets = {}) {
  std::vector<tb::Override> overrides;
  for (const std::string& set : sets) {
    overrides.push_back(tb::override_from_set(set).value_or(tb::Override{"bad --set", "", ""}));
  }
  return tb::parse_scenario(text, "dir/two.toml", overrides);
}

/// The error of a scenario; "" if it has none.
inline std::string error_of(std::string_view text, const std::vector<std::string>& sets = {}) {
  return parse(text, sets).error;
}

/// A scenario, and the line that it is refused with, without "dir/two.toml:"; "" if it is good.
struct ErrorCase {
  const char* what;
  std::string text;
  std::string error;
};

inline void check_errors(const std::vector<ErrorCase>& cases) {
  for (const ErrorCase& c : cases) {
    const std::string error = error_of(c.text);
    EXPECT_EQ(error, c.error.empty() ? "" : "dir/two.toml:" + c.error) << c.what;
    EXPECT_EQ(error.find('\n'), std::string::npos) << c.what;
  }
}

/// A folder of its own that goes away with all in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ringside-XXXXXX").string();
    const char* made = mkdtemp(name.data());
    if (made != nullptr) path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(*this / name, std::ios::binary) << text;
    return *this / name;
  }

 private:
  std::string path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace ringside::test
