// SPDX-License-Identifier: Apache-2.0
// A loop for tests of sessions: everything that is ready is done, then it returns.
#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "testbench/vhost/fd_watcher.h"

namespace ringside::test {

class PollLoop final : public tb::FdWatcher {
 public:
  PollLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
  ~PollLoop() override { ::close(epoll_); }
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  bool watch(int fd, std::function<void()> ready) override {
    return add(fd, EPOLLIN, std::move(ready));
  }
  bool watch_event(int fd, std::function<void()> ready) override {
    return add(fd, EPOLLIN | EPOLLET, std::move(ready));
  }
  void unwatch(int fd) override {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
    watched_.erase(fd);
  }
  void post(std::function<void()> call) override { posted_.push_back(std::move(call)); }

  /// Until nothing is ready and nothing posted; false if that does not come.
  bool drain() {
    for (int round = 0; round < 100000; ++round) {
      const auto posted = std::exchange(posted_, {});
      for (const auto& call : posted) call();
      epoll_event event{};
      if (::epoll_wait(epoll_, &event, 1, 0) != 1) {
        if (posted.empty() && posted_.empty()) return true;
        continue;
      }
      const auto found = watched_.find(event.data.fd);
      if (found == watched_.end()) continue;
      const auto ready = found->second;
      (*ready)();
    }
    return false;
  }
  /// Waits until something is ready, at most `milliseconds`, and drains.
  bool wait(int milliseconds) {
    epoll_event event{};
    return ::epoll_wait(epoll_, &event, 1, milliseconds) == 1 && drain();
  }
  std::size_t watched() const { return watched_.size(); }

 private:
  bool add(int fd, uint32_t events, std::function<void()> ready) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return false;
    watched_[fd] = std::make_shared<std::function<void()>>(std::move(ready));
    return true;
  }

  int epoll_;
  std::map<int, std::shared_ptr<std::function<void()>>> watched_;
  std::vector<std::function<void()>> posted_;
};

}  // namespace ringside::test
