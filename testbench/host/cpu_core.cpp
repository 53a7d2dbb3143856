// SPDX-License-Identifier: Apache-2.0
// See cpu_core.h.
#include "testbench/host/cpu_core.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace ringside::tb {

namespace {

using driver::Cost;
using sc_core::sc_time;
using sc_core::sc_time_stamp;

/// As Linux's MAX_SOFTIRQ_RESTART: more rounds than that are left to ksoftirqd.
constexpr unsigned kSoftirqRounds = 10;
/// Round-robin slice of process contexts, ps.
constexpr uint64_t kSlicePs = 1'000'000'000;

}  // namespace

CpuCore::CpuCore(const sc_core::sc_module_name& name, const CostTable& costs,
                 std::size_t stack_size)
    : sc_core::sc_module(name), costs_(costs), stack_size_(stack_size) {
  idle_or_interrupt_ |= idle_event_;
  idle_or_interrupt_ |= interrupt_event_;
  sc_core::sc_spawn_options options;
  options.set_stack_size(static_cast<int>(stack_size_));
  sc_core::sc_spawn([this] { idle(); }, "idle", &options);
  ksoftirqd_ = &spawn("ksoftirqd", [this] { ksoftirqd(); });
}

ProcessContext& CpuCore::spawn(std::string name, std::function<void()> body) {
  processes_.push_back(std::unique_ptr<ProcessContext>(new ProcessContext(*this, std::move(name))));
  ProcessContext& process = *processes_.back();
  process.body_ = std::move(body);
  sc_core::sc_spawn_options options;
  options.set_stack_size(static_cast<int>(stack_size_));
  std::string thread = std::string(basename()) + "_" + process.name_;
  std::replace(thread.begin(), thread.end(), '.', '_');  // SystemC's separator
  sc_core::sc_spawn([this, &process] { run_process(process); },
                    sc_core::sc_gen_unique_name(thread.c_str()), &options);
  wake(process);
  return process;
}

void CpuCore::run_process(ProcessContext& process) {
  wait_for_core(process);
  try {
    process.body_();
  } catch (const sc_core::sc_unwind_exception&) {
    throw;  // the kernel ends the thread
  } catch (const std::exception& error) {
    process.failure_ = error.what();
  }
  do {
    pay();
  } while (accrued_ps_ != 0);  // a slice may end in it
  process.finished_ = true;
  process.body_ = nullptr;
  hand_over();
}

std::string CpuCore::failure() const {
  for (const auto& process : processes_) {
    if (!process->failure_.empty()) return process->name_ + ": " + process->failure_;
  }
  return {};
}

void CpuCore::wait_for_core(ProcessContext& process) {
  while (current_ != &process) sc_core::wait(process.resume_);
  running_ = this;
  level_ = Level::kProcess;
  slice_end_ps_ = local_time_ps() + kSlicePs;
  attention_ = true;
  if (serialise_) serialise_();
  begins(Level::kProcess, process.name_);
  charge(Cost::kContextSwitch, 1);
}

void CpuCore::hand_over() {
  if (level_ == Level::kProcess) ends();
  level_ = Level::kIdle;
  if (run_queue_.empty()) {
    current_ = nullptr;
    idle_event_.notify();
    return;
  }
  current_ = run_queue_.front();
  run_queue_.pop_front();
  current_->resume_.notify();
}

void CpuCore::switch_away(ProcessContext& process) {
  hand_over();
  wait_for_core(process);
}

void CpuCore::block() {
  ProcessContext& process = *current_;
  pay();
  if (!process.runnable_) switch_away(process);
}

void CpuCore::called_from_other_core() {
  if (running_ == nullptr || running_ == this) return;
  if (running_->get_parent_object() != get_parent_object()) return;  // another host's
  // As an inter-processor interrupt does: what was stored before it is visible after it.
  if (running_->serialise_) running_->serialise_();
  if (serialise_) serialise_();
}

void CpuCore::notify_at_local_time(sc_core::sc_event& event) {
  if (running_ == nullptr || running_ == this || running_->accrued_ps_ == 0) {
    event.notify();
  } else {
    // The other core acts at its own local time, which is ahead of simulation time.
    event.notify(sc_time::from_value(running_->accrued_ps_));
  }
}

void CpuCore::wake(ProcessContext& process) {
  if (process.finished_ || process.runnable_) return;
  process.runnable_ = true;
  if (running_ != nullptr) running_->charge(Cost::kWakeUp, 1);
  CpuCore& core = process.core_;
  core.called_from_other_core();
  if (core.current_ == &process) return;  // it has not left the core yet
  core.run_queue_.push_back(&process);
  // Before the simulation starts nothing can be notified; idle looks at the queue first.
  if (core.current_ != nullptr || !sc_core::sc_is_running()) return;
  core.notify_at_local_time(core.idle_event_);
}

void CpuCore::preempt_if_slice_over() {
  if (level_ != Level::kProcess || bottom_halves_off_ != 0 || run_queue_.empty()) return;
  ProcessContext& process = *current_;
  if (!process.runnable_ || local_time_ps() < slice_end_ps_) return;
  run_queue_.push_back(&process);
  switch_away(process);
}

void CpuCore::raise(InterruptSource& source) {
  if (source.pending_) return;
  source.pending_ = true;
  interrupts_.push_back(&source);
  attention_ = true;
  interrupt_event_.notify();
}

void CpuCore::cancel(InterruptSource& source) {
  if (!source.pending_) return;
  source.pending_ = false;
  interrupts_.erase(std::find(interrupts_.begin(), interrupts_.end(), &source));
}

void CpuCore::raise_softirq(SoftirqItem& item) {
  called_from_other_core();  // also if it is pending: it sees what is stored by now
  if (item.pending_) return;
  item.pending_ = true;
  softirqs_.push_back(&item);
  attention_ = true;
  if (softirqs_deferred_) {
    wake(*ksoftirqd_);
  } else if (running_ != this) {
    softirq_from_outside_ = true;
    notify_at_local_time(interrupt_event_);
  }
}

void CpuCore::cancel_softirq(SoftirqItem& item) {
  if (!item.pending_) return;
  item.pending_ = false;
  softirqs_.erase(std::find(softirqs_.begin(), softirqs_.end(), &item));
}

void CpuCore::enable_bottom_halves() {
  if (--bottom_halves_off_ != 0) return;
  if (level_ != Level::kProcess) return;
  if (softirqs_can_run()) run_softirqs(kSoftirqRounds, accrued_ps_);
  preempt_if_slice_over();
}

bool CpuCore::must_pay() const {
  const sc_time next = sc_core::sc_time_to_pending_activity(sc_core::sc_get_curr_simcontext());
  if (next.value() > accrued_ps_) return false;
  if (horizon_ == nullptr) return true;
  const uint64_t now = sc_time_stamp().value();
  return horizon_->touched(now + accrued_ps_, now + next.value());
}

void CpuCore::pay() {
  for (;;) {
    attention_ = false;
    // What interrupts and other cores raise runs at once, what the process itself has raised when
    // it has paid for what it did before that.
    bool softirqs_at_once = std::exchange(softirq_from_outside_, false);
    if (level_ < Level::kInterrupt && !interrupts_.empty()) {
      take_interrupts();
      softirqs_at_once = true;
    }
    if (level_ == Level::kProcess && softirqs_can_run() &&
        (softirqs_at_once || accrued_ps_ == 0)) {
      run_softirqs(kSoftirqRounds, 0);
    }
    if (accrued_ps_ == 0) break;
    const uint64_t amount = std::exchange(accrued_ps_, 0);
    const uint64_t start = sc_time_stamp().value();
    if (level_ == Level::kInterrupt) {
      sc_core::wait(sc_time::from_value(amount));
    } else {
      sc_core::wait(sc_time::from_value(amount), interrupt_event_);
    }
    stalled_since(start);
    accrued_ps_ = amount - (sc_time_stamp().value() - start);
  }
  preempt_if_slice_over();
}

void CpuCore::take_interrupts() {
  const uint64_t accrued = std::exchange(accrued_ps_, 0);
  const Level level = std::exchange(level_, Level::kInterrupt);
  if (serialise_) serialise_();
  begins(Level::kInterrupt);
  while (!interrupts_.empty()) {
    InterruptSource* source = interrupts_.front();
    interrupts_.pop_front();
    source->pending_ = false;
    ++interrupts_taken_;
    charge(Cost::kInterruptEntry, 1);
    source->handling_ = true;
    source->interrupt();
    pay();
    source->handling_ = false;
  }
  if (serialise_) serialise_();
  ends();
  level_ = level;
  accrued_ps_ = accrued;
  attention_ = true;
}

void CpuCore::run_softirqs(unsigned rounds, uint64_t paid_first_ps) {
  const uint64_t accrued = std::exchange(accrued_ps_, paid_first_ps) - paid_first_ps;
  const Level level = std::exchange(level_, Level::kSoftirq);
  softirq_from_outside_ = false;
  begins(Level::kSoftirq);
  ++bottom_halves_off_;
  ++softirqs_run_;
  charge(Cost::kSoftirqEntry, 1);
  for (unsigned round = 0; round < rounds && !softirqs_.empty(); ++round) {
    for (std::size_t left = softirqs_.size(); left != 0 && !softirqs_.empty(); --left) {
      SoftirqItem* item = softirqs_.front();
      softirqs_.pop_front();
      item->pending_ = false;
      item->run_softirq();
    }
    pay();
  }
  if (!softirqs_.empty() && !softirqs_deferred_) {
    softirqs_deferred_ = true;
    wake(*ksoftirqd_);
    pay();
  }
  --bottom_halves_off_;
  ends();
  level_ = level;
  accrued_ps_ = accrued;
  attention_ = true;
}

void CpuCore::ksoftirqd() {
  for (;;) {
    prepare_to_block();
    if (softirqs_.empty()) {
      softirqs_deferred_ = false;
      block();
    } else {
      current_->runnable_ = true;
      run_softirqs(1, accrued_ps_);
      pay();
    }
  }
}

void CpuCore::idle() {
  for (;;) {
    running_ = this;
    if (current_ != nullptr) {
      sc_core::wait(idle_event_);
      continue;
    }
    level_ = Level::kIdle;
    if (!interrupts_.empty()) {
      take_interrupts();
    } else if (softirqs_can_run()) {
      run_softirqs(kSoftirqRounds, 0);
    } else if (!run_queue_.empty()) {
      hand_over();
    } else {
      sc_core::wait(idle_or_interrupt_);
    }
  }
}

}  // namespace ringside::tb
