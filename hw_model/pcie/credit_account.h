// SPDX-License-Identifier: Apache-2.0
// A sender's credits of one flow control class (PCI Express Base Specification 4.0, 2.6.1).
#pragma once

#include <algorithm>
#include <cstdint>

#include "hw_model/pcie/fifo.h"
#include "hw_model/pcie/link_config.h"

namespace ringside::hw {

/// Data credits, 16 bytes each, that `bytes` of payload take.
constexpr uint32_t data_credits(uint32_t bytes) { return (bytes + 15) / 16; }

/// In headers and in units of 16 bytes of data. Without a limit the least stays kNoLimit.
struct CreditState {
  static constexpr int64_t kNoLimit = int64_t{1} << 40;
  int64_t headers_in_use = 0;
  int64_t data_in_use = 0;
  int64_t least_headers = kNoLimit;  ///< available, at any time so far
  int64_t least_data = kNoLimit;
  uint64_t headers_consumed = 0;
  uint64_t data_consumed = 0;
  uint64_t headers_returned = 0;
  uint64_t data_returned = 0;
};

/// Plain arithmetic: when a credit comes back is known when it is taken, because the receiver's
/// draining is modelled. Times passed in may not go back.
class CreditAccount {
 public:
  explicit CreditAccount(const CreditLimit& limit)
      : headers_(limit.headers == 0 ? CreditState::kNoLimit : limit.headers),
        data_(limit.data == 0 ? CreditState::kNoLimit : limit.data),
        headers_limit_(headers_),
        data_limit_(data_),
        limited_(limit.headers != 0 || limit.data != 0) {
    state_.least_headers = headers_;
    state_.least_data = data_;
  }

  /// The receiver advertises a limit. Without one every credit is back at once.
  bool limited() const { return limited_; }
  /// Takes back what has come by `now_ps`.
  void settle(TimePs now_ps) {
    while (!returns_.empty() && returns_.front().at_ps <= now_ps) {
      ++headers_;
      data_ += returns_.front().data;
      ++state_.headers_returned;
      state_.data_returned += returns_.front().data;
      returns_.pop();
    }
  }
  /// Credits for one TLP with `data` units of payload are here.
  bool has(uint32_t data) const { return headers_ >= 1 && data_ >= data; }
  /// When they will be, given what is on its way; 0 if they are here. `data` is within the limit.
  TimePs ready_ps(uint32_t data) const {
    int64_t headers = headers_;
    int64_t units = data_;
    TimePs at_ps = 0;
    for (std::size_t i = 0; headers < 1 || units < data; ++i) {
      ++headers;
      units += returns_[i].data;
      at_ps = returns_[i].at_ps;
    }
    return at_ps;
  }
  /// One TLP takes credits that has() granted; they are back at `back_ps`, not before earlier ones.
  void take(uint32_t data, TimePs back_ps) {
    ++state_.headers_consumed;
    state_.data_consumed += data;
    if (!limited()) {
      ++state_.headers_returned;
      state_.data_returned += data;
      return;
    }
    --headers_;
    data_ -= data;
    state_.least_headers = std::min(state_.least_headers, headers_);
    state_.least_data = std::min(state_.least_data, data_);
    returns_.push({back_ps, data});
  }
  CreditState state() const {
    CreditState state = state_;
    state.headers_in_use = headers_limit_ - headers_;
    state.data_in_use = data_limit_ - data_;
    return state;
  }

 private:
  struct Return {
    TimePs at_ps = 0;
    uint32_t data = 0;
  };
  int64_t headers_;
  int64_t data_;
  int64_t headers_limit_;
  int64_t data_limit_;
  bool limited_;
  CreditState state_;
  Fifo<Return> returns_;
};

}  // namespace ringside::hw
