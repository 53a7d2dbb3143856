// SPDX-License-Identifier: Apache-2.0
// The loosely timed form of the PCIe seam: TLM generic payload with this extension.
#pragma once

#include <systemc>
#include <tlm>

namespace ringside::hw {

enum class PcieSpace : uint8_t {
  kMemory,   ///< memory read or write, address on the bus (the function decodes its BARs)
  kConfig,   ///< configuration read or write, address = offset in the function's 4096 bytes
  kMessage,  ///< message in the posted stream (write), address = message code
};

/// Message codes, PCIe Base Specification, "INTx Interrupt Signaling".
inline constexpr uint64_t kMessageAssertIntA = 0x20;
inline constexpr uint64_t kMessageDeassertIntA = 0x24;

/// Says which space a transaction addresses; a payload without it is a memory transaction.
/// Responses: OK; ADDRESS_ERROR is an unsupported request; GENERIC_ERROR a completer abort.
struct PcieExtension : tlm::tlm_extension<PcieExtension> {
  PcieSpace space = PcieSpace::kMemory;
  tlm::tlm_extension_base* clone() const override { return new PcieExtension(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    space = static_cast<const PcieExtension&>(other).space;
  }
};

}  // namespace ringside::hw
