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
  static constexpr uint32_t kRingState = 0x4000, kRingStateBytes = 0x100;
  static constexpr uint32_t kMsixTable = 0x8000;
  static constexpr uint32_t kMsixPending = 0xC000;
  static constexpr unsigned kMsixVectorsMax = 512;
};
static_assert(BarLayout::kMsixTable + 16 * BarLayout::kMsixVectorsMax <= BarLayout::kMsixPending);

/// The card's own registers, which virtio has none for: where a virtqueue goes on, and bringing it
/// to rest. Found through the vendor data capability; entry q of kEntryBytes is virtqueue q's.
/// Aligned 16-bit and 32-bit accesses.
struct RingState {
  /// Of the capability; not assigned by the PCI-SIG. PVD-D-003.
  static constexpr uint16_t kVendorId = 0x5253;
  static constexpr uint16_t kVersion = 1;
  static constexpr uint32_t kEntryBytes = 8;
  /// Written before queue_enable: the available and used index to go on from; a device reset
  /// forgets it. Read while the queue is enabled: the used index, all before which is done.
  static constexpr uint32_t kIndex = 0;
  /// Write 1: take no further buffers; 0: go on behind the last used one. Reads one of the states.
  static constexpr uint32_t kSuspend = 2;
  static constexpr uint16_t kRunning = 0;
  static constexpr uint16_t kSuspending = 1;  ///< something is still under way
  static constexpr uint16_t kSuspended = 2;   ///< no DMA or interrupt of the queue is to come
};

}  // namespace ringside::hw
