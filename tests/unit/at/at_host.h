// SPDX-License-Identifier: Apache-2.0
// The hosts of lt_host.h with cycle-approximate cards.
#pragma once

#include "hw_model/tlm/at_nic.h"
#include "tests/unit/lt/lt_host.h"

namespace ringside::test {

/// Two hosts whose cards are of model `at`.
struct AtPair : LtPair {
  explicit AtPair(const hw::NicConfig& config = {}, const hw::LinkConfig& wire = {},
                  const rs_firmware_ops& firmware = *rs_firmware_native())
      : LtPair(choose(config), wire, firmware) {}

 private:
  /// The model must be chosen before the hosts are built.
  static const hw::NicConfig& choose(const hw::NicConfig& config) {
    LtHost::make = hw::make_at_nic;
    return config;
  }
};

inline hw::TimePs now_ps() { return sc_core::sc_time_stamp().value(); }

}  // namespace ringside::test
