// SPDX-License-Identifier: Apache-2.0
// Where the virtio structures, the MSI-X table and its pending bits lie in the card's memory BAR.
#pragma once

#include <cstdint>

namespace ringside::hw {

/// Offsets and sizes in bytes in BAR 0, a 64-bit memory BAR.
struct BarLayout {
  static constexpr uint32_t kSize = 0x10000;
  static constexpr uint32_t kCommon = 0x0000, kCommonBytes = 0x40;
  static constexpr uint32_t kIsr = 0x1000, kIsrBytes = 4;
  static constexpr uint32_t kDevice = 0x2000, kDeviceBytes = 0x40;
  static constexpr uint32_t kNotify = 0x3000, kNotifyBytes = 0x1000;
  static constexpr uint32_t kNotifyMultiplier = 4;
  static constexpr uint32_t kMsixTable = 0x8000;
  static constexpr uint32_t kMsixPending = 0xC000;
  static constexpr unsigned kMsixVectorsMax = 512;
};
static_assert(BarLayout::kMsixTable + 16 * BarLayout::kMsixVectorsMax <= BarLayout::kMsixPending);

}  // namespace ringside::hw
