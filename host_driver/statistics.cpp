// SPDX-License-Identifier: Apache-2.0
// The driver's counters under the names that `ethtool -S` gives for virtio-net, where it has them.
#include <string>

#include "host_driver/virtio_net_driver.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {
namespace {

template <typename Counters>
struct QueueCounter {
  const char* name;
  uint64_t Counters::*value;
};

using Rx = ReceiveQueue::Counters;
using Tx = TransmitQueue::Counters;

constexpr QueueCounter<Rx> kReceive[] = {
    {"packets", &Rx::packets},
    {"bytes", &Rx::bytes},
    {"drops", &Rx::drops},
    {"kicks", &Rx::kicks},
    {"polls", &Rx::polls},
    {"length_errors", &Rx::length_errors},
    {"header_errors", &Rx::header_errors},
    {"merge_errors", &Rx::merge_errors},
    {"merge_zeros", &Rx::merge_zeros},
    {"missed_interrupts", &Rx::missed_interrupts},
    {"refill_failures", &Rx::refill_failures},
    {"bad_releases", &Rx::bad_releases},
};

constexpr QueueCounter<Tx> kTransmit[] = {
    {"packets", &Tx::packets},
    {"bytes", &Tx::bytes},
    {"drops", &Tx::drops},
    {"kicks", &Tx::kicks},
    {"tx_timeouts", &Tx::stalls},
    {"polls", &Tx::polls},
    {"timer_polls", &Tx::timer_polls},
    {"length_errors", &Tx::length_errors},
    {"fragment_errors", &Tx::fragment_errors},
    {"map_errors", &Tx::map_errors},
    {"abandoned", &Tx::abandoned},
    {"busy", &Tx::busy},
    {"stops", &Tx::stops},
    {"wakes", &Tx::wakes},
};

/// "rx_queue_3_packets": made once for every queue that there can be, because counters refer to
/// their names.
using Names = std::array<std::vector<std::string>, kMostQueuePairs>;

template <typename Counter, std::size_t count>
Names make_names(const char* prefix, const Counter (&counters)[count]) {
  Names names;
  for (unsigned queue = 0; queue < kMostQueuePairs; ++queue) {
    for (const Counter& counter : counters) {
      names[queue].push_back(prefix + std::to_string(queue) + "_" + counter.name);
    }
  }
  return names;
}

template <typename Queue, typename Table>
void append(std::vector<Counter>& to, const Queue& queue, const Table& table,
            const std::vector<std::string>& names) {
  auto name = names.begin();
  for (const auto& counter : table) to.push_back({*name++, queue.counters().*counter.value});
}

}  // namespace

std::vector<Counter> VirtioNetDriver::statistics() const {
  static const Names receive_names = make_names("rx_queue_", kReceive);
  static const Names transmit_names = make_names("tx_queue_", kTransmit);
  std::vector<Counter> all;
  for (std::size_t pair = 0; pair < receive_.size(); ++pair) {
    append(all, *receive_[pair], kReceive, receive_names[pair]);
    append(all, *transmit_[pair], kTransmit, transmit_names[pair]);
  }
  const ControlQueue::Counters& control = control_.counters();
  all.insert(all.end(), {{"queue_pairs", active_pairs_},
                         {"control_commands", control.commands},
                         {"control_refused", control.refused},
                         {"control_bad_acks", control.bad_acks},
                         {"control_timeouts", control.timeouts},
                         {"interrupts", counters_.interrupts},
                         {"foreign_interrupts", counters_.foreign_interrupts},
                         {"config_changes", counters_.config_changes},
                         {"faults", counters_.faults},
                         {"resets", counters_.resets},
                         {"recoveries", counters_.recoveries},
                         {"failed_recoveries", counters_.failed_recoveries},
                         {"given_up", counters_.given_up}});
  return all;
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
