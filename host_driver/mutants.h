// SPDX-License-Identifier: Apache-2.0
// Deliberate driver faults. A checker that is worth having finds each of them; the normal library
// is compiled without any, at no cost.
#pragma once

#include <cstdint>

#ifdef RINGSIDE_DRIVER_MUTANTS
#define RINGSIDE_DRIVER_BUILD mutated
#else
#define RINGSIDE_DRIVER_BUILD standard
#endif

namespace ringside::driver {

/// One fault each: host_driver/mutants.def says what it does.
enum class Mutant : uint8_t {
  kNone,
#define INTERLEAVING(id, name, clauses, what) id,
#define CLAUSE(id, name, clauses, what)
#include "host_driver/mutants.def"
  kInterleavingEnd,  ///< those before it are for interleaving to find
  kLastInterleaving = kInterleavingEnd - 1,
#define INTERLEAVING(id, name, clauses, what)
#define CLAUSE(id, name, clauses, what) id,
#include "host_driver/mutants.def"
  kCount
};

/// Short name for reports and command lines, e.g. "no-recheck-after-stop".
const char* mutant_name(Mutant mutant);

inline namespace RINGSIDE_DRIVER_BUILD {
#ifdef RINGSIDE_DRIVER_MUTANTS
/// The fault that is switched on in this process.
inline Mutant selected_mutant = Mutant::kNone;
inline bool mutant(Mutant which) { return selected_mutant == which; }
#else
constexpr bool mutant(Mutant) { return false; }
#endif
}  // namespace RINGSIDE_DRIVER_BUILD

}  // namespace ringside::driver
