// SPDX-License-Identifier: Apache-2.0
// VirtioNetDriver: a virtio-net driver for the modern PCI transport with split virtqueues
// (virtio 1.4, "Network Device", "Virtio Over PCI Bus", "Split Virtqueues").
//
// It trusts nothing that the device writes: what is read from shared memory is checked against the
// driver's private state, and a device that breaks the rules is reset, with a growing pause.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "host_driver/control_queue.h"
#include "host_driver/mutants.h"
#include "host_driver/napi.h"
#include "host_driver/net_device.h"
#include "host_driver/pci_access.h"
#include "host_driver/platform.h"
#include "host_driver/queue_owner.h"
#include "host_driver/receive_queue.h"
#include "host_driver/transmit_queue.h"
#include "host_driver/virtio_net_options.h"
#include "host_driver/virtio_pci.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

/// One network function. `pci` and `platform` outlive it. All errors of the device are reported
/// through Platform::log and counted; open() returns those of bring-up.
class VirtioNetDriver final : public NetDevice, private QueueOwner {
 public:
  VirtioNetDriver(PciAccess& pci, Platform& platform, const VirtioNetOptions& options = {});
  /// Stops the device if it is open (then process context is needed).
  ~VirtioNetDriver() override;
  VirtioNetDriver(const VirtioNetDriver&) = delete;
  VirtioNetDriver& operator=(const VirtioNetDriver&) = delete;

  /// Discovery, negotiation, queues, DRIVER_OK. Once up, the link state is reported to the client.
  Status open(NetDeviceClient& client) override;
  void stop() override;
  TxResult transmit(const TxFrame& frame, bool more) override;
  void release(RxBufferId buffer) override;

  MacAddress mac() const override { return mac_; }
  uint32_t mtu() const override { return mtu_; }
  LinkInfo link() const override { return link_; }
  uint64_t features() const override { return features_; }
  std::vector<Counter> statistics() const override;

 private:
  enum class State : uint8_t {
    kClosed,   ///< before open, after stop
    kRunning,  ///< DRIVER_OK
    kBroken,   ///< a fault was found; recovery is scheduled
    kWaiting,  ///< reset; the next bring-up waits for the back-off timer
    kFailed,   ///< given up until stop
  };

  struct Counters {
    uint64_t resets = 0, faults = 0, config_changes = 0;
    uint64_t recoveries = 0;         ///< resets after which the device was live again
    uint64_t failed_recoveries = 0;  ///< attempts that did not make it live
    uint64_t given_up = 0;           ///< times that there were too many resets in a row
    std::atomic<uint64_t> interrupts = 0, foreign_interrupts = 0;  ///< handlers run on any core
  };

  /// Who has which vector; vector 0 has the configuration.
  enum class VectorLayout : uint8_t { kPerQueue, kPerPair, kAllQueues, kShared };

  /// What an interrupt handler of one pair is given.
  struct Pair {
    VirtioNetDriver* driver = nullptr;
    unsigned index = 0;
  };

  /// Where the queues are notified, between their set-up and DRIVER_OK.
  struct Notifiers {
    std::array<Notifier, kMostQueuePairs> receive, transmit;
    Notifier control;
  };

  /// Receive buffers are known to the client by the queue's number above, and the buffer's below
  /// this bit.
  static constexpr unsigned kBufferIdBits = 28;

  /// transmit() with several pairs.
  TxResult transmit_on(unsigned pairs, const TxFrame& frame, bool more);

  // -- bring_up.cpp
  Status check_options() const;
  Status bring_up();
  Status initialize(unsigned most_pairs);
  Status negotiate(unsigned most_pairs);
  Status prepare_queue(uint16_t index, SplitVirtqueue const& queue, Notifier* notifier);
  Status queue_size(uint16_t index, uint16_t* size);
  Status set_up_queues(Notifiers* notifiers);
  Status prepare_rings();
  template <typename F>
  Status for_each_pair(F&& step);
  void start_queues(const Notifiers& notifiers);
  unsigned enable_pairs(const Notifier& notifier);
  uint64_t readable_features() const;

  // -- configuration.cpp
  /// Runs `read` between two equal readings of the generation; false if they never agree.
  template <typename F>
  bool read_stable(F&& read);
  bool read_mtu(uint32_t* mtu);
  bool read_max_pairs(uint32_t* pairs);
  Status read_address();
  Status read_link();
  void handle_configuration_change();
  /// With MQ, and num_queues checked against it.
  uint16_t control_index() const { return static_cast<uint16_t>(2 * max_pairs_); }
  bool has(unsigned feature) const { return (features_ & formats::feature_bit(feature)) != 0; }

  // -- recovery.cpp
  void take_down(TransmitQueue::Gate gate);
  void reset_or_cut_off();
  void take_memory_back();
  void run_control();
  void begin_recovery();
  void finish_recovery();
  void schedule_attempt();
  void give_up(const std::string& why);
  void deliver_events();
  void queue_fault(std::string_view what) override;
  void enter_control();
  void leave_control();
  void drain_control();
  bool control_hopeless(bool late);
  bool check_status();

  // -- watchdog.cpp
  void arm_watchdog();
  void on_watchdog();
  void look_for_lost_frames();

  // -- interrupts.cpp
  Status set_up_interrupts();
  unsigned vectors_of(VectorLayout layout) const;
  bool map_vectors(VectorLayout layout);
  void bind_vectors(VectorLayout layout);
  void bind_pair(VectorLayout layout, unsigned pair);
  void set_core(unsigned pair, unsigned core);
  void release_interrupts();
  static bool on_config_interrupt(void* context);
  static bool on_receive_interrupt(void* context);
  static bool on_transmit_interrupt(void* context);
  static bool on_pair_interrupt(void* context);
  static bool on_queues_interrupt(void* context);
  static bool on_shared_interrupt(void* context);
  static bool on_intx(void* context);
  void on_pair(unsigned pair);
  void on_queues();
  void on_configuration();

  PciAccess& pci_;
  Platform& platform_;
  const VirtioNetOptions options_;
  VirtioPci device_;
  NetDeviceClient* client_ = nullptr;

  std::atomic<State> state_{State::kClosed};
  uint64_t features_ = 0;
  MacAddress mac_{};
  uint32_t mtu_ = 1500;
  LinkInfo link_;

  unsigned vectors_ = 0;  ///< held; 0: none

  uint32_t max_pairs_ = 1;  ///< the device's, which places the control queue
  unsigned pairs_ = 1;      ///< set up
  /// After a bring-up that failed: the pairs before the one that it failed for; else 1.
  unsigned good_pairs_ = 1;
  /// That frames are transmitted on; all others that were asked for are closed.
  std::atomic<unsigned> active_pairs_{1};
  std::array<Pair, kMostQueuePairs> pair_contexts_;
  std::vector<std::unique_ptr<ReceiveQueue>> receive_;    ///< of every pair that was asked for
  std::vector<std::unique_ptr<TransmitQueue>> transmit_;  ///< likewise
  /// A bit for every transmit queue that was left with `more` for another one.
  std::atomic<uint32_t> unrung_{0};
  unsigned next_queue_ = 0;  ///< for Mutant::kTransmitQueuePerFrame
  ControlQueue control_;
  Napi events_;  ///< softirq: what recovery and configuration changes have to tell the client
  std::unique_ptr<Work> control_work_;    ///< process: configuration changes and recovery
  std::unique_ptr<Timer> control_timer_;  ///< back-off, and configuration checks on a shared vector
  std::unique_ptr<Timer> watchdog_;
  std::unique_ptr<WaitQueue> control_queue_;
  std::atomic<bool> control_running_{false};  ///< control_work_ is in its callback
  std::atomic<bool> look_wanted_{false};      ///< the watchdog asks for a look at the device
  std::atomic<bool> control_busy_{false};
  std::atomic<bool> config_pending_{false};
  std::atomic<bool> link_pending_{false};

  bool queues_enabled_ = false;  ///< since the last reset; then there may be DMA
  unsigned attempts_ = 0;
  uint64_t next_attempt_ns_ = 0;
  uint64_t running_since_ns_ = 0;
  Counters counters_;
};

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
