// SPDX-License-Identifier: Apache-2.0
// Before main: switches on the card's fault that RINGSIDE_MUTANT names. Exit status 3 if there is
// none of that name, so that a run without the fault is not taken for one with it.
#include <cstdio>
#include <cstdlib>

#include "hw_model/registers/card_mutants.h"

namespace {

bool select() {
  const char* name = std::getenv("RINGSIDE_MUTANT");
  if (name != nullptr && rs_select_mutant(name) == 0) {
    std::fprintf(stderr, "RINGSIDE_MUTANT: the card has no fault \"%s\"\n", name);
    std::exit(3);
  }
  return true;
}

const bool selected = select();

}  // namespace
