// SPDX-License-Identifier: Apache-2.0
// The bus between a management processor and the management block.
#pragma once

#include <cstdint>

#include "hw_model/registers/management_bus.h"

namespace ringside::hw {

/// Accesses of 32-bit registers at byte `offset` of the management block, a multiple of 4.
class ManagementBus {
 public:
  virtual ~ManagementBus() = default;
  virtual uint32_t read(uint32_t offset) = 0;
  virtual void write(uint32_t offset, uint32_t value) = 0;
  /// Whether an access may wait, so that it must come from a SystemC thread. Never changes.
  virtual bool takes_time() const { return false; }
};

/// The same as firmware takes it; `bus` must outlive it.
inline rs_bus firmware_bus(ManagementBus& bus) {
  return {
      .read = [](void* context,
                 uint32_t offset) { return static_cast<ManagementBus*>(context)->read(offset); },
      .write = [](void* context, uint32_t offset,
                  uint32_t value) { static_cast<ManagementBus*>(context)->write(offset, value); },
      .context = &bus};
}

}  // namespace ringside::hw
