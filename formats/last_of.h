// SPDX-License-Identifier: Apache-2.0
// The last things of a sequence, in places that are used again.
#pragma once

#include <cstddef>
#include <vector>

namespace ringside::formats {

/// Keeps up to a number of `T`, which is made without arguments. What was in a place stays there
/// until it is written over, so that its buffers need not be made anew.
template <typename T>
class LastOf {
 public:
  /// `most` is not 0.
  explicit LastOf(std::size_t most) : most_(most) {}
  /// The place of the newest, with whatever was in it; the oldest is gone if there were enough.
  T& add() {
    if (places_.size() < most_) return places_.emplace_back();
    T& place = places_[oldest_];
    oldest_ = (oldest_ + 1) % most_;
    return place;
  }
  std::size_t size() const { return places_.size(); }
  /// From the oldest, 0, on.
  const T& operator[](std::size_t index) const {
    return places_[(oldest_ + index) % places_.size()];
  }

 private:
  std::size_t most_;
  std::size_t oldest_ = 0;
  std::vector<T> places_;
};

}  // namespace ringside::formats
