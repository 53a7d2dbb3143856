// SPDX-License-Identifier: Apache-2.0
// Watches one direction of a link: order within a class, and that nothing passes a posted request
// (PCI Express Base Specification 4.0, 2.4.1).
#pragma once

#include <array>
#include <deque>
#include <string>
#include <vector>

#include "hw_model/pcie/tlp.h"

namespace ringside::test {

class OrderChecker {
 public:
  void sent(const hw::Tlp& tlp) { of(tlp.flow()).push_back({next_++, text(tlp)}); }
  void arrived(const hw::Tlp& tlp) {
    std::deque<Sent>& flow = of(tlp.flow());
    if (flow.empty() || flow.front().what != text(tlp)) {
      violations.push_back(text(tlp) + ": not the next of its class");
      return;
    }
    const uint64_t number = flow.front().number;
    flow.pop_front();
    const std::deque<Sent>& posted = of(hw::FlowClass::kPosted);
    if (!posted.empty() && posted.front().number < number) {
      violations.push_back(text(tlp) + ": passed " + posted.front().what);
    }
  }
  /// Sent and not arrived.
  std::size_t missing() const {
    std::size_t count = 0;
    for (const auto& flow : flows_) count += flow.size();
    return count;
  }
  std::vector<std::string> violations;

 private:
  struct Sent {
    uint64_t number;
    std::string what;
  };
  std::deque<Sent>& of(hw::FlowClass flow) { return flows_[static_cast<std::size_t>(flow)]; }
  static std::string text(const hw::Tlp& tlp) {
    std::string text = "type " + std::to_string(static_cast<int>(tlp.type));
    for (const uint64_t field :
         {tlp.address, uint64_t{tlp.tag}, uint64_t{tlp.length}, uint64_t{tlp.lower_address},
          uint64_t{tlp.byte_count}, uint64_t{tlp.message}}) {
      text += " " + std::to_string(field);
    }
    return text;
  }
  std::array<std::deque<Sent>, static_cast<std::size_t>(hw::FlowClass::kCount)> flows_;
  uint64_t next_ = 0;
};

}  // namespace ringside::test
