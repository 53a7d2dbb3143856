// SPDX-License-Identifier: Apache-2.0
// One direction of a link as a busy-until reservation, with the data link layer's own traffic.
#pragma once

#include <array>
#include <cstdint>

#include "hw_model/pcie/lane_clock.h"
#include "hw_model/pcie/link_config.h"

namespace ringside::hw {

/// Arithmetic without simulation. SKIP ordered sets, ACK and UpdateFC DLLPs come at fixed intervals
/// of link time and go between TLPs, whole; those that fall due while the link is idle take no time
/// from any TLP.
class LinkDirection {
 public:
  /// When a TLP's first symbol starts and its last one ends, at the sender. Rounded up to 1 ps.
  struct Slot {
    TimePs start_ps;
    TimePs end_ps;
  };

  explicit LinkDirection(const PcieLinkConfig& config)
      : byte_ticks_(byte_ticks(config.generation, config.lanes)) {
    const uint32_t bytes = dllp_interval_bytes(config.generation, config.lanes, config.mps);
    const uint64_t dllp = byte_ticks_ * bytes;
    const uint64_t skip = byte_ticks_ * kSkipInterval;
    sources_ = {Source{kSkipBytes, skip, skip}, Source{kDllpBytes, dllp, dllp},
                // Half an interval behind the ACKs, so that the two do not come in pairs.
                Source{kDllpBytes, dllp, dllp + dllp / 2}};
    find_next();
  }

  Slot reserve(uint32_t bytes, TimePs earliest_ps) {
    const uint64_t earliest = earliest_ps * kTicksPerPs;
    if (earliest > free_) idle(earliest - free_);
    const uint64_t start = free_;
    take(bytes);
    const uint64_t end = free_;
    insert_due();
    return {to_ps(start), to_ps(end)};
  }

  TimePs free_at_ps() const { return to_ps(free_); }
  /// Time taken by TLPs and by what was put between them.
  TimePs busy_ps() const { return busy_ / kTicksPerPs; }
  /// SKIP ordered sets and DLLPs that were put between TLPs, bytes.
  uint64_t overhead_bytes() const { return overhead_bytes_; }

 private:
  struct Source {
    uint32_t bytes;
    uint64_t interval;  ///< ticks
    uint64_t due;       ///< link time of the next one; after free_ between calls
  };
  static TimePs to_ps(uint64_t ticks) { return (ticks + kTicksPerPs - 1) / kTicksPerPs; }

  void find_next() {
    next_ = 0;
    for (unsigned i = 1; i < sources_.size(); ++i) {
      if (sources_[i].due < sources_[next_].due) next_ = i;
    }
  }
  void idle(uint64_t ticks) {
    free_ += ticks;
    if (sources_[next_].due > free_) return;
    for (Source& source : sources_) {
      // What fell due went out in the gap; the next one is a whole interval away.
      if (source.due <= free_) source.due = free_ + source.interval;
    }
    find_next();
  }
  void take(uint32_t bytes) {
    const uint64_t ticks = bytes * byte_ticks_;
    free_ += ticks;
    busy_ += ticks;
  }
  void insert_due() {
    while (sources_[next_].due <= free_) {
      Source& source = sources_[next_];
      source.due += source.interval;
      overhead_bytes_ += source.bytes;
      take(source.bytes);
      find_next();
    }
  }

  uint64_t byte_ticks_;
  uint64_t free_ = 0;
  uint64_t busy_ = 0;
  uint64_t overhead_bytes_ = 0;
  std::array<Source, 3> sources_;
  unsigned next_ = 0;  ///< the source that is due first
};

}  // namespace ringside::hw
