// SPDX-License-Identifier: Apache-2.0
// device_status in words (virtio 1.4, "Device Status Field").
#pragma once

#include <cstdint>
#include <string>

#include "host_driver/mutants.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

/// What a register reads where nothing answers any more.
inline constexpr uint8_t kNoDeviceStatus = 0xFF;

/// "0x43 (ACKNOWLEDGE, DRIVER, DEVICE_NEEDS_RESET)"; "0x00" with no bit set, and 0xff says what
/// that means.
std::string status_text(uint8_t status);

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
