// SPDX-License-Identifier: Apache-2.0
// Deliberate faults of the follower, each of which its tests must find. The normal library is
// compiled without any, at no cost.
#pragma once

#include <cstdint>

namespace ringside::hw {

/// One fault each: follower_mutants.def says what it does.
enum class FollowerMutant : uint8_t {
  kNone,
#define FOLLOWER_MUTANT(id, name, what) id,
#include "hw_model/diff/follower_mutants.def"
#undef FOLLOWER_MUTANT
};

#ifdef RINGSIDE_FOLLOWER_MUTANTS
/// The fault that is switched on in this process.
extern FollowerMutant selected_follower_mutant;
inline bool follower_mutant(FollowerMutant which) { return which == selected_follower_mutant; }
#else
constexpr bool follower_mutant(FollowerMutant) { return false; }
#endif

}  // namespace ringside::hw
