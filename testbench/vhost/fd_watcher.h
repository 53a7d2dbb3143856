// SPDX-License-Identifier: Apache-2.0
// What a vhost-user session needs of the loop that runs it.
#pragma once

#include <functional>

namespace ringside::tb {

class FdWatcher {
 public:
  virtual ~FdWatcher() = default;
  /// Calls `ready` while `fd` is readable, at its end or in error; false if it cannot be waited
  /// for.
  virtual bool watch(int fd, std::function<void()> ready) = 0;
  /// Also from within a callback; no callback for `fd` follows.
  virtual void unwatch(int fd) = 0;
  /// Calls `call` once, later, outside of every callback.
  virtual void post(std::function<void()> call) = 0;
};

}  // namespace ringside::tb
