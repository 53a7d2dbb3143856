// SPDX-License-Identifier: Apache-2.0
// See command_window.h.
#include "hw_model/management/command_window.h"

namespace ringside::hw {

namespace {

using Regs = ManagementRegs;

constexpr uint16_t field(uint32_t word, uint32_t shift, uint32_t mask) {
  return static_cast<uint16_t>((word & mask) >> shift);
}

/// The bits of a register of the command window that can be written.
constexpr uint32_t writable(uint32_t offset) {
  switch (offset) {
    case Regs::kCommandQueue:
      return Regs::kCommandQueueQueueMask;
    case Regs::kCommandResumed:
      return Regs::kCommandResumedResumedMask;
    case Regs::kCommandGo:
      return 0;
    default:
      break;
  }
  const bool known = (offset > Regs::kCommandGo && offset <= Regs::kCommandFeaturesHi) ||
                     (offset >= Regs::kCommandDescLo && offset <= Regs::kCommandResumed) ||
                     offset >= Regs::kCommandConfig;
  return known ? ~uint32_t{0} : 0;
}

}  // namespace

std::optional<rs_command> CommandWindow::write(uint32_t offset, uint32_t value) {
  if (offset == Regs::kCommandGo) return command(value);
  registers_[(offset - kBegin) / 4] = value & writable(offset);
  return {};
}

// A command has the parts of its kind and no others: the window still holds those of earlier ones.
std::optional<rs_command> CommandWindow::command(uint32_t kind) const {
  rs_command command{};
  command.kind = kind;
  command.sequence = read(Regs::kCommandSequence);
  switch (kind) {
    case RS_COMMAND_OFFER:
    case RS_COMMAND_NEGOTIATED:
      command.features = pair(Regs::kCommandFeaturesLo);
      break;
    case RS_COMMAND_DEVICE_CONFIG:
      for (uint32_t i = 0; i < RS_DEVICE_CONFIG_BYTES; ++i) {
        command.config[i] =
            static_cast<uint8_t>(read(Regs::kCommandConfig + i / 4 * 4) >> (8 * (i % 4)));
      }
      break;
    case RS_COMMAND_STATUS:
    case RS_COMMAND_CONTROL_REPLY:
    case RS_COMMAND_ACTIVE_PAIRS:
      command.value = read(Regs::kCommandValue);
      break;
    case RS_COMMAND_QUEUE_CONTEXT: {
      const uint32_t ring = read(Regs::kCommandRing);
      command.context = {
          .desc = pair(Regs::kCommandDescLo),
          .driver = pair(Regs::kCommandDriverLo),
          .device = pair(Regs::kCommandDeviceLo),
          .size = field(ring, Regs::kCommandRingSizeShift, Regs::kCommandRingSizeMask),
          .index = field(ring, Regs::kCommandRingIndexShift, Regs::kCommandRingIndexMask),
          .resumed = field(read(Regs::kCommandResumed), Regs::kCommandResumedResumedShift,
                           Regs::kCommandResumedResumedMask)};
      [[fallthrough]];
    }
    case RS_COMMAND_QUEUE_ACKNOWLEDGE:
      command.queue = static_cast<uint16_t>(read(Regs::kCommandQueue));
      break;
    case RS_COMMAND_RESET:
    case RS_COMMAND_CONFIG_INTERRUPT:
      break;
    default:
      return {};
  }
  return command;
}

}  // namespace ringside::hw
