// SPDX-License-Identifier: Apache-2.0
// Which lines of the SystemVerilog have run, in builds that count them (RINGSIDE_RTL_COVERAGE).
#pragma once

#include <verilated.h>

namespace ringside::hw {

#if VM_COVERAGE
/// Adds the counts of `context`, whose module has ended but still exists, to the file
/// PROCESS-ID.dat in the folder that the environment variable RINGSIDE_RTL_COVERAGE_DIR names.
/// Nothing without that variable; ends the process with a line on standard error if the file cannot
/// be written. scripts/rtl_coverage.sh makes a table of such files.
void keep_line_coverage(VerilatedContext& context);
#else
inline void keep_line_coverage(VerilatedContext& /*context*/) {}
#endif

}  // namespace ringside::hw
