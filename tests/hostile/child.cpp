// SPDX-License-Identifier: Apache-2.0
// See child.h.
#include "tests/hostile/child.h"

#include <cstddef>
#include <systemc>

#include "tests/support/child.h"
#include "tests/support/sim_thread.h"

namespace ringside::hostile {

std::string in_child(unsigned seconds, const std::function<std::string()>& work, bool* ok) {
  const auto quietly = [&work] {
    // The end of a simulation is not worth a line a seed.
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    return work();
  };
  return test::in_child(seconds, quietly, ok);
}

bool simulate(const std::function<void()>& body, unsigned bound_ms) {
  test::SimThread thread(
      "thread",
      [&body] {
        body();
        sc_core::sc_stop();
      },
      std::size_t{1} << 20);
  sc_core::sc_start(static_cast<double>(bound_ms), sc_core::SC_MS);
  return thread.finished;
}

}  // namespace ringside::hostile
