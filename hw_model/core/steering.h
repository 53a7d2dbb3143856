// SPDX-License-Identifier: Apache-2.0
// Automatic receive steering: which queue pair a frame belongs to, by its flow (virtio 1.4,
// "Automatic receive steering in multiqueue mode").
#pragma once

#include "formats/units.h"

namespace ringside::hw {

/// The pair (below `pairs`, at least 1) for `frame`, any bytes at all. Both directions of a flow
/// have the same. It counts addresses, and ports where the IP header is followed at once by a whole
/// TCP or UDP port pair that every packet of the flow has: not in fragments. One 802.1Q tag is
/// looked behind; what is no IP goes to pair 0.
unsigned steer(ByteView frame, unsigned pairs);

}  // namespace ringside::hw
