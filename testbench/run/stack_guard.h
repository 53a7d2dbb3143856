// SPDX-License-Identifier: Apache-2.0
// Turns the overflow of a simulated context's stack into one clear line.
#pragma once

namespace ringside::tb {

/// Installs the handler for the guard page below every SystemC thread's stack. Other faults are
/// left to what handled them before.
void install_stack_guard();

}  // namespace ringside::tb
