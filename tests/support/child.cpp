// SPDX-License-Identifier: Apache-2.0
// See child.h.
#include "tests/support/child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

namespace ringside::test {

std::string in_child(unsigned seconds, const std::function<std::string()>& work, bool* ok) {
  *ok = false;
  int channel[2];
  if (pipe(channel) != 0) return "no pipe";
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    close(channel[0]);
    alarm(seconds);
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

}  // namespace ringside::test
