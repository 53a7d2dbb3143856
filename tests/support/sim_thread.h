// SPDX-License-Identifier: Apache-2.0
// A function in a SystemC thread of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <systemc>
#include <utility>

namespace ringside::test {

/// Runs `body` once, in an SC_THREAD with a stack of `stack_bytes`.
class SimThread : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(SimThread);
  SimThread(const sc_core::sc_module_name& name, std::function<void()> body,
            std::size_t stack_bytes = std::size_t{1} << 18)
      : sc_module(name), body_(std::move(body)) {
    SC_THREAD(run);
    set_stack_size(stack_bytes);
  }
  bool finished = false;

 private:
  void run() {
    body_();
    finished = true;
  }
  std::function<void()> body_;
};

}  // namespace ringside::test
