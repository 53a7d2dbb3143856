// SPDX-License-Identifier: Apache-2.0
// Exact bounds of a binomial count, for tests of probabilities.
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>

namespace ringside::test {

/// The smallest and the largest count of `trials` with `probability` that are not less likely than
/// one in a million to be undercut or exceeded.
inline std::pair<uint64_t, uint64_t> binomial_bounds(uint64_t trials, double probability) {
  constexpr double kTail = 1e-6;
  const auto n = static_cast<double>(trials);
  const auto mass = [&](uint64_t count) {
    const auto k = static_cast<double>(count);
    return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) +
                    k * std::log(probability) + (n - k) * std::log1p(-probability));
  };
  uint64_t low = 0;
  for (double tail = mass(0); tail < kTail; tail += mass(low)) ++low;
  uint64_t high = trials;
  for (double tail = mass(trials); tail < kTail; tail += mass(high)) --high;
  return {low, high};
}

}  // namespace ringside::test
