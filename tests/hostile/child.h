// SPDX-License-Identifier: Apache-2.0
// Work in a child process: SystemC allows one simulation a process, and a crash or a hang must not
// end the whole search.
#pragma once

#include <functional>
#include <string>

namespace ringside::hostile {

/// What `work` returns, or how the child ended: by a signal, or because `seconds` of real time were
/// over. `ok` says which.
std::string in_child(unsigned seconds, const std::function<std::string()>& work, bool* ok);

/// Runs `body` in an SC_THREAD until it returns or `bound_ms` of virtual time are over; false in
/// the latter case. Once a process.
bool simulate(std::function<void()> body, unsigned bound_ms);

}  // namespace ringside::hostile
