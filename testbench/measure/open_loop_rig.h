// SPDX-License-Identifier: Apache-2.0
// The host and the wire around one card of an open-loop measurement.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "formats/virtio.h"
#include "hw_model/pcie/host_memory.h"
#include "hw_model/pcie/root_port.h"
#include "hw_model/tlm/nic_model.h"
#include "testbench/measure/open_loop.h"

namespace ringside::tb {

/// One buffer a frame, a chain of descriptors that follow each other in the table each, and every
/// buffer that comes back is given again at once. Interrupts are suppressed by used_event; the card
/// is notified when it asks for it.
class OpenLoopRig : public sc_core::sc_module,
                    public hw::EthernetPort,
                    private hw::HostMemoryObserver,
                    private hw::InterruptSink {
 public:
  OpenLoopRig(const sc_core::sc_module_name& name, const OpenLoopPoint& point);

  /// What the card lacks to be measured so; empty if nothing. Before the simulation starts too.
  std::string shortfall() const;
  /// The card comes up at `at_ps`, which is not before now. Until then the rig does nothing.
  void start(hw::TimePs at_ps);
  /// Measured, or failed. The simulation is paused when it happens; the card is reset, so that it
  /// takes no more time.
  bool done() const { return done_; }
  OpenLoopResult result() const;
  /// What went wrong, or nothing.
  const std::string& error() const { return error_; }
  void fail(std::string what);

  // EthernetPort: the card's end of a wire that swallows what is sent
  void attach(hw::EthernetReceiver& receiver) override { receiver_ = &receiver; }
  hw::TimePs transmit(const hw::FramePtr& frame, hw::TimePs earliest_ps) override;
  hw::TimePs free_at() const override { return wire_free_ps_; }
  hw::TimePs wire_time(uint64_t bytes) const override;
  uint64_t rate_bps() const override { return point_.wire_bps; }
  bool carrier() const override { return true; }

 private:
  struct Ring {
    unsigned index = 0;
    uint16_t size = 0;
    uint16_t chain = 1;    ///< descriptors of a buffer
    uint16_t chains = 0;   ///< buffers
    uint16_t offered = 0;  ///< the buffer whose turn it is, at a set rate
    uint64_t desc = 0, avail = 0, used = 0, buffers = 0;
    uint16_t avail_idx = 0, used_seen = 0;
    bool doorbell = false;  ///< to be rung
    bool running = false;
  };
  /// Of a pair in one direction. Frames are numbered, and carry pair and number.
  struct Flow {
    uint64_t done = 0;             ///< frames in the measured time
    uint64_t dropped = 0;          ///< likewise
    uint64_t next = 0;             ///< number of the next frame that can come out
    std::deque<hw::TimePs> begun;  ///< of frames from `next` on
    std::vector<hw::TimePs> latencies;
  };

  /// Queues, their buffers and the frames that are theirs.
  struct Pair {
    Ring rx, tx;
    Flow receive, transmit;
    hw::FramePtr pattern;
  };

  void live();
  void bring_up();
  void finish();
  void make_patterns();
  void switch_pairs_on(unsigned most);
  void ring_doorbells();
  void arrive();
  void offer();
  void measure();
  Ring make_ring(unsigned index, uint32_t buffer_bytes, uint16_t chain);
  static bool sends(const Ring& ring) { return ring.index % 2 == 1; }
  static uint16_t head_of(const Ring& ring, unsigned buffer) {
    return static_cast<uint16_t>(buffer * ring.chain);
  }
  void make_available(Ring& ring, uint16_t head);
  void give(Pair& pair, uint16_t head);
  /// Of `flow`, the next frame's mark: the pair and the frame's number in its flow.
  uint64_t next_mark(const Pair& pair, const Flow& flow) const;
  bool came_out(Pair& pair, Flow& flow, const std::byte* frame, std::size_t size, hw::TimePs at_ps);
  void publish(Ring& ring);
  void used_index_written(Pair& pair, Ring& ring, uint16_t index);
  void device_write(uint64_t bus, const std::byte* memory, ByteView bytes) override;
  void msi(unsigned, uint32_t) override {}
  void intx(unsigned, bool) override {}
  uint64_t get(uint32_t offset, unsigned width);
  void set(uint32_t offset, unsigned width, uint64_t value);
  template <typename T>
  T load(uint64_t address) const;
  template <typename T>
  void store(uint64_t address, T value);
  uint64_t allocate(uint64_t size);
  hw::TimePs interval_ps() const;
  bool receives() const { return point_.direction != OpenLoopDirection::kTransmit; }
  bool transmits() const { return point_.direction != OpenLoopDirection::kReceive; }
  OpenLoopFlow sum(Flow Pair::*flow) const;

  OpenLoopPoint point_;
  hw::FramePool pool_;
  hw::HostMemory memory_;
  hw::RootPort port_;
  std::unique_ptr<hw::NicModel> nic_;
  hw::EthernetReceiver* receiver_ = nullptr;
  std::size_t mark_at_;  ///< where a frame carries its mark
  uint64_t next_ = hw::HostMemory::kArenaBase + 4096;
  std::vector<Pair> pairs_;
  std::size_t arriving_ = 0, offering_ = 0;  ///< the pair whose turn it is
  hw::TimePs wire_free_ps_ = 0;
  /// What happens then is in the measurement. A frame to send counts when it is on the wire: a card
  /// may hand it to the wire long before.
  bool counts(hw::TimePs at_ps) const {
    return at_ps >= counts_from_ps_ && at_ps - counts_from_ps_ < point_.measure_ps;
  }
  hw::TimePs counts_from_ps_ = ~hw::TimePs{0};
  bool measuring_ = false;
  std::vector<hw::NicResource> busy_before_;
  std::string limit_;
  double limit_busy_ = 0;
  bool done_ = false;
  std::string error_;
  sc_core::sc_event start_event_, done_event_, doorbell_event_, arrival_event_, offer_event_,
      measure_event_;
};

}  // namespace ringside::tb
