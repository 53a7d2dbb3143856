/* SPDX-License-Identifier: Apache-2.0
 * Deliberate faults of the card, in its hardware's model and in its firmware. A checker that is
 * worth having finds each of them; the normal libraries are compiled without any, at no cost. C and
 * C++. */
#ifndef RINGSIDE_HW_MODEL_REGISTERS_CARD_MUTANTS_H
#define RINGSIDE_HW_MODEL_REGISTERS_CARD_MUTANTS_H

/* One fault each: card_mutants.def says what it does and what forbids it. */
enum rs_card_mutant {
  RS_MUTANT_NONE,
#define CARD_MUTANT(id, name, clauses, what) RS_MUTANT_##id,
#include "hw_model/registers/card_mutants.def"
  RS_MUTANT_COUNT
};

#ifdef RINGSIDE_CARD_MUTANTS
#ifdef __cplusplus
extern "C" {
#endif
/* The fault that is switched on in this process. */
extern enum rs_card_mutant rs_selected_mutant;
/* Switches on the fault of that name, as in card_mutants.def. 0 if there is none: nothing changes.
 */
int rs_select_mutant(const char* name);
#ifdef __cplusplus
}
#endif
#define RS_MUTANT_FUNCTION static inline
#define RS_MUTANT_SELECTED rs_selected_mutant
#else
#ifdef __cplusplus
#define RS_MUTANT_FUNCTION constexpr
#else
#define RS_MUTANT_FUNCTION static inline
#endif
#define RS_MUTANT_SELECTED RS_MUTANT_COUNT
#endif

/* Whether `which` is switched on; in the normal libraries constantly not. */
RS_MUTANT_FUNCTION int rs_mutant(enum rs_card_mutant which) { return which == RS_MUTANT_SELECTED; }

#endif
