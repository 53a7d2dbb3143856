// SPDX-License-Identifier: Apache-2.0
// PciAccess on a simulated host: register accesses through a root port, memory in the host's arena,
// interrupts on simulated cores.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host_driver/pci_access.h"
#include "hw_model/pcie/root_port.h"
#include "testbench/host/arena_allocator.h"
#include "testbench/host/cpu_core.h"
#include "testbench/host/memory_order.h"

namespace ringside::tb {

class SimPciAccess;

/// A shared, level-triggered interrupt line of a host.
class IntxLine : public InterruptSource {
 public:
  explicit IntxLine(CpuCore& core) : core_(core) {}
  void set(SimPciAccess& function, bool asserted);
  void update();

 private:
  friend class SimPciAccess;
  void interrupt() override;
  bool active() const;
  CpuCore& core_;
  std::vector<SimPciAccess*> functions_;
  unsigned unhandled_ = 0;
};

struct PciHostContext {
  hw::HostMemory& memory;
  ArenaAllocator& allocator;
  std::vector<CpuCore*> cores;
  IntxLine& intx;
};

class SimPciAccess : public driver::PciAccess {
 public:
  /// `msix`: whether the host offers MSI-X to its drivers.
  SimPciAccess(const PciHostContext& host, hw::RootPort& port, bool msix);
  ~SimPciAccess() override;

  uint32_t config_read(uint32_t offset, unsigned width) override;
  void config_write(uint32_t offset, unsigned width, uint32_t value) override;
  uint64_t bar_size(unsigned bar) override;
  uint64_t bar_read(unsigned bar, uint64_t offset, unsigned width) override;
  void bar_write(unsigned bar, uint64_t offset, unsigned width, uint64_t value) override;
  void set_bus_master(bool on) override;
  bool function_level_reset() override;

  unsigned interrupts_enable(unsigned wanted, driver::InterruptMode* mode) override;
  void interrupts_disable() override;
  void interrupt_bind(unsigned vector, driver::InterruptHandler handler, void* context) override;
  void interrupt_mask(unsigned vector) override;
  void interrupt_unmask(unsigned vector) override;
  void interrupt_affinity(unsigned vector, unsigned core) override;
  void interrupt_synchronize(unsigned vector) override;

  driver::DmaMemory alloc_coherent(std::size_t size, std::size_t align) override;
  void free_coherent(const driver::DmaMemory& memory) override;
  driver::BusAddress map(const void* data, std::size_t size,
                         driver::DmaDirection direction) override;
  void unmap(driver::BusAddress bus, std::size_t size, driver::DmaDirection direction) override;
  std::byte* alloc_buffer(std::size_t size) override { return host_.allocator.allocate(size); }
  void free_buffer(std::byte* data, std::size_t) override { free_memory(data); }
  bool region_add(driver::BusAddress bus, std::byte* data, std::size_t size) override {
    return host_.memory.add_region(bus, data, size);
  }
  bool region_remove(driver::BusAddress bus, std::size_t size) override {
    return host_.memory.remove_region(bus, size);
  }

  uint16_t load16(const void* address) override { return load_value<uint16_t>(address); }
  uint32_t load32(const void* address) override { return load_value<uint32_t>(address); }
  uint64_t load64(const void* address) override { return load_value<uint64_t>(address); }
  void store16(void* address, uint16_t value) override { store(address, &value, sizeof value); }
  void store32(void* address, uint32_t value) override { store(address, &value, sizeof value); }
  void store64(void* address, uint64_t value) override { store(address, &value, sizeof value); }
  void load(void* to, const void* from, std::size_t size) override;
  void store(void* to, const void* from, std::size_t size) override;
  void barrier(driver::Barrier kind) override;

  /// Register accesses take their time on a bus model: Cost::kMmioRead is not charged.
  void set_bus_timed(bool timed) { bus_timed_ = timed; }
  /// An MSI-X message for `vector` arrived.
  void msi(uint32_t vector);

 private:
  friend class IntxLine;
  struct Vector : InterruptSource {
    explicit Vector(CpuCore& first) : core(&first) {}
    void interrupt() override {
      if (handler != nullptr) handler(context);
    }
    driver::InterruptHandler handler = nullptr;
    void* context = nullptr;
    bool masked = true;
    CpuCore* core;
  };
  template <typename T>
  T load_value(const void* address) {
    T value;
    SimPciAccess::load(&value, address, sizeof value);
    return value;
  }
  /// A synchronisation point of the running core; what reorders its accesses, or null.
  static MemoryOrder* access_point();
  void free_memory(std::byte* data);
  uint32_t find_capability(uint8_t id);
  void write_vector_control(unsigned vector, bool masked);
  void set_command_bit(uint16_t bit, bool on);
  void set_msix_control(uint16_t set, uint16_t clear);

  PciHostContext host_;
  hw::RootPort& port_;
  bool offer_msix_;
  bool bus_timed_ = false;
  driver::InterruptMode mode_ = driver::InterruptMode::kNone;
  std::vector<std::unique_ptr<Vector>> vectors_;
  uint32_t msix_capability_ = 0;
  unsigned table_bar_ = 0;
  uint64_t table_offset_ = 0;
  bool intx_asserted_ = false;
};

}  // namespace ringside::tb
