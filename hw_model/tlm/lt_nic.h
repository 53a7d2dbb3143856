// SPDX-License-Identifier: Apache-2.0
// The loosely timed card: the functional core run to completion, without bus timing.
#pragma once

#include <memory>

#include "hw_model/management/control_plane.h"
#include "hw_model/tlm/nic_model.h"

namespace ringside::hw {

/// Makes the card `name`. `control` gives its firmware (make_native_control_plane); `pool` gives
/// the frames that it sends and must outlive the simulation. Call connect() before the simulation
/// starts.
std::unique_ptr<NicModel> make_lt_nic(const char* name, const NicConfig& config,
                                      std::unique_ptr<ControlPlane> control, FramePool& pool);

}  // namespace ringside::hw
