// SPDX-License-Identifier: Apache-2.0
// What the testbench sees of a card, whichever model it is: a PCIe function and an Ethernet port.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <systemc>
#include <tlm>
#include <vector>

#include "formats/units.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// A card's parameters. Sizes in bytes, times in ps.
struct NicConfig {
  MacAddress mac{0x02, 0, 0, 0, 0, 1};
  uint16_t mtu = 1500;
  /// Feature bits to offer, masked with what the card implements.
  uint64_t features = ~uint64_t{0};
  /// Largest queue size that the card offers; a power of two up to 32768.
  uint16_t queue_size_max = 1024;
  uint16_t msix_vectors = 3;
  uint32_t tx_buffer_bytes = 65536;
  uint32_t rx_buffer_bytes = 262144;
  /// From an event to the control plane's answer.
  TimePs management_latency_ps = 1'000'000;
  /// How long a register read is held for the control plane; then the device needs a reset.
  TimePs hold_bound_ps = 1'000'000'000;
};

struct NicCounter {
  std::string_view name;
  uint64_t value;
};

/// A card. The module's sockets take PcieExtension; the card is the master of `dma()`.
class NicModel : public sc_core::sc_module, public EthernetReceiver {
 public:
  explicit NicModel(const sc_core::sc_module_name& name) : sc_core::sc_module(name) {}
  /// Configuration and memory requests from the root complex.
  virtual tlm::tlm_target_socket<>& pcie_target() = 0;
  /// DMA, MSI-X writes and messages to the root complex.
  virtual tlm::tlm_initiator_socket<>& pcie_initiator() = 0;
  /// Connects the card's port to its end of a link (before the simulation starts).
  virtual void connect(EthernetPort& port) = 0;
  virtual std::vector<NicCounter> counters() const = 0;
};

}  // namespace ringside::hw
