// SPDX-License-Identifier: Apache-2.0
// The mutated build's entry, and the names of the faults.
#include "host_driver/mutant_driver.h"
#include "host_driver/virtio_net_driver.h"

#ifndef RINGSIDE_DRIVER_MUTANTS
#error "part of ringside_driver_mutants only"
#endif

namespace ringside::driver {

const char* mutant_name(Mutant mutant) {
  switch (mutant) {
    case Mutant::kNone:
      return "none";
#define INTERLEAVING(id, name, clauses, what) \
  case Mutant::id:                            \
    return name;
#define CLAUSE(id, name, clauses, what) INTERLEAVING(id, name, clauses, what)
#include "host_driver/mutants.def"
    case Mutant::kCount:
      break;
  }
  return "?";
}

void select_mutant(Mutant mutant) { selected_mutant = mutant; }

std::unique_ptr<NetDevice> make_mutated_driver(PciAccess& pci, Platform& platform,
                                               const VirtioNetOptions& options) {
  return std::make_unique<VirtioNetDriver>(pci, platform, options);
}

}  // namespace ringside::driver
