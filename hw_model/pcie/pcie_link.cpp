// SPDX-License-Identifier: Apache-2.0
// See pcie_link.h.
#include "hw_model/pcie/pcie_link.h"

#include <stdexcept>

namespace ringside::hw {

namespace {

const PcieLinkConfig& checked(const PcieLinkConfig& config) {
  const Status status = check(config);
  if (!status.ok()) throw std::invalid_argument("PCIe link: " + status.error);
  return config;
}

}  // namespace

PcieLink::PcieLink(const sc_core::sc_module_name& name, const PcieLinkConfig& config)
    : sc_core::sc_module(name),
      config_(checked(config)),
      up_("up", config_, config_.root, 2 * config_.seed),
      down_("down", config_, config_.card, 2 * config_.seed + 1) {}

}  // namespace ringside::hw
