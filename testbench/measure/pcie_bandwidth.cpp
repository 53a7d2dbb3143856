// SPDX-License-Identifier: Apache-2.0
// Every point three times: writes, reads, both.
#include "testbench/measure/pcie_bandwidth.h"

#include <algorithm>
#include <deque>
#include <string>

#include "testbench/measure/dma_load.h"

namespace ringside::tb {

namespace {

/// Beyond latency and the filling of every buffer.
constexpr hw::TimePs kWarmUpPs = 5'000'000;
/// Overheads that come between TLPs average out over so many.
constexpr uint32_t kTlps = 8000;
constexpr uint32_t kTransfersMin = 16;

DmaLoadConfig load_config(const PciePoint& point, DmaPattern pattern) {
  DmaLoadConfig config;
  config.link = point.link;
  // The most that scaled flow control can advertise (3.4.2, a scale of 16).
  config.link.root.posted = {.headers = 2032, .data = 32752};
  config.link.root.non_posted = {.headers = 2032, .data = 32752};
  config.root.read_latency_ps = 200'000;
  config.dma.tags = point.tags;
  config.dma.reassembly_bytes = 1 << 20;
  config.pattern = pattern;
  config.transfer_bytes = point.transfer_bytes;
  config.warm_up_ps = kWarmUpPs;
  const uint32_t tlps = (point.transfer_bytes + point.link.mps - 1) / point.link.mps;
  config.transfers = std::max(kTransfersMin, kTlps / tlps);
  return config;
}

std::string name(const char* kind, std::size_t index) { return kind + std::to_string(index); }

struct Loads {
  Loads(const PciePoint& point, std::size_t index)
      : writes(name("writes", index).c_str(), load_config(point, DmaPattern::kWrites)),
        reads(name("reads", index).c_str(), load_config(point, DmaPattern::kReads)),
        both(name("both", index).c_str(), load_config(point, DmaPattern::kReadsAndWrites)) {}
  DmaLoad writes;
  DmaLoad reads;
  DmaLoad both;
};

Status check(const PciePoint& point) {
  if (point.transfer_bytes == 0 || point.transfer_bytes > kTransferBytesMax) {
    return Status::failure("transfers of " + std::to_string(point.transfer_bytes) +
                           " bytes; expected 1 to " + std::to_string(kTransferBytesMax));
  }
  if (point.tags == 0 || point.tags > 1024) {
    return Status::failure(std::to_string(point.tags) + " tags; expected 1 to 1024");
  }
  return hw::check(point.link);
}

uint32_t header_bytes(hw::TlpType type) {
  hw::Tlp tlp;
  tlp.type = type;
  tlp.address = hw::HostMemory::kArenaBase;
  return tlp.header_bytes() + hw::kTlpFramingBytes;
}

PcieBandwidth result(const PciePoint& point, Loads& loads) {
  PcieBandwidth result;
  result.point = point;
  const hw::PcieDirectionCounters up = loads.writes.up();
  result.raw =
      static_cast<double>(8 * (up.link_bytes + up.dllp_bytes)) / static_cast<double>(up.busy_ps);
  result.write = loads.writes.rate();
  result.tlp =
      result.write * static_cast<double>(up.link_bytes) / static_cast<double>(up.payload_bytes);
  result.read = loads.reads.rate();
  result.read_write = loads.both.rate();
  result.write_header_bytes = header_bytes(hw::TlpType::kMemWrite);
  result.read_header_bytes = header_bytes(hw::TlpType::kMemRead);
  result.completion_header_bytes = header_bytes(hw::TlpType::kCompletionData);
  return result;
}

}  // namespace

Status measure_pcie(const std::vector<PciePoint>& points, std::vector<PcieBandwidth>* results) {
  for (const PciePoint& point : points) {
    if (Status status = check(point); !status.ok()) return status;
  }
  std::deque<Loads> loads;
  for (const PciePoint& point : points) loads.emplace_back(point, loads.size());
  sc_core::sc_start();
  results->clear();
  for (std::size_t i = 0; i < points.size(); ++i) {
    results->push_back(result(points[i], loads[i]));
  }
  return Status::success();
}

}  // namespace ringside::tb
