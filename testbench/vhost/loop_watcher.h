// SPDX-License-Identifier: Apache-2.0
// The loop of `ringside serve` as sessions see it.
#pragma once

#include <functional>
#include <utility>

#include "testbench/external/external_loop.h"
#include "testbench/vhost/fd_watcher.h"

namespace ringside::tb {

class LoopWatcher final : public FdWatcher {
 public:
  /// `loop` outlives this.
  explicit LoopWatcher(ExternalLoop& loop) : loop_(loop) {}
  bool watch(int fd, std::function<void()> ready) override {
    return loop_.watch(fd, std::move(ready));
  }
  bool watch_event(int fd, std::function<void()> ready) override {
    return loop_.watch(fd, std::move(ready), Wake::kOnWrite);
  }
  void unwatch(int fd) override { loop_.unwatch(fd); }
  void post(std::function<void()> call) override { loop_.post(std::move(call)); }

 private:
  ExternalLoop& loop_;
};

}  // namespace ringside::tb
