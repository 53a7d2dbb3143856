// SPDX-License-Identifier: Apache-2.0
// The command line of the test programs. CLI11's own header takes most of a minute to compile under
// the sanitizers, so that one source alone includes it.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringside::test {

/// Options of one program. What they are read into must live until parse() has returned.
class Arguments {
 public:
  explicit Arguments(const std::string& what_the_program_does);
  ~Arguments();
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  /// One of `allowed`; empty: any text.
  Arguments& text(const std::string& name, std::string& value, const std::string& help,
                  const std::vector<std::string>& allowed = {});
  /// As often as it is given.
  Arguments& texts(const std::string& name, std::vector<std::string>& values,
                   const std::string& help);
  Arguments& number(const std::string& name, uint64_t& value, const std::string& help,
                    uint64_t least = 0, uint64_t most = std::numeric_limits<uint64_t>::max());
  Arguments& two_numbers(const std::string& name, std::array<uint64_t, 2>& values,
                         const std::string& help);
  Arguments& flag(const std::string& name, bool& value, const std::string& help);

  /// The exit status where the program is to end at once: 0 after --help, 2 after one line that
  /// says what is wrong.
  std::optional<int> parse(int argc, char** argv);

 private:
  struct App;
  std::unique_ptr<App> app_;
};

}  // namespace ringside::test
