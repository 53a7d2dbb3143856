// SPDX-License-Identifier: Apache-2.0
// The one card of a program for which it was Verilated in sizes of its own; it writes no waves.
#include <Vnic_pins.h>
#include <Vnic_pins__Syms.h>

#include "hw_model/rtl_bridge/verilated_model.h"

namespace ringside::hw {

std::unique_ptr<VerilatedCard> make_verilated_card(const VerilatedCardOptions& /*options*/) {
  return std::make_unique<VerilatedModel<Vnic_pins, Vnic_pins__Syms>>();
}

}  // namespace ringside::hw
