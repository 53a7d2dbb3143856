// SPDX-License-Identifier: Apache-2.0
// Coroutines over ucontext, told to AddressSanitizer, and the event loop.
#include "tests/unit/stack/fiber.h"

#include <algorithm>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(save, bottom, size) \
  ((void)(save), (void)(bottom), (void)(size))
#define __sanitizer_finish_switch_fiber(fake, bottom, size) \
  ((void)(fake), (void)(bottom), (void)(size))
#endif

namespace ringside::test {
namespace {

constexpr std::size_t kStackBytes = 256 << 10;
Fiber* current_fiber = nullptr;

}  // namespace

Fiber::Fiber(std::function<void()> body)
    : body_(std::move(body)), stack_(std::make_unique<std::byte[]>(kStackBytes)) {
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_.get();
  context_.uc_stack.ss_size = kStackBytes;
  context_.uc_link = nullptr;
  const auto self = reinterpret_cast<uintptr_t>(this);
  makecontext(&context_, reinterpret_cast<void (*)()>(&Fiber::entry), 2,
              static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
}

Fiber::~Fiber() = default;

Fiber* Fiber::current() { return current_fiber; }

void Fiber::entry(unsigned high, unsigned low) {
  reinterpret_cast<Fiber*>(static_cast<uintptr_t>(high) << 32 | low)->run();
}

void Fiber::run() {
  __sanitizer_finish_switch_fiber(nullptr, &main_stack_, &main_stack_size_);
  body_();
  finished_ = true;
  __sanitizer_start_switch_fiber(nullptr, main_stack_, main_stack_size_);
  setcontext(&main_);
}

void Fiber::resume() {
  Fiber* const outer = current_fiber;
  void* fake = nullptr;
  current_fiber = this;
  __sanitizer_start_switch_fiber(&fake, stack_.get(), kStackBytes);
  swapcontext(&main_, &context_);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
  current_fiber = outer;
}

void Fiber::suspend() {
  __sanitizer_start_switch_fiber(&fake_stack_, main_stack_, main_stack_size_);
  swapcontext(&context_, &main_);
  __sanitizer_finish_switch_fiber(fake_stack_, &main_stack_, &main_stack_size_);
}

void World::at(uint64_t time_ns, Function function, void* context) {
  events_.push_back({std::max(time_ns, now_ns_), order_++, function, context, nullptr, 0});
  std::push_heap(events_.begin(), events_.end());
}

void World::at(uint64_t time_ns, Function function, Slot* slot) {
  events_.push_back(
      {std::max(time_ns, now_ns_), order_++, function, nullptr, slot, slot->generation});
  std::push_heap(events_.begin(), events_.end());
}

Slot* World::take_slot(void* owner) {
  if (free_slots_.empty()) {
    slots_.push_back(std::make_unique<Slot>());
    free_slots_.push_back(slots_.back().get());
  }
  Slot* slot = free_slots_.back();
  free_slots_.pop_back();
  slot->owner = owner;
  return slot;
}

void World::give_slot(Slot* slot) {
  ++slot->generation;
  free_slots_.push_back(slot);
}

void World::process(std::function<void()> body) {
  ++unfinished_;
  fibers_.push_back(std::make_unique<Fiber>([this, work = std::move(body)] {
    work();
    --unfinished_;
  }));
  resume_at(now_ns_, fibers_.back().get());
}

void World::resume_at(uint64_t time_ns, Fiber* fiber) {
  at(
      time_ns, [](void* f) { static_cast<Fiber*>(f)->resume(); }, fiber);
}

void World::sleep_until(uint64_t time_ns) {
  resume_at(time_ns, Fiber::current());
  Fiber::current()->suspend();
}

bool World::step(uint64_t limit_ns) {
  if (events_.empty() || events_.front().time_ns > limit_ns) return false;
  std::pop_heap(events_.begin(), events_.end());
  const Event event = events_.back();
  events_.pop_back();
  if (event.slot != nullptr && event.slot->generation != event.generation) return true;
  now_ns_ = event.time_ns;
  event.function(event.slot != nullptr ? event.slot->owner : event.context);
  return true;
}

bool World::run(uint64_t limit_ns) {
  while (unfinished_ > 0 && step(limit_ns)) {
  }
  return unfinished_ == 0;
}

void World::run_until(uint64_t time_ns) {
  while (step(time_ns)) {
  }
  now_ns_ = std::max(now_ns_, time_ns);
}

}  // namespace ringside::test
