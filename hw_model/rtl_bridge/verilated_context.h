// SPDX-License-Identifier: Apache-2.0
// How the bridge wants Verilator's runtime. Included where a Verilated class is named, only.
#pragma once

#include <verilated.h>

#include <cstdint>

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

/// Before each evaluation of the module of `context`. `rst_n` is its pin; null: it has none.
inline void prepare_eval(VerilatedContext& context, const uint8_t* rst_n) {
  // What the generated code calls asks the thread for its context: another card's, else.
  Verilated::threadContextp(&context);
  if (!context.assertOn() && (rst_n == nullptr || *rst_n != 0)) context.assertOn(true);
}

}  // namespace ringside::hw
