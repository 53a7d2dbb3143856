// SPDX-License-Identifier: Apache-2.0
// See rerun.h.
#include "testbench/cli/rerun.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace ringside::tb {

namespace {

/// All of it, or false.
bool send_all(int channel, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t part = send(channel, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return false;
    sent += static_cast<std::size_t>(part);
  }
  return shutdown(channel, SHUT_WR) == 0;
}

/// Up to the end of what the other side sends. `interrupted` is called where a signal comes.
std::string receive_all(int channel, const std::function<void()>& interrupted) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t size = recv(channel, buffer, sizeof buffer, 0);
    if (size < 0 && errno == EINTR) {
      interrupted();
      continue;
    }
    if (size <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
  }
}

}  // namespace

Rerun::Rerun(const Work& work) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
  std::fflush(nullptr);
  const pid_t parent = getpid();
  copy_ = fork();
  if (copy_ != 0) {
    close(ends[1]);
    channel_ = ends[0];
    return;
  }
  close(ends[0]);
  // It outlives nobody.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  const std::string request = receive_all(ends[1], [] {});
  const bool answered = !request.empty() && send_all(ends[1], work(request));
  _exit(answered ? 0 : 1);
}

Rerun::~Rerun() { end(); }

void Rerun::end() {
  if (channel_ >= 0) close(channel_);
  channel_ = -1;
  if (copy_ > 0) {
    kill(copy_, SIGKILL);
    while (waitpid(copy_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  copy_ = -1;
}

Rerun::Answer Rerun::ask(const std::string& request) {
  if (copy_ <= 0) return {{}, "this machine gave no process for it"};
  Answer answer;
  if (send_all(channel_, request)) {
    answer.text = receive_all(channel_, [this] { kill(copy_, SIGTERM); });
  }
  int status = 0;
  pid_t waited = -1;
  while ((waited = waitpid(copy_, &status, 0)) < 0 && errno == EINTR) {
  }
  if (waited != copy_) {
    answer.error = std::strerror(errno);
  } else if (WIFSIGNALED(status)) {
    answer.error = std::string("it ended by a signal: ") + strsignal(WTERMSIG(status));
  } else if (WEXITSTATUS(status) != 0) {
    answer.error = "it ended without an answer";
  }
  copy_ = -1;
  end();
  return answer;
}

}  // namespace ringside::tb
