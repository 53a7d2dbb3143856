/* SPDX-License-Identifier: Apache-2.0
 * Which of the card's faults is switched on. */
#include "hw_model/registers/card_mutants.h"

#include <string.h>

enum rs_card_mutant rs_selected_mutant = RS_MUTANT_NONE;

int rs_select_mutant(const char* name) {
  static const char* const names[] = {
      "none",
#define CARD_MUTANT(id, name, clauses, what) name,
#include "hw_model/registers/card_mutants.def"
  };
  unsigned i;
  for (i = 0; i < sizeof names / sizeof names[0]; ++i) {
    if (strcmp(names[i], name) == 0) {
      rs_selected_mutant = (enum rs_card_mutant)i;
      return 1;
    }
  }
  return 0;
}
