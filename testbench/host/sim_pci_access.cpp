// SPDX-License-Identifier: Apache-2.0
// See sim_pci_access.h.
#include "testbench/host/sim_pci_access.h"

#include <algorithm>
#include <cstring>

namespace ringside::tb {

namespace {

using driver::Barrier;
using driver::Cost;
using driver::InterruptMode;

// Configuration space, PCI Local Bus 3.0 chapter 6 and PCIe Base 4.0 chapter 7.
constexpr uint32_t kCommand = 0x04;
constexpr uint32_t kStatus = 0x06;
constexpr uint32_t kCapabilityPointer = 0x34;
constexpr uint32_t kInterruptPin = 0x3D;
constexpr uint32_t kBar0 = 0x10;
constexpr unsigned kBars = 6;
constexpr uint16_t kCommandBusMaster = 0x0004;
constexpr uint16_t kCommandInterruptDisable = 0x0400;
constexpr uint16_t kStatusCapabilities = 0x0010;
constexpr uint8_t kCapabilityMsix = 0x11;
constexpr uint8_t kCapabilityPcie = 0x10;
constexpr uint16_t kMsixEnable = 0x8000;
constexpr uint16_t kMsixFunctionMask = 0x4000;
constexpr uint16_t kMsixTableSize = 0x07FF;
constexpr uint64_t kMsixEntryBytes = 16;
constexpr uint32_t kDeviceCapFlr = 1u << 28;
constexpr uint16_t kDeviceControlFlr = 0x8000;
/// PCIe Base 4.0, 6.6.2: software waits this long after FLR.
constexpr uint64_t kFlrWaitPs = 100'000'000'000;
/// Between two looks at a handler that runs on another core.
constexpr uint64_t kSynchronizePollPs = 100'000;
/// Unhandled level interrupts in a row before the line is switched off, as Linux does.
constexpr unsigned kUnhandledLimit = 1000;

}  // namespace

void IntxLine::set(SimPciAccess& function, bool asserted) {
  function.intx_asserted_ = asserted;
  update();
}

void IntxLine::update() {
  if (active()) core_.raise(*this);
}

bool IntxLine::active() const {
  return std::any_of(functions_.begin(), functions_.end(), [](const SimPciAccess* function) {
    return function->intx_asserted_ && !function->vectors_.empty() &&
           !function->vectors_[0]->masked;
  });
}

void IntxLine::interrupt() {
  bool handled = false;
  // A handler takes time, in which another core may put a function on the line: no iterators. None
  // leaves it then, because interrupts_disable() waits for the handlers.
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    if (functions_[i]->vectors_.empty()) continue;
    const SimPciAccess::Vector& vector = *functions_[i]->vectors_[0];
    // The line is shared: every handler is asked, whoever raised it.
    if (vector.masked) continue;
    if (vector.handler != nullptr && vector.handler(vector.context)) handled = true;
  }
  unhandled_ = handled ? 0 : unhandled_ + 1;
  if (active() && unhandled_ < kUnhandledLimit) core_.raise(*this);
}

SimPciAccess::SimPciAccess(const PciHostContext& host, hw::RootPort& port, bool msix)
    : host_(host), port_(port), offer_msix_(msix) {}

SimPciAccess::~SimPciAccess() { std::erase(host_.intx.functions_, this); }

uint32_t SimPciAccess::config_read(uint32_t offset, unsigned width) {
  CpuCore& core = *CpuCore::running();
  core.charge(Cost::kConfigAccess, 1);
  core.pay();
  const uint64_t start = sc_core::sc_time_stamp().value();
  const uint32_t value = port_.config_read(offset, width);
  core.stalled_since(start);
  return value;
}

void SimPciAccess::config_write(uint32_t offset, unsigned width, uint32_t value) {
  CpuCore& core = *CpuCore::running();
  core.charge(Cost::kConfigAccess, 1);
  core.pay();
  const uint64_t start = sc_core::sc_time_stamp().value();
  port_.config_write(offset, width, value);
  core.stalled_since(start);
}

uint64_t SimPciAccess::bar_size(unsigned bar) { return bar < kBars ? port_.bar_size(bar) : 0; }

uint64_t SimPciAccess::bar_read(unsigned bar, uint64_t offset, unsigned width) {
  if (bar >= kBars || offset + width > port_.bar_size(bar)) return ~uint64_t{0} >> (64 - 8 * width);
  CpuCore& core = *CpuCore::running();
  if (!bus_timed_) core.charge(Cost::kMmioRead, 1);
  core.pay();
  const uint64_t start = sc_core::sc_time_stamp().value();
  const uint64_t value = port_.memory_read(port_.bar_address(bar) + offset, width);
  core.stalled_since(start);
  if (core.memory_order() != nullptr) core.memory_order()->read_barrier();
  return value;
}

void SimPciAccess::bar_write(unsigned bar, uint64_t offset, unsigned width, uint64_t value) {
  if (bar >= kBars || offset + width > port_.bar_size(bar)) return;
  CpuCore& core = *CpuCore::running();
  core.charge(Cost::kMmioWrite, 1);
  core.pay();
  port_.memory_write(port_.bar_address(bar) + offset, width, value);
}

void SimPciAccess::set_command_bit(uint16_t bit, bool on) {
  const uint32_t command = config_read(kCommand, 2);
  config_write(kCommand, 2, on ? command | bit : command & ~uint32_t{bit});
}

void SimPciAccess::set_bus_master(bool on) { set_command_bit(kCommandBusMaster, on); }

bool SimPciAccess::function_level_reset() {
  const uint32_t capability = find_capability(kCapabilityPcie);
  if (capability == 0 || (config_read(capability + 4, 4) & kDeviceCapFlr) == 0) return false;
  const uint32_t command = config_read(kCommand, 2);
  uint32_t bars[kBars];
  for (unsigned bar = 0; bar < kBars; ++bar) bars[bar] = config_read(kBar0 + 4 * bar, 4);
  const uint32_t control = config_read(capability + 8, 2);
  config_write(kCommand, 2, 0);
  config_write(capability + 8, 2, control | kDeviceControlFlr);
  CpuCore& core = *CpuCore::running();
  core.charge_ps(kFlrWaitPs);
  core.pay();
  for (unsigned bar = 0; bar < kBars; ++bar) config_write(kBar0 + 4 * bar, 4, bars[bar]);
  config_write(capability + 8, 2, control);  // the reset forgets Max_Read_Request_Size
  config_write(kCommand, 2, command);
  return true;
}

uint32_t SimPciAccess::find_capability(uint8_t id) {
  if ((config_read(kStatus, 2) & kStatusCapabilities) == 0) return 0;
  uint32_t offset = config_read(kCapabilityPointer, 1) & ~3u;
  // A list in 192 bytes has at most 48 entries: a loop in it ends.
  for (unsigned left = 48; offset >= 0x40 && left != 0; --left) {
    const uint32_t header = config_read(offset, 2);
    if ((header & 0xFF) == id) return offset;
    offset = (header >> 8) & ~3u;
  }
  return 0;
}

void SimPciAccess::set_msix_control(uint16_t set, uint16_t clear) {
  const uint32_t control = config_read(msix_capability_ + 2, 2);
  config_write(msix_capability_ + 2, 2, (control | set) & ~uint32_t{clear});
}

unsigned SimPciAccess::interrupts_enable(unsigned wanted, InterruptMode* mode) {
  *mode = InterruptMode::kNone;
  if (mode_ != InterruptMode::kNone) return 0;
  msix_capability_ = offer_msix_ && wanted != 0 ? find_capability(kCapabilityMsix) : 0;
  unsigned count = 0;
  if (msix_capability_ != 0) {
    const unsigned size = (config_read(msix_capability_ + 2, 2) & kMsixTableSize) + 1;
    const uint32_t table = config_read(msix_capability_ + 4, 4);
    table_bar_ = table & 7;
    table_offset_ = table & ~7u;
    count = std::min(wanted, size);
    set_msix_control(kMsixEnable | kMsixFunctionMask, 0);
    for (unsigned vector = 0; vector < count; ++vector) {
      const uint64_t entry = table_offset_ + vector * kMsixEntryBytes;
      bar_write(table_bar_, entry, 4, static_cast<uint32_t>(hw::RootPort::kMsiWindow));
      bar_write(table_bar_, entry + 4, 4, 0);
      bar_write(table_bar_, entry + 8, 4, vector);
      write_vector_control(vector, true);
    }
    set_msix_control(0, kMsixFunctionMask);
    mode_ = InterruptMode::kMsix;
  } else if (config_read(kInterruptPin, 1) != 0) {
    count = 1;
    set_command_bit(kCommandInterruptDisable, true);
    host_.intx.functions_.push_back(this);
    mode_ = InterruptMode::kIntx;
  }
  for (unsigned vector = 0; vector < count; ++vector) {
    vectors_.push_back(std::make_unique<Vector>(*host_.cores[0]));
  }
  *mode = mode_;
  return count;
}

void SimPciAccess::interrupts_disable() {
  for (unsigned vector = 0; vector < vectors_.size(); ++vector) {
    interrupt_bind(vector, nullptr, nullptr);
    interrupt_synchronize(vector);
  }
  std::erase(host_.intx.functions_, this);
  if (mode_ == InterruptMode::kMsix) set_msix_control(0, kMsixEnable);
  mode_ = InterruptMode::kNone;
  // A message that was under way interrupts a core all the same, though nothing is bound any more:
  // the vector stays until that core is through.
  for (unsigned vector = 0; vector < vectors_.size(); ++vector) interrupt_synchronize(vector);
  vectors_.clear();
}

void SimPciAccess::interrupt_bind(unsigned vector, driver::InterruptHandler handler,
                                  void* context) {
  if (vector >= vectors_.size()) return;
  vectors_[vector]->handler = handler;
  vectors_[vector]->context = context;
  if (handler != nullptr) {
    interrupt_unmask(vector);
  } else {
    interrupt_mask(vector);
  }
}

void SimPciAccess::write_vector_control(unsigned vector, bool masked) {
  bar_write(table_bar_, table_offset_ + vector * kMsixEntryBytes + 12, 4, masked ? 1 : 0);
}

void SimPciAccess::interrupt_mask(unsigned vector) {
  if (vector >= vectors_.size()) return;
  vectors_[vector]->masked = true;
  if (mode_ == InterruptMode::kMsix) {
    write_vector_control(vector, true);
  } else {
    set_command_bit(kCommandInterruptDisable, true);
  }
}

void SimPciAccess::interrupt_unmask(unsigned vector) {
  if (vector >= vectors_.size()) return;
  vectors_[vector]->masked = false;
  if (mode_ == InterruptMode::kMsix) {
    write_vector_control(vector, false);
  } else {
    set_command_bit(kCommandInterruptDisable, false);
    host_.intx.update();
  }
}

void SimPciAccess::interrupt_affinity(unsigned vector, unsigned core) {
  if (mode_ != InterruptMode::kMsix || vector >= vectors_.size() || core >= host_.cores.size()) {
    return;
  }
  Vector& moved = *vectors_[vector];
  CpuCore& target = *host_.cores[core];
  if (moved.core == &target) return;
  // What came in before the vector was masked goes with it.
  const bool pending = moved.pending();
  moved.core->cancel(moved);
  moved.core = &target;
  if (pending) target.raise(moved);
}

void SimPciAccess::interrupt_synchronize(unsigned vector) {
  if (vector >= vectors_.size()) return;
  const bool intx = mode_ == InterruptMode::kIntx;
  const InterruptSource& source =
      intx ? static_cast<const InterruptSource&>(host_.intx) : *vectors_[vector];
  const CpuCore* handles = intx ? host_.cores[0] : vectors_[vector]->core;
  CpuCore& core = *CpuCore::running();
  // On its own core a pending interrupt is taken at once; another core's is watched.
  core.pay();
  while (&core != handles && source.busy()) {
    core.charge_ps(kSynchronizePollPs);
    core.pay();
  }
}

void SimPciAccess::msi(uint32_t vector) {
  if (mode_ != InterruptMode::kMsix || vector >= vectors_.size()) return;
  vectors_[vector]->core->raise(*vectors_[vector]);
}

driver::DmaMemory SimPciAccess::alloc_coherent(std::size_t size, std::size_t align) {
  driver::DmaMemory memory;
  std::byte* data = host_.allocator.allocate(size, align);
  if (data == nullptr) return memory;
  // No store to what was here before may drain into it later.
  for (CpuCore* core : host_.cores) {
    if (core->memory_order() != nullptr) core->memory_order()->full_barrier();
  }
  std::memset(data, 0, size);
  memory.data = data;
  memory.size = size;
  host_.memory.bus_address(data, size, &memory.bus);
  return memory;
}

void SimPciAccess::free_coherent(const driver::DmaMemory& memory) { free_memory(memory.data); }

void SimPciAccess::free_memory(std::byte* data) {
  // Whoever gets this memory next writes it plainly: no older store may drain over that.
  for (CpuCore* core : host_.cores) {
    if (core->memory_order() != nullptr) core->memory_order()->write_barrier();
  }
  host_.allocator.free(data);
}

driver::BusAddress SimPciAccess::map(const void* data, std::size_t size, driver::DmaDirection) {
  driver::BusAddress bus = 0;
  return host_.memory.bus_address(data, size, &bus) ? bus : kNoMapping;
}

void SimPciAccess::unmap(driver::BusAddress, std::size_t, driver::DmaDirection) {}

MemoryOrder* SimPciAccess::access_point() {
  CpuCore& core = *CpuCore::running();
  if (core.memory_order() != nullptr) core.memory_order()->perturb();
  core.sync();
  return core.memory_order();
}

void SimPciAccess::load(void* to, const void* from, std::size_t size) {
  if (MemoryOrder* order = access_point(); order != nullptr) {
    order->load(static_cast<std::byte*>(to), static_cast<const std::byte*>(from), size);
  } else {
    std::memcpy(to, from, size);
  }
}

void SimPciAccess::store(void* to, const void* from, std::size_t size) {
  if (MemoryOrder* order = access_point(); order != nullptr) {
    order->store(static_cast<std::byte*>(to), static_cast<const std::byte*>(from), size);
  } else {
    std::memcpy(to, from, size);
  }
}

void SimPciAccess::barrier(Barrier kind) {
  if (CpuCore::running()->memory_order() == nullptr) return;
  MemoryOrder* order = access_point();
  switch (kind) {
    case Barrier::kRead:
      order->read_barrier();
      break;
    case Barrier::kWrite:
      order->write_barrier();
      break;
    case Barrier::kFull:
      order->full_barrier();
      break;
  }
}

}  // namespace ringside::tb
