// SPDX-License-Identifier: Apache-2.0
// Effective bandwidth of the PCIe link model, measured by saturating it with DMA.
#pragma once

#include <cstdint>
#include <vector>

#include "formats/status.h"
#include "hw_model/pcie/link_config.h"

namespace ringside::tb {

/// One measurement. Of `link`, generation, lanes, mps, mrrs, rcb and whole_dwords count: latencies
/// and credits are such that they hide themselves.
struct PciePoint {
  hw::PcieLinkConfig link;
  unsigned tags = 1024;         ///< read requests in flight, 1 to 1024
  uint32_t transfer_bytes = 0;  ///< of one DMA write or read, 1 to kTransferBytesMax
};
/// Beyond it one transfer would fill the requester's reassembly buffer, and reads would wait for
/// it.
inline constexpr uint32_t kTransferBytesMax = 1 << 18;

/// What came of it. Rates in bits per ps, as times and bytes gave them.
struct PcieBandwidth {
  PciePoint point;
  double raw = 0;                   ///< bytes that the link carried while it was busy, of any kind
  double tlp = 0;                   ///< bytes of TLPs while DMA writes saturated it
  uint32_t write_header_bytes = 0;  ///< around one memory write's payload
  uint32_t read_header_bytes = 0;
  uint32_t completion_header_bytes = 0;
  double write = 0;       ///< payload of DMA writes back to back
  double read = 0;        ///< payload of DMA reads back to back
  double read_write = 0;  ///< of a read and a write at a time, counted once
};

/// Measures all points in one simulation, the only one of the process. An error says which
/// parameter is out of its range.
Status measure_pcie(const std::vector<PciePoint>& points, std::vector<PcieBandwidth>* results);

}  // namespace ringside::tb
