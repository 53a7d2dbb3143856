// SPDX-License-Identifier: Apache-2.0
// Follows every frame through one card's stages, from the trace's records alone.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "hw_model/trace/nic_trace.h"
#include "testbench/trace/ring_buffer.h"

namespace ringside::tb {

/// From one point of a frame's way to another. The points are
/// transmit: doorbell, available index sampled, ring entry fetched, chain described, payload
/// started, frame whole in the buffer, last bit sent; and beside the wire: used entry written,
/// interrupt decided;
/// receive: last bit arrived, payload started, used entry written, used index written, interrupt
/// decided.
enum class FrameStage : uint8_t {
  kDoorbellToSampled,
  kSampledToFetched,
  kFetchedToDescribed,
  kDescribedToStarted,
  kStartedToWhole,
  kWholeToSent,
  kWholeToUsed,
  kUsedToInterrupt,
  kDoorbellToSent,  ///< total
  kArrivedToStarted,
  kStartedToUsed,
  kUsedToIndexed,
  kIndexedToInterrupt,
  kArrivedToInterrupt,  ///< total
  kCount
};
inline constexpr FrameStage kFirstReceiveStage = FrameStage::kArrivedToStarted;

/// "doorbell_to_sampled".
std::string_view name_of(FrameStage stage);

/// A frame on its way through one queue. What is not known yet is 0: a transmitted frame has its id
/// and size from its start.
struct FollowedFrame {
  uint16_t queue = 0;
  uint32_t chain = 0;
  uint32_t size = 0;
  uint64_t frame = 0;
};

class FrameListener {
 public:
  virtual ~FrameListener() = default;
  /// `frame` went through `stage`. Stages that it skipped, such as the doorbell of a chain that the
  /// card found by itself, or the interrupt that the driver did not want, are not reported.
  virtual void stage(FrameStage stage, const FollowedFrame& frame, hw::TimePs from_ps,
                     hw::TimePs to_ps) = 0;
  /// The first and the last that is heard of a transmitted frame before the used ring: first
  /// noticed, and sent, dropped or forgotten by a reset.
  virtual void transmit_begins(const FollowedFrame&, hw::TimePs) {}
  virtual void transmit_ends(const FollowedFrame&, hw::TimePs) {}
};

/// Memory is bounded by what a card holds; records that fit to nothing are passed over.
class FrameFollower final : public hw::TraceSink {
 public:
  /// `listener` outlives it.
  explicit FrameFollower(FrameListener& listener) : listener_(listener) {}
  void record(const hw::TraceRecord& record) override;
  bool wants_dma() const override { return false; }
  /// Ends every frame that is still on its way to the wire.
  void finish(hw::TimePs now_ps);

 private:
  static constexpr hw::TimePs kNever = ~hw::TimePs{0};
  static constexpr uint32_t kChainsMax = 65536;
  static constexpr unsigned kQueuesMax = 64;

  enum class Point : uint8_t { kSampled, kFetched, kDescribed, kStarted, kWhole, kGone };
  struct Chain {
    hw::TimePs doorbell_ps = kNever;
    hw::TimePs last_ps = 0;
    uint64_t frame = 0;
    uint32_t size = 0;
    Point point = Point::kSampled;
  };
  struct Arrived {
    uint64_t frame;
    hw::TimePs arrived_ps;
  };
  struct Started {
    FollowedFrame frame;
    uint32_t end;  ///< position behind its last chain
    hw::TimePs arrived_ps;
    hw::TimePs started_ps;
  };
  /// Returned to the driver, and not known whether it gets an interrupt.
  struct Returned {
    FollowedFrame frame;
    hw::TimePs arrived_ps;
    hw::TimePs returned_ps;
  };
  struct Leaving {
    FollowedFrame frame;
    hw::TimePs doorbell_ps;
    hw::TimePs whole_ps;
  };
  struct Queue {
    hw::TimePs doorbell_ps = kNever;  ///< the first since the available index was last sampled
    uint32_t oldest = 0, announced = 0;
    std::vector<Chain> chains;  ///< transmit: by position modulo its size, a power of two
    RingBuffer<Arrived> arrived;
    RingBuffer<Started> started;
    uint32_t return_first = 0, return_size = 0;
    hw::TimePs used_ps = kNever;
    RingBuffer<Returned> returned;
    std::size_t decision_covers = 0;
  };

  Queue* queue(const hw::TraceRecord& record);
  Chain* chain(Queue& queue, uint32_t position);
  void announce(Queue& queue, const hw::TraceRecord& record);
  void advance(Queue& queue, uint32_t position, uint64_t count, const hw::TraceRecord& record,
               Point from, Point to, FrameStage stage);
  void start_transmit(Queue& queue, const hw::TraceRecord& record);
  void frame_out(Queue& queue, const hw::TraceRecord& record);
  void frame_sent(const hw::TraceRecord& record);
  void start_receive(Queue& queue, const hw::TraceRecord& record);
  void dropped(Queue& queue, const hw::TraceRecord& record);
  void used_index_written(Queue& queue, const hw::TraceRecord& record);
  void decided(Queue& queue, const hw::TraceRecord& record);
  void await_decision(Queue& queue, const Returned& returned);
  /// What was announced on the queue `index` and is not whole will be announced again, from
  /// position `next` on.
  void forget_announced(std::size_t index, uint32_t next, hw::TimePs now_ps);
  void forget(hw::TimePs now_ps);

  FrameListener& listener_;
  std::vector<Queue> queues_;
  RingBuffer<Leaving> leaving_;  ///< given to the port
};

}  // namespace ringside::tb
