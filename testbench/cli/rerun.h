// SPDX-License-Identifier: Apache-2.0
// A second process that makes the same run once more: SystemC allows one simulation a process.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace ringside::tb {

/// Begins as a copy of this process and waits for a request; without one it ends with this object.
/// So the second run has the very scenario of the first, whatever became of its files since.
class Rerun {
 public:
  /// Answers a request, in the copy.
  using Work = std::function<std::string(const std::string& request)>;

  /// Before threads and simulation begin. What stdio holds is written first.
  explicit Rerun(const Work& work);
  ~Rerun();
  Rerun(const Rerun&) = delete;
  Rerun& operator=(const Rerun&) = delete;

  struct Answer {
    std::string text;
    std::string error;  ///< not empty: why there is none
  };
  /// Once. Waits for the answer; a signal that interrupts this process goes on to the copy.
  Answer ask(const std::string& request);

 private:
  void end();

  int channel_ = -1;
  pid_t copy_ = -1;
};

}  // namespace ringside::tb
