// SPDX-License-Identifier: Apache-2.0
// Names of the virtio features that the card offers (virtio 1.4, "Feature bits" of the network
// device, "Reserved Feature Bits").
#include "testbench/scenario/features.h"

#include "formats/virtio_defs.h"

namespace ringside::tb {
namespace {

constexpr Feature kFeatures[] = {
    {"mtu", VIRTIO_NET_F_MTU, false, "the device reports its largest MTU"},
    {"mac", VIRTIO_NET_F_MAC, false, "the device has a MAC address"},
    {"mrg_rxbuf", VIRTIO_NET_F_MRG_RXBUF, false, "one received frame may fill several buffers"},
    {"status", VIRTIO_NET_F_STATUS, false, "the device reports its link"},
    {"ctrl_vq", VIRTIO_NET_F_CTRL_VQ, false, "the device takes commands on a control virtqueue"},
    {"mq", VIRTIO_NET_F_MQ, false, "several queue pairs (needs ctrl_vq and a card that has them)"},
    {"indirect_desc", VIRTIO_F_INDIRECT_DESC, false, "descriptor tables outside the ring"},
    {"event_idx", VIRTIO_F_EVENT_IDX, false, "notifications are asked for by index"},
    {"version_1", VIRTIO_F_VERSION_1, true, "virtio 1.0 or later"},
    {"access_platform", VIRTIO_F_ACCESS_PLATFORM, false,
     "the device reaches memory as the platform translates and permits it"},
    {"order_platform", VIRTIO_F_ORDER_PLATFORM, false,
     "driver and device order memory accesses as the platform needs it"},
    {"notification_data", VIRTIO_F_NOTIFICATION_DATA, false,
     "notifications carry the available index"},
    {"speed_duplex", VIRTIO_NET_F_SPEED_DUPLEX, false, "the device reports speed and duplex"},
};

}  // namespace

std::span<const Feature> features() { return kFeatures; }

}  // namespace ringside::tb
