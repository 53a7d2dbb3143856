// SPDX-License-Identifier: Apache-2.0
// DMA reads of a loosely timed card: by direct memory where the root complex grants it, else by
// b_transport.
#pragma once

#include <cstdint>
#include <systemc>
#include <tlm>
#include <vector>

#include "formats/units.h"
#include "hw_model/pcie/pcie_payload.h"

namespace ringside::hw {

class DmaReader {
 public:
  explicit DmaReader(tlm::tlm_initiator_socket<>& socket) : socket_(socket) {
    payload_.set_extension(&extension_);
  }
  ~DmaReader() { payload_.clear_extension(&extension_); }
  DmaReader(const DmaReader&) = delete;
  DmaReader& operator=(const DmaReader&) = delete;

  /// The bytes at bus address `address`, valid until the next read; false if the host refused.
  bool read(uint64_t address, uint32_t size, ByteView* data) {
    const std::byte* direct = find(address, size);
    if (direct == nullptr && grant(address)) direct = find(address, size);
    if (direct != nullptr) {
      *data = {direct, size};
      return true;
    }
    return transport(address, size, data);
  }

  /// Forgets grants that touch [first, last].
  void invalidate(uint64_t first, uint64_t last);

 private:
  struct Grant {
    uint64_t first, last;
    const std::byte* data;
  };
  const std::byte* find(uint64_t address, uint32_t size) const {
    for (const Grant& grant : grants_) {
      if (address >= grant.first && address <= grant.last && size - 1 <= grant.last - address) {
        return grant.data + (address - grant.first);
      }
    }
    return nullptr;
  }
  bool grant(uint64_t address);
  bool transport(uint64_t address, uint32_t size, ByteView* data);

  tlm::tlm_initiator_socket<>& socket_;
  tlm::tlm_generic_payload payload_;
  PcieExtension extension_;
  std::vector<Grant> grants_;
  std::vector<std::byte> buffer_;
};

}  // namespace ringside::hw
