// SPDX-License-Identifier: Apache-2.0
// `ringside measure pcie`.
#include <fmt/format.h>

#include <iterator>
#include <ostream>

#include "testbench/cli/commands.h"
#include "testbench/cli/measure_table.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

struct LinkShape {
  unsigned generation;
  unsigned lanes;
};

/// Measured if neither is given: what cards of 25 to 100 Gb/s have.
constexpr LinkShape kLinks[] = {{3, 8}, {3, 16}, {4, 8}};
constexpr unsigned kGeneration = 4;  ///< if only lanes are given
constexpr unsigned kLanes = 8;       ///< if only the generation is given

/// Powers of two and the sizes beside them, and frames with MTUs of 1500 and 9000.
constexpr uint32_t kSizes[] = {64,  65,   128,  129,  192,  256,  257,  384,  512, 513,
                               768, 1024, 1025, 1280, 1500, 1518, 2048, 4096, 9018};

std::vector<PciePoint> points_of(const MeasurePcieArguments& arguments,
                                 const std::vector<uint32_t>& sizes) {
  std::vector<LinkShape> links;
  if (arguments.generation || arguments.lanes) {
    links.push_back({arguments.generation.value_or(kGeneration), arguments.lanes.value_or(kLanes)});
  } else {
    links.assign(std::begin(kLinks), std::end(kLinks));
  }
  std::vector<PciePoint> points;
  for (const LinkShape& link : links) {
    for (const uint32_t size : sizes) {
      PciePoint point;
      point.link.generation = link.generation;
      point.link.lanes = link.lanes;
      point.link.mps = arguments.mps;
      point.link.mrrs = arguments.mrrs;
      point.link.rcb = arguments.rcb;
      point.link.whole_dwords = arguments.whole_dwords;
      point.tags = arguments.tags;
      point.transfer_bytes = size;
      points.push_back(point);
    }
  }
  return points;
}

constexpr const char* kColumns[] = {"gen",       "lanes",          "mps",        "mrrs",
                                    "rcb",       "raw_gbps",       "tlp_gbps",   "mwr_hdr_B",
                                    "mrd_hdr_B", "cpld_hdr_B",     "transfer_B", "write_gbps",
                                    "read_gbps", "read_write_gbps"};

MeasureRow row(const PcieBandwidth& result) {
  // Enough digits for a rate of one-byte transfers too.
  const auto gbps = [](double bits_per_ps) {
    const double value = 1000 * bits_per_ps;
    return fmt::format("{:.{}f}", value, value < 1 ? 6 : 3);
  };
  const hw::PcieLinkConfig& link = result.point.link;
  return {fmt::format("gen{}", link.generation),
          fmt::format("x{}", link.lanes),
          std::to_string(link.mps),
          std::to_string(link.mrrs),
          std::to_string(link.rcb),
          gbps(result.raw),
          gbps(result.tlp),
          std::to_string(result.write_header_bytes),
          std::to_string(result.read_header_bytes),
          std::to_string(result.completion_header_bytes),
          std::to_string(result.point.transfer_bytes),
          gbps(result.write),
          gbps(result.read),
          gbps(result.read_write)};
}

}  // namespace

int command_measure_pcie(const MeasurePcieArguments& arguments, const CliEnvironment& environment) {
  const auto refuse = [&](const std::string& error) {
    environment.err << "ringside: measure pcie: " << error << "\n";
    return kExitBadInput;
  };
  std::vector<uint32_t> sizes;
  for (const std::string& text : arguments.sizes) {
    sizes.push_back(measure_size(text, 1, kTransferBytesMax));
    if (sizes.back() == 0) {
      return refuse(
          fmt::format("--sizes: '{}' is no transfer size; expected 1 to {} bytes, such "
                      "as 64,1500,4KiB",
                      printable(text), kTransferBytesMax));
    }
  }
  if (sizes.empty()) sizes.assign(std::begin(kSizes), std::end(kSizes));
  std::vector<PcieBandwidth> results;
  const Status status = environment.measure_pcie(points_of(arguments, sizes), &results);
  if (!status.ok()) return refuse(status.error);
  std::vector<MeasureRow> rows;
  rows.reserve(results.size());
  for (const PcieBandwidth& result : results) rows.push_back(row(result));
  environment.out << (arguments.json ? measure_json(kColumns, rows) : measure_csv(kColumns, rows));
  return kExitOk;
}

}  // namespace ringside::tb
