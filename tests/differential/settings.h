// SPDX-License-Identifier: Apache-2.0
// What a seed of the differential hunt decides before anything runs: the card, its bus, its wire.
#pragma once

#include <cstdint>
#include <string>

#include "formats/random.h"
#include "hw_model/tlm/nic_config.h"

namespace ringside::differential {

struct Settings {
  hw::NicConfig card;
  uint64_t wire_bps = 0;
  unsigned lives = 0;           ///< from one reset of the device to the next
  unsigned steps = 0;           ///< of the driver in a life, at most
  bool crooked_tables = false;  ///< indirect tables at any address, not only multiples of 16
  /// In one line, for reports.
  std::string text() const;
};

/// The same for the same seed.
Settings draw_settings(SplitMix64& random);

}  // namespace ringside::differential
