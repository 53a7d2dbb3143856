// SPDX-License-Identifier: Apache-2.0
// NetworkStack::Core: the stack lock, its backlog, the transmit queue and lwIP's callbacks.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "stack/lwip_instance.h"
#include "stack/memory_pool.h"
#include "stack/network_stack.h"
#include "stack/transmit_queue.h"

namespace ringside::stack {

class SocketsCore;

/// What the socket layer and the interface share. Everything but the constructor needs the lock,
/// except where said.
class NetworkStack::Core {
 public:
  Core(driver::NetDevice& device, driver::Platform& platform, const MemoryCallbacks& memory,
       const StackConfig& config, std::unique_ptr<LwipInstance> instance);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  driver::Platform& platform() { return platform_; }
  const StackConfig& config() const { return config_; }
  const LwipOperations& lwip() const { return instance_->operations(); }
  Sockets& sockets();
  StackStatistics& counters() { return statistics_; }
  uint32_t random();

  // -- the lock (without it)
  /// Process context: sleeps until the stack is free, then holds it.
  void enter();
  /// Softirq: false if the stack is held; then leave the work in the backlog.
  bool try_enter();
  /// Sends what lwIP emitted (if `send`), does the backlog's work, lets the stack go.
  void leave(bool send);
  /// enter() and leave(true) by scope.
  class Entry {
   public:
    explicit Entry(Core& core) : core_(core) { core_.enter(); }
    ~Entry() { core_.leave(true); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    Core& core_;
  };

  /// Process contexts that wait for room in the transmit queue sleep here.
  driver::WaitQueue& room_queue() { return *room_queue_; }
  bool transmit_refused() const { return refused_; }

  // -- the driver's calls (without the lock)
  driver::Status start(driver::NetDeviceClient& client);
  void stop();
  void receive(std::span<const driver::RxSegment> segments);
  void receive_done();
  void transmit_complete(TransmitFrame* frame);
  void transmit_wake();
  void link_change(bool up);
  StackStatistics statistics() const;
  IpAddress link_local() const;

 private:
  struct BacklogSegment {
    driver::RxSegment segment;
    bool last;
  };

  static LwipCallbacks callbacks(Core* core);
  int transmit(void* frame, const LwipSlice* fragments, unsigned count);
  void input(std::span<const driver::RxSegment> segments);
  void send_queued();
  bool drain_backlog();
  void complete(TransmitFrame* frame);
  void run_timers();
  void arm_timer();
  void charge_bytes();
  void on_timer();

  driver::NetDevice& device_;
  driver::Platform& platform_;
  const StackConfig config_;
  StackStatistics statistics_;
  MemoryPool pool_;
  std::unique_ptr<LwipInstance> instance_;
  LwipShared shared_{};
  uint64_t random_state_;
  uint64_t checksum_bytes_charged_ = 0;
  uint64_t copied_bytes_charged_ = 0;

  bool locked_ = false;
  unsigned lock_waiters_ = 0;
  bool lock_handed_over_ = false;  ///< `locked_` stays true for the waiter that was woken
  std::unique_ptr<driver::WaitQueue> lock_queue_, room_queue_;
  std::unique_ptr<driver::Timer> timer_;
  uint64_t armed_deadline_ns_ = driver::kForever;

  TransmitQueue queue_;
  bool opened_ = false, interface_added_ = false;
  bool busy_ = false;     ///< the driver said kBusy and has not woken us yet
  bool refused_ = false;  ///< a frame did not fit into queue_ since there was room last

  // Work that softirq left while the stack was held.
  std::vector<BacklogSegment> backlog_;
  uint32_t backlog_frames_ = 0;
  TransmitFrame* completed_ = nullptr;
  TransmitFrame** completed_end_ = &completed_;
  bool send_pending_ = false, wake_pending_ = false, timer_pending_ = false;
  bool link_pending_ = false, link_up_ = false;

  std::unique_ptr<SocketsCore> sockets_;
};

}  // namespace ringside::stack
