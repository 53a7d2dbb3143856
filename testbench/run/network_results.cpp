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

}  // namespace ringside::tb
