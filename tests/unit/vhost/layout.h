// SPDX-License-Identifier: Apache-2.0
// Where front ends of tests have their memory and rings.
#pragma once

#include <cstdint>

#include "testbench/vhost/vhost_target.h"
#include "testbench/vhost/vhost_user.h"
#include "tests/unit/vhost/front_end.h"

namespace ringside::test {

/// Memory and rings as a front end lays them out: two queues of 256 in 2 MiB, which the front end
/// has at kUser and the guest at kBus.
struct Layout {
  static constexpr uint64_t kUser = 0x7F0000000000, kBus = 0x40000000, kSize = 2 << 20;
  static constexpr uint16_t kQueueSize = 256;

  static tb::VhostMemoryRegion region() { return {kBus, kSize, kUser, 0}; }
  static Bytes table() { return bytes_of(uint32_t{1}, uint32_t{0}, region()); }
  static uint64_t ring(unsigned queue) { return queue * uint64_t{0x4000}; }
  static tb::VhostVringAddress address(unsigned queue) {
    const uint64_t at = kUser + ring(queue);
    return {queue, 0, at, at + 0x2000, at + 0x1000, 0};
  }
  static tb::VhostQueue setup(unsigned queue, uint16_t base = 0) {
    const uint64_t at = kBus + ring(queue);
    return {kQueueSize, base, at, at + 0x1000, at + 0x2000};
  }
};

}  // namespace ringside::test
