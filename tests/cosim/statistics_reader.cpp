// SPDX-License-Identifier: Apache-2.0
// See statistics_reader.h.
#include "tests/cosim/statistics_reader.h"

#include "formats/virtio.h"
#include "hw_model/core/bar_layout.h"
#include "hw_model/core/counters.h"

namespace ringside::test {

namespace {

constexpr uint32_t kCapabilities = 0x34;
constexpr uint32_t kVendorData = 0x09;
/// In the capability: offset and length of the window.
constexpr uint32_t kWindowAt = 16;
constexpr unsigned kMostCapabilities = 48;

}  // namespace

StatisticsReader::StatisticsReader(driver::PciAccess& pci, driver::Platform& platform)
    : pci_(pci),
      work_(platform.make_work(
          driver::WorkContext::kProcess,
          [](void* self) { static_cast<StatisticsReader*>(self)->read(); }, this)) {}

void StatisticsReader::read() {
  uint32_t at = pci_.config_read(kCapabilities, 1) & ~3u;
  for (unsigned hops = 0; at != 0 && hops < kMostCapabilities; ++hops) {
    if (pci_.config_read(at, 1) == kVendorData &&
        pci_.config_read(at + 3, 1) == VIRTIO_PCI_CAP_VENDOR_CFG &&
        pci_.config_read(at + 4, 2) == hw::RingState::kVendorId &&
        pci_.config_read(at + 6, 2) == hw::RingState::kVersion &&
        pci_.config_read(at + kWindowAt + 4, 4) == hw::BarLayout::kStatisticsBytes) {
      break;
    }
    at = pci_.config_read(at + 1, 1) & ~3u;
  }
  if (at != 0) {
    const uint64_t window = pci_.config_read(at + kWindowAt, 4);
    const auto add = [&](std::string_view name, uint64_t offset) {
      values_.emplace_back(name, pci_.bar_read(0, window + offset, 8));
    };
    for (unsigned i = 0; i < static_cast<unsigned>(hw::Counter::kCount); ++i) {
      add(hw::counter_name(static_cast<hw::Counter>(i)), uint64_t{8} * i);
    }
    for (unsigned i = 0; i < static_cast<unsigned>(hw::DeviceError::kCount); ++i) {
      add(hw::error_name(static_cast<hw::DeviceError>(i)),
          hw::Statistics::kErrors + uint64_t{8} * i);
    }
  }
  finished_ = true;
}

}  // namespace ringside::test
