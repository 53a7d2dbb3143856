// SPDX-License-Identifier: Apache-2.0
// The cycle-approximate card with its PCI Express link and the root complex's end of it.
#pragma once

#include <memory>

#include "hw_model/management/control_plane.h"
#include "hw_model/tlm/nic_model.h"

namespace ringside::hw {

/// As make_lt_nic, with bus and pipeline of `config`.
std::unique_ptr<NicModel> make_at_nic(const char* name, const NicConfig& config,
                                      std::unique_ptr<ControlPlane> control, FramePool& pool);

}  // namespace ringside::hw
