// SPDX-License-Identifier: Apache-2.0
#include "tests/support/arguments.h"

#include <CLI/CLI.hpp>
#include <iostream>

namespace ringside::test {

struct Arguments::App {
  explicit App(const std::string& what) : cli(what) {}
  CLI::App cli;
};

Arguments::Arguments(const std::string& what_the_program_does)
    : app_(std::make_unique<App>(what_the_program_does)) {}

Arguments::~Arguments() = default;

Arguments& Arguments::text(const std::string& name, std::string& value, const std::string& help,
                           const std::vector<std::string>& allowed) {
  CLI::Option* option = app_->cli.add_option(name, value, help);
  if (!allowed.empty()) option->check(CLI::IsMember(allowed));
  return *this;
}

Arguments& Arguments::texts(const std::string& name, std::vector<std::string>& values,
                            const std::string& help) {
  app_->cli.add_option(name, values, help);
  return *this;
}

Arguments& Arguments::number(const std::string& name, uint64_t& value, const std::string& help,
                             uint64_t least, uint64_t most) {
  app_->cli.add_option(name, value, help)->check(CLI::Range(least, most));
  return *this;
}

Arguments& Arguments::two_numbers(const std::string& name, std::array<uint64_t, 2>& values,
                                  const std::string& help) {
  app_->cli.add_option(name, values, help);
  return *this;
}

Arguments& Arguments::flag(const std::string& name, bool& value, const std::string& help) {
  app_->cli.add_flag(name, value, help);
  return *this;
}

std::optional<int> Arguments::parse(int argc, char** argv) {
  try {
    app_->cli.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app_->cli.exit(help);
  } catch (const CLI::ParseError& error) {
    std::cerr << argv[0] << ": " << error.what() << "\n";
    return 2;
  }
  return std::nullopt;
}

}  // namespace ringside::test
