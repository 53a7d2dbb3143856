// SPDX-License-Identifier: Apache-2.0
// The command window of the management block (management.toml): what writes to it mean.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "hw_model/registers/management_interface.h"
#include "hw_model/registers/management_regs.hpp"

namespace ringside::hw {

/// The window's registers. For the block of a model, and for whoever watches the bus of another.
class CommandWindow {
 public:
  static constexpr uint32_t kBegin = ManagementRegs::kCommandGo;
  static constexpr uint32_t kEnd =
      ManagementRegs::kCommandConfig + 4 * ManagementRegs::kCommandConfigCount;
  static constexpr bool holds(uint32_t offset) {
    return offset >= kBegin && offset < kEnd && offset % 4 == 0;
  }
  /// What a register of the window holds; `command_go`: 0. For offsets that holds() has.
  uint32_t read(uint32_t offset) const { return registers_[(offset - kBegin) / 4]; }
  /// The command that the write completes, if it does. For offsets that holds() has.
  std::optional<rs_command> write(uint32_t offset, uint32_t value);

 private:
  uint64_t pair(uint32_t offset) const {
    return read(offset) | static_cast<uint64_t>(read(offset + 4)) << 32;
  }
  std::optional<rs_command> command(uint32_t kind) const;
  std::array<uint32_t, (kEnd - kBegin) / 4> registers_{};
};

}  // namespace ringside::hw
