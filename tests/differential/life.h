// SPDX-License-Identifier: Apache-2.0
// Random lives of a proper driver (and now and then an improper one) with one card in RTL that the
// functional core follows.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hw_model/pcie/host_memory.h"
#include "hw_model/pcie/root_port.h"
#include "hw_model/registers/management_interface.h"
#include "hw_model/tlm/nic_model.h"
#include "tests/differential/hunt_queue.h"
#include "tests/differential/settings.h"
#include "tests/differential/tally.h"
#include "tests/differential/wire.h"

namespace ringside::differential {

/// Queue pairs of the card that this program has.
unsigned card_pairs();

class Rig : private hw::InterruptSink {
 public:
  /// `waves`: record_waves() will be called.
  Rig(const Settings& settings, SplitMix64& random, bool waves = false);
  /// All lives of the seed; from an SC_THREAD. What went wrong, or nothing.
  std::string run();
  Tally& tally() { return tally_; }
  void trace(hw::TraceSink& sink) { card_->trace(&sink); }
  /// The card's fault, if it has one.
  std::string fault() const { return card_->fault(); }
  /// As NicModel's.
  std::shared_ptr<const hw::Evidence> evidence() const { return card_->evidence(); }
  Status record_waves(const std::string& path, const hw::WaveWindow& window) {
    return card_->record_waves(path, window);
  }
  Status finish_waves() { return card_->finish_waves(); }

 private:
  enum class End : uint8_t { kRest, kReset, kFunctionReset, kMisdeed };

  // -- what a life does
  void live(bool last);
  void come_up();
  void step();
  void transmit();
  void transmit(HuntQueue& queue);
  void give_buffers(HuntQueue& queue, unsigned most);
  void frames_in();
  void command();
  void switch_pairs();
  void suspend();
  void mask();
  void bus_master();
  void read_registers();
  void read_counters();
  void compare_statistics();
  void change_suppression(HuntQueue& queue);
  void misdeed();
  void poll();
  bool poll_received(HuntQueue& queue);
  void poll_sent(HuntQueue& queue);
  void notify(HuntQueue& queue);
  void rest();
  bool settle();
  void reset();
  void function_reset();

  // -- registers
  uint64_t get(uint32_t offset, unsigned width) {
    return port_.memory_read(port_.bar_address(0) + offset, width);
  }
  void set(uint32_t offset, unsigned width, uint64_t value) {
    port_.memory_write(port_.bar_address(0) + offset, width, value);
  }
  void kick(unsigned queue);
  void place();
  void enable(HuntQueue& queue, uint16_t start);

  // -- others
  void msi(unsigned, uint32_t) override { ++tally_[Tried::kMessages]; }
  void intx(unsigned, bool asserted) override {
    intx_ = asserted;
    ++tally_[Tried::kIntx];
  }
  uint64_t below(uint64_t bound) { return random_.below(bound); }
  bool chance(uint64_t one_in) { return random_.below(one_in) == 0; }
  /// One pair's queue of those; nothing is drawn if there is one.
  HuntQueue& any(std::deque<HuntQueue>& queues) {
    return queues.size() == 1 ? queues.front() : queues[below(queues.size())];
  }
  /// Numbers of virtqueues, with the control virtqueue's.
  unsigned numbers() const { return static_cast<unsigned>(2 * rx_.size() + 1); }
  bool has(unsigned feature) const { return (features_ >> feature & 1) != 0; }
  uint64_t counter(std::string_view name) const;
  uint64_t drops() const;
  void fail(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
  }
  bool failed() const { return !failure_.empty(); }
  void wait_ns(uint64_t ns);

  Settings settings_;
  SplitMix64& random_;
  Tally tally_;
  hw::FramePool pool_;
  hw::HostMemory memory_;
  hw::RootPort port_;
  Wire wire_;
  std::unique_ptr<hw::NicModel> card_;
  uint64_t next_ = 0;  ///< free memory

  // of a life
  uint64_t features_ = 0;
  bool msix_ = false;
  bool small_buffers_ = false;
  std::deque<HuntQueue> rx_, tx_;  ///< by pair, as many as the negotiated features make usable
  std::deque<HuntQueue> control_;  ///< one, or none
  std::deque<uint8_t> acks_;       ///< of commands that are under way
  uint64_t valid_ = 0, short_ = 0, long_ = 0, delivered_ = 0;
  uint64_t arrived_before_ = 0, short_before_ = 0, long_before_ = 0, down_before_ = 0,
           received_before_ = 0;

  // of all
  bool intx_ = false;
  uint32_t next_sent_ = 1, next_in_ = 1;
  std::array<uint32_t, RS_MAX_QUEUE_PAIRS> last_received_{};
  std::vector<std::pair<uint32_t, bool>> in_;  ///< size and VLAN tag of frames to the card
  std::string failure_;
};

}  // namespace ringside::differential
