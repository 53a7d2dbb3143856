// SPDX-License-Identifier: Apache-2.0
// Shared objects that are no card: with ENTRY as its entry point (none: there is none), and a port
// whose name is misspelt.
#include "hw_model/rtl_bridge/ringside_card.h"

#ifdef ENTRY
namespace {

uint32_t memory[64];
const ringside_card_pin kPins[] = {
    {"clk", 1, 0, memory}, {"tx_data", 32, 1, memory}, {"straps_mca", 48, 0, memory}};

}  // namespace

extern "C" const ringside_card* ENTRY() {
  static ringside_card card{};
  card.pins = kPins;
  card.pin_count = sizeof kPins / sizeof kPins[0];
  card.image = memory;
  card.image_bytes = sizeof memory;
  card.eval = [](void*) {};
  card.failed_assertions = [](void*) { return 0U; };
  card.destroy = [](void*) {};
  return &card;
}
#else
extern "C" const int ringside_nothing = 0;
#endif
