// SPDX-License-Identifier: Apache-2.0
// See faulty_card.h.
#include "tests/differential/faulty_card.h"

#include <Vnic_faults.h>
#include <Vnic_faults__Syms.h>

#include "hw_model/rtl_bridge/verilated_waves.h"

namespace ringside::test {

namespace {

constexpr CardFault kFaults[] = {
#include "tests/differential/card_faults.inc"
};

class FaultyCard : public hw::VerilatedWaves<Vnic_faults, Vnic_faults__Syms> {
 public:
  /// Before anything is evaluated: the fault is there from the start.
  FaultyCard(unsigned number, int unknown_seed) : VerilatedWaves(unknown_seed) {
    model_.__PVT__nic_faults_pkg->selected_fault = static_cast<uint8_t>(number);
  }
};

}  // namespace

std::span<const CardFault> card_faults() { return kFaults; }

std::optional<unsigned> find_card_fault(std::string_view name) {
  if (name == "none") return 0;
  for (const CardFault& fault : kFaults) {
    if (name == fault.name) return fault.number;
  }
  return std::nullopt;
}

std::unique_ptr<hw::VerilatedCard> make_faulty_card(unsigned number, int unknown_seed) {
  return std::make_unique<FaultyCard>(number, unknown_seed);
}

}  // namespace ringside::test
