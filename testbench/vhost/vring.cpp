// SPDX-License-Identifier: Apache-2.0
#include "testbench/vhost/vring.h"

#include <fmt/format.h>

#include "formats/virtio.h"

namespace ringside::tb {
namespace {

using formats::SplitRing;

struct Part {
  const char* name;
  uint64_t user;
  std::size_t bytes;
  std::size_t alignment;
  uint64_t* bus;
};

}  // namespace

Status Vring::translate(const PeerMemory& memory, VhostQueue& result) const {
  result.size = size;
  result.base = base;
  const Part parts[] = {
      {"descriptor table", address->descriptors, SplitRing::desc_bytes(size), SplitRing::kDescAlign,
       &result.descriptors},
      {"available ring", address->available, SplitRing::avail_bytes(size), SplitRing::kAvailAlign,
       &result.available},
      {"used ring", address->used, SplitRing::used_bytes(size), SplitRing::kUsedAlign,
       &result.used},
  };
  for (const Part& part : parts) {
    const std::optional<uint64_t> bus = memory.to_bus(part.user, part.bytes);
    if (!bus) {
      return Status::failure(fmt::format("{} of {} bytes at 0x{:x} is outside the shared memory",
                                         part.name, part.bytes, part.user));
    }
    if (*bus % part.alignment != 0) {
      return Status::failure(
          fmt::format("{} at 0x{:x} is not aligned to {} bytes", part.name, *bus, part.alignment));
    }
    *part.bus = *bus;
  }
  return Status::success();
}

}  // namespace ringside::tb
