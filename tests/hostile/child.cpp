// SPDX-License-Identifier: Apache-2.0
// See child.h.
#include "tests/hostile/child.h"

#include <systemc>
#include <utility>

#include "tests/support/child.h"

namespace ringside::hostile {

std::string in_child(unsigned seconds, const std::function<std::string()>& work, bool* ok) {
  const auto quietly = [&work] {
    // The end of a simulation is not worth a line a seed.
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    return work();
  };
  return test::in_child(seconds, quietly, ok);
}

namespace {

class Thread : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Thread);
  Thread(const sc_core::sc_module_name& name, std::function<void()> body)
      : sc_module(name), body_(std::move(body)) {
    SC_THREAD(run);
    set_stack_size(1 << 20);
  }
  bool finished = false;

 private:
  void run() {
    body_();
    finished = true;
    sc_core::sc_stop();
  }
  std::function<void()> body_;
};

}  // namespace

bool simulate(std::function<void()> body, unsigned bound_ms) {
  Thread thread("thread", std::move(body));
  sc_core::sc_start(static_cast<double>(bound_ms), sc_core::SC_MS);
  return thread.finished;
}

}  // namespace ringside::hostile
