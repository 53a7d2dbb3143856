// SPDX-License-Identifier: Apache-2.0
// What a weakly ordered core may do between its program and the memory that it shares with devices:
// a store buffer that drains in any order until a barrier, loads that are satisfied early, and
// seeded delays in between. Used with host.interleave = "seeded".
//
// The model is coherent per location (a core sees its own stores, and no location goes back), and
// as weak otherwise as the barriers of PciAccess allow. Interrupt entry and exit and a switch of
// process serialise, as they do on real cores. Every core has one; what its buffer holds other
// cores do not see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <systemc>
#include <vector>

#include "hw_model/pcie/host_memory.h"
#include "testbench/host/cpu_core.h"
#include "formats/random.h"

namespace ringside::tb {

class MemoryOrder : public sc_core::sc_module, public hw::HostMemoryObserver {
 public:
  MemoryOrder(const sc_core::sc_module_name& name, CpuCore& core, uint64_t seed);
  ~MemoryOrder() override;

  /// Perhaps charges the core a delay of up to a microsecond. Before each of its accesses.
  void perturb();
  void store(std::byte* to, const std::byte* from, std::size_t size);
  void load(std::byte* to, const std::byte* from, std::size_t size);
  void read_barrier();
  void write_barrier() { drain_all(); }
  void full_barrier() {
    drain_all();
    read_barrier();
  }

  void device_write(uint64_t bus, const std::byte* memory, ByteView bytes) override;

 private:
  struct PendingStore {
    std::byte* to;
    uint8_t size;
    std::byte bytes[8];
  };
  /// A device write that a load may not have seen yet: what was there before.
  struct DeviceWrite {
    uint64_t sequence;
    uint64_t time_ps;
    const std::byte* memory;
    std::vector<std::byte> before;
  };
  struct Seen {
    const std::byte* word;
    uint64_t sequence;
  };
  void drain_one();
  void write(const PendingStore& store);
  void drain_all();
  void drain_later();
  void load_word(std::byte* to, const std::byte* from, std::size_t size);
  void forget_old();
  uint64_t& seen(const std::byte* word);

  CpuCore& core_;
  SplitMix64 random_;
  std::vector<PendingStore> stores_;
  std::deque<DeviceWrite> log_;
  uint64_t sequence_ = 0;  ///< of the last device write
  uint64_t floor_ = 0;     ///< loads see at least this one
  std::vector<Seen> seen_;
  sc_core::sc_event drain_event_;
};

}  // namespace ringside::tb
