// SPDX-License-Identifier: Apache-2.0
// See card_config.h.
#include "testbench/run/card_config.h"

#include "formats/random.h"

namespace ringside::tb {

uint64_t seed_for(uint64_t seed, const std::string& name) {
  uint64_t mixed = seed;
  for (const char letter : name) {
    mixed = SplitMix64(mixed ^ static_cast<unsigned char>(letter)).next();
  }
  return mixed;
}

hw::NicConfig card_config(const Nic& nic, uint64_t seed) {
  hw::NicConfig config;
  config.mac = nic.mac;
  config.mtu = nic.mtu_bytes;
  config.features = ~nic.withhold_features;
  config.queue_pairs = static_cast<uint16_t>(nic.queue_pairs);
  config.queue_size_max = static_cast<uint16_t>(nic.queue_size_max);
  config.tx_buffer_bytes = static_cast<uint32_t>(nic.tx_buffer_bytes);
  config.rx_buffer_bytes = static_cast<uint32_t>(nic.rx_buffer_bytes);
  config.management_latency_ps = nic.management_latency_ps;
  config.pcie = nic.pcie;
  config.pcie.seed = seed;
  config.root_complex = nic.root_complex;
  config.root_complex.seed = ~seed;
  config.pipeline = nic.pipeline;
  return config;
}

hw::SwitchConfig switch_config(const Switch& device, unsigned ports) {
  hw::SwitchConfig config;
  config.ports = ports;
  config.latency_ps = device.latency_ps;
  config.queue_bytes = device.queue_bytes;
  config.table_entries = device.table_entries;
  config.ageing_ps = device.ageing_ps;
  return config;
}

}  // namespace ringside::tb
