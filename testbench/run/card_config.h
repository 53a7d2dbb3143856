// SPDX-License-Identifier: Apache-2.0
// What a scenario's sections mean for the parts that they describe.
#pragma once

#include <cstdint>
#include <string>

#include "hw_model/tlm/nic_model.h"
#include "hw_model/wire/switch.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// Every host, card and flow has random bits of its own, so that adding one leaves the others'.
uint64_t seed_for(uint64_t seed, const std::string& name);

hw::NicConfig card_config(const Nic& nic, uint64_t seed);
hw::SwitchConfig switch_config(const Switch& device, unsigned ports);

}  // namespace ringside::tb
