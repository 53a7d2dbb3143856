// SPDX-License-Identifier: Apache-2.0
// The control virtqueue: one command at a time, and its answer (virtio 1.4, "Network Device /
// Control Virtqueue").
#pragma once

#include <cstdint>
#include <span>

#include "host_driver/doorbell.h"
#include "host_driver/mutants.h"
#include "host_driver/net_device.h"
#include "host_driver/pci_access.h"
#include "host_driver/platform.h"
#include "host_driver/split_virtqueue.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

/// controlq. Process context only, one caller at a time. It needs no interrupt: an answer is waited
/// for by looking, with growing pauses.
class ControlQueue {
 public:
  struct Counters {
    uint64_t commands = 0;
    uint64_t refused = 0;   ///< answered with VIRTIO_NET_ERR
    uint64_t bad_acks = 0;  ///< answered with nothing that the standard knows
    uint64_t timeouts = 0;  ///< not answered in time
  };

  enum class Answer : uint8_t {
    kOk,
    kRefused,   ///< VIRTIO_NET_ERR
    kBadAck,    ///< neither OK nor ERR, or no ack byte written
    kNoAnswer,  ///< not in time; the device keeps the command, and takes no other before a reset
    kBroken,    ///< the device broke the ring's rules: fault()
    kHopeless,  ///< the owner said so
  };

  /// Whoever knows that no answer is worth waiting for: asked before every pause. `late`: the
  /// device has had long enough that it is worth asking it how it is.
  struct Owner {
    bool (*hopeless)(void* context, bool late);
    void* context;
  };

  /// Bytes of a command after its class and number.
  static constexpr std::size_t kMostData = 30;

  ControlQueue(PciAccess& pci, Platform& platform, const Owner& owner)
      : queue_(pci), pci_(pci), platform_(platform), owner_(owner) {}
  ~ControlQueue();
  ControlQueue(const ControlQueue&) = delete;
  ControlQueue& operator=(const ControlQueue&) = delete;

  /// After negotiation, with the device reset.
  Status prepare(uint64_t features, uint16_t size);
  /// The device is live.
  void start(const Notifier& notifier) { notifier_ = notifier; }
  /// Sends a command and waits at most `timeout_ns` for its answer. `data` has at most kMostData
  /// bytes.
  Answer command(uint8_t command_class, uint8_t number, std::span<const std::byte> data,
                 uint64_t timeout_ns);

  const SplitVirtqueue& queue() const { return queue_; }
  std::string_view fault() const { return queue_.fault(); }
  const Counters& counters() const { return counters_; }

 private:
  Answer wait(uint64_t timeout_ns);

  SplitVirtqueue queue_;
  PciAccess& pci_;
  Platform& platform_;
  const Owner owner_;
  Notifier notifier_;
  DmaMemory buffer_;  ///< class, command, data; the ack byte behind them
  Counters counters_;
};

/// "refused", for log lines.
const char* name_of(ControlQueue::Answer answer);

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
