// SPDX-License-Identifier: Apache-2.0
// host_slave between a host, the real control plane and an imitated data plane; the functional core
// follows its trace record by record, and everything that comes out is compared.
#pragma once

#include <Vhost_slave_bench.h>

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "formats/random.h"
#include "formats/virtio.h"
#include "hw_model/core/nic_core.h"
#include "tests/support/gtest.h"
#include "tests/support/verilated.h"
#include "tests/unit/rtl/host_slave_firmware.h"

namespace ringside::test {

#ifndef NIC_QUEUE_PAIRS
#define NIC_QUEUE_PAIRS 1
#endif

enum class HostKind : uint8_t { kMemRead, kMemWrite, kConfigRead, kConfigWrite };

struct HostRequest {
  HostKind kind = HostKind::kMemRead;
  uint64_t address = 0;
  uint32_t length = 4;
  uint64_t data = 0;
  bool poisoned = false;
  uint16_t tag = 0;
  bool config() const { return kind == HostKind::kConfigRead || kind == HostKind::kConfigWrite; }
  bool write() const { return kind == HostKind::kMemWrite || kind == HostKind::kConfigWrite; }
};

class HostSlaveWorld : private hw::TraceSink {
 public:
  static constexpr unsigned kPairs = NIC_QUEUE_PAIRS;
  static constexpr unsigned kQueues = 2 * kPairs + 1;
  static constexpr uint32_t kHoldBound = 3000;
  static constexpr uint64_t kArena = 0x10000;
  static constexpr uint64_t kArenaOfQueue = 0x10000;

  /// `stops_clock`: no edges while the card says that none would change anything.
  HostSlaveWorld(int seed, bool stops_clock);

  // -- host
  /// Puts a request on its way; reads and configuration writes are answered later.
  uint16_t request(HostKind kind, uint64_t address, uint32_t length, uint64_t data = 0,
                   bool poisoned = false);
  /// One that is answered, within a bound.
  uint64_t read(HostKind kind, uint64_t address, uint32_t length);
  void write(HostKind kind, uint64_t address, uint32_t length, uint64_t data) {
    request(kind, address, length, data);
  }
  uint64_t bar(uint32_t offset, uint32_t length) {
    return read(HostKind::kMemRead, kBar + offset, length);
  }
  void set_bar(uint32_t offset, uint32_t length, uint64_t data) {
    write(HostKind::kMemWrite, kBar + offset, length, data);
  }
  uint64_t config(uint32_t offset, uint32_t length) {
    return read(HostKind::kConfigRead, offset, length);
  }
  void set_config(uint32_t offset, uint32_t length, uint64_t data) {
    write(HostKind::kConfigWrite, offset, length, data);
  }
  /// BAR, memory space, bus mastering, and MSI-X with vector v sending 0x40 + v.
  void enable_pci(bool msix = true);
  /// Up to DRIVER_OK, with queues in their places; `features` and a VERSION_1.
  void bring_up(uint64_t features, bool msix = true);
  uint64_t place_of_ring(unsigned queue) const { return kArena + kArenaOfQueue * queue; }

  // -- time
  void cycle();
  void cycles(unsigned count) {
    for (unsigned i = 0; i < count; ++i) cycle();
  }
  /// Until nothing is under way; false if that does not come.
  bool settle(unsigned bound = 200000);
  bool quiet();

  // -- data plane
  /// Takes a buffer of `queue`, if it may; finish() gives it back.
  bool begin(unsigned queue);
  bool finish(unsigned queue);
  void fail(unsigned queue);

  /// At the end: counters are equal, nothing is missing.
  void check_end();

  SplitMix64 random;
  uint64_t now = 0;
  RtlBench<Vhost_slave_bench> card;
  BusFirmware<Vhost_slave_bench> firmware;
  bool manual_completions = false;              ///< completion_ready stays low
  bool blocked_writes = false;                  ///< write_ready stays low
  unsigned busy_cycles = 0;                     ///< data_busy stays high so long
  bool patient = true;                          ///< back-pressure is random
  std::map<uint16_t, HostRequest> outstanding;  ///< not answered, by tag
  std::map<uint16_t, uint64_t> answers;
  std::map<uint16_t, unsigned> statuses;
  uint64_t interrupts = 0, messages = 0, commands = 0, replies_held = 0, refusals = 0, stopped = 0,
           counters_read = 0;
  uint64_t control_commands = 0;
  std::map<hw::TraceKind, uint64_t> records;

  static constexpr uint64_t kBar = 0x40'0000'0000;

 private:
  struct Due {
    uint64_t value = 0;
    uint64_t messages = 0;  ///< that must have left
  };
  struct Message {
    bool intx;
    uint64_t address;
    uint32_t value;
  };
  struct Work {
    bool under_way = false;
    bool replied = false;    ///< control: firmware has answered
    bool returning = false;  ///< the used index is on its way
    uint16_t available = 0;  ///< index of the next buffer
    uint16_t size = 0;
  };

  void record(const hw::TraceRecord& record) override;
  void step(const hw::Event& event);
  void step_choice(hw::EventKind kind, unsigned queue, unsigned count = 0) {
    step(hw::Event::choice(kind, static_cast<uint16_t>(queue), static_cast<uint16_t>(count)));
  }
  void follow();
  void follow_register();
  void follow_event();
  void step_request(const HostRequest& request);
  bool refused(const HostRequest& request) const;
  void skip_front();
  void skip_until(uint16_t tag);
  bool through_window(const HostRequest& request) const;
  hw::TraceRecord next(std::deque<hw::TraceRecord>& records);
  void drive();
  void take_completion();
  void take_write();
  void check_enabled(const rs_command& command);
  void check_events();
  void check_pulses();
  void finish_returns();
  void forget_work();
  void answer_dma(std::deque<hw::Action>& reads);
  std::byte* at(uint64_t address, uint64_t size);
  template <typename T>
  void store(uint64_t address, T value) {
    std::memcpy(at(address, sizeof value), &value, sizeof value);
  }
  /// Where the data plane has virtqueue `queue`.
  unsigned place(unsigned queue) const { return core_.is_control(queue) ? kQueues - 1 : queue; }

  hw::FramePool pool_;
  hw::NicCore core_;
  std::vector<std::byte> memory_;
  std::deque<HostRequest> to_send_;
  std::deque<HostRequest> in_order_;   ///< sent, and not yet seen carried out
  std::map<uint16_t, uint64_t> held_;  ///< the core's replies, by tag
  std::set<uint16_t> refused_;         ///< whose completion is still to come
  std::map<uint16_t, Due> due_;        ///< what the completion must bring
  std::deque<hw::TraceRecord> registers_, events_;
  std::deque<Message> expected_messages_;
  std::deque<rs_event> expected_events_;
  std::deque<hw::Action> reads_;          ///< DMA that the core waits for
  std::deque<hw::Action> control_reads_;  ///< of a control command that hardware has not taken
  std::array<Work, kQueues> work_{};
  std::array<bool, kQueues> usable_{};
  std::array<bool, kQueues> enabled_{};
  uint16_t next_tag_ = 0;
  uint64_t decided_ = 0, left_ = 0;  ///< messages
  unsigned leaving_ = 0;
  uint32_t reset_number_ = 0;
  uint32_t pulses_enable_ = 0, pulses_resume_ = 0, pulses_doorbell_ = 0;
  bool pulse_flush_ = false, pulse_reply_ = false, pulse_taken_ = false;
  uint8_t pulse_ack_ = 0;
  bool powered_ = false;
  uint64_t poisoned_ = 0;
  bool decision_ = false;
  bool stops_clock_;
  bool following_ = true;
  bool error_untold_ = false;  ///< raised, and not in the trace
  bool carrier_ = true;
  uint32_t speed_ = 100000;

 public:
  void set_carrier(bool up, uint32_t speed) {
    carrier_ = up;
    speed_ = speed;
  }
  const hw::NicCore& core() const { return core_; }
  bool queue_busy(unsigned queue) const { return work_[queue].under_way; }
  std::size_t waiting_requests() const { return to_send_.size() + in_order_.size(); }
  /// Events that firmware has not read.
  std::size_t waiting_events() const { return expected_events_.size(); }
  /// False: a write was given up, which the core does not know.
  bool following() const { return following_; }
};

}  // namespace ringside::test
