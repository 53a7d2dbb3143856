// SPDX-License-Identifier: Apache-2.0
// splitmix64 (Steele, Lea, Flood, OOPSLA 2014): small, seedable, the same everywhere.
#pragma once

#include <cstdint>

namespace ringside {

/// Number `index` of the sequence that `seed` begins; any can be made by itself.
constexpr uint64_t splitmix64(uint64_t seed, uint64_t index) {
  uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// The sequence one by one.
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : seed_(seed) {}
  uint64_t next() { return splitmix64(seed_, index_++); }
  /// Uniform enough for tests: 0 to bound - 1.
  uint64_t below(uint64_t bound) { return next() % bound; }

 private:
  uint64_t seed_;
  uint64_t index_ = 0;
};

}  // namespace ringside
