// SPDX-License-Identifier: Apache-2.0
// Receive buffers: the slow paths, where memory comes and goes.
#include "host_driver/rx_buffer_pool.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

Status RxBufferPool::configure(uint32_t count, uint32_t buffer_bytes) {
  if (count == count_ && buffer_bytes == buffer_bytes_) return Status::success();
  for (uint32_t i = 0; i < allocated_; ++i) {
    if (buffers_[i].owner == Owner::kClient) {
      return Status::failure("receive buffers cannot be resized while the stack holds some");
    }
  }
  free_all();
  count_ = count;
  buffer_bytes_ = buffer_bytes;
  buffers_ = std::make_unique<Buffer[]>(count);
  free_.reserve(count);
  return Status::success();
}

bool RxBufferPool::grow() {
  if (allocated_ == count_) return false;
  std::byte* data = pci_.alloc_buffer(buffer_bytes_);
  if (data == nullptr) return false;
  const BusAddress bus = pci_.map(data, buffer_bytes_, DmaDirection::kFromDevice);
  if (bus == PciAccess::kNoMapping) {
    pci_.free_buffer(data, buffer_bytes_);
    return false;
  }
  buffers_[allocated_].data = data;
  buffers_[allocated_].bus = bus;
  put(allocated_++);
  return true;
}

void RxBufferPool::free_all() {
  for (uint32_t i = 0; i < allocated_; ++i) {
    pci_.unmap(buffers_[i].bus, buffer_bytes_, DmaDirection::kFromDevice);
    pci_.free_buffer(buffers_[i].data, buffer_bytes_);
  }
  allocated_ = 0;
  free_.clear();
  returned_ = kNone;
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
