// SPDX-License-Identifier: Apache-2.0
// A PCI Express link between a root complex and a card: two channels of TLPs with the times, the
// credits and the ordering of the specification.
#pragma once

#include <systemc>

#include "hw_model/pcie/link_config.h"
#include "hw_model/pcie/pcie_channel.h"

namespace ringside::hw {

class PcieLink : public sc_core::sc_module {
 public:
  /// Throws std::invalid_argument with the message of check() if `config` does not pass it.
  PcieLink(const sc_core::sc_module_name& name, const PcieLinkConfig& config);

  PcieChannel& up() { return up_; }      ///< card to root
  PcieChannel& down() { return down_; }  ///< root to card
  const PcieLinkConfig& config() const { return config_; }

 private:
  PcieLinkConfig config_;
  PcieChannel up_;
  PcieChannel down_;
};

}  // namespace ringside::hw
