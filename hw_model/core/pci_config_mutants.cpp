// SPDX-License-Identifier: Apache-2.0
// Faults of the configuration space (card_mutants.def): each changes bytes or write masks after a
// reset. Empty in the normal library.
#include "hw_model/core/bar_layout.h"
#include "hw_model/core/pci_config.h"
#include "hw_model/registers/card_mutants.h"

namespace ringside::hw {

#ifdef RINGSIDE_CARD_MUTANTS
void PciConfig::mutate() {
  struct Change {
    rs_card_mutant mutant;
    uint32_t at;
    uint32_t value;
  };
  constexpr uint32_t kNext = 1, kLength = 2, kOffset = 8, kBytes = 12, kMultiplier = 16;
  const Change changes[] = {
      {RS_MUTANT_OTHER_VENDOR_ID, 0x00, 0xF5},
      {RS_MUTANT_BLOCK_DEVICE_ID, 0x02, 0x42},
      {RS_MUTANT_TRANSITIONAL_DEVICE_ID, 0x02, 0x00},
      {RS_MUTANT_REVISION_ZERO, 0x08, 0},
      {RS_MUTANT_LEGACY_SUBSYSTEM_ID, 0x2E, 0x01},
      {RS_MUTANT_LEGACY_SUBSYSTEM_ID, 0x2F, 0x00},
      {RS_MUTANT_NOTIFY_CAP_LEN_SHORT, kNotifyCap + kLength, 16},
      {RS_MUTANT_WINDOW_CAP_LEN_SHORT, kPciCfgCap + kLength, 16},
      {RS_MUTANT_COMMON_CAP_LEN_SHORT, kCommonCap + kLength, 4},
      {RS_MUTANT_NO_COMMON_CAP, kMsixCap + kNext, kNotifyCap},
      {RS_MUTANT_COMMON_OFFSET_ODD, kCommonCap + kOffset, 2},
      {RS_MUTANT_NO_NOTIFY_CAP, kCommonCap + kNext, kIsrCap},
      {RS_MUTANT_NOTIFY_OFFSET_1, kNotifyCap + kOffset, 1},
      {RS_MUTANT_NOTIFY_OFFSET_2, kNotifyCap + kOffset, 2},
      {RS_MUTANT_NOTIFY_MULTIPLIER_3, kNotifyCap + kMultiplier, 3},
      {RS_MUTANT_NOTIFY_MULTIPLIER_2, kNotifyCap + kMultiplier, 2},
      {RS_MUTANT_NOTIFY_LENGTH_1, kNotifyCap + kBytes, 1},
      {RS_MUTANT_NOTIFY_LENGTH_1, kNotifyCap + kBytes + 1, 0},
      {RS_MUTANT_NOTIFY_LENGTH_OF_ONE, kNotifyCap + kBytes, 4},
      {RS_MUTANT_NOTIFY_LENGTH_OF_ONE, kNotifyCap + kBytes + 1, 0},
      {RS_MUTANT_NO_ISR_CAP, kNotifyCap + kNext, kDeviceCap},
      {RS_MUTANT_NO_DEVICE_CAP, kIsrCap + kNext, kPciCfgCap},
      {RS_MUTANT_DEVICE_OFFSET_1, kDeviceCap + kOffset, 1},
      {RS_MUTANT_DEVICE_OFFSET_2, kDeviceCap + kOffset, 2},
      {RS_MUTANT_NO_WINDOW_CAP, kDeviceCap + kNext, space_[kPciCfgCap + kNext]},
      {RS_MUTANT_CAPABILITY_LOOP, kPciCfgCap + kNext, kCommonCap},
      {RS_MUTANT_TABLE_SIZE_ONE_MORE, kMsixCap + 2, msix_vectors_},
  };
  for (const Change& change : changes) {
    if (rs_mutant(change.mutant)) space_[change.at] = static_cast<uint8_t>(change.value);
  }
  if (rs_mutant(RS_MUTANT_VENDOR_ID_WRITABLE)) writable_[0] = 0xFF;
  if (rs_mutant(RS_MUTANT_BAR_BITS_WRITABLE)) writable_[kBar0 + 1] = 0xFF;
}
#endif

}  // namespace ringside::hw
