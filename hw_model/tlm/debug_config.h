// SPDX-License-Identifier: Apache-2.0
// Configuration space by TLM's debug transport: in no time and past the link, as a platform's
// firmware left it before the simulation began.
#pragma once

#include <bit>
#include <cstring>
#include <tlm>

#include "hw_model/core/nic_core.h"
#include "hw_model/pcie/pcie_payload.h"

namespace ringside::hw {

/// Carries out `request` if it is an access to configuration space of 1, 2 or 4 bytes, naturally
/// aligned; writes go through `take`. Returns the bytes done, 0 if it is not.
template <typename Take>
unsigned debug_config(const NicCore& core, tlm::tlm_generic_payload& request, Take take) {
  const auto* extension = request.get_extension<PcieExtension>();
  const unsigned width = request.get_data_length();
  const uint64_t offset = request.get_address();
  if (extension == nullptr || extension->space != PcieSpace::kConfig || width > 4 ||
      !std::has_single_bit(width) || offset % width != 0 || offset > PciConfig::kBytes - width) {
    return 0;
  }
  uint32_t value = 0;
  if (request.is_read()) {
    value = core.pci().read(static_cast<uint32_t>(offset), width);
    std::memcpy(request.get_data_ptr(), &value, width);
  } else {
    std::memcpy(&value, request.get_data_ptr(), width);
    take(Event::write(EventKind::kConfigWrite, offset, static_cast<uint8_t>(width), value));
  }
  return width;
}

}  // namespace ringside::hw
