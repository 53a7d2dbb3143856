// SPDX-License-Identifier: Apache-2.0
// The command line as a process, with a simulation that only pretends: what it does is chosen by
// the scenario's seed. For tests of exit statuses, streams and signals.
#include <unistd.h>

#include <iostream>

#include "testbench/cli/cli.h"
#include "tests/unit/scenario/pretend.h"

int main(int argc, char** argv) {
  const ringside::tb::CliEnvironment environment{
      .out = std::cout,
      .err = std::cerr,
      .terminal = isatty(STDERR_FILENO) == 1,
      .run = ringside::test::pretend_run,
      .check_libraries = ringside::test::pretend_check,
      .serve = ringside::test::pretend_serve,
      .rtl =
          [] {
            return std::optional(ringside::tb::RtlSizes{256, 3, 512});
          },
  };
  return ringside::tb::cli_main(argc, argv, environment);
}
