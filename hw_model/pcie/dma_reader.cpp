// SPDX-License-Identifier: Apache-2.0
// Grants of direct memory, and reads where there is none.
#include "hw_model/pcie/dma_reader.h"

#include <algorithm>

namespace ringside::hw {

void DmaReader::invalidate(uint64_t first, uint64_t last) {
  std::erase_if(grants_,
                [&](const Grant& grant) { return grant.first <= last && first <= grant.last; });
}

bool DmaReader::grant(uint64_t address) {
  payload_.set_command(tlm::TLM_READ_COMMAND);
  payload_.set_address(address);
  tlm::tlm_dmi dmi;
  if (!socket_->get_direct_mem_ptr(payload_, dmi) || !dmi.is_read_allowed()) return false;
  const Grant grant{dmi.get_start_address(), dmi.get_end_address(),
                    reinterpret_cast<const std::byte*>(dmi.get_dmi_ptr())};
  // A read across its end comes here each time.
  if (std::any_of(grants_.begin(), grants_.end(),
                  [&grant](const Grant& held) { return held.first == grant.first; })) {
    return false;
  }
  grants_.push_back(grant);
  return true;
}

bool DmaReader::transport(uint64_t address, uint32_t size, ByteView* data) {
  buffer_.resize(size);
  payload_.set_command(tlm::TLM_READ_COMMAND);
  payload_.set_address(address);
  payload_.set_data_ptr(reinterpret_cast<unsigned char*>(buffer_.data()));
  payload_.set_data_length(size);
  payload_.set_streaming_width(size);
  payload_.set_byte_enable_ptr(nullptr);
  payload_.set_dmi_allowed(false);
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay;
  socket_->b_transport(payload_, delay);
  *data = buffer_;
  return payload_.is_response_ok();
}

}  // namespace ringside::hw
