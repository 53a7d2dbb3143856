// SPDX-License-Identifier: Apache-2.0
// The hosts of lt_host.h with cycle-approximate cards.
#pragma once

#include "hw_model/tlm/at_nic.h"
#include "tests/support/gtest.h"
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

struct Rings {
  TestQueue rx, tx;
};

inline Rings bring_up(LtHost& host, uint64_t features, uint16_t size = 64, uint32_t tx_bytes = 72) {
  host.enable_pci(true);
  EXPECT_EQ(host.negotiate(features), 11);
  host.set(CommonCfg::kConfigMsixVector, 2, 0);
  Rings rings{host.make_queue(0, size, 1600, 1), host.make_queue(1, size, tx_bytes, 2)};
  host.set(CommonCfg::kQueueSelect, 2, 1);
  EXPECT_EQ(host.get(CommonCfg::kQueueEnable, 2), 1u);
  host.set_status(15);
  EXPECT_EQ(host.status(), 15);
  return rings;
}

inline void wait_us(unsigned us) { sc_core::wait(us, sc_core::SC_US); }
inline hw::TimePs now_ps() { return sc_core::sc_time_stamp().value(); }

}  // namespace ringside::test
