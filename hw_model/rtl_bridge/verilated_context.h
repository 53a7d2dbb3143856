// SPDX-License-Identifier: Apache-2.0
// How the bridge wants Verilator's runtime. Included where a Verilated class is named, only.
#pragma once

#include <verilated.h>

namespace ringside::hw {

/// Several cards live in one process: each has a context. A failed assertion is counted, so that
/// the run ends in order. `unknown_seed`: VerilatedModel's.
inline VerilatedContext& configured(VerilatedContext& context, int unknown_seed = 0) {
  context.fatalOnError(false);
  context.errorLimit(1'000'000);
  // Before the first reset is through, assertions would be about what is unknown.
  context.assertOn(false);
  context.randReset(unknown_seed == 0 ? 0 : 2);
  if (unknown_seed != 0) context.randSeed(unknown_seed);
  return context;
}

}  // namespace ringside::hw
