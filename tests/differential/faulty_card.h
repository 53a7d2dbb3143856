// SPDX-License-Identifier: Apache-2.0
// The card in RTL with one of its deliberate faults (hw_model/rtl/nic_faults_pkg.sv).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "hw_model/rtl_bridge/verilated_card.h"

namespace ringside::test {

struct CardFault {
  unsigned number;  ///< as the RTL counts them; 0 is no fault
  const char* name;
  const char* what;  ///< what it does
};

/// All faults, in the order of their numbers, without that of number 0.
std::span<const CardFault> card_faults();

/// The number of the fault `name`, 0 for "none"; nothing if the RTL has no such fault.
std::optional<unsigned> find_card_fault(std::string_view name);

/// `unknown_seed`: not 0, of what the RTL leaves unknown (registers without reset, memories, X).
std::unique_ptr<hw::VerilatedCard> make_faulty_card(unsigned number, int unknown_seed);

}  // namespace ringside::test
