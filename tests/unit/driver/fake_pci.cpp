// SPDX-License-Identifier: Apache-2.0
// The arena, the interrupt vectors, and the weakly ordered memory behind FakePci.
#include "tests/unit/driver/fake_pci.h"

namespace ringside::test {
namespace {

bool overlap(std::size_t a, std::size_t a_size, std::size_t b, std::size_t b_size) {
  return a < b + b_size && b < a + a_size;
}

}  // namespace

FakePci::FakePci(FakePlatform& platform, std::size_t arena_bytes)
    : platform_(platform), arena_(arena_bytes) {}

void FakePci::foreign(const char* what, std::size_t size) {
  if (foreign_touches++ == 0)
    first_touch = std::string(what) + ", " + std::to_string(size) + " bytes";
}

bool FakePci::allowed(const void* address, std::size_t size, bool write) {
  if (arena_.contains(address, size) && arena_.driver_may(arena_.offset_of(address), size, write)) {
    return true;
  }
  foreign(write ? "a store" : "a load", size);
  return false;
}

uint32_t FakePci::config_read(uint32_t offset, unsigned width) {
  return function_->config_read(offset, width);
}

void FakePci::config_write(uint32_t offset, unsigned width, uint32_t value) {
  function_->config_write(offset, width, value);
}

uint64_t FakePci::bar_read(unsigned bar, uint64_t offset, unsigned width) {
  sync();
  return function_->bar_read(bar, offset, width);
}

void FakePci::bar_write(unsigned bar, uint64_t offset, unsigned width, uint64_t value) {
  sync();
  function_->bar_write(bar, offset, width, value);
  sync();
}

bool FakePci::function_level_reset() {
  ++flr_count;
  if (has_flr) function_->function_reset();
  return has_flr;
}

unsigned FakePci::interrupts_enable(unsigned wanted, driver::InterruptMode* mode) {
  const unsigned count = std::min(wanted, msix_vectors);
  msix_on = count != 0;
  if (count != 0) {
    *mode = driver::InterruptMode::kMsix;
    vectors_.assign(count, {});
    return count;
  }
  *mode = has_intx ? driver::InterruptMode::kIntx : driver::InterruptMode::kNone;
  vectors_.assign(has_intx ? 1 : 0, {});
  return has_intx ? 1 : 0;
}

void FakePci::interrupts_disable() {
  note("interrupts_disable");
  vectors_.clear();
}

void FakePci::interrupt_bind(unsigned vector, driver::InterruptHandler handler, void* context) {
  vectors_.at(vector) = {handler, context, handler == nullptr, false};
}

void FakePci::interrupt_unmask(unsigned vector) {
  vectors_.at(vector).masked = false;
  if (vectors_[vector].pending) call(vectors_[vector]);
}

void FakePci::interrupt_synchronize(unsigned vector) {
  static_cast<void>(vectors_.at(vector));
  note("synchronize");
}

void FakePci::call(Vector& vector) {
  vector.pending = false;
  ++handler_calls;
  const Vector copy = vector;
  platform_.hard([&] { return copy.handler(copy.context); });
}

void FakePci::raise(unsigned vector) {
  if (lose_interrupts) return;
  if (vector >= vectors_.size()) return;
  if (vectors_[vector].masked || vectors_[vector].handler == nullptr) {
    vectors_[vector].pending = true;
  } else {
    call(vectors_[vector]);
  }
}

bool FakePci::foreign_intx() {
  return platform_.hard([&] { return vectors_.at(0).handler(vectors_[0].context); });
}

driver::DmaMemory FakePci::alloc_coherent(std::size_t size, std::size_t) {
  std::byte* data = arena_.take(size, GuardedArena::Kind::kCoherent);  // a page's alignment
  if (data == nullptr) return {};
  ++live_coherent;
  return {data, kBase + arena_.offset_of(data), size};
}

void FakePci::free_coherent(const driver::DmaMemory& memory) {
  note("free");
  --live_coherent;
  drain();
  if (!arena_.give(memory.data, memory.size)) foreign("a wrong free", memory.size);
}

std::byte* FakePci::alloc_buffer(std::size_t size) {
  if (alloc_failures != 0) {
    --alloc_failures;
    return nullptr;
  }
  std::byte* data = arena_.take(size, GuardedArena::Kind::kBuffer);
  if (data != nullptr) ++live_buffers;
  return data;
}

void FakePci::free_buffer(std::byte* data, std::size_t size) {
  note("free");
  --live_buffers;
  if (!arena_.give(data, size)) foreign("a wrong free", size);
}

BusAddress FakePci::map(const void* data, std::size_t size, driver::DmaDirection direction) {
  if (map_fails || !arena_.contains(data, size)) return kNoMapping;
  const std::size_t offset = arena_.offset_of(data);
  if (!arena_.map(offset, size, direction)) return kNoMapping;
  ++live_maps;
  return kBase + offset;
}

void FakePci::unmap(BusAddress bus, std::size_t size, driver::DmaDirection direction) {
  --live_maps;
  if (!arena_.unmap(bus - kBase, size, direction)) foreign("a wrong unmap", size);
}

std::byte* FakePci::dma(BusAddress bus, std::size_t size, bool write) {
  if (!bus_master || bus < kBase || !arena_.device_may(bus - kBase, size, write)) return nullptr;
  return arena_.back(bus - kBase);
}

bool FakePci::dma_write(BusAddress bus, const void* from, std::size_t size) {
  std::byte* to = dma(bus, size, true);
  if (to == nullptr) return false;
  if (interleaved_) overwritten_.push_back({bus - kBase, {to, to + size}});
  std::memcpy(to, from, size);
  return true;
}

void FakePci::sync() {
  ++accesses;
  if (!interleaved_ || platform_.in_hard()) return;
  while (!stores_.empty() && random_.one_in(3)) commit(random_.below(stores_.size()));
  while (random_.one_in(2)) function_->step();
  if (random_.one_in(2)) platform_.preempt();
}

void FakePci::commit(std::size_t index) {
  // Stores to one place stay in order.
  for (std::size_t i = 0; i < index; ++i) {
    if (overlap(stores_[i].offset, stores_[i].bytes.size(), stores_[index].offset,
                stores_[index].bytes.size())) {
      index = i;
      break;
    }
  }
  std::memcpy(arena_.back(stores_[index].offset), stores_[index].bytes.data(),
              stores_[index].bytes.size());
  stores_.erase(stores_.begin() + static_cast<std::ptrdiff_t>(index));
}

void FakePci::drain() {
  while (!stores_.empty()) commit(0);
}

void FakePci::store(void* to, const void* from, std::size_t size) {
  sync();
  if (!allowed(to, size, true)) return;
  const std::size_t offset = arena_.offset_of(to);
  if (!interleaved_) {
    std::memcpy(arena_.back(offset), from, size);
    return;
  }
  const auto* bytes = static_cast<const std::byte*>(from);
  stores_.push_back({offset, {bytes, bytes + size}});
}

void FakePci::load(void* to, const void* from, std::size_t size) {
  sync();
  if (!allowed(from, size, false)) {
    std::memset(to, 0xFF, size);
    return;
  }
  const std::size_t offset = arena_.offset_of(from);
  for (const Store& store : stores_) {
    if (overlap(offset, size, store.offset, store.bytes.size())) {
      drain();
      break;
    }
  }
  auto* out = static_cast<std::byte*>(to);
  std::memcpy(out, arena_.back(offset), size);
  if (!interleaved_ || overwritten_.empty()) return;
  // Satisfied early: undo the device's latest writes, but never back past what was seen here.
  const std::size_t floor = seen_[offset];
  const std::size_t shown = random_.one_in(2)
                                ? overwritten_.size()
                                : floor + random_.below(overwritten_.size() - floor + 1);
  for (std::size_t i = overwritten_.size(); i-- > shown;) {
    const Store& old = overwritten_[i];
    for (std::size_t j = 0; j < old.bytes.size(); ++j) {
      const std::size_t at = old.offset + j;
      if (at >= offset && at < offset + size) out[at - offset] = old.bytes[j];
    }
  }
  seen_[offset] = shown;
}

void FakePci::barrier(driver::Barrier kind) {
  sync();
  if (kind != driver::Barrier::kRead) drain();
  if (kind != driver::Barrier::kWrite) {
    overwritten_.clear();
    seen_.clear();
  }
}

}  // namespace ringside::test
