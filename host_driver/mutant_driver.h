// SPDX-License-Identifier: Apache-2.0
// Makes the driver with deliberate faults (library ringside_driver_mutants). Its symbols differ
// from those of the normal library, so that one program may link both.
#pragma once

#include <memory>

#include "host_driver/mutants.h"
#include "host_driver/net_device.h"
#include "host_driver/pci_access.h"
#include "host_driver/platform.h"
#include "host_driver/virtio_net_options.h"

namespace ringside::driver {

/// Switches `mutant` on for every mutated driver of this process; kNone switches all off.
void select_mutant(Mutant mutant);

/// As `new VirtioNetDriver(pci, platform, options)`, but of the mutated build.
std::unique_ptr<NetDevice> make_mutated_driver(PciAccess& pci, Platform& platform,
                                               const VirtioNetOptions& options);

}  // namespace ringside::driver
