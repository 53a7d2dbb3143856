// SPDX-License-Identifier: Apache-2.0
// Before main: switches on the follower's fault that RINGSIDE_MUTANT names. Exit status 3 if there
// is none of that name, so that a run without the fault is not taken for one with it.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "hw_model/diff/follower_mutants.h"

namespace ringside::hw {

FollowerMutant selected_follower_mutant = FollowerMutant::kNone;

namespace {

bool select() {
  static constexpr const char* kNames[] = {
      "none",
#define FOLLOWER_MUTANT(id, name, what) name,
#include "hw_model/diff/follower_mutants.def"
#undef FOLLOWER_MUTANT
  };
  const char* wanted = std::getenv("RINGSIDE_MUTANT");
  if (wanted == nullptr) return true;
  uint8_t number = 0;
  for (const char* name : kNames) {
    if (std::strcmp(name, wanted) == 0) {
      selected_follower_mutant = static_cast<FollowerMutant>(number);
      return true;
    }
    ++number;
  }
  std::fprintf(stderr, "RINGSIDE_MUTANT: the follower has no fault \"%s\"\n", wanted);
  std::exit(3);
}

const bool selected = select();

}  // namespace
}  // namespace ringside::hw
