// SPDX-License-Identifier: Apache-2.0
// A Verilated module under test: its own context, random unknown values, a clock and a reset.
#pragma once

#include <verilated.h>

#include <cstdint>
#include <memory>

#include "hw_model/rtl_bridge/line_coverage.h"

namespace ringside::test {

/// `Module` is a Verilated class with ports clk and rst_n. Failing assertions of the RTL abort the
/// process with their message, unless expect_assertion() was called.
template <typename Module>
class RtlBench {
 public:
  /// `seed` (not 0) sets what is unknown: memories, registers without reset, X.
  explicit RtlBench(int seed) : seeded_(*context_, seed), module_(context_.get(), "") {}
  ~RtlBench() {
    enter();
    module_.final();
    hw::keep_line_coverage(*context_);
  }
  RtlBench(const RtlBench&) = delete;
  RtlBench& operator=(const RtlBench&) = delete;

  Module* operator->() { return &module_; }
  Module& operator*() { return module_; }
  VerilatedContext& context() { return *context_; }

  /// A failing assertion is counted instead: see assertion_fired().
  void expect_assertion() { context_->fatalOnError(false); }
  bool assertion_fired() const { return context_->errorCount() != 0; }

  /// `cycles` edges with rst_n low. Inputs are the caller's, before.
  void reset(unsigned cycles = 4) {
    module_.rst_n = 0;
    for (unsigned i = 0; i < cycles; ++i) tick();
    module_.rst_n = 1;
    settle();
  }
  /// Lets outputs follow inputs that were changed since the last edge.
  void settle() {
    enter();
    module_.eval();
  }
  /// One clock cycle: the inputs as they are count at its rising edge; outputs are those after it.
  void tick() {
    enter();
    module_.clk = 0;
    module_.eval();
    module_.clk = 1;
    context_->timeInc(1);
    module_.eval();
    ++cycle_;
  }
  /// Rising edges so far.
  uint64_t cycle() const { return cycle_; }

 private:
  /// Failing assertions and destructors (which take scopes out of it) use the thread's context, not
  /// their own: with Verilator 5.006 that of the module that was made last.
  void enter() { Verilated::threadContextp(context_.get()); }
  struct Seeded {
    Seeded(VerilatedContext& context, int seed) {
      context.randReset(2);
      context.randSeed(seed);
      context.assertOn(true);
    }
  };
  std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
  Seeded seeded_;
  Module module_;
  uint64_t cycle_ = 0;
};

}  // namespace ringside::test
