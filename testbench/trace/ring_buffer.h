// SPDX-License-Identifier: Apache-2.0
// A queue that grows to what it once held and then allocates no more.
#pragma once

#include <cstddef>
#include <vector>

namespace ringside::tb {

template <typename T>
class RingBuffer {
 public:
  bool empty() const { return head_ == tail_; }
  std::size_t size() const { return tail_ - head_; }
  T& operator[](std::size_t i) { return slots_[(head_ + i) & (slots_.size() - 1)]; }
  T& front() { return (*this)[0]; }
  void pop_front() { ++head_; }
  void clear() { head_ = tail_ = 0; }
  void push(const T& value) {
    if (size() == slots_.size()) {
      std::vector<T> larger(2 * slots_.size());
      const std::size_t count = size();
      for (std::size_t i = 0; i < count; ++i) larger[i] = (*this)[i];
      slots_ = std::move(larger);
      head_ = 0;
      tail_ = count;
    }
    slots_[tail_++ & (slots_.size() - 1)] = value;
  }

 private:
  std::vector<T> slots_ = std::vector<T>(16);
  std::size_t head_ = 0, tail_ = 0;
};

}  // namespace ringside::tb
