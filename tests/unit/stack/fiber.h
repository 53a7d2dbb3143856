// SPDX-License-Identifier: Apache-2.0
// World: a virtual clock, an event queue and coroutines for process contexts, without SystemC.
#pragma once

#include <ucontext.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace ringside::test {

/// One coroutine with its own stack. Runs until it waits or ends.
class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  /// From the main context: runs it until it suspends or ends.
  void resume();
  /// From inside: back to the main context.
  void suspend();
  bool finished() const { return finished_; }
  static Fiber* current();

 private:
  static void entry(unsigned high, unsigned low);
  void run();
  std::function<void()> body_;
  std::unique_ptr<std::byte[]> stack_;
  ucontext_t context_{}, main_{};
  void* fake_stack_ = nullptr;
  const void* main_stack_ = nullptr;
  std::size_t main_stack_size_ = 0;
  bool finished_ = false;
};

/// What an event that may be taken back refers to. It belongs to World, so that it outlives the
/// event; the event counts while `generation` is the one that it was made with.
struct Slot {
  void* owner = nullptr;
  uint64_t generation = 0;
};

/// Events of one time run in the order in which they were made.
class World {
 public:
  using Function = void (*)(void*);
  Slot* take_slot(void* owner);
  void give_slot(Slot* slot);
  /// Calls `function` with the slot's owner, unless the slot's generation has changed by then.
  void at(uint64_t time_ns, Function function, Slot* slot);
  uint64_t now_ns() const { return now_ns_; }
  void at(uint64_t time_ns, Function function, void* context);
  /// Makes a process context that starts now.
  void process(std::function<void()> body);
  /// Makes `fiber` run at `time_ns`.
  void resume_at(uint64_t time_ns, Fiber* fiber);
  /// Process context: sleeps.
  void sleep_until(uint64_t time_ns);
  /// Runs until no process context is left, nothing happens any more, or `limit_ns`. True if every
  /// process context has ended.
  bool run(uint64_t limit_ns);
  /// Runs events up to `time_ns`, whatever the process contexts do.
  void run_until(uint64_t time_ns);

 private:
  struct Event {
    uint64_t time_ns, order;
    Function function;
    void* context;
    Slot* slot;
    uint64_t generation;
    bool operator<(const Event& other) const {
      return time_ns != other.time_ns ? time_ns > other.time_ns : order > other.order;
    }
  };
  bool step(uint64_t limit_ns);
  uint64_t now_ns_ = 1'000'000;
  uint64_t order_ = 0;
  unsigned unfinished_ = 0;
  std::vector<Event> events_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_slots_;
};

}  // namespace ringside::test
