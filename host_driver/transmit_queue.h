// SPDX-License-Identifier: Apache-2.0
// The transmit path: frames into the ring, and their memory back to the client (virtio 1.4, "Packet
// Transmission").
#pragma once

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
#include "host_driver/split_virtqueue.h"
#include "host_driver/virtio_net_options.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

/// One transmitq. A lock protects everything; the client is called with the lock free.
class TransmitQueue {
 public:
  struct Counters {
    uint64_t packets = 0, bytes = 0, drops = 0, kicks = 0, polls = 0;
    uint64_t length_errors = 0;  ///< shorter than an Ethernet header or longer than the MTU allows
    uint64_t fragment_errors = 0;  ///< more fragments than a chain may have
    uint64_t map_errors = 0;       ///< memory that the device cannot reach
    uint64_t abandoned = 0;  ///< accepted, but given back by a reset before the device used it
    uint64_t busy = 0, stops = 0, wakes = 0;
    uint64_t timer_polls = 0;  ///< polls that the reclaim timer asked for
    uint64_t stalls = 0;       ///< resets asked for because nothing was completed for too long
  };

  /// What transmit() does beside a live queue.
  enum class Gate : uint8_t {
    kClosed,  ///< kDrop
    kPaused,  ///< kBusy; a wake follows
    kOpen,
  };

  TransmitQueue(PciAccess& pci, Platform& platform, QueueOwner& owner,
                const VirtioNetOptions& options);
  ~TransmitQueue();

  /// After negotiation, with the device reset. `size` is the queue's, `mtu` the largest packet.
  Status prepare(uint64_t features, uint16_t size, uint32_t mtu);
  /// The device is live: accepts frames from now on, and wakes a client that was told kBusy.
  void start(const Notifier& notifier, NetDeviceClient& client);
  /// Accepts no more; returns when no poll runs or will run (process context).
  void pause(Gate gate);
  /// Takes back what the device held. It must have been reset (CLN-R-002).
  void reclaim();
  /// Gives the client back what reclaim() took. If the gate is closed for good, a client that was
  /// told kBusy is woken, if it may be, to hear kDrop.
  void settle(NetDeviceClient& client, bool may_wake);

  TxResult transmit(const TxFrame& frame, bool more);
  /// Rings the doorbell for frames that were accepted with `more`, if none followed.
  void ring();

  /// The core of the vector that on_interrupt() belongs to; while paused.
  void set_core(unsigned core) { napi_.set_core(core); }
  /// From the interrupt handler.
  void on_interrupt() {
    queue_.disable_interrupts();
    napi_.schedule();
  }

  const SplitVirtqueue& queue() const { return queue_; }
  const Counters& counters() const { return counters_; }

 private:
  static constexpr unsigned kBatch = 64;  ///< completions of one poll

  static void poll(void* self) { static_cast<TransmitQueue*>(self)->poll(); }
  void poll();
  SplitVirtqueue::Next collect(void** cookies, unsigned* count);
  bool after_collecting(bool* wake);
  bool enqueue(const TxFrame& frame);
  void* take_back(uint16_t head, bool sent);
  void flush();
  void stop_if_full();
  bool arm_interrupts();
  void arm_timer();
  bool stalled();
  TxResult refuse(uint64_t* reason);

  PciAccess& pci_;
  Platform& platform_;
  QueueOwner& owner_;
  const VirtioNetOptions& options_;
  SplitVirtqueue queue_;
  Napi napi_;
  std::unique_ptr<Lock> lock_;
  std::unique_ptr<Timer> timer_;
  Notifier notifier_;
  NetDeviceClient* client_ = nullptr;
  DmaMemory headers_;           ///< one struct virtio_net_hdr for each head
  std::vector<void*> cookies_;  ///< by head
  std::vector<void*> orphans_;  ///< taken back by a reset, not yet given to the client
  uint32_t most_frame_bytes_ = 0;
  unsigned most_fragments_ = 0;
  unsigned room_ = 1;         ///< descriptors that a worst-case frame takes
  uint16_t wake_room_ = 1;    ///< free descriptors at which a stopped queue starts again
  uint64_t timer_ns_ = 0;     ///< 0: no timer
  uint64_t progress_ns_ = 0;  ///< last completion, or first frame after none was outstanding
  uint16_t last_head_ = 0;    ///< for Mutant::kTransmitCompletedEarly
  Gate gate_ = Gate::kClosed;
  bool stopped_ = false;
  bool wake_wanted_ = false;
  bool timer_armed_ = false;
  Counters counters_;
};

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
