// SPDX-License-Identifier: Apache-2.0
// See cost_table.h; docs/cost-model.md discusses the sources.
#include "testbench/host/cost_table.h"

namespace ringside::tb {

namespace {

using driver::Cost;

constexpr std::string_view kPcieBench = "pcie-bench, SIGCOMM 2018, fig. 5";
constexpr std::string_view kLinuxStack = "Cai et al., SIGCOMM 2021, fig. 3 and table 1";
constexpr std::string_view kLmbench = "lmbench 3 on a 3 GHz server core";
constexpr std::string_view kDpdk = "Emmerich et al., ixy, ANCS 2019, table 2";
constexpr std::string_view kMemory = "one core's streaming bandwidth, about 10 GB/s";

constexpr std::array<CostEntry, kCostCount> kEntries = {{
    {Cost::kInterruptEntry, "interrupt_entry", 700'000, "interrupt", kLmbench},
    {Cost::kSoftirqEntry, "softirq_entry", 200'000, "softirq", kLmbench},
    {Cost::kNapiPoll, "napi_poll", 150'000, "poll", kLinuxStack},
    {Cost::kReceiveFrame, "receive_frame", 60'000, "frame", kDpdk},
    {Cost::kReceiveRefill, "receive_refill", 20'000, "buffer", kDpdk},
    {Cost::kTransmitFrame, "transmit_frame", 60'000, "frame", kDpdk},
    {Cost::kTransmitFragment, "transmit_fragment", 15'000, "fragment", kDpdk},
    {Cost::kTransmitComplete, "transmit_complete", 30'000, "frame", kDpdk},
    {Cost::kMmioWrite, "mmio_write", 100'000, "write", kPcieBench},
    {Cost::kMmioRead, "mmio_read", 900'000, "read", kPcieBench},
    {Cost::kConfigAccess, "config_access", 1'000'000, "access", kPcieBench},
    {Cost::kStackReceive, "stack_receive", 350'000, "frame", kLinuxStack},
    {Cost::kStackTransmit, "stack_transmit", 300'000, "frame", kLinuxStack},
    {Cost::kChecksumByte, "checksum_byte", 50, "byte", kMemory},
    {Cost::kCopyByte, "copy_byte", 100, "byte", kMemory},
    {Cost::kSystemCall, "system_call", 150'000, "call", kLmbench},
    {Cost::kWakeUp, "wake_up", 500'000, "wake-up", kLmbench},
    {Cost::kContextSwitch, "context_switch", 1'200'000, "switch", kLmbench},
    {Cost::kTimer, "timer", 200'000, "timer", kLmbench},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kCostCount; ++i) {
    if (kEntries[i].cost != static_cast<Cost>(i)) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

std::span<const CostEntry, kCostCount> cost_entries() { return kEntries; }

CostTable default_costs() {
  CostTable table{};
  for (const CostEntry& entry : kEntries) {
    table[static_cast<std::size_t>(entry.cost)] = entry.default_ps;
  }
  return table;
}

CostTable zero_costs() { return {}; }

}  // namespace ringside::tb
