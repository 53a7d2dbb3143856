// SPDX-License-Identifier: Apache-2.0
// Two instances of a module with the same inputs: one is always clocked, the other only when it is
// not idle. What they put out must be the same, also because what is unknown differs.
#pragma once

#include <cstdint>
#include <utility>

#include "tests/support/gtest.h"
#include "tests/support/verilated.h"

namespace ringside::test {

/// `Module` has ports clk, rst_n and idle.
template <typename Module>
class GatedTwin {
 public:
  explicit GatedTwin(int seed) : clocked_(seed), gated_(seed + 1000) {}

  /// Sets inputs of both.
  template <typename Drive>
  void drive(Drive&& set) {
    set(*clocked_);
    set(*gated_);
  }
  /// The one that is always clocked.
  Module* operator->() { return &*clocked_; }
  Module& operator*() { return *clocked_; }
  RtlBench<Module>& bench() { return clocked_; }

  void reset() {
    clocked_.reset();
    gated_.reset();
  }
  /// Outputs follow the inputs.
  void settle() {
    clocked_.settle();
    gated_.settle();
  }
  /// One cycle. The gated one gets its clock edge only if it is not idle or `deadline` says so.
  void tick(bool due = false) {
    settle();
    if (gated_->idle == 0 || due) {
      gated_.tick();
      ++edges_;
    }
    clocked_.tick();
  }
  /// `observe(module)` gives what of the outputs has a meaning, as something with ==.
  template <typename Observe>
  void expect_same(Observe&& observe) {
    ASSERT_TRUE(observe(*clocked_) == observe(*gated_))
        << "cycle " << clocked_.cycle() << ": with its clock stopped when idle, or with other "
        << "unknown values, the module does something else";
  }
  /// Edges that the gated one had.
  uint64_t edges() const { return edges_; }
  uint64_t cycle() const { return clocked_.cycle(); }

 private:
  RtlBench<Module> clocked_, gated_;
  uint64_t edges_ = 0;
};

}  // namespace ringside::test
