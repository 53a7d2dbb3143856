// SPDX-License-Identifier: Apache-2.0
// Before main: switches on the driver's fault that RINGSIDE_MUTANT names. Exit status 3 if there is
// none of that name, so that a run without the fault is not taken for one with it.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "host_driver/mutant_driver.h"

namespace {

using ringside::driver::Mutant;

bool select() {
  const char* name = std::getenv("RINGSIDE_MUTANT");
  if (name == nullptr) return true;
  for (unsigned i = 0; i < static_cast<unsigned>(Mutant::kCount); ++i) {
    const auto mutant = static_cast<Mutant>(i);
    if (std::strcmp(ringside::driver::mutant_name(mutant), name) != 0) continue;
    ringside::driver::select_mutant(mutant);
    return true;
  }
  std::fprintf(stderr, "RINGSIDE_MUTANT: the driver has no fault \"%s\"\n", name);
  std::exit(3);
}

const bool selected = select();

}  // namespace
