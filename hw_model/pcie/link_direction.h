// SPDX-License-Identifier: Apache-2.0
// One direction of a link as a busy-until reservation, with the data link layer's own traffic.
#pragma once

#include <algorithm>
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
    const uint32_t interval = dllp_interval_bytes(config.generation, config.lanes, config.mps);
    // ACKs and UpdateFCs are as many, and come in turn.
    dllps_ = Source(kDllpBytes, interval * byte_ticks_ / 2, byte_ticks_);
    skips_ = Source(kSkipBytes, kSkipInterval * byte_ticks_, byte_ticks_);
  }

  Slot reserve(uint32_t bytes, TimePs earliest_ps) {
    const uint64_t earliest = earliest_ps * kTicksPerPs;
    if (earliest > free_) {
      const auto gap = static_cast<int64_t>(earliest - free_);
      dllps_.idle(gap);
      skips_.idle(gap);
      free_ = earliest;
      since_ = earliest;
    }
    const uint64_t start = free_;
    const uint64_t taken = bytes * byte_ticks_;
    const uint64_t end = start + taken;
    dllps_.left -= static_cast<int64_t>(taken);
    skips_.left -= static_cast<int64_t>(taken);
    tlps_ += taken;
    free_ = end;
    insert_due();
    return {to_ps(start), to_ps(end)};
  }

  TimePs free_at_ps() const { return to_ps(free_); }
  /// Time taken until now by TLPs and by what was put between them: without what is reserved
  /// beyond, as far as that is without a gap.
  TimePs busy_ps(TimePs now_ps) const {
    const uint64_t now = now_ps * kTicksPerPs;
    const uint64_t ahead = free_ > now ? free_ - std::max(now, since_) : 0;
    return (tlps_ + overhead_ - ahead) / kTicksPerPs;
  }
  /// SKIP ordered sets and DLLPs that were put between TLPs, bytes.
  uint64_t overhead_bytes() const { return overhead_ / byte_ticks_; }

 private:
  /// Something that comes at an interval, as ticks.
  struct Source {
    Source() = default;
    Source(uint32_t bytes, uint64_t interval, uint64_t byte_ticks)
        : taken(static_cast<int64_t>(bytes * byte_ticks)),
          interval(static_cast<int64_t>(interval)),
          left(static_cast<int64_t>(interval)) {}
    void idle(int64_t gap) {
      // What fell due went out in the gap; the next one is a whole interval away.
      left = left > gap ? left - gap : interval;
    }
    /// Time for what is due.
    int64_t insert() {
      int64_t inserted = 0;
      for (; left <= 0; left += interval - taken) inserted += taken;
      return inserted;
    }
    int64_t taken = 0;
    int64_t interval = 0;
    int64_t left = 0;  ///< until the next one is due; above 0 between calls
  };
  static TimePs to_ps(uint64_t ticks) { return (ticks + kTicksPerPs - 1) / kTicksPerPs; }

  void insert_due() {
    int64_t all = 0;
    while (dllps_.left <= 0 || skips_.left <= 0) {
      const int64_t dllps = dllps_.insert();
      skips_.left -= dllps;
      const int64_t skips = skips_.insert();
      dllps_.left -= skips;
      all += dllps + skips;
    }
    overhead_ += static_cast<uint64_t>(all);
    free_ += static_cast<uint64_t>(all);
  }

  uint64_t byte_ticks_;
  uint64_t free_ = 0;   ///< ticks, like the next three
  uint64_t since_ = 0;  ///< from then until free_ there is no gap
  uint64_t tlps_ = 0;
  uint64_t overhead_ = 0;
  Source dllps_;
  Source skips_;
};

}  // namespace ringside::hw
