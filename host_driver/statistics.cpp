// SPDX-License-Identifier: Apache-2.0
// The driver's counters under the names that `ethtool -S` gives for virtio-net, where it has them.
#include "host_driver/virtio_net_driver.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

std::vector<Counter> VirtioNetDriver::statistics() const {
  const ReceiveQueue::Counters& rx = receive_.counters();
  const TransmitQueue::Counters& tx = transmit_.counters();
  return {
      {"rx_queue_0_packets", rx.packets},
      {"rx_queue_0_bytes", rx.bytes},
      {"rx_queue_0_drops", rx.drops},
      {"rx_queue_0_kicks", rx.kicks},
      {"rx_queue_0_polls", rx.polls},
      {"rx_queue_0_length_errors", rx.length_errors},
      {"rx_queue_0_merge_errors", rx.merge_errors},
      {"rx_queue_0_refill_failures", rx.refill_failures},
      {"rx_queue_0_bad_releases", rx.bad_releases},
      {"tx_queue_0_packets", tx.packets},
      {"tx_queue_0_bytes", tx.bytes},
      {"tx_queue_0_drops", tx.drops},
      {"tx_queue_0_kicks", tx.kicks},
      {"tx_queue_0_tx_timeouts", tx.stalls},
      {"tx_queue_0_polls", tx.polls},
      {"tx_queue_0_timer_polls", tx.timer_polls},
      {"tx_queue_0_length_errors", tx.length_errors},
      {"tx_queue_0_fragment_errors", tx.fragment_errors},
      {"tx_queue_0_map_errors", tx.map_errors},
      {"tx_queue_0_abandoned", tx.abandoned},
      {"tx_queue_0_busy", tx.busy},
      {"tx_queue_0_stops", tx.stops},
      {"tx_queue_0_wakes", tx.wakes},
      {"interrupts", counters_.interrupts},
      {"foreign_interrupts", counters_.foreign_interrupts},
      {"config_changes", counters_.config_changes},
      {"faults", counters_.faults},
      {"resets", counters_.resets},
  };
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
