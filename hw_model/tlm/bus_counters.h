// SPDX-License-Identifier: Apache-2.0
// What cards with bus timing report of their link, whichever model they are.
#pragma once

#include <string_view>
#include <vector>

#include "hw_model/pcie/dma_engine.h"
#include "hw_model/pcie/pcie_link.h"
#include "hw_model/tlm/nic_config.h"

namespace ringside::hw {

/// Appends the TLPs of `link`, what the requester `dma` counts (`poisoned` with the host's writes),
/// and requests that nobody took.
inline void add_bus_counters(PcieLink& link, const DmaEngineCounters& dma,
                             uint64_t unsupported_requests, std::vector<NicCounter>* result) {
  const PcieDirectionCounters up = link.up().counters();
  const PcieDirectionCounters down = link.down().counters();
  const auto add = [&](std::string_view name, uint64_t value) { result->push_back({name, value}); };
  add("tlps", up.tlps + down.tlps);
  add("tlps_up", up.tlps);
  add("tlps_down", down.tlps);
  add("pcie_bytes_up", up.link_bytes);
  add("pcie_bytes_down", down.link_bytes);
  add("pcie_credit_stalls", up.credit_stalls + down.credit_stalls);
  add("pcie_read_requests", dma.read_requests);
  add("pcie_unexpected_completions", dma.unexpected_completions);
  add("pcie_failed_reads", dma.failed_reads);
  add("pcie_poisoned", dma.poisoned);
  add("pcie_timeouts", dma.timeouts);
  add("pcie_cancelled_reads", dma.cancelled_reads);
  add("pcie_unsupported_requests", unsupported_requests);
}

/// Appends the directions of `link`, and the time that TLPs of the card waited for credits.
inline void add_bus_resources(PcieLink& link, std::vector<NicResource>* result) {
  const PcieDirectionCounters up = link.up().counters();
  result->push_back({"pcie_credits", up.stall_ps});
  result->push_back({"pcie_up", up.busy_ps});
  result->push_back({"pcie_down", link.down().counters().busy_ps});
}

}  // namespace ringside::hw
