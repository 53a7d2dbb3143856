// SPDX-License-Identifier: Apache-2.0
// The function's PCI configuration space: type 0 header, PCI Express, MSI-X and virtio capabilities
// (PCI Express Base Specification, "Configuration Space"; virtio 1.4, "Virtio Over PCI Bus").
#pragma once

#include <array>
#include <cstdint>

namespace ringside::hw {

/// Bytes with write masks; what a write sets off is the core's business.
class PciConfig {
 public:
  static constexpr uint32_t kBytes = 4096;
  static constexpr uint32_t kCommand = 0x04, kStatus = 0x06, kBar0 = 0x10;
  static constexpr uint32_t kExpressCap = 0x40, kMsixCap = 0x7C;
  static constexpr uint32_t kCommonCap = 0x88, kNotifyCap = 0x98, kIsrCap = 0xAC, kDeviceCap = 0xBC,
                            kPciCfgCap = 0xCC, kVendorCap = 0xE0;
  static constexpr uint32_t kPciCfgData = kPciCfgCap + 16;

  /// Values of Max_Payload_Size and Max_Read_Request_Size, bytes, are powers of two in this range.
  static constexpr uint32_t kLeastPayload = 128, kLargestPayload = 4096;
  static constexpr uint32_t kDeviceCapabilities = kExpressCap + 4, kDeviceControl = kExpressCap + 8;

  /// `max_payload_bytes` is Max_Payload_Size Supported.
  PciConfig(unsigned msix_vectors, uint32_t max_payload_bytes);
  /// Back to the values after power-on; BARs and enables are cleared. Max_Payload_Size stays, as a
  /// function-level reset leaves it (PCI Express Base 4.0, 6.6.2).
  void reset();

  /// `offset` naturally aligned for `width` 1, 2 or 4 and inside kBytes; else all ones.
  uint32_t read(uint32_t offset, unsigned width) const;
  /// Writes what is writable. True if the write asked for a function-level reset.
  bool write(uint32_t offset, unsigned width, uint32_t value);

  /// What Device Control allows (PCI Express Base 4.0, 7.5.3.4), bytes. Reserved encodings count as
  /// 128, and a payload is never more than what is supported.
  uint32_t max_payload() const;
  uint32_t max_read_request() const;
  bool memory_enabled() const { return (space_[kCommand] & 0x02) != 0; }
  bool bus_master() const { return (space_[kCommand] & 0x04) != 0; }
  bool intx_disabled() const { return (space_[kCommand + 1] & 0x04) != 0; }
  bool msix_enabled() const { return (space_[kMsixCap + 3] & 0x80) != 0; }
  bool msix_masked() const { return (space_[kMsixCap + 3] & 0x40) != 0; }
  uint64_t bar() const;
  /// The Interrupt Status bit. PIS-D-004.
  void set_interrupt_status(bool on);

  /// The window of VIRTIO_PCI_CAP_PCI_CFG. PCA-D-002, PCA-D-003.
  uint8_t window_bar() const { return space_[kPciCfgCap + 4]; }
  uint32_t window_offset() const { return get32(kPciCfgCap + 8); }
  uint32_t window_length() const { return get32(kPciCfgCap + 12); }

 private:
  static constexpr uint32_t kUsed = 0x100;
  uint32_t get32(uint32_t at) const;
  void put(uint32_t at, unsigned width, uint32_t value, uint32_t writable = 0);
  void virtio_cap(uint32_t at, uint32_t next, uint8_t type, uint8_t length, uint32_t offset,
                  uint32_t bytes);
  uint32_t encoded_size(unsigned shift) const;
#ifdef RINGSIDE_CARD_MUTANTS
  void mutate();
#endif
  unsigned msix_vectors_;
  uint32_t max_payload_bytes_;
  std::array<uint8_t, kUsed> space_{};
  std::array<uint8_t, kUsed> writable_{};
};

}  // namespace ringside::hw
