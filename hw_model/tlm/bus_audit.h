// SPDX-License-Identifier: Apache-2.0
// What must hold on a card's bus when nothing is under way: conservation of bytes, credits and
// tags.
#pragma once

#include <string>

#include "hw_model/core/counters.h"
#include "hw_model/pcie/dma_engine.h"
#include "hw_model/pcie/ledger.h"
#include "hw_model/pcie/pcie_link.h"

namespace ringside::hw {

/// Empty if every credit and tag is back, no credit was ever overdrawn, no completion was without
/// its request, and ledger, link and core count the same TLPs and bytes; else what does not hold.
/// `link` is settled to now by looking.
std::string audit_bus(PcieLink& link, const DmaEngine& dma, const PcieLedger& ledger,
                      const Counters& core);

}  // namespace ringside::hw
