// SPDX-License-Identifier: Apache-2.0
// The card of hw_model/rtl as Verilator made it: one for speed, one with waves.
#include <Vnic_pins.h>
#include <Vnic_pins__Syms.h>
#include <Vnic_pins_waves.h>
#include <Vnic_pins_waves__Syms.h>

#include "hw_model/rtl_bridge/verilated_model.h"
#include "hw_model/rtl_bridge/verilated_waves.h"

namespace ringside::hw {

std::unique_ptr<VerilatedCard> make_verilated_card(const VerilatedCardOptions& options) {
  if (options.waves)
    return std::make_unique<VerilatedWaves<Vnic_pins_waves, Vnic_pins_waves__Syms>>();
  return std::make_unique<VerilatedModel<Vnic_pins, Vnic_pins__Syms>>();
}

}  // namespace ringside::hw
