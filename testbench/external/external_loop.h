// SPDX-License-Identifier: Apache-2.0
// Runs a simulation together with file descriptors of the outside: sockets, event descriptors, TAP
// interfaces, signals. Everything happens in one thread, and never inside a SystemC process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace ringside::tb {

/// How virtual time goes on.
enum class Pace : uint8_t {
  kDemand,     ///< as fast as there is work; it stands still when there is none
  kWallClock,  ///< never ahead of the wall clock: what waits for the outside must not run into its
               ///< time-outs at once. A simulation that is slower stays behind for good: what it
               ///< lost beyond a millisecond is not made up for, because virtual time that runs
               ///< after the outside's would let timers expire before answers can be there
};

/// When a descriptor that is watched calls.
enum class Wake : uint8_t {
  kWhileReadable,  ///< as long as there is something to read
  kOnWrite,        ///< after each write from the other side, and at first if it is readable
};

class ExternalLoop {
 public:
  explicit ExternalLoop(Pace pace);
  ~ExternalLoop();
  ExternalLoop(const ExternalLoop&) = delete;
  ExternalLoop& operator=(const ExternalLoop&) = delete;

  /// Calls `ready` between slices of the simulation while `fd` is readable (or at its end, or in
  /// error). The descriptor stays the caller's. False if it cannot be waited for (a plain file).
  bool watch(int fd, std::function<void()> ready, Wake wake = Wake::kWhileReadable);
  /// Also from within a callback; no callback for `fd` follows. Comes before `fd` is closed.
  void unwatch(int fd);
  /// Calls `call` once, between slices, from wherever it is posted (also SystemC processes).
  void post(std::function<void()> call);

  /// kDemand: calls `call` each time before virtual time passes over a millisecond or more without
  /// events, so that whoever waits for nothing any more takes back what would end the wait.
  void on_long_wait(std::function<void()> call);

  /// Runs until stop(): slices of the simulation while it has work, else sleeps in the kernel until
  /// a descriptor is ready or, with kWallClock, its next event is due. Returns too when nothing can
  /// ever happen: no work, no call posted, no descriptor watched; and when virtual time is
  /// `until_ps`. That bound is no event of the simulation, whose order it does not change.
  void run(uint64_t until_ps = UINT64_MAX);
  /// Lets run() return; also from within a callback or a SystemC process. Before run(): it returns
  /// at once.
  void stop();
  /// Runs the simulation alone, with no descriptor looked at, until `done` or until it has no work;
  /// true if done. For what must be finished before an answer (a queue that stops).
  bool settle(const std::function<bool()>& done);

  /// How often the kernel was asked for descriptors that are ready, sleeps included.
  uint64_t looks() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringside::tb
