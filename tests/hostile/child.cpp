// SPDX-License-Identifier: Apache-2.0
// See child.h.
#include "tests/hostile/child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <systemc>

namespace ringside::hostile {

std::string in_child(unsigned seconds, const std::function<std::string()>& work, bool* ok) {
  *ok = false;
  int channel[2];
  if (pipe(channel) != 0) return "no pipe";
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    close(channel[0]);
    alarm(seconds);
    // The end of a simulation is not worth a line a seed.
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    const std::string answer = work();
    [[maybe_unused]] const ssize_t written = write(channel[1], answer.data(), answer.size());
    _exit(0);
  }
  close(channel[1]);
  std::string answer;
  char buffer[512];
  for (ssize_t size; (size = read(channel[0], buffer, sizeof buffer)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(size));
  }
  close(channel[0]);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return "no child";
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    *ok = true;
    return answer;
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
    return "hung: more than " + std::to_string(seconds) + " s";
  }
  return WIFSIGNALED(status) ? std::string("ended by signal ") + strsignal(WTERMSIG(status))
                             : "ended with a failure";
}

namespace {

class Thread : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Thread);
  Thread(const sc_core::sc_module_name& name, std::function<void()> body)
      : sc_module(name), body_(std::move(body)) {
    SC_THREAD(run);
    set_stack_size(1 << 20);
  }
  bool finished = false;

 private:
  void run() {
    body_();
    finished = true;
    sc_core::sc_stop();
  }
  std::function<void()> body_;
};

}  // namespace

bool simulate(std::function<void()> body, unsigned bound_ms) {
  Thread thread("thread", std::move(body));
  sc_core::sc_start(static_cast<double>(bound_ms), sc_core::SC_MS);
  return thread.finished;
}

}  // namespace ringside::hostile
