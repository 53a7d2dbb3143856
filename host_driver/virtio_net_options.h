// SPDX-License-Identifier: Apache-2.0
// What a user may set on the virtio-net driver.
#pragma once

#include <cstdint>

#include "formats/virtio.h"

namespace ringside::driver {

/// Every feature that the driver understands.
inline constexpr uint64_t kSupportedFeatures =
    formats::feature_bit(VIRTIO_F_VERSION_1) | formats::feature_bit(VIRTIO_F_ACCESS_PLATFORM) |
    formats::feature_bit(VIRTIO_F_ORDER_PLATFORM) | formats::feature_bit(VIRTIO_NET_F_MAC) |
    formats::feature_bit(VIRTIO_NET_F_STATUS) | formats::feature_bit(VIRTIO_NET_F_MTU) |
    formats::feature_bit(VIRTIO_NET_F_SPEED_DUPLEX) | formats::feature_bit(VIRTIO_NET_F_MRG_RXBUF) |
    formats::feature_bit(VIRTIO_F_INDIRECT_DESC) | formats::feature_bit(VIRTIO_F_EVENT_IDX) |
    formats::feature_bit(VIRTIO_F_NOTIFICATION_DATA) | formats::feature_bit(VIRTIO_NET_F_CTRL_VQ) |
    formats::feature_bit(VIRTIO_NET_F_MQ);

inline constexpr unsigned kMostQueuePairs = 8;

struct VirtioNetOptions {
  /// Receive and transmit queues, in pairs, 1 to 8. The device's maximum bounds it; CTRL_VQ and MQ
  /// are accepted for more than one only.
  unsigned queue_pairs = 1;
  /// Entries of each virtqueue: a power of two from 4 to 32768. The device's maximum bounds it.
  uint32_t ring_size = 256;
  /// Bytes of one receive buffer, virtio-net header included, 64 to 65536. Without MRG_RXBUF
  /// buffers are as large as a whole frame needs if this is smaller.
  uint32_t rx_buffer_bytes = 2048;
  /// Receive buffers of each receive queue, below 2^28; 0: half as many again as the ring has
  /// entries. More than the ring holds, so that the stack may keep some.
  uint32_t rx_pool_buffers = 0;
  /// Frames that one receive poll takes before other softirq work has its turn.
  uint32_t napi_budget = 64;
  /// Largest number of fragments of a transmitted frame.
  uint32_t max_tx_fragments = 16;
  /// With INDIRECT_DESC, frames of at least this many descriptors (header included) use a table.
  uint32_t indirect_threshold = 3;
  /// A transmitted frame's memory is given back at most this long after the device is done with it.
  /// 0: no timer; then every completion asks for an interrupt.
  uint64_t tx_reclaim_timeout_ns = 200'000;
  /// With EVENT_IDX and the timer above, completions that one transmit interrupt stands for.
  uint32_t tx_interrupt_frames = 32;
  /// False: transmit interrupts only while the queue is stopped; the timer does the rest.
  bool tx_interrupts = true;
  /// A device that completes no outstanding frame for this long is reset. 0: never.
  uint64_t tx_stall_timeout_ns = 1'000'000'000;
  /// Features that may be accepted; further limited to kSupportedFeatures. VERSION_1 is required.
  uint64_t features = kSupportedFeatures;
  /// False: INTx even if the function has MSI-X.
  bool use_msix = true;
  /// Vectors to use at most, 1 to 17: one for the configuration and one for each queue; with fewer,
  /// one for each pair; with 2, one for all queues; 1 = shared by all. The queues of pair k are
  /// served on core k, modulo the platform's cores, if they share no vector with another pair.
  unsigned msix_vectors = 1 + 2 * kMostQueuePairs;
  /// How long device_status may take to read 0 after a reset.
  uint64_t reset_timeout_ns = 100'000'000;
  /// How long the device may take to answer a control command. Without an answer one queue pair is
  /// used.
  uint64_t control_timeout_ns = 10'000'000;
  /// Pause before the first recovery; doubles with every further one up to the maximum.
  uint64_t reset_backoff_ns = 1'000'000;
  uint64_t reset_backoff_max_ns = 1'000'000'000;
  /// Recoveries in a row, none of which lasted longer than the maximum pause, before giving up.
  unsigned reset_attempts = 8;
  /// How often the driver looks, without being asked to, whether the device is still live and
  /// whether received buffers wait for an interrupt that never came. 0: never.
  uint64_t watchdog_ns = 1'000'000'000;
  /// Pause before a failed refill is tried again.
  uint64_t refill_retry_ns = 100'000;
};

}  // namespace ringside::driver
