// SPDX-License-Identifier: Apache-2.0
// What a card counts, read over the bus as software does: found through the vendor data capability
// (docs/hardware/registers.md, "Statistics").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host_driver/pci_access.h"
#include "host_driver/platform.h"

namespace ringside::test {

class StatisticsReader {
 public:
  /// Both outlive it.
  StatisticsReader(driver::PciAccess& pci, driver::Platform& platform);
  /// Reads all of it, in process context, from now on. From a SystemC process.
  void start() { work_->schedule(); }
  bool finished() const { return finished_; }
  /// By name; nothing if the card has no such window.
  const std::vector<std::pair<std::string, uint64_t>>& values() const { return values_; }

 private:
  void read();
  driver::PciAccess& pci_;
  std::unique_ptr<driver::Work> work_;
  std::vector<std::pair<std::string, uint64_t>> values_;
  bool finished_ = false;
};

}  // namespace ringside::test
