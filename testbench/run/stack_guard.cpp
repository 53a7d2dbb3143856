// SPDX-License-Identifier: Apache-2.0
// See stack_guard.h.
#include "testbench/run/stack_guard.h"

#include <ucontext.h>
#include <unistd.h>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <systemc>

namespace ringside::tb {

namespace {

constexpr std::size_t kHandlerStackBytes = 65536;
/// A fault this near the stack pointer is the stack's: one frame may reach past the guard's edge.
constexpr uintptr_t kNearBytes = 65536;
/// Exit status of a run that broke down.
constexpr int kBroken = 1;

alignas(16) std::byte handler_stack[kHandlerStackBytes];
struct sigaction previous;

void write_text(const char* text) {
  // Nothing to be done if standard error is gone.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, std::strlen(text));
}

void on_fault(int, siginfo_t* info, void* context) {
  const auto fault = reinterpret_cast<uintptr_t>(info->si_addr);
  const auto* registers = static_cast<const ucontext_t*>(context);
  const auto stack = static_cast<uintptr_t>(registers->uc_mcontext.gregs[REG_RSP]);
  const uintptr_t distance = fault > stack ? fault - stack : stack - fault;
  if (distance > kNearBytes) {
    sigaction(SIGSEGV, &previous, nullptr);  // the instruction runs again and faults for real
    return;
  }
  write_text("ringside: stack overflow in context ");
  const sc_core::sc_object* process = sc_core::sc_get_current_object();
  write_text(process != nullptr ? process->name() : "(none)");
  write_text("; raise host.NAME.stack_size in the scenario\n");
  _exit(kBroken);
}

}  // namespace

void install_stack_guard() {
  stack_t alternate{};
  alternate.ss_sp = handler_stack;
  alternate.ss_size = sizeof handler_stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, &previous);
}

}  // namespace ringside::tb
