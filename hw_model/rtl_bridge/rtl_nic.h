// SPDX-License-Identifier: Apache-2.0
// The card in RTL with its PCI Express link and the root complex's end of it.
#pragma once

#include <memory>

#include "hw_model/management/control_plane.h"
#include "hw_model/rtl_bridge/rtl_card.h"
#include "hw_model/tlm/nic_model.h"

namespace ringside::hw {

/// As make_at_nic, with `hardware` in the place of the core. Of `config.pipeline` the clock, the
/// batch of used entries with its time-out, and the completion time-out count.
std::unique_ptr<NicModel> make_rtl_nic(const char* name, const NicConfig& config,
                                       const RtlOptions& options,
                                       std::unique_ptr<VerilatedCard> hardware,
                                       std::unique_ptr<ControlPlane> control, FramePool& pool);

}  // namespace ringside::hw
