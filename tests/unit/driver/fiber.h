// SPDX-License-Identifier: Apache-2.0
// A stack of its own for a process context of the fake host, so that several may sleep at once.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

namespace ringside::test {

class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs it until it yields or ends; what it throws comes out here. Not from within a fiber.
  void resume();
  /// Back to whoever resumed the running fiber.
  static void yield();
  /// The running one; null outside of any.
  static Fiber* current();
  bool done() const { return done_; }

  /// For its owner: whether what it works on still is there.
  std::shared_ptr<bool> alive;

 private:
  static void enter();
  static void switch_to(ucontext_t* from, ucontext_t* to, const void* stack, std::size_t bytes,
                        bool ends);

  std::function<void()> body_;
  std::byte* stack_ = nullptr;
  ucontext_t own_{}, resumer_{};
  const void* resumer_stack_ = nullptr;  ///< known to AddressSanitizer alone
  std::size_t resumer_bytes_ = 0;
  bool done_ = false;
  std::exception_ptr thrown_;
};

}  // namespace ringside::test
