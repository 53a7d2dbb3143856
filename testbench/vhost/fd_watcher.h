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
  /// Calls `ready` after each write to the event descriptor `fd`, once for several in short order,
  /// and at first if it is readable already. What is not read wakes nobody again: an EFD_SEMAPHORE
  /// one takes as many reads as its count, which is the front end's to choose.
  virtual bool watch_event(int fd, std::function<void()> ready) = 0;
  /// Also from within a callback; no callback for `fd` follows.
  virtual void unwatch(int fd) = 0;
  /// Calls `call` once, later, outside of every callback.
  virtual void post(std::function<void()> call) = 0;
};

}  // namespace ringside::tb
