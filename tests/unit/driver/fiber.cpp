// SPDX-License-Identifier: Apache-2.0
// See fiber.h.
#include "tests/unit/driver/fiber.h"

#include <sys/mman.h>

#include <stdexcept>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define RINGSIDE_FIBERS_UNDER_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RINGSIDE_FIBERS_UNDER_ASAN
#endif
#endif
#ifdef RINGSIDE_FIBERS_UNDER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace ringside::test {
namespace {

constexpr std::size_t kStackBytes = std::size_t{512} * 1024, kGuardBytes = 4096;

Fiber* running = nullptr;

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {
  void* memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory for a stack");
  stack_ = static_cast<std::byte*>(memory);
  mprotect(stack_, kGuardBytes, PROT_NONE);
  getcontext(&own_);
  own_.uc_stack.ss_sp = stack_ + kGuardBytes;
  own_.uc_stack.ss_size = kStackBytes;
  own_.uc_link = nullptr;
  makecontext(&own_, &Fiber::enter, 0);
}

Fiber::~Fiber() {
#ifdef RINGSIDE_FIBERS_UNDER_ASAN
  __asan_unpoison_memory_region(stack_ + kGuardBytes, kStackBytes);
#endif
  munmap(stack_, kGuardBytes + kStackBytes);
}

Fiber* Fiber::current() { return running; }

void Fiber::switch_to(ucontext_t* from, ucontext_t* to, const void* stack, std::size_t bytes,
                      bool ends) {
#ifdef RINGSIDE_FIBERS_UNDER_ASAN
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(ends ? nullptr : &fake, stack, bytes);
  swapcontext(from, to);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
  static_cast<void>(stack);
  static_cast<void>(bytes);
  static_cast<void>(ends);
  swapcontext(from, to);
#endif
}

void Fiber::enter() {
  Fiber& self = *running;
#ifdef RINGSIDE_FIBERS_UNDER_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &self.resumer_stack_, &self.resumer_bytes_);
#endif
  try {
    self.body_();
  } catch (...) {
    self.thrown_ = std::current_exception();
  }
  self.done_ = true;
  running = nullptr;
  switch_to(&self.own_, &self.resumer_, self.resumer_stack_, self.resumer_bytes_, true);
}

void Fiber::resume() {
  running = this;
  switch_to(&resumer_, &own_, stack_ + kGuardBytes, kStackBytes, false);
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void Fiber::yield() {
  Fiber& self = *std::exchange(running, nullptr);
  switch_to(&self.own_, &self.resumer_, self.resumer_stack_, self.resumer_bytes_, false);
}

}  // namespace ringside::test
