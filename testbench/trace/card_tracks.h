// SPDX-License-Identifier: Apache-2.0
// One card in a Perfetto trace: events, frames by stage, DMA reads, the bus, rings and buffers.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hw_model/pcie/bus_observer.h"
#include "hw_model/trace/nic_trace.h"
#include "hw_model/trace/trace_file.h"
#include "testbench/trace/frame_follower.h"
#include "testbench/trace/frame_paths.h"
#include "testbench/trace/level_counter.h"
#include "testbench/trace/perfetto_writer.h"

namespace ringside::tb {

class CardTracks final : public hw::TraceSink, public hw::BusObserver, private FrameListener {
 public:
  /// `now` is simulation time. Everything outlives it.
  CardTracks(PerfettoWriter& writer, FramePaths& paths, unsigned process, hw::TraceCard card,
             std::function<TimePs()> now);
  void record(const hw::TraceRecord& record) override;
  void tlp_sent(hw::BusDirection direction, const hw::Tlp& tlp, TimePs start_ps,
                TimePs end_ps) override;
  /// Writes what is still open.
  void finish();

 private:
  /// Threads of the card's process; receive lanes begin at kFirstLane.
  enum Thread : unsigned { kEvents = 1, kPort, kBusUp, kBusDown, kFirstLane };
  static constexpr unsigned kLanesMax = 32;

  /// TLPs of one purpose that follow one another.
  struct Burst {
    hw::Purpose purpose;
    hw::TlpType type;
    uint32_t tlps;
    uint64_t bytes;
    TimePs start_ps;
    TimePs end_ps;
  };
  struct DmaRead {
    TimePs start_ps = 0;
    bool open = false;
  };
  struct Reception {
    TimePs arrived_ps = 0, started_ps = 0, used_ps = 0;
  };
  /// Rows for slices that overlap: a slice takes the first row that is free at its start.
  struct Lane {
    unsigned thread;
    TimePs free_ps;
  };
  struct QueueTracks {
    std::string name;
    LevelCounter ring;
    uint32_t returning = 0;
    std::vector<Lane> lanes;
  };

  void stage(FrameStage stage, const FollowedFrame& frame, TimePs from_ps, TimePs to_ps) override;
  void transmit_begins(const FollowedFrame& frame, TimePs at_ps) override;
  void transmit_ends(const FollowedFrame& frame, TimePs at_ps) override;

  TraceTrack track(unsigned thread) const { return {process_, thread}; }
  QueueTracks& queue(uint16_t number);
  std::optional<unsigned> lane(uint16_t queue, TimePs start_ps, TimePs end_ps);
  void levels(const hw::TraceRecord& record);
  void mark(const hw::TraceRecord& record);
  void dma(const hw::TraceRecord& record);
  void received(const FollowedFrame& frame, const Reception& at, TimePs indexed_ps);
  void write_burst(std::size_t direction);

  PerfettoWriter& writer_;
  FramePaths& paths_;
  unsigned process_;
  hw::TraceCard card_;
  std::function<TimePs()> now_;
  FrameFollower follower_;
  LevelCounter tx_buffer_, rx_buffer_;
  uint64_t leaving_bytes_ = 0;
  std::map<uint16_t, QueueTracks> queues_;
  std::vector<DmaRead> dma_reads_;
  std::map<uint64_t, Reception> receptions_;
  std::optional<Burst> bursts_[2];
  bool bus_named_ = false;
};

}  // namespace ringside::tb
