// SPDX-License-Identifier: Apache-2.0
// What the functional core is built with.
#pragma once

#include <cstdint>

#include "formats/units.h"
#include "formats/virtio.h"

namespace ringside::hw {

/// A card's parameters that decide behaviour; none is a time. Sizes in bytes.
struct CoreConfig {
  MacAddress mac{0x02, 0, 0, 0, 0, 1};
  uint16_t mtu = 1500;
  /// Feature bits to offer, masked with kImplementedFeatures.
  uint64_t features = ~uint64_t{0};
  /// Largest queue size that the card offers; a power of two up to 32768.
  uint16_t queue_size_max = 1024;
  /// 0: one for configuration changes and one for each virtqueue.
  uint16_t msix_vectors = 0;
  uint32_t tx_buffer_bytes = 65536;
  uint32_t rx_buffer_bytes = 262144;
  /// Max_Payload_Size Supported: a power of two from 128 to 4096.
  uint32_t max_payload_bytes = 256;
  /// Up to RS_MAX_QUEUE_PAIRS. MQ is offered if there are several.
  uint16_t queue_pairs = 1;
};

/// The features that this core has. FEA-D-004.
inline constexpr uint64_t kImplementedFeatures =
    formats::feature_bit(VIRTIO_F_VERSION_1) | formats::feature_bit(VIRTIO_F_ACCESS_PLATFORM) |
    formats::feature_bit(VIRTIO_F_ORDER_PLATFORM) | formats::feature_bit(VIRTIO_NET_F_MAC) |
    formats::feature_bit(VIRTIO_NET_F_STATUS) | formats::feature_bit(VIRTIO_NET_F_MTU) |
    formats::feature_bit(VIRTIO_NET_F_SPEED_DUPLEX) | formats::feature_bit(VIRTIO_NET_F_MRG_RXBUF) |
    formats::feature_bit(VIRTIO_NET_F_CTRL_VQ) | formats::feature_bit(VIRTIO_NET_F_MQ) |
    formats::feature_bit(VIRTIO_F_INDIRECT_DESC) | formats::feature_bit(VIRTIO_F_EVENT_IDX) |
    formats::feature_bit(VIRTIO_F_NOTIFICATION_DATA);

/// Ethernet header and one VLAN tag, bytes.
inline constexpr uint32_t kEthernetHeader = 14;
inline constexpr uint32_t kVlanTag = 4;

}  // namespace ringside::hw
