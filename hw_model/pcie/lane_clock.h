// SPDX-License-Identifier: Apache-2.0
// Rates of a PCI Express link as exact integers, and how often its data link layer packets come
// (PCI Express Base Specification 4.0, 3.5.2.2, 3.6.3.1, 4.2).
#pragma once

#include <cstdint>

namespace ringside::hw {

/// Link arithmetic counts in ticks of 1/1024 ps: every generation and width then has a whole number
/// of them per byte (gen3 x1: 1015.625 ps).
inline constexpr uint64_t kTicksPerPs = 1024;

inline constexpr uint32_t kDllpBytes = 8;        ///< with framing, both encodings
inline constexpr uint32_t kSkipBytes = 4;        ///< SKIP ordered set...
inline constexpr uint32_t kSkipInterval = 1538;  ///< ...in so many bytes of the link

/// Ticks that one byte takes on the link, encoding included. `generation` 1 to 5; `lanes` 1, 2, 4,
/// 8 or 16.
constexpr uint64_t byte_ticks(unsigned generation, unsigned lanes) {
  // Gen1 and gen2: 10 bits for a byte at 2.5 and 5 GT/s. Later: 8 * 130 / 128 = 65 / 8 bits at
  // 8, 16 and 32 GT/s.
  const uint64_t one_lane = generation <= 2
                                ? 10'000'000 / (generation == 1 ? 2500 : 5000) * kTicksPerPs
                                : (65 * kTicksPerPs * 1000 / 64) >> (generation - 3);
  return one_lane / lanes;
}

/// AckFactor of 3.5.2.2, in tenths: how much of a TLP's time a receiver may take for its ACK.
constexpr uint32_t ack_factor_tenths(unsigned lanes, uint32_t mps) {
  if (mps >= 512) return lanes == 16 ? 20 : 10;
  if (lanes == 16) return 30;
  return lanes == 8 ? 25 : 14;
}

/// Bytes of the link between two ACK DLLPs, and between two UpdateFC DLLPs, at the rates that 3.5.2
/// and 2.6.1.2 recommend. `mps` in bytes. The tables of the specification give these numbers in
/// symbol times of a lane; like the published model, which has one DLLP in so many bytes of all
/// lanes, this takes them for bytes.
constexpr uint32_t dllp_interval_bytes(unsigned generation, unsigned lanes, uint32_t mps) {
  constexpr uint32_t kTlpOverhead = 28;
  const uint32_t internal_delay = generation == 1 ? 19 : generation == 2 ? 70 : 115;
  return (mps + kTlpOverhead) * ack_factor_tenths(lanes, mps) / (10 * lanes) + internal_delay;
}

}  // namespace ringside::hw
