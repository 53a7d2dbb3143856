// SPDX-License-Identifier: Apache-2.0
// The key table for people: `ringside explain` and docs/scenario.md.
#pragma once

#include <string>

namespace ringside::tb {

struct Explanation {
  /// Ends with a line feed; empty if there is an error.
  std::string text;
  /// One line without its end.
  std::string error;
};

/// Explains a key ("nic.ring_size", "nic.alice0.ring_size", "ring_size": all of that name) or a
/// section ("nic", "host.costs").
Explanation explain(const std::string& what);

/// Every key, one a line, by section.
std::string explain_all();

/// The whole of docs/scenario.md.
std::string scenario_markdown();

}  // namespace ringside::tb
