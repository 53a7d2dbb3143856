// SPDX-License-Identifier: Apache-2.0
// How long something took, over many times: counts in buckets whose width grows with the value.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>

namespace ringside::tb {

/// Log-linear buckets: every power of two is divided in 128 equal ones, so that a percentile is
/// within 0.4 % of the value; values below 128 are exact. Integers only. Memory for a power of two
/// is taken when the first value of its size comes.
class LatencyHistogram {
 public:
  void add(uint64_t value) {
    if (value < min_) min_ = value;
    if (value > max_) max_ = value;
    ++count_;
    // The first group is [0, 128), the next ones [128, 256), [256, 512), ...
    const auto group = static_cast<unsigned>(std::bit_width(value >> kSubBits));
    const unsigned shift = group == 0 ? 0 : group - 1;
    if (!groups_[group]) groups_[group] = std::make_unique<Group>();
    ++(*groups_[group])[(value >> shift) & (kSub - 1)];
  }
  uint64_t count() const { return count_; }
  /// 0 if there is none.
  uint64_t min() const { return count_ == 0 ? 0 : min_; }
  uint64_t max() const { return max_; }
  /// The smallest value that at least `percent` of 100 values do not exceed, as its bucket's
  /// middle, within min() and max(). 0 if there is none.
  uint64_t percentile(unsigned percent) const;

 private:
  static constexpr unsigned kSubBits = 7;
  static constexpr unsigned kSub = 1u << kSubBits;
  using Group = std::array<uint64_t, kSub>;
  std::array<std::unique_ptr<Group>, 64 - kSubBits + 1> groups_;
  uint64_t count_ = 0;
  uint64_t min_ = ~uint64_t{0};
  uint64_t max_ = 0;
};

}  // namespace ringside::tb
