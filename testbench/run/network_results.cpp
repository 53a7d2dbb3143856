// SPDX-License-Identifier: Apache-2.0
// See network_results.h.
#include "testbench/run/network_results.h"

#include <utility>

namespace ringside::tb {

LinkResult link_result(const Link& config, const hw::Link& link, const hw::ImpairedLink* faulty) {
  LinkResult result;
  result.name = config.name;
  for (unsigned sender = 0; sender < 2; ++sender) {
    const hw::LinkDirectionCounters& sent = link.counters(sender);
    Counters counters = {{"frames", sent.frames}, {"bytes", sent.bytes}};
    if (faulty != nullptr) {
      const hw::LinkFaultCounters& faults = faulty->fault_counters(sender);
      const hw::ImpairmentCounters& impairment = faults.impairment;
      counters.insert(counters.end(), {{"delivered", faults.delivered},
                                       {"drop_loss", impairment.drop_loss},
                                       {"drop_burst", impairment.drop_burst},
                                       {"drop_rate", impairment.drop_rate},
                                       {"drop_link_down", faults.drop_link_down},
                                       {"bursts", impairment.bursts},
                                       {"damaged", impairment.damaged},
                                       {"altered", impairment.altered},
                                       {"delayed", impairment.delayed},
                                       {"reordered", impairment.reordered},
                                       {"duplicated", impairment.duplicated},
                                       {"outages", faulty->outages()}});
    }
    result.directions.push_back(
        {config.ends[sender], config.ends[1 - sender], std::move(counters)});
  }
  return result;
}

SwitchResult switch_result(const std::string& name, const hw::Switch& device,
                           const std::vector<std::string>& links) {
  SwitchResult result;
  result.name = name;
  const hw::MacTableCounters& table = device.table().counters();
  result.counters = {{"stations", device.table().size()},
                     {"stations_learned", table.learned},
                     {"stations_moved", table.moved},
                     {"stations_aged", table.aged},
                     {"stations_refused", table.refused}};
  for (unsigned port = 0; port < device.ports(); ++port) {
    const hw::SwitchPortCounters& counters = device.counters(port);
    result.ports.push_back({links[port],
                            {{"rx_frames", counters.rx_frames},
                             {"rx_bytes", counters.rx_bytes},
                             {"rx_forwarded", counters.rx_forwarded},
                             {"rx_flooded", counters.rx_flooded},
                             {"rx_filtered", counters.rx_filtered},
                             {"rx_drop_fcs", counters.rx_drop_fcs},
                             {"rx_drop_reserved", counters.rx_drop_reserved},
                             {"tx_frames", counters.tx_frames},
                             {"tx_bytes", counters.tx_bytes},
                             {"tx_drop_full", counters.tx_drop_full},
                             {"tx_drop_link_down", counters.tx_drop_link_down},
                             {"queue_bytes_max", counters.queue_bytes_max}}});
  }
  return result;
}

Counters stack_counters(const stack::StackStatistics& statistics) {
  Counters counters = {{"rx_frames", statistics.rx_frames},
                       {"tx_frames", statistics.tx_frames},
                       {"rx_backlog_dropped", statistics.rx_backlog_dropped},
                       {"rx_memory_dropped", statistics.rx_memory_dropped},
                       {"rx_early_dropped", statistics.rx_early_dropped},
                       {"rx_protocol_dropped", statistics.rx_protocol_dropped},
                       {"rx_checksum_errors", statistics.rx_checksum_errors}};
  for (std::size_t i = 0; i < statistics.malformed.size(); ++i) {
    const std::string layer = stack::name_of(static_cast<stack::Layer>(i));
    const stack::MalformedPackets& malformed = statistics.malformed[i];
    counters.insert(counters.end(), {{layer + "_checksum_errors", malformed.checksum},
                                     {layer + "_length_errors", malformed.length},
                                     {layer + "_protocol_errors", malformed.protocol},
                                     {layer + "_errors", malformed.other}});
  }
  counters.insert(counters.end(), {{"tx_queue_dropped", statistics.tx_queue_dropped},
                                   {"tx_device_dropped", statistics.tx_device_dropped},
                                   {"udp_receive_dropped", statistics.udp_receive_dropped},
                                   {"tcp_fast_retransmits", statistics.tcp_fast_retransmits},
                                   {"tcp_timeouts", statistics.tcp_timeouts}});
  return counters;
}

CaughtFrames caught_frames(const stack::StackStatistics& statistics, const Counters& card) {
  const auto of = [&](stack::Layer layer) -> const stack::MalformedPackets& {
    return statistics.malformed[static_cast<std::size_t>(layer)];
  };
  const stack::MalformedPackets& v4 = of(stack::Layer::kIpv4);
  const stack::MalformedPackets& v6 = of(stack::Layer::kIpv6);
  CaughtFrames caught;
  caught.ether_type = of(stack::Layer::kEthernet).protocol;
  caught.ip_header = v4.checksum + v4.length + v4.other + v6.length + v6.other + v6.protocol;
  caught.transport = of(stack::Layer::kTcp).checksum + of(stack::Layer::kUdp).checksum;
  caught.unread =
      statistics.rx_backlog_dropped + statistics.rx_memory_dropped + statistics.rx_early_dropped;
  for (const auto& [name, count] : card) {
    // A frame with a wrong FCS is not one that was altered silently.
    if (name.starts_with("rx_drop_") && name != "rx_drop_fcs") caught.unread += count;
  }
  return caught;
}

}  // namespace ringside::tb
