// SPDX-License-Identifier: Apache-2.0
// A root port in loosely timed form: the host's MMIO and configuration accesses down to one
// function, and the function's DMA, MSI writes and INTx messages up. PCIe Base Specification 4.0.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "hw_model/pcie/host_memory.h"
#include "hw_model/pcie/pcie_payload.h"

namespace ringside::hw {

/// Where a root port delivers interrupts.
class InterruptSink {
 public:
  virtual ~InterruptSink() = default;
  /// An MSI or MSI-X write of `data` arrived through port `port`.
  virtual void msi(unsigned port, uint32_t data) = 0;
  /// The function asserted or deasserted INTA.
  virtual void intx(unsigned port, bool asserted) = 0;
};

/// Counts of what passed through a port.
struct RootPortCounters {
  uint64_t dma_read_bytes = 0;  ///< through b_transport; direct reads are counted by the card
  uint64_t dma_write_bytes = 0;
  uint64_t msi_messages = 0;
  uint64_t unsupported_requests = 0;
};

class RootPort : public sc_core::sc_module {
 public:
  /// Memory writes to this 1 MiB window are MSIs, as on x86.
  static constexpr uint64_t kMsiWindow = 0xFEE0'0000;
  static constexpr uint64_t kMsiWindowSize = 0x10'0000;
  /// BARs of port n are placed from here + n * 4 GiB.
  static constexpr uint64_t kMmioBase = 0x40'0000'0000;

  RootPort(const sc_core::sc_module_name& name, unsigned port, HostMemory& memory,
           InterruptSink& sink);

  tlm_utils::simple_initiator_socket<RootPort> down;
  tlm_utils::simple_target_socket<RootPort> up;

  /// Configuration access: `width` 1, 2 or 4 bytes, naturally aligned. All ones if refused.
  uint32_t config_read(uint32_t offset, unsigned width);
  void config_write(uint32_t offset, unsigned width, uint32_t value);
  /// Memory access at a bus address: `width` 1, 2, 4 or 8 bytes. All ones if nothing answers. A
  /// read may wait() in the caller's SC_THREAD.
  uint64_t memory_read(uint64_t address, unsigned width);
  void memory_write(uint64_t address, unsigned width, uint64_t value);
  /// The link's Max_Payload_Size and Max_Read_Request_Size, bytes, for enumerate() to write.
  void set_sizes(uint32_t mps, uint32_t mrrs) {
    mps_ = mps;
    mrrs_ = mrrs;
  }
  /// Writes the sizes to Device Control, by debug accesses that take no time: they stand for what
  /// was done before the simulation began. Then sizes the function's BARs by the all-ones write and
  /// places them (PCI Local Bus 3.0, 6.2.5.1), and sets Memory Space Enable. Call in simulation.
  void enumerate();
  uint64_t bar_address(unsigned bar) const { return bar_address_[bar]; }
  uint64_t bar_size(unsigned bar) const { return bar_size_[bar]; }

  const RootPortCounters& counters() const { return counters_; }

 private:
  tlm::tlm_response_status request(tlm::tlm_command command, PcieSpace space, uint64_t address,
                                   void* data, unsigned width);
  uint32_t debug_config(tlm::tlm_command command, uint32_t offset, unsigned width, uint32_t value);
  void write_sizes();
  void upstream(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  bool upstream_dmi(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);

  unsigned port_;
  HostMemory& memory_;
  InterruptSink& sink_;
  uint64_t bar_address_[6] = {};
  uint64_t bar_size_[6] = {};
  uint32_t mps_ = 0;  ///< 0: not to be written
  uint32_t mrrs_ = 0;
  RootPortCounters counters_;
};

}  // namespace ringside::hw
