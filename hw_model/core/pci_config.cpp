// SPDX-License-Identifier: Apache-2.0
// The contents and write masks of the function's configuration space.
#include "hw_model/core/pci_config.h"

#include <algorithm>
#include <bit>

#include "formats/virtio_defs.h"
#include "hw_model/core/bar_layout.h"

namespace ringside::hw {

namespace {

constexpr uint8_t kCapVendor = 0x09, kCapExpress = 0x10, kCapMsix = 0x11;
constexpr uint32_t kFlrCapable = 1u << 28;
constexpr uint16_t kInitiateFlr = 1u << 15;
constexpr unsigned kPayloadShift = 5, kReadRequestShift = 12;  // in Device Control
constexpr unsigned kSizeMask = 7, kSizeLargest = 5;

bool aligned(uint32_t offset, unsigned width) {
  return (width == 1 || width == 2 || width == 4) && offset % width == 0 &&
         offset + width <= PciConfig::kBytes;
}

}  // namespace

PciConfig::PciConfig(unsigned msix_vectors, uint32_t max_payload_bytes)
    : msix_vectors_(msix_vectors), max_payload_bytes_(max_payload_bytes) {
  reset();
}

void PciConfig::put(uint32_t at, unsigned width, uint32_t value, uint32_t writable) {
  for (unsigned i = 0; i < width; ++i) {
    space_[at + i] = static_cast<uint8_t>(value >> (8 * i));
    writable_[at + i] = static_cast<uint8_t>(writable >> (8 * i));
  }
}

void PciConfig::virtio_cap(uint32_t at, uint32_t next, uint8_t type, uint8_t length,
                           uint32_t offset, uint32_t bytes) {
  put(at, 1, kCapVendor);
  put(at + 1, 1, next);
  put(at + 2, 1, length);
  put(at + 3, 1, type);
  put(at + 8, 4, offset);
  put(at + 12, 4, bytes);
}

void PciConfig::reset() {
  const uint32_t payload = space_[kDeviceControl] & (kSizeMask << kPayloadShift);
  space_.fill(0);
  writable_.fill(0);
  // Type 0 header. PDI-D-001, PDI-D-002, PDI-D-004 to PDI-D-006.
  put(0x00, 2, VIRTIO_PCI_VENDOR_ID);
  put(0x02, 2, VIRTIO_PCI_DEVICE_ID_NET);
  put(kCommand, 2, 0, 0x0406);                  // memory space, bus master, interrupt disable
  put(kStatus, 2, 0x0010);                      // capabilities list
  put(0x08, 4, 0x02000001);                     // Ethernet controller, revision 1
  put(0x0C, 1, 0, 0xFF);                        // cache line size: no effect
  put(kBar0, 4, 0x4, ~(BarLayout::kSize - 1));  // 64-bit memory
  put(kBar0 + 4, 4, 0, ~uint32_t{0});
  put(0x2C, 2, VIRTIO_PCI_VENDOR_ID);
  put(0x2E, 2, 0x1041);
  put(0x34, 1, kExpressCap);
  put(0x3C, 1, 0, 0xFF);  // interrupt line
  put(0x3D, 1, 1);        // INTA

  // PCI Express capability, version 2, endpoint.
  put(kExpressCap, 1, kCapExpress);
  put(kExpressCap + 1, 1, kMsixCap);
  put(kExpressCap + 2, 2, 0x0002);
  const auto supported =
      static_cast<uint32_t>(std::countr_zero(max_payload_bytes_) - std::countr_zero(kLeastPayload));
  put(kDeviceCapabilities, 4,
      kFlrCapable | 0x8020 | supported);             // role-based errors, extended tags
  put(kDeviceControl, 2, 0x2810 | payload, 0x7FFF);  // relaxed order, no snoop, MRRS 512
  put(kExpressCap + 12, 4, 0x00000103);              // x16, 8 GT/s
  put(kExpressCap + 16, 2, 0, 0x00C3);
  put(kExpressCap + 18, 2, 0x0103);
  put(kExpressCap + 44, 4, 0x0000000E);  // 2.5, 5, 8 GT/s

  // MSI-X. PMX-D-001, PMX-D-002.
  put(kMsixCap, 1, kCapMsix);
  put(kMsixCap + 1, 1, kCommonCap);
  put(kMsixCap + 2, 2, msix_vectors_ - 1, 0xC000);
  put(kMsixCap + 4, 4, BarLayout::kMsixTable);
  put(kMsixCap + 8, 4, BarLayout::kMsixPending);

  // virtio structures. PCP-D-001, PCC-D-001, PCC-D-002, PNC-D-001 to PNC-D-011, PIS-D-001,
  // PDC-D-001, PDC-D-002, PCA-D-001.
  virtio_cap(kCommonCap, kNotifyCap, VIRTIO_PCI_CAP_COMMON_CFG, 16, BarLayout::kCommon,
             BarLayout::kCommonBytes);
  virtio_cap(kNotifyCap, kIsrCap, VIRTIO_PCI_CAP_NOTIFY_CFG, 20, BarLayout::kNotify,
             BarLayout::kNotifyBytes);
  put(kNotifyCap + 16, 4, BarLayout::kNotifyMultiplier);
  virtio_cap(kIsrCap, kDeviceCap, VIRTIO_PCI_CAP_ISR_CFG, 16, BarLayout::kIsr,
             BarLayout::kIsrBytes);
  virtio_cap(kDeviceCap, kPciCfgCap, VIRTIO_PCI_CAP_DEVICE_CFG, 16, BarLayout::kDevice,
             BarLayout::kDeviceBytes);
  virtio_cap(kPciCfgCap, kVendorCap, VIRTIO_PCI_CAP_PCI_CFG, 20, 0, 0);
  put(kPciCfgCap + 4, 1, 0, 0xFF);
  put(kPciCfgCap + 8, 4, 0, ~uint32_t{0});
  put(kPciCfgCap + 12, 4, 0, ~uint32_t{0});

  // Vendor data: where RingState lies in BAR 0, and behind it Statistics. PVD-D-001, PVD-D-003,
  // PVD-D-004.
  virtio_cap(kVendorCap, 0, VIRTIO_PCI_CAP_VENDOR_CFG, 24, BarLayout::kRingState,
             BarLayout::kRingStateBytes);
  put(kVendorCap + 4, 2, RingState::kVendorId);
  put(kVendorCap + 6, 2, RingState::kVersion);
  put(kVendorCap + 16, 4, BarLayout::kStatistics);
  put(kVendorCap + 20, 4, BarLayout::kStatisticsBytes);
#ifdef RINGSIDE_CARD_MUTANTS
  mutate();
#endif
}

uint32_t PciConfig::read(uint32_t offset, unsigned width) const {
  if (!aligned(offset, width)) return ~uint32_t{0};
  uint32_t value = 0;
  if (offset < kUsed) {
    for (unsigned i = 0; i < width; ++i) value |= uint32_t{space_[offset + i]} << (8 * i);
  }
  return value;
}

bool PciConfig::write(uint32_t offset, unsigned width, uint32_t value) {
  if (!aligned(offset, width) || offset >= kUsed) return false;
  for (unsigned i = 0; i < width; ++i) {
    const uint8_t mask = writable_[offset + i];
    const auto byte = static_cast<uint8_t>(value >> (8 * i));
    space_[offset + i] = static_cast<uint8_t>((space_[offset + i] & ~mask) | (byte & mask));
  }
  const uint32_t high = kDeviceControl + 1;
  if (high < offset || high >= offset + width) return false;
  return ((value >> (8 * (high - offset))) & (kInitiateFlr >> 8)) != 0;
}

uint32_t PciConfig::encoded_size(unsigned shift) const {
  const uint32_t code = read(kDeviceControl, 2) >> shift & kSizeMask;
  return code > kSizeLargest ? kLeastPayload : kLeastPayload << code;
}

uint32_t PciConfig::max_payload() const {
  return std::min(encoded_size(kPayloadShift), max_payload_bytes_);
}

uint32_t PciConfig::max_read_request() const { return encoded_size(kReadRequestShift); }

uint32_t PciConfig::get32(uint32_t at) const { return read(at, 4); }

uint64_t PciConfig::bar() const {
  return (uint64_t{get32(kBar0 + 4)} << 32) | (get32(kBar0) & ~uint32_t{0xF});
}

void PciConfig::set_interrupt_status(bool on) {
  space_[kStatus] = static_cast<uint8_t>((space_[kStatus] & ~0x08) | (on ? 0x08 : 0));
}

}  // namespace ringside::hw
