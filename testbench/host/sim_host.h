// SPDX-License-Identifier: Apache-2.0
// A simulated host: memory, cores, one root port per card, drivers, and a stack over the first
// card.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host_driver/net_device.h"
#include "host_driver/virtio_net_options.h"
#include "hw_model/pcie/host_memory.h"
#include "hw_model/pcie/root_port.h"
#include "hw_model/tlm/nic_model.h"
#include "stack/network_stack.h"
#include "testbench/host/arena_allocator.h"
#include "testbench/host/cpu_core.h"
#include "testbench/host/memory_order.h"
#include "testbench/host/sim_pci_access.h"
#include "testbench/host/sim_platform.h"

namespace ringside::tb {

struct SimHostConfig {
  std::string name;
  unsigned cores = 1;
  CostTable costs = default_costs();
  bool interleave_seeded = false;
  std::size_t memory_bytes = std::size_t{256} << 20;
  /// Bus address of its memory.
  uint64_t memory_base = hw::HostMemory::kArenaBase;
  std::size_t stack_size = std::size_t{256} << 10;
  uint64_t seed = 1;
  unsigned ports = 1;
  bool msix = true;
};

/// Told of every interrupt message that reaches a host.
using InterruptObserver = std::function<void(unsigned port, uint32_t message)>;

class SimHost : public sc_core::sc_module, private hw::InterruptSink {
 public:
  SimHost(const sc_core::sc_module_name& name, const SimHostConfig& config, LogSink log);
  ~SimHost() override;

  const std::string& host_name() const { return config_.name; }
  SimPlatform& platform() { return *platform_; }
  hw::HostMemory& memory() { return memory_; }
  hw::RootPort& port(unsigned index) { return *ports_[index]; }
  SimPciAccess& pci(unsigned index) { return *pci_[index]; }
  CpuCore& core(unsigned index) { return *cores_[index]; }
  unsigned core_count() const { return static_cast<unsigned>(cores_.size()); }
  /// Puts `nic` into port `index`, which reports to the horizon. Before the simulation starts.
  void plug(unsigned index, hw::NicModel& nic);
  /// Finds and places what the cards decode, as firmware of a host does. From a process context.
  void enumerate();
  /// All cores stand still from now until `until_ps`, where interrupts can be taken: each begins
  /// with an interrupt that does nothing but last, and what comes meanwhile waits.
  void pause_until(uint64_t until_ps);
  /// What is known of its near future. Whoever builds around the host completes it: with the ways
  /// in, and with what else can touch it.
  hw::Horizon& horizon() { return horizon_; }
  /// From now on its core goes ahead of what happens elsewhere, if the horizon is bounded.
  void look_ahead();
  void observe_interrupts(InterruptObserver observer) { observer_ = std::move(observer); }
  /// The stack's memory: this host's arena.
  stack::MemoryCallbacks stack_memory();

 private:
  class PauseSource;
  void msi(unsigned port, uint32_t data) override;
  void intx(unsigned port, bool asserted) override;

  SimHostConfig config_;
  hw::Horizon horizon_;
  hw::HostMemory memory_;
  ArenaAllocator allocator_;
  std::vector<std::unique_ptr<CpuCore>> cores_;
  std::vector<std::unique_ptr<MemoryOrder>> memory_orders_;  ///< of each core, if seeded
  std::unique_ptr<SimPlatform> platform_;
  std::unique_ptr<IntxLine> intx_;
  std::vector<std::unique_ptr<hw::RootPort>> ports_;
  std::vector<std::unique_ptr<SimPciAccess>> pci_;
  std::vector<std::unique_ptr<PauseSource>> pauses_;  ///< of each core
  InterruptObserver observer_;
};

}  // namespace ringside::tb
