// SPDX-License-Identifier: Apache-2.0
// The counters of the card in RTL under the names that every model has.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hw_model/core/counters.h"
#include "hw_model/pcie/dma_engine.h"
#include "hw_model/rtl_bridge/card_pins.h"

namespace ringside::hw {

Counters core_counters_of(const CardPins& pins);
/// Read and write requests, and what became of the reads; `poisoned` with writes of the host. The
/// card does not count completions and cancelled bytes.
DmaEngineCounters dma_counters_of(const CardPins& pins);

}  // namespace ringside::hw
