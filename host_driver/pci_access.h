// SPDX-License-Identifier: Apache-2.0
// PciAccess: everything a driver may do to its PCI function and to the memory it shares with it.
//
// One side of this seam is a driver (ours, a bridge, a hostile one); the other is the simulated
// root complex and host CPU, or a real function through VFIO. Plain C++, no SystemC.
//
// Memory shared with a device is touched only through the load/store/barrier accessors below: on
// real hardware they are plain accesses and fences; in simulation each is a synchronisation point,
// and with `host.interleave = "seeded"` plain stores sit in a store buffer that drains in any order
// until a barrier, and plain loads may be satisfied early, back to the last read barrier.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringside::driver {

/// An address as the device uses it in DMA.
using BusAddress = uint64_t;

/// Memory that driver and device share: the driver's pointer and the device's address of one range.
struct DmaMemory {
  std::byte* data = nullptr;
  BusAddress bus = 0;
  std::size_t size = 0;
  explicit operator bool() const { return data != nullptr; }
};

enum class DmaDirection : uint8_t { kToDevice, kFromDevice };

enum class Barrier : uint8_t {
  kRead,   ///< loads before it are satisfied before loads after it
  kWrite,  ///< stores before it are visible to the device before stores after it
  kFull,   ///< both, and stores before it before loads after it
};

enum class InterruptMode : uint8_t { kNone, kIntx, kMsix };

/// Runs in hard-interrupt context. For INTx (shared) it returns whether the device raised it.
using InterruptHandler = bool (*)(void* context);

/// A driver's access to one PCI function. Every call comes from a host context (process, softirq or
/// interrupt); none may be made from another thread. All widths are in bytes: 1, 2, 4 or 8.
class PciAccess {
 public:
  virtual ~PciAccess() = default;

  // -- configuration space: naturally aligned, inside 4096 bytes; else reads give all ones.
  virtual uint32_t config_read(uint32_t offset, unsigned width) = 0;
  virtual void config_write(uint32_t offset, unsigned width, uint32_t value) = 0;

  // -- BARs (0 to 5). Sizes come from enumeration, which the platform has already done.
  /// Size in bytes, 0 if the BAR is not implemented or is the upper half of a 64-bit one.
  virtual uint64_t bar_size(unsigned bar) = 0;
  /// Non-posted: stalls the core for the round trip. All ones where nothing answers.
  virtual uint64_t bar_read(unsigned bar, uint64_t offset, unsigned width) = 0;
  /// Posted. Like Linux's writel() it is ordered after all earlier stores by this core to shared
  /// memory only if a write barrier stands between.
  virtual void bar_write(unsigned bar, uint64_t offset, unsigned width, uint64_t value) = 0;
  /// Sets or clears Bus Master Enable.
  virtual void set_bus_master(bool on) = 0;
  /// Function-level reset; blocks (process context). False if the function has no FLR capability.
  virtual bool function_level_reset() = 0;

  // -- interrupts
  /// Asks for up to `wanted` MSI-X vectors; gets that mode with 1..wanted of them, or INTx with
  /// one, or none; 0 asks for INTx. Returns the number; `mode` says which. All vectors start
  /// masked. `wanted` 0 asks for INTx even if the function has MSI-X.
  virtual unsigned interrupts_enable(unsigned wanted, InterruptMode* mode) = 0;
  /// Gives all vectors back. After it no handler runs.
  virtual void interrupts_disable() = 0;
  /// Binds `handler` to `vector` and unmasks it. Null unbinds and masks.
  virtual void interrupt_bind(unsigned vector, InterruptHandler handler, void* context) = 0;
  virtual void interrupt_mask(unsigned vector) = 0;
  virtual void interrupt_unmask(unsigned vector) = 0;
  /// Delivers `vector` to `core` from now on, below Platform::core_count(); core 0 before. To be
  /// called while the vector is masked. INTx stays on core 0. Platforms with one core ignore it.
  virtual void interrupt_affinity(unsigned vector, unsigned core) {
    static_cast<void>(vector);
    static_cast<void>(core);
  }
  /// Returns when no handler of `vector` is running on any core (process context).
  virtual void interrupt_synchronize(unsigned vector) = 0;

  // -- memory
  /// Zeroed memory for rings, physically contiguous. `align` a power of two. Null data on failure.
  virtual DmaMemory alloc_coherent(std::size_t size, std::size_t align) = 0;
  virtual void free_coherent(const DmaMemory& memory) = 0;
  /// Makes `size` bytes at `data` reachable by the device until unmap; kNoMapping on failure.
  virtual BusAddress map(const void* data, std::size_t size, DmaDirection direction) = 0;
  virtual void unmap(BusAddress bus, std::size_t size, DmaDirection direction) = 0;
  static constexpr BusAddress kNoMapping = ~BusAddress{0};
  /// Buffers for payload that the device can reach (what a kernel's page allocator gives). May
  /// fail.
  virtual std::byte* alloc_buffer(std::size_t size) = 0;
  virtual void free_buffer(std::byte* data, std::size_t size) = 0;
  /// Adds or removes a range of host memory that the device may reach (hot-plug). Not on every
  /// platform: false where it cannot be done.
  virtual bool region_add(BusAddress bus, std::byte* data, std::size_t size) = 0;
  virtual bool region_remove(BusAddress bus, std::size_t size) = 0;

  // -- accessors for shared memory: naturally aligned, each access single-copy atomic.
  virtual uint16_t load16(const void* address) = 0;
  virtual uint32_t load32(const void* address) = 0;
  virtual uint64_t load64(const void* address) = 0;
  virtual void store16(void* address, uint16_t value) = 0;
  virtual void store32(void* address, uint32_t value) = 0;
  virtual void store64(void* address, uint64_t value) = 0;
  /// Block copies; no atomicity beyond bytes, one synchronisation point each.
  virtual void load(void* to, const void* from, std::size_t size) = 0;
  virtual void store(void* to, const void* from, std::size_t size) = 0;
  virtual void barrier(Barrier kind) = 0;
};

}  // namespace ringside::driver
