// SPDX-License-Identifier: Apache-2.0
// Parameters of a PCI Express link and of the root complex behind it.
#pragma once

#include <cstdint>

#include "formats/status.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// Credits that a receiver advertises: headers, and data in units of 16 bytes. 0: infinite (2.6.1).
struct CreditLimit {
  uint32_t headers = 0;
  uint32_t data = 0;
};

/// What one end's receiver advertises and how fast it empties its buffer.
struct ReceiverConfig {
  CreditLimit posted{256, 4096};
  CreditLimit non_posted{256, 256};
  /// Endpoints and root complexes that do not pass completions on advertise infinite ones.
  CreditLimit completion{0, 0};
  /// From a TLP's arrival until its credits are on their way back.
  TimePs drain_ps = 20'000;
  /// Upper bound of a seeded delay that is added to it, for every TLP. 0: none.
  TimePs drain_jitter_ps = 0;
};

/// Rows of the published model that the link's overheads agree with are in docs/timing.md.
struct PcieLinkConfig {
  unsigned generation = 4;  ///< 1 to 5
  unsigned lanes = 16;      ///< 1, 2, 4, 8, 16
  uint32_t mps = 256;       ///< Max_Payload_Size, bytes, power of two from 128 to 4096
  uint32_t mrrs = 512;      ///< Max_Read_Request_Size, likewise
  uint32_t rcb = 64;        ///< Read Completion Boundary, 64 or 128
  /// One way through both ends' physical and data link layers.
  TimePs latency_ps = 75'000;
  /// Payload takes whole double words on the link, as the specification has it. False: bytes, as
  /// the published model counts.
  bool whole_dwords = true;
  ReceiverConfig root;  ///< upstream traffic
  ReceiverConfig card;  ///< downstream traffic
  uint64_t seed = 1;    ///< of the drain jitter
};

/// Whether a link can be built so: every field in its range, and finite credits for at least one
/// TLP of the largest size in each class (2.6.1: the least that may be advertised).
Status check(const PcieLinkConfig& config);

/// How the root complex answers reads.
struct RootComplexConfig {
  /// From a read request's arrival to its first completion's departure.
  TimePs read_latency_ps = 300'000;
  /// Upper bound of a seeded delay that is added to it. 0: none.
  TimePs read_jitter_ps = 0;
  /// Completions of different requests leave in the order in which they are ready (2.4.1 allows
  /// it); false: in the order of the requests.
  bool reorder = false;
  /// A read's completions are cut at the RCB even where MPS would allow more. For tests: the most
  /// bytes in one completion; 0: MPS.
  uint32_t completion_bytes_max = 0;
  /// How long a register read may take before it reads all ones.
  TimePs completion_timeout_ps = 50'000'000'000;
  uint64_t seed = 1;
};

}  // namespace ringside::hw
