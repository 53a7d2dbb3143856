// SPDX-License-Identifier: Apache-2.0
// Simulations in child processes: SystemC allows one a process.
#pragma once

#include <functional>
#include <string>

namespace ringside::hostile {

/// As test::in_child(), without SystemC's messages.
std::string in_child(unsigned seconds, const std::function<std::string()>& work, bool* ok);

/// Runs `body` in an SC_THREAD until it returns or `bound_ms` of virtual time are over; false in
/// the latter case. Once a process.
bool simulate(const std::function<void()>& body, unsigned bound_ms);

}  // namespace ringside::hostile
