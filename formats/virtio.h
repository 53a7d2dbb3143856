// SPDX-License-Identifier: Apache-2.0
// Layouts of virtio 1.4 that reach memory or a register, with checked offsets.
// All multi-byte fields are little-endian; Ringside's hosts and build machines are too.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "formats/virtio_defs.h"

namespace ringside::formats {

static_assert(std::endian::native == std::endian::little);

/// The bit of feature number `bit` (0 to 63) in a 64-bit feature word.
constexpr uint64_t feature_bit(unsigned bit) { return uint64_t{1} << bit; }

/// struct virtq_desc: "The Virtqueue Descriptor Table". 16 bytes.
struct VirtqDesc {
  uint64_t addr;
  uint32_t len;
  uint16_t flags;
  uint16_t next;
};
static_assert(sizeof(VirtqDesc) == 16 && offsetof(VirtqDesc, len) == 8 &&
              offsetof(VirtqDesc, flags) == 12 && offsetof(VirtqDesc, next) == 14);

/// struct virtq_used_elem: "The Virtqueue Used Ring". 8 bytes.
struct VirtqUsedElem {
  uint32_t id;
  uint32_t len;
};
static_assert(sizeof(VirtqUsedElem) == 8 && offsetof(VirtqUsedElem, len) == 4);

/// Offsets (bytes) inside the three parts of a split virtqueue of `size` entries.
struct SplitRing {
  static constexpr std::size_t kAvailFlags = 0, kAvailIdx = 2, kAvailRing = 4;
  static constexpr std::size_t kUsedFlags = 0, kUsedIdx = 2, kUsedRing = 4;
  static constexpr std::size_t kDescAlign = 16, kAvailAlign = 2, kUsedAlign = 4;
  static constexpr std::size_t desc_bytes(unsigned size) { return std::size_t{16} * size; }
  static constexpr std::size_t avail_bytes(unsigned size) { return 6 + std::size_t{2} * size; }
  static constexpr std::size_t used_bytes(unsigned size) { return 6 + std::size_t{8} * size; }
  static constexpr std::size_t avail_entry(unsigned slot) {
    return kAvailRing + std::size_t{2} * slot;
  }
  static constexpr std::size_t used_entry(unsigned slot) {
    return kUsedRing + std::size_t{8} * slot;
  }
  static constexpr std::size_t used_event(unsigned size) {
    return kAvailRing + std::size_t{2} * size;
  }
  static constexpr std::size_t avail_event(unsigned size) {
    return kUsedRing + std::size_t{8} * size;
  }
};

/// The window test of "Used/Available Buffer Notification Suppression" with EVENT_IDX: true if the
/// move of a free-running index from `old_idx` to `new_idx` passed `event`.
constexpr bool need_event(uint16_t event, uint16_t new_idx, uint16_t old_idx) {
  return static_cast<uint16_t>(new_idx - event - 1) < static_cast<uint16_t>(new_idx - old_idx);
}

/// struct virtio_net_hdr without HASH_REPORT and tunnel fields: 12 bytes.
struct VirtioNetHdr {
  uint8_t flags;
  uint8_t gso_type;
  uint16_t hdr_len;
  uint16_t gso_size;
  uint16_t csum_start;
  uint16_t csum_offset;
  uint16_t num_buffers;
};
static_assert(sizeof(VirtioNetHdr) == 12 && offsetof(VirtioNetHdr, gso_size) == 4 &&
              offsetof(VirtioNetHdr, num_buffers) == 10);

/// struct virtio_pci_cap in configuration space. 16 bytes.
struct VirtioPciCap {
  uint8_t cap_vndr;
  uint8_t cap_next;
  uint8_t cap_len;
  uint8_t cfg_type;
  uint8_t bar;
  uint8_t id;
  uint8_t padding[2];
  uint32_t offset;
  uint32_t length;
};
static_assert(sizeof(VirtioPciCap) == 16 && offsetof(VirtioPciCap, bar) == 4 &&
              offsetof(VirtioPciCap, offset) == 8 && offsetof(VirtioPciCap, length) == 12);

/// struct virtio_pci_common_cfg, as offsets of its fields (bytes). 0x40 bytes in all.
enum CommonCfg : uint32_t {
  kDeviceFeatureSelect = 0x00,
  kDeviceFeature = 0x04,
  kDriverFeatureSelect = 0x08,
  kDriverFeature = 0x0C,
  kConfigMsixVector = 0x10,
  kNumQueues = 0x12,
  kDeviceStatus = 0x14,
  kConfigGeneration = 0x15,
  kQueueSelect = 0x16,
  kQueueSize = 0x18,
  kQueueMsixVector = 0x1A,
  kQueueEnable = 0x1C,
  kQueueNotifyOff = 0x1E,
  kQueueDesc = 0x20,
  kQueueDriver = 0x28,
  kQueueDevice = 0x30,
  kQueueNotifConfigData = 0x38,
  kQueueReset = 0x3A,
  kCommonCfgBytes = 0x40,
};

/// struct virtio_net_config. 28 bytes; the compiler's layout is the standard's.
struct VirtioNetConfig {
  uint8_t mac[6];
  uint16_t status;
  uint16_t max_virtqueue_pairs;
  uint16_t mtu;
  uint32_t speed;
  uint8_t duplex;
  uint8_t rss_max_key_size;
  uint16_t rss_max_indirection_table_length;
  uint32_t supported_hash_types;
  uint32_t supported_tunnel_types;
};
static_assert(sizeof(VirtioNetConfig) == 28 && offsetof(VirtioNetConfig, status) == 6 &&
              offsetof(VirtioNetConfig, max_virtqueue_pairs) == 8 &&
              offsetof(VirtioNetConfig, mtu) == 10 && offsetof(VirtioNetConfig, speed) == 12 &&
              offsetof(VirtioNetConfig, duplex) == 16 &&
              offsetof(VirtioNetConfig, supported_hash_types) == 20);

}  // namespace ringside::formats
