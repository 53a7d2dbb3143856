// SPDX-License-Identifier: Apache-2.0
// What a seed of the hunt that fails leaves: the files of `ringside run --model diff`, by a second
// run with waves.
#pragma once

#include <string>

#include "testbench/evidence/difference.h"
#include "tests/differential/life.h"

namespace ringside::differential {

inline constexpr const char* kHuntCard = "card";

/// A second run of a seed, of whose first `first` is known: the card, what differed, and when.
class HuntEvidence {
 public:
  /// Makes `folder`, without what an earlier hunt left in it. `command` repeats the first run;
  /// `settings` are the seed's, in words.
  HuntEvidence(std::string folder, std::string command, uint64_t seed, std::string settings,
               tb::DifferenceResult first);
  /// Removes what is there: what has not come to its end must not look whole.
  void clear();
  /// Before the simulation starts.
  void begin(Rig& rig);
  /// Writes the files. Where they are and what the second run came to, in a line.
  std::string leave(Rig& rig);

 private:
  std::string path(const char* name) const { return folder_ + "/" + name; }

  const std::string folder_, command_;
  const uint64_t seed_;
  const std::string settings_;
  const tb::DifferenceResult first_;
  uint64_t from_ps_;
  std::string no_waves_;  ///< why there are none
};

}  // namespace ringside::differential
