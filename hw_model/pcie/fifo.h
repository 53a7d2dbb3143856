// SPDX-License-Identifier: Apache-2.0
// A queue in a ring that grows: no allocation once it has been as long as it gets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace ringside::hw {

/// First in, first out, with access by position from the front. `T` is default-constructible.
template <typename T>
class Fifo {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  T& front() { return slots_[head_]; }
  const T& front() const { return slots_[head_]; }
  T& back() { return (*this)[size_ - 1]; }
  T& operator[](std::size_t index) { return slots_[(head_ + index) & mask_]; }
  const T& operator[](std::size_t index) const { return slots_[(head_ + index) & mask_]; }

  void push(T&& value) { push_slot() = std::move(value); }
  void push(const T& value) { push_slot() = value; }
  /// Lengthens the queue by a slot to fill, which holds what it last held.
  T& push_slot() {
    if (size_ == capacity_) grow();
    return slots_[(head_ + size_++) & mask_];
  }
  /// What a popped element owned stays until its slot is used again: move it out first.
  void pop() {
    head_ = (head_ + 1) & mask_;
    --size_;
  }

 private:
  /// Apart, so that what pushes stays short.
  [[gnu::noinline]] void grow() {
    std::vector<T> wider(std::max<std::size_t>(16, 2 * capacity_));
    for (std::size_t i = 0; i < size_; ++i) wider[i] = std::move((*this)[i]);
    slots_ = std::move(wider);
    capacity_ = slots_.size();
    mask_ = capacity_ - 1;
    head_ = 0;
  }
  std::vector<T> slots_;
  std::size_t capacity_ = 0;
  std::size_t mask_ = 0;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace ringside::hw
