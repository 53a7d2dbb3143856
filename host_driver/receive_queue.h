// SPDX-License-Identifier: Apache-2.0
// The receive path: posting buffers, and turning used ones into frames (virtio 1.4, "Setting Up
// Receive Buffers", "Processing of Incoming Packets").
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "host_driver/doorbell.h"
#include "host_driver/mutants.h"
#include "host_driver/napi.h"
#include "host_driver/net_device.h"
#include "host_driver/pci_access.h"
#include "host_driver/platform.h"
#include "host_driver/queue_owner.h"
#include "host_driver/rx_buffer_pool.h"
#include "host_driver/split_virtqueue.h"
#include "host_driver/virtio_net_options.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

/// One receiveq. The ring belongs to the poll (softirq), which never runs beside itself; process
/// context touches it only while the poll is disabled. No lock is needed.
class ReceiveQueue {
 public:
  struct Counters {
    uint64_t packets = 0, bytes = 0, drops = 0, kicks = 0, polls = 0;
    uint64_t length_errors = 0;      ///< too short for a header or a frame, or too long
    uint64_t header_errors = 0;      ///< what the standard forbids to accept (NRX-R-008 ff.)
    uint64_t merge_errors = 0;       ///< num_buffers too large, or with buffers missing
    uint64_t merge_zeros = 0;        ///< num_buffers 0, taken as 1
    uint64_t missed_interrupts = 0;  ///< used buffers that nothing but the watchdog saw
    uint64_t refill_failures = 0;    ///< no buffer to post; retried by a timer
    uint64_t bad_releases = 0;       ///< buffers given back that the client did not hold
  };

  /// The client knows the queue's buffers by `first_id` and the ids behind it.
  ReceiveQueue(PciAccess& pci, Platform& platform, QueueOwner& owner,
               const VirtioNetOptions& options, RxBufferId first_id);

  /// After negotiation, with the device reset: rings, buffers. `size` is the queue's, `mtu` the
  /// largest packet.
  Status prepare(uint64_t features, uint16_t size, uint32_t mtu);
  /// Exposes buffers without a notification (INI-R-007). Fails if not one can be had.
  Status fill();
  /// The device is live: polls from now on.
  void start(const Notifier& notifier, NetDeviceClient& client);
  /// Returns when the client has all frames that are here now, and those for which the device had
  /// to wait for buffers, or at the deadline (process context, started).
  void catch_up(uint64_t deadline_ns);
  /// Returns when no poll runs or will run (process context).
  void pause();
  /// Takes all exposed buffers back. The device must have been reset (CLN-R-002).
  void reclaim();

  /// From the interrupt handler.
  void on_interrupt() {
    queue_.disable_interrupts();
    napi_.schedule();
  }
  void schedule() { napi_.schedule(); }
  /// From the watchdog: polls if used buffers lie there, untouched, since the last call. True if
  /// so.
  bool poll_if_missed();
  /// `id` as the client knows it; counted if it is none that the client holds.
  void release(RxBufferId id);
  /// The core of the vector that on_interrupt() belongs to; while paused.
  void set_core(unsigned core) { napi_.set_core(core); }

  const SplitVirtqueue& queue() const { return queue_; }
  const Counters& counters() const { return counters_; }

 private:
  static constexpr unsigned kMostSegments = 64;

  static void poll(void* self) { static_cast<ReceiveQueue*>(self)->poll(); }
  void poll();
  void receive_one(const SplitVirtqueue::Used& first);
  void drop(unsigned segments, uint64_t* reason);
  bool refill();
  void refill_in_batches();

  PciAccess& pci_;
  Platform& platform_;
  QueueOwner& owner_;
  const VirtioNetOptions& options_;
  const RxBufferId first_id_;
  SplitVirtqueue queue_;
  RxBufferPool pool_;
  Napi napi_;
  std::unique_ptr<Timer> retry_timer_;
  Notifier notifier_;
  NetDeviceClient* client_ = nullptr;
  std::vector<RxBufferId> posted_;  ///< by head
  bool mergeable_ = false;
  uint32_t most_frame_bytes_ = 0;
  uint16_t refill_batch_ = 1;
  /// The ring has room but the pool has nothing: the next release has to start a poll.
  std::atomic<bool> starved_{false};
  std::atomic<uint32_t> behind_{0};   ///< frames that catch_up() still waits for, at most
  std::atomic<bool> ran_dry_{false};  ///< since catch_up() last looked
  bool watched_pending_ = false;      ///< at the watchdog's last look
  uint64_t watched_polls_ = 0;        ///< likewise
  RxSegment segments_[kMostSegments];
  unsigned last_num_buffers_ = 1;  ///< for Mutant::kStaleNumBuffers
  Counters counters_;
};

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
