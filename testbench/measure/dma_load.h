// SPDX-License-Identifier: Apache-2.0
// A card that does nothing but DMA, as fast as its link lets it, and a host around it.
#pragma once

#include <cstdint>
#include <systemc>

#include "hw_model/pcie/dma_engine.h"
#include "hw_model/pcie/host_memory.h"
#include "hw_model/pcie/pcie_link.h"
#include "hw_model/pcie/root_port.h"
#include "hw_model/pcie/tlp_root.h"

namespace ringside::tb {

enum class DmaPattern : uint8_t { kWrites, kReads, kReadsAndWrites };

struct DmaLoadConfig {
  hw::PcieLinkConfig link;
  hw::RootComplexConfig root;
  hw::DmaEngineConfig dma;
  DmaPattern pattern = DmaPattern::kWrites;
  uint32_t transfer_bytes = 0;
  hw::TimePs warm_up_ps = 0;  ///< and at least one transfer
  uint32_t transfers = 0;     ///< to measure after it
};

/// Transfers begin at a page, back to back. A write is done when its last byte is in memory, a read
/// when its last completion has arrived; of kReadsAndWrites a transfer is one of each. Runs until
/// enough transfers are measured, then stays silent.
class DmaLoad : public sc_core::sc_module,
                private hw::DmaClient,
                private hw::TlpReceiver,
                private hw::HostMemoryObserver,
                private hw::InterruptSink {
 public:
  DmaLoad(const sc_core::sc_module_name& name, const DmaLoadConfig& config);

  /// Payload bits per ps over the measured transfers; 0 if the run ended before they were done.
  double rate() const;
  hw::PcieDirectionCounters up() { return link_.up().counters(); }

 private:
  void pump();
  void transfer_done(hw::TimePs at_ps);
  void dma_read_done(uint32_t handle, ByteView data, bool ok, hw::TimePs at_ps) override;
  void receive_tlp(hw::Tlp& tlp, hw::TimePs arrival_ps) override;
  void device_write(uint64_t bus, const std::byte* memory, ByteView bytes) override;
  void msi(unsigned, uint32_t) override {}
  void intx(unsigned, bool) override {}

  DmaLoadConfig config_;
  bool reads_;
  bool writes_;
  uint64_t write_bus_;
  std::vector<std::byte> bytes_;
  hw::PayloadPool pool_;
  hw::PcieLedger ledger_;
  hw::HostMemory memory_;
  hw::RootPort port_;
  hw::PcieLink link_;
  hw::TlpRoot root_;
  hw::DmaEngine engine_;
  sc_core::sc_event room_;
  bool pumping_ = false;

  uint64_t written_bytes_ = 0;
  uint64_t reads_done_ = 0;
  uint64_t writes_done_ = 0;
  uint64_t done_ = 0;  ///< transfers
  uint64_t warm_ = 0;  ///< transfers when the measurement began; 0: not yet
  hw::TimePs begin_ps_ = 0;
  hw::TimePs end_ps_ = 0;
};

}  // namespace ringside::tb
