// SPDX-License-Identifier: Apache-2.0
// For who wants to see every TLP of a link: traces, tests of conservation.
#pragma once

#include "hw_model/pcie/ledger.h"
#include "hw_model/pcie/tlp.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

class BusObserver {
 public:
  virtual ~BusObserver() = default;
  /// `tlp` got its place on the link: its symbols leave the sender from `start_ps` to `end_ps`,
  /// now or a little later. In the order of the link, which is the order of times, per direction.
  virtual void tlp_sent(BusDirection direction, const Tlp& tlp, TimePs start_ps, TimePs end_ps) = 0;
};

}  // namespace ringside::hw
