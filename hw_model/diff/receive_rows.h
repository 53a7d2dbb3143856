// SPDX-License-Identifier: Apache-2.0
// What the receive buffer of a followed card can hold at most: rows of frames that were taken and
// not wholly written to the host.
#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "formats/virtio.h"
#include "hw_model/diff/follower_mutants.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

class ReceiveRows {
 public:
  /// While a frame comes in the card has decided that there is no room; room that was made less
  /// than this before the record does not count.
  static constexpr TimePs kComingPs = 1'000'000;

  /// `rows`: that one queue has.
  ReceiveRows(uint32_t rows, uint32_t row_bytes) : limit_(rows), row_bytes_(row_bytes) {}

  /// The time of what follows.
  void at(TimePs time_ps) {
    now_ = time_ps;
    for (auto& [queue, part] : queues_) {
      while (!part.released.empty() && part.released.front().time_ps + kComingPs < now_) {
        part.rows -= part.released.front().rows;
        part.released.pop_front();
      }
    }
  }

  /// A frame of `bytes` bytes more might not have found room. A row is kept free, so that a full
  /// buffer and an empty one differ.
  bool could_be_full(unsigned queue, uint32_t bytes) {
    return queues_[queue].rows + rows_of(bytes) + 1 > limit_;
  }
  void taken(unsigned queue, uint32_t bytes) {
    queues_[queue].held.push_back({bytes, false, 0});
    queues_[queue].rows += rows_of(bytes);
  }
  /// The oldest frame of `queue` that waits is now written to the host.
  void begun(unsigned queue) {
    for (Held& held : queues_[queue].held) {
      if (held.begun) continue;
      held.begun = true;
      held.left = held.bytes + sizeof(formats::VirtioNetHdr);
      if (follower_mutant(FollowerMutant::kRowsAtOnce)) held.left = 0;
      return;
    }
  }
  /// The oldest frame of `queue` that waits is not.
  void dropped(unsigned queue) {
    for (Held& held : queues_[queue].held) {
      if (held.begun) continue;
      held.begun = true;
      break;
    }
    release(queue);
  }
  /// Payload was written.
  void written(unsigned queue, uint64_t bytes) {
    for (Held& held : queues_[queue].held) {
      const uint64_t part = bytes < held.left ? bytes : held.left;
      held.left -= part;
      bytes -= part;
    }
    release(queue);
  }
  void clear() { queues_.clear(); }

 private:
  struct Held {
    uint32_t bytes;
    bool begun;
    uint64_t left;  ///< to write, once it is begun
  };
  uint64_t rows_of(uint32_t bytes) const { return (bytes + row_bytes_ - 1) / row_bytes_; }
  void release(unsigned queue) {
    Part& part = queues_[queue];
    while (!part.held.empty() && part.held.front().begun && part.held.front().left == 0) {
      if (!follower_mutant(FollowerMutant::kRowsKept)) {
        part.released.push_back({now_, rows_of(part.held.front().bytes)});
      }
      part.held.pop_front();
    }
  }
  uint64_t limit_;
  uint32_t row_bytes_;
  struct Released {
    TimePs time_ps;
    uint64_t rows;
  };
  struct Part {
    uint64_t rows = 0;  ///< with those that were released a moment ago
    std::deque<Held> held;
    std::deque<Released> released;
  };
  TimePs now_ = 0;
  std::map<unsigned, Part> queues_;
};

}  // namespace ringside::hw
