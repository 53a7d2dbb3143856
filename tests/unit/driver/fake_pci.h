// SPDX-License-Identifier: Apache-2.0
// A PciAccess over an arena of bytes and a scripted device. With interleaving on, every accessor is
// a point where the device may act, interrupts and softirq may come in, plain stores wait in a
// buffer that drains in any order until a barrier, and plain loads may be as old as the last read
// barrier. Always, the driver's accesses are checked: an accessor outside the rings and mapped
// receive buffers is counted, a plain access to memory that the device may use ends the process.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host_driver/pci_access.h"
#include "tests/unit/driver/fake_platform.h"
#include "tests/unit/driver/guarded_arena.h"

namespace ringside::test {

using driver::BusAddress;

/// What a device gives to the fake host.
class FakeFunction {
 public:
  virtual ~FakeFunction() = default;
  virtual uint32_t config_read(uint32_t offset, unsigned width) = 0;
  virtual void config_write(uint32_t offset, unsigned width, uint32_t value) = 0;
  virtual uint64_t bar_size(unsigned bar) = 0;
  virtual uint64_t bar_read(unsigned bar, uint64_t offset, unsigned width) = 0;
  virtual void bar_write(unsigned bar, uint64_t offset, unsigned width, uint64_t value) = 0;
  virtual void function_reset() = 0;
  /// Does one small thing of its own; only with interleaving.
  virtual void step() = 0;
};

class FakePci final : public driver::PciAccess {
 public:
  static constexpr BusAddress kBase = 0x1'0000'0000;

  explicit FakePci(FakePlatform& platform, std::size_t arena_bytes = 96u << 20);

  // -- PciAccess
  uint32_t config_read(uint32_t offset, unsigned width) override;
  void config_write(uint32_t offset, unsigned width, uint32_t value) override;
  uint64_t bar_size(unsigned bar) override { return function_->bar_size(bar); }
  uint64_t bar_read(unsigned bar, uint64_t offset, unsigned width) override;
  void bar_write(unsigned bar, uint64_t offset, unsigned width, uint64_t value) override;
  void set_bus_master(bool on) override { bus_master = on; }
  bool function_level_reset() override;
  unsigned interrupts_enable(unsigned wanted, driver::InterruptMode* mode) override;
  void interrupts_disable() override;
  void interrupt_bind(unsigned vector, driver::InterruptHandler handler, void* context) override;
  void interrupt_mask(unsigned vector) override { vectors_.at(vector).masked = true; }
  void interrupt_unmask(unsigned vector) override;
  void interrupt_affinity(unsigned vector, unsigned core) override {
    affinity[vector] = core;
    if (!vectors_.at(vector).masked) ++live_moves;
  }
  void interrupt_synchronize(unsigned vector) override;
  driver::DmaMemory alloc_coherent(std::size_t size, std::size_t align) override;
  void free_coherent(const driver::DmaMemory& memory) override;
  BusAddress map(const void* data, std::size_t size, driver::DmaDirection direction) override;
  void unmap(BusAddress bus, std::size_t size, driver::DmaDirection direction) override;
  std::byte* alloc_buffer(std::size_t size) override;
  void free_buffer(std::byte* data, std::size_t size) override;
  bool region_add(BusAddress, std::byte*, std::size_t) override { return false; }
  bool region_remove(BusAddress, std::size_t) override { return false; }
  uint16_t load16(const void* address) override { return load_value<uint16_t>(address); }
  uint32_t load32(const void* address) override { return load_value<uint32_t>(address); }
  uint64_t load64(const void* address) override { return load_value<uint64_t>(address); }
  void store16(void* address, uint16_t value) override { store(address, &value, 2); }
  void store32(void* address, uint32_t value) override { store(address, &value, 4); }
  void store64(void* address, uint64_t value) override { store(address, &value, 8); }
  void load(void* to, const void* from, std::size_t size) override;
  void store(void* to, const void* from, std::size_t size) override;
  void barrier(driver::Barrier kind) override;

  // -- the device's side
  /// Null if the range is not mapped for the device to read, or bus mastering is off.
  std::byte* dma(BusAddress bus, std::size_t size) { return dma(bus, size, false); }
  /// A device's write, by bus address; false if it went nowhere.
  bool dma_write(BusAddress bus, const void* from, std::size_t size);
  /// An MSI-X message, or the level of INTx (vector 0).
  void raise(unsigned vector);

  // -- for tests
  void attach(FakeFunction& function) { function_ = &function; }
  void interleave(uint64_t seed) {
    random_ = Random(seed);
    interleaved_ = true;
  }
  /// Time passes for the device and the store buffer.
  void tick() { sync(); }
  void calm() {
    drain();
    interleaved_ = false;
  }
  /// Opens a receive segment to the client, or takes it back.
  void lend(const void* data, std::size_t size) { arena_.lend(data, size); }
  void take_back(const void* data, std::size_t size) { arena_.take_back(data, size); }
  /// Whether software may touch it with plain accesses.
  bool open(const void* data, std::size_t size) const { return arena_.open(data, size); }
  /// Of the vectors that are enabled.
  unsigned vector_count() const { return static_cast<unsigned>(vectors_.size()); }
  /// Calls the handler of INTx as another device on the line would; its answer.
  bool foreign_intx();

  bool bus_master = false;
  unsigned msix_vectors = 32;  ///< what the function has
  bool has_intx = true;
  bool msix_on = false;  ///< the mode of interrupts_enable()
  bool has_flr = true;
  bool lose_interrupts = false;  ///< nothing that the device raises arrives
  unsigned flr_count = 0;
  unsigned alloc_failures = 0;  ///< alloc_buffer fails this many times
  bool map_fails = false;
  std::size_t live_buffers = 0, live_coherent = 0, live_maps = 0;
  uint64_t foreign_touches = 0;  ///< of memory that is not the driver's to touch
  std::string first_touch;
  uint64_t accesses = 0;  ///< accessor calls
  uint64_t handler_calls = 0;
  std::map<unsigned, unsigned> affinity;   ///< cores that vectors were given to
  unsigned live_moves = 0;                 ///< of vectors that were not masked
  std::function<void(const char*)> trace;  ///< names of control calls, in order

 private:
  struct Vector {
    driver::InterruptHandler handler = nullptr;
    void* context = nullptr;
    bool masked = true, pending = false;
  };
  struct Store {
    std::size_t offset;
    std::vector<std::byte> bytes;
  };
  template <typename T>
  T load_value(const void* address) {
    T value;
    load(&value, address, sizeof(T));
    return value;
  }
  std::byte* dma(BusAddress bus, std::size_t size, bool write);
  bool allowed(const void* address, std::size_t size, bool write);
  void foreign(const char* what, std::size_t size);
  void sync();
  void commit(std::size_t index);
  void drain();
  void call(Vector& vector);
  void note(const char* what) {
    if (trace) trace(what);
  }

  FakePlatform& platform_;
  FakeFunction* function_ = nullptr;
  GuardedArena arena_;
  std::vector<Vector> vectors_;
  bool interleaved_ = false;
  Random random_{1};
  std::vector<Store> stores_;       ///< not yet visible to the device
  std::vector<Store> overwritten_;  ///< what the device's writes since the last read barrier hid
  std::map<std::size_t, std::size_t> seen_;  ///< by offset: writes that a load has already shown
};

}  // namespace ringside::test
