// SPDX-License-Identifier: Apache-2.0
// The first disagreement between a card and the core that follows it.
#pragma once

#include <string>

#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// Keeps the first difference and forgets the later ones, which mostly follow from it.
class Difference {
 public:
  bool found() const { return !text_.empty(); }
  /// In words; empty if there is none.
  const std::string& text() const { return text_; }
  TimePs time_ps() const { return time_ps_; }
  void report(TimePs time_ps, std::string text) {
    if (found()) return;
    time_ps_ = time_ps;
    text_ = std::move(text);
  }

 private:
  std::string text_;
  TimePs time_ps_ = 0;
};

}  // namespace ringside::hw
