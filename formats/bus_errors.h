// SPDX-License-Identifier: Apache-2.0
// SIGBUS: an access to a page of a mapped file that is gone, or for which there is no room.
#pragma once

#include <csignal>

namespace ringside::formats {

/// Mends what raised SIGBUS, so that the access can be repeated; false if it is not its own.
/// Async-signal-safe; errno is kept for it.
using BusErrorHandler = bool (*)(const siginfo_t& info);

/// From now on asks `handler`, once however often it is given. What it does not take goes to those
/// given before, and at last to the handler that the process had.
void handle_bus_errors(BusErrorHandler handler);

}  // namespace ringside::formats
