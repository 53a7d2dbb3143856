// SPDX-License-Identifier: Apache-2.0
// Which transmit queue a frame belongs to: the same for all frames of a flow, so that none
// overtakes another of its flow (virtio 1.4, "Automatic receive steering in multiqueue mode").
#pragma once

#include <cstdint>

#include "host_driver/mutants.h"
#include "host_driver/net_device.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

/// The queue, below `queues`, for `frame`, whose bytes may be cut anywhere. By the addresses of
/// IPv4 and IPv6, and by the ports of TCP and UDP where every frame of a flow has them: not in
/// fragments and not behind IPv6 extension headers. One 802.1Q tag is looked behind. 0 for other
/// frames.
unsigned flow_queue(const TxFrame& frame, unsigned queues);

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
