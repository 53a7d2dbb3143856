// SPDX-License-Identifier: Apache-2.0
// The counters of the card in RTL under the names that every model has.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hw_model/core/counters.h"
#include "hw_model/rtl_bridge/card_pins.h"

namespace ringside::hw {

/// What the core does not count: read_counters_t of nic_pkg.sv, and requests.
struct RtlDmaCounters {
  uint64_t read_requests = 0;
  uint64_t write_requests = 0;
  uint64_t unexpected_completions = 0;
  uint64_t failed_reads = 0;
  uint64_t poisoned = 0;  ///< completions and writes of the host
  uint64_t timeouts = 0;
  uint64_t cancelled_reads = 0;
};

Counters core_counters_of(const CardPins& pins);
RtlDmaCounters dma_counters_of(const CardPins& pins);

}  // namespace ringside::hw
