// SPDX-License-Identifier: Apache-2.0
// Two of one RTL module with the same inputs: one is always clocked, the other only while it is not
// idle. What they answer must be the same, cycle by cycle, whatever was unknown at the start.
#pragma once

#include <cstdint>

#include "tests/support/verilated.h"

namespace ringside::test {

/// `Module` has clk, rst_n, now, idle and deadline beside what RtlBench wants; a module without
/// timers is wrapped with `deadline` all ones.
template <typename Module>
class ClockPair {
 public:
  explicit ClockPair(int seed) : clocked_(seed), stopping_(seed + 1000) {}

  /// `set(module)` sets inputs.
  template <typename Set>
  void set(const Set& set) {
    set(*clocked_);
    set(*stopping_);
  }
  void reset() {
    clocked_.reset();
    stopping_.reset();
  }
  /// Outputs follow the inputs.
  void settle() {
    clocked_.settle();
    stopping_.settle();
  }
  /// Outputs of the one that is always clocked.
  const Module& operator*() { return *clocked_; }
  const Module* operator->() { return &*clocked_; }
  const Module& stopping() { return *stopping_; }
  RtlBench<Module>& clocked() { return clocked_; }
  /// A clock edge, if it is wanted; settle() was called before.
  void tick() {
    const bool stopped = stopping_->idle && stopping_->now < stopping_->deadline;
    clocked_.tick();
    if (stopped) {
      ++stopped_;
    } else {
      stopping_.tick();
    }
  }
  /// Edges that the second one was spared.
  uint64_t stopped() const { return stopped_; }

 private:
  RtlBench<Module> clocked_;
  RtlBench<Module> stopping_;
  uint64_t stopped_ = 0;
};

}  // namespace ringside::test
