// SPDX-License-Identifier: Apache-2.0
// The program `ringside`.
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <systemc>

#include "testbench/cli/cli.h"
#include "testbench/run/make_nic.h"

int main(int argc, char** argv) {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  const ringside::tb::CliEnvironment environment{
      .out = std::cout,
      .err = std::cerr,
      .terminal = isatty(STDERR_FILENO) == 1,
      .run = ringside::tb::run_scenario,
      .check_libraries = ringside::tb::check_libraries,
      .serve = ringside::tb::serve,
      .measure_pcie = ringside::tb::measure_pcie,
      .measure_card = ringside::tb::measure_open_loop,
      .rtl = ringside::tb::rtl_sizes,
      .components = {{"SystemC", sc_core::sc_release()}},
      .program_folder = program.parent_path().string(),
  };
  return ringside::tb::cli_main(argc, argv, environment);
}

// SystemC's library asks for it where it is linked; the simulation is started by run_scenario.
extern "C" int sc_main(int, char**) { return 0; }
