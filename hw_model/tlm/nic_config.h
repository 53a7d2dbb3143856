// SPDX-License-Identifier: Apache-2.0
// A card's parameters, and what it counts, without SystemC.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hw_model/core/core_config.h"
#include "hw_model/pcie/link_config.h"
#include "hw_model/tlm/pipeline_config.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// A card's parameters beyond its behaviour. Times in ps.
struct NicConfig : CoreConfig {
  /// From an event to the control plane's answer.
  TimePs management_latency_ps = 1'000'000;
  /// How long a register read is held for the control plane; then the device needs a reset.
  TimePs hold_bound_ps = 1'000'000'000;
  /// What follows counts for models with bus timing.
  PcieLinkConfig pcie;
  RootComplexConfig root_complex;
  PipelineConfig pipeline;
};

/// The core's part of `config`: the card supports the payload that its link is configured with.
inline CoreConfig core_config(const NicConfig& config) {
  CoreConfig core = config;
  core.max_payload_bytes = config.pcie.mps;
  return core;
}

struct NicCounter {
  std::string_view name;
  uint64_t value;
};

/// Something in the card or on its bus that can be what limits it. Time in which it was busy.
struct NicResource {
  std::string name;
  TimePs busy_ps;
};

}  // namespace ringside::hw
