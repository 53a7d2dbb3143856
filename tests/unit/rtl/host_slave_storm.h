// SPDX-License-Identifier: Apache-2.0
// A host that does everything at random: accesses of any width anywhere, drivers that come up and
// stop half way, resets; and a data plane and a wire that interrupt, fail and flap.
#pragma once

#include "tests/unit/rtl/host_slave_world.h"

namespace ringside::test {

class HostSlaveStorm {
 public:
  explicit HostSlaveStorm(HostSlaveWorld& world) : world_(world), random_(world.random) {}
  /// `steps` of them; in the end everything is answered.
  void run(unsigned steps);

 private:
  void step();
  void access_bar();
  void access_config();
  void bring_up();
  void data_plane();
  void change_surroundings();
  uint32_t bar_offset();
  uint64_t bar_data(uint32_t offset);
  bool one_in(uint64_t count) { return random_.below(count) == 0; }
  template <typename T, std::size_t N>
  T any_of(const T (&values)[N]) {
    return values[random_.below(N)];
  }
  void write(HostKind kind, uint64_t address, uint32_t length, uint64_t data);
  void set_bar(uint32_t offset, uint32_t length, uint64_t data) {
    write(HostKind::kMemWrite, HostSlaveWorld::kBar + offset, length, data);
  }
  void set_config(uint32_t offset, uint32_t length, uint64_t data) {
    write(HostKind::kConfigWrite, offset, length, data);
  }

  HostSlaveWorld& world_;
  SplitMix64& random_;
  unsigned blocked_cycles_ = 0;
  bool wants_dead_ = false;  ///< firmware is to stand still, once nothing waits for it
  unsigned dead_cycles_ = 0;
  unsigned posts_left_ = 0;  ///< writes that tell firmware something, while it is dead
};

}  // namespace ringside::test
