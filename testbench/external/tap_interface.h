// SPDX-License-Identifier: Apache-2.0
// TAP interfaces of Linux: an Ethernet card of the kernel whose wire is a descriptor.
#pragma once

#include <optional>
#include <string>

#include "formats/status.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

struct TapSetup {
  std::string interface;
  /// Make it, up and with the kernel's addresses below; it goes with the descriptor. Else it
  /// exists.
  bool create = false;
  std::optional<IpInterface> address = std::nullopt;
  std::optional<IpInterface> address6 = std::nullopt;
};

/// Whether this network namespace has an interface of that name.
bool interface_exists(const std::string& name);

/// Opens a TAP for whole frames (IFF_TAP, IFF_NO_PI), non-blocking. The descriptor becomes the
/// caller's. Errors name the interface and what would help.
Status open_tap(const TapSetup& setup, int* descriptor);

}  // namespace ringside::tb
