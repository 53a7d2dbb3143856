// SPDX-License-Identifier: Apache-2.0
// How the card in RTL of this program was built.
#pragma once

#include <cstdint>
#include <optional>

namespace ringside::tb {

struct RtlSizes {
  uint32_t data_bits = 0;    ///< width of the datapath
  uint32_t queue_pairs = 0;  ///< at most
  uint32_t ring_limit = 0;   ///< entries of a ring, at most
};

/// Asks the hardware itself. Nothing: this build has no card in RTL.
std::optional<RtlSizes> rtl_sizes();

}  // namespace ringside::tb
