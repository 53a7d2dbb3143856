// SPDX-License-Identifier: Apache-2.0
// One core of a simulated host: which context runs, what it is charged, and who preempts whom.
//
// Contexts run as on a real CPU: a hard interrupt runs on the stack of what it interrupted, and the
// softirqs that it raised run at its exit on the same stack, so an interrupt costs no thread
// switch. Process contexts are SystemC threads that hand the core to each other; when none wants
// it, the core's idle thread holds it. Code runs in zero time and is charged (charge()); the charge
// is paid at synchronisation points (sync()) as soon as anything else could happen before it is
// through. With a look-ahead (look_ahead()) only what can touch this core's host counts, and the
// core may be ahead of other hosts; what happens is the same, because whatever a core does depends
// on its local time alone, never on how much of it is paid.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <systemc>
#include <vector>

#include "host_driver/platform.h"
#include "hw_model/wire/horizon.h"
#include "testbench/host/cost_table.h"

namespace ringside::tb {

class CpuCore;
class MemoryOrder;

/// Something that a hard interrupt runs. Static storage or owned by the platform.
class InterruptSource {
 public:
  virtual ~InterruptSource() = default;
  /// In hard-interrupt context.
  virtual void interrupt() = 0;
  /// Raised and not yet taken.
  bool pending() const { return pending_; }
  /// Raised and not yet taken, or being handled.
  bool busy() const { return pending_ || handling_; }

 private:
  friend class CpuCore;
  bool pending_ = false;
  bool handling_ = false;
};

/// Something that runs in softirq context.
class SoftirqItem {
 public:
  virtual ~SoftirqItem() = default;
  virtual void run_softirq() = 0;

 private:
  friend class CpuCore;
  bool pending_ = false;
};

/// A process context: a SystemC thread that belongs to one core.
class ProcessContext {
 public:
  const std::string& name() const { return name_; }
  bool finished() const { return finished_; }
  /// What the body threw, if it did (a broken invariant); empty otherwise.
  const std::string& failure() const { return failure_; }
  CpuCore& core() { return core_; }

 private:
  friend class CpuCore;
  explicit ProcessContext(CpuCore& core, std::string name) : name_(std::move(name)), core_(core) {}
  std::string name_;
  std::string failure_;
  CpuCore& core_;
  std::function<void()> body_;
  sc_core::sc_event resume_;
  bool runnable_ = false;  ///< on the run queue or running
  bool finished_ = false;
};

enum class Level : uint8_t { kIdle, kProcess, kSoftirq, kInterrupt };

/// Told what a core runs and the core's time of the change, which may be ahead of simulation time.
/// Contexts nest: a softirq ends before what it interrupted goes on.
class CoreObserver {
 public:
  virtual ~CoreObserver() = default;
  /// `process` is the name of a process, empty for the other levels.
  virtual void context_begins(Level level, std::string_view process, uint64_t time_ps) = 0;
  virtual void context_ends(uint64_t time_ps) = 0;
};

class CpuCore : public sc_core::sc_module {
 public:
  CpuCore(const sc_core::sc_module_name& name, const CostTable& costs, std::size_t stack_size);

  // -- processes
  /// Creates a process context that runs `body` once. Before or during simulation.
  ProcessContext& spawn(std::string name, std::function<void()> body);
  ProcessContext* current() const { return current_; }
  /// "NAME: what it threw" of the first process that an exception ended; empty if there is none.
  std::string failure() const;
  /// Takes the running process off the core until wake(). It may be woken before it sleeps: then
  /// block() only pays and returns. Call prepare_to_block() first, then test the condition.
  void prepare_to_block() { current_->runnable_ = false; }
  void block();
  /// Makes a blocked process runnable. From any context of any core.
  void wake(ProcessContext& process);

  // -- interrupts and softirqs
  /// Raises a hard interrupt; from anywhere, also from outside of any core.
  void raise(InterruptSource& source);
  /// Takes back an interrupt that was raised and not yet taken.
  void cancel(InterruptSource& source);
  /// From a context of any core of the host.
  void raise_softirq(SoftirqItem& item);
  void cancel_softirq(SoftirqItem& item);
  void disable_bottom_halves() { ++bottom_halves_off_; }
  /// The last enable runs pending softirqs if a process is running.
  void enable_bottom_halves();

  // -- time
  void charge(driver::Cost cost, uint64_t count) {
    accrued_ps_ += costs_[static_cast<std::size_t>(cost)] * count;
  }
  /// Charges time that is not in the cost table (an application's own work, seeded delays).
  void charge_ps(uint64_t ps) { accrued_ps_ += ps; }
  /// Simulation time plus what the running context has yet to pay.
  uint64_t local_time_ps() const { return sc_core::sc_time_stamp().value() + accrued_ps_; }
  /// Synchronisation point: pays if anything that counts is pending before the local time.
  void sync() {
    if (attention_ || (accrued_ps_ != 0 && must_pay())) pay();
  }
  /// From now on only what `horizon` says counts. It must know all that can touch this core, and
  /// that is the only one of its host. Null: all that is pending counts.
  void look_ahead(const hw::Horizon* horizon) { horizon_ = horizon; }
  /// Brings simulation time up to local time; takes interrupts that come meanwhile.
  void pay();
  /// To be called after code on this core waited by itself (a held register read, a spin) since
  /// `start_ps`: the core was busy, and its code runs again.
  void stalled_since(uint64_t start_ps) {
    busy_ps_ += sc_core::sc_time_stamp().value() - start_ps;
    running_ = this;
  }

  Level level() const { return level_; }
  /// Time in which the core was not idle, ps.
  uint64_t busy_ps() const { return busy_ps_; }
  uint64_t interrupts_taken() const { return interrupts_taken_; }
  uint64_t softirqs_run() const { return softirqs_run_; }
  /// The core whose code is running now, of all hosts' cores; outside of contexts, where nothing
  /// may ask, the one that ran last. Null before the first.
  static CpuCore* running() { return running_; }

  /// What reorders this core's accesses to memory shared with devices; null: nothing does.
  void set_memory_order(MemoryOrder* order) { memory_order_ = order; }
  MemoryOrder* memory_order() const { return memory_order_; }
  /// Called at events that serialise memory accesses as real cores do: interrupt entry and exit,
  /// switch of process, a wake or softirq for another core.
  void on_serialise(std::function<void()> callback) { serialise_ = std::move(callback); }
  /// Before the simulation starts; it outlives the core.
  void observe(CoreObserver& observer) { observer_ = &observer; }

 private:
  void begins(Level level, std::string_view process = {}) {
    if (observer_ != nullptr) observer_->context_begins(level, process, local_time_ps());
  }
  void ends() {
    if (observer_ != nullptr) observer_->context_ends(local_time_ps());
  }
  bool must_pay() const;
  /// If another core of this host runs, it is about to make this one do something.
  void called_from_other_core();
  /// Notifies `event` of this core now, or at the local time of the other core that causes it.
  void notify_at_local_time(sc_core::sc_event& event);
  bool softirqs_can_run() const {
    return !softirqs_.empty() && !softirqs_deferred_ && bottom_halves_off_ == 0;
  }
  void take_interrupts();
  /// They begin when `paid_first_ps` of what is accrued is paid; the rest is paid after them.
  void run_softirqs(unsigned rounds, uint64_t paid_first_ps);
  void ksoftirqd();
  void idle();
  /// Gives the core to the next runnable process, or to idle.
  void hand_over();
  /// Hands over, then waits until `process` has the core again.
  void switch_away(ProcessContext& process);
  void wait_for_core(ProcessContext& process);
  void preempt_if_slice_over();
  void run_process(ProcessContext& process);

  CostTable costs_;
  std::size_t stack_size_;
  uint64_t accrued_ps_ = 0;
  uint64_t busy_ps_ = 0;
  uint64_t interrupts_taken_ = 0;
  uint64_t softirqs_run_ = 0;
  Level level_ = Level::kIdle;
  unsigned bottom_halves_off_ = 0;
  /// True when sync() must look: an interrupt can be taken, softirqs can run, a slice is over.
  bool attention_ = false;
  std::deque<InterruptSource*> interrupts_;
  std::deque<SoftirqItem*> softirqs_;
  bool softirqs_deferred_ = false;  ///< left to ksoftirqd
  bool softirq_from_outside_ = false;
  sc_core::sc_event interrupt_event_;
  sc_core::sc_event idle_event_;
  sc_core::sc_event_or_list idle_or_interrupt_;
  std::vector<std::unique_ptr<ProcessContext>> processes_;
  std::deque<ProcessContext*> run_queue_;
  ProcessContext* current_ = nullptr;
  ProcessContext* ksoftirqd_ = nullptr;
  uint64_t slice_end_ps_ = 0;
  std::function<void()> serialise_;
  MemoryOrder* memory_order_ = nullptr;
  CoreObserver* observer_ = nullptr;
  const hw::Horizon* horizon_ = nullptr;
  static inline CpuCore* running_ = nullptr;
};

}  // namespace ringside::tb
