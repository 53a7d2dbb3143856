// SPDX-License-Identifier: Apache-2.0
// See cost_table.h; docs/cost-model.md discusses the sources.
#include "testbench/host/cost_table.h"

namespace ringside::tb {

namespace {

using driver::Cost;

constexpr std::string_view kKernel = "order of magnitude, kernel on a 3 GHz core; perf measures it";
constexpr std::string_view kDriver = "order of magnitude, kernel driver; ixy takes 38 ns both ways";
constexpr std::string_view kStack =
    "order of magnitude, kernel TCP/IP without offloads; perf measures it";
constexpr std::string_view kMmioWrite =
    "uncached stores leave 50 to 300 ns apart (docs/cost-model.md)";
constexpr std::string_view kMmioRead =
    "mmio_test: 1700 to 2100 cycles at 2.4 GHz for an e1000 register";
constexpr std::string_view kConfig = "order of magnitude, a register read and its set-up";
constexpr std::string_view kSum = "order of magnitude, a vectorised sum of warm bytes";
constexpr std::string_view kCopy = "one core's memcpy of 25 MB: 88 to 180 ps (docs/cost-model.md)";
constexpr std::string_view kCall = "order of magnitude; lmbench lat_syscall measures it";
constexpr std::string_view kSwitch = "order of magnitude; lmbench lat_ctx measures it";

constexpr std::array<CostEntry, kCostCount> kEntries = {{
    {Cost::kInterruptEntry, "interrupt_entry", 700'000, "interrupt", kKernel},
    {Cost::kSoftirqEntry, "softirq_entry", 200'000, "softirq", kKernel},
    {Cost::kNapiPoll, "napi_poll", 150'000, "poll", kKernel},
    {Cost::kReceiveFrame, "receive_frame", 60'000, "frame", kDriver},
    {Cost::kReceiveRefill, "receive_refill", 20'000, "buffer", kDriver},
    {Cost::kTransmitFrame, "transmit_frame", 60'000, "frame", kDriver},
    {Cost::kTransmitFragment, "transmit_fragment", 15'000, "fragment", kDriver},
    {Cost::kTransmitComplete, "transmit_complete", 30'000, "frame", kDriver},
    {Cost::kMmioWrite, "mmio_write", 100'000, "write", kMmioWrite},
    {Cost::kMmioRead, "mmio_read", 900'000, "read", kMmioRead},
    {Cost::kConfigAccess, "config_access", 1'000'000, "access", kConfig},
    {Cost::kStackReceive, "stack_receive", 350'000, "frame", kStack},
    {Cost::kStackTransmit, "stack_transmit", 300'000, "frame", kStack},
    {Cost::kChecksumByte, "checksum_byte", 50, "byte", kSum},
    {Cost::kCopyByte, "copy_byte", 100, "byte", kCopy},
    {Cost::kSystemCall, "system_call", 150'000, "call", kCall},
    {Cost::kWakeUp, "wake_up", 500'000, "wake-up", kKernel},
    {Cost::kContextSwitch, "context_switch", 1'200'000, "switch", kSwitch},
    {Cost::kTimer, "timer", 200'000, "timer", kKernel},
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
