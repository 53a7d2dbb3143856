// SPDX-License-Identifier: Apache-2.0
// The pins of a card in RTL as C++ variables, whatever simulates it.
#pragma once

#include <cstdint>

namespace ringside::hw {

/// Where each pin is. Inputs are the bridge's to write, outputs are the card's.
struct CardPins {
#define PIN(type, name) type* name = nullptr;
#define WIDE(name) uint32_t* name = nullptr;
#include "hw_model/rtl_bridge/card_pins.def"
#undef PIN
#undef WIDE
};

/// Ports of trace records, and 32-bit words of a record (trace_t of nic_pkg.sv).
inline constexpr unsigned kTracePorts = 10;
inline constexpr unsigned kTraceWords = 9;
/// What next_deadline says if there is none.
inline constexpr uint64_t kNeverCycle = (uint64_t{1} << 48) - 1;

/// Where `model`, a Verilated class with the ports of nic_pins.sv, has its pins.
template <typename Model>
CardPins pins_of(Model& model) {
  CardPins pins;
#define PIN(type, name) pins.name = &model.name;
#define WIDE(name) pins.name = model.name.data();
#include "hw_model/rtl_bridge/card_pins.def"
#undef PIN
#undef WIDE
  return pins;
}

}  // namespace ringside::hw
