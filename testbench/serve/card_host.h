// SPDX-License-Identifier: Apache-2.0
// A card for a vhost-user session: the host that a card sits in, with a front end in place of a
// driver. What the session asks for is done to the card as a PCI host does it: through registers
// and the control virtqueue, and through the card's own ring state registers (bar_layout.h) for
// what virtio-pci has no register for.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host_driver/control_queue.h"
#include "host_driver/virtio_pci.h"
#include "hw_model/tlm/nic_model.h"
#include "testbench/host/sim_host.h"
#include "testbench/vhost/vhost_target.h"

namespace ringside::tb {

/// Runs the simulation until `done`, or until it has no work; true if done.
using Settle = std::function<bool(const std::function<bool()>& done)>;

struct CardHostConfig {
  std::string name;
  /// What the host's driver has to say; may be empty.
  LogSink log = {};
};

/// Calls of VhostTarget come from outside of SystemC processes. The host's own memory (the control
/// virtqueue) lies at a bus address that no front end can have.
class CardHost final : public sc_core::sc_module, public VhostTarget {
 public:
  static constexpr uint64_t kArenaBase = 0xFFFF'0000'0000'0000;

  /// `nic` outlives it. Before the simulation starts.
  CardHost(const sc_core::sc_module_name& name, const CardHostConfig& config, hw::NicModel& nic,
           Settle settle);
  ~CardHost() override;

  /// Finds the card and what it offers. Once, first of all calls, with the simulation complete.
  Status boot();

  // VhostTarget
  uint64_t features() const override;
  unsigned queue_pairs() const override { return pairs_; }
  uint16_t queue_size_max() const override { return queue_size_max_; }
  uint16_t mtu() const override { return mtu_; }
  void attach(VhostPeer* peer) override;
  Status set_memory(const std::vector<VhostRegion>& regions) override;
  Status set_features(uint64_t features) override;
  Status start(unsigned queue, const VhostQueue& setup) override;
  uint16_t stop(unsigned queue) override;
  void enable(unsigned queue, bool enabled) override;
  void kick(unsigned queue) override;

  hw::NicModel& nic() { return nic_; }
  SimHost& host() { return *host_; }
  bool attached() const { return peer_ != nullptr; }
  /// The front end takes frames: a receive queue is started and enabled, and has been given
  /// buffers.
  bool receives() const;
  /// Called from a process or by a kick when receives() is true, so more than once.
  void on_receive_ready(std::function<void()> ready) { receive_ready_ = std::move(ready); }

 private:
  struct Ring {
    VhostQueue setup;      ///< `base` is where it goes on at the next programming
    bool started = false;  ///< by the front end
    bool enabled = false;  ///< by the front end
    bool on_card = false;  ///< enabled in the card, be it suspended
    bool suspended = false;
    driver::Doorbell doorbell;
  };
  struct Vector {
    CardHost* host;
    unsigned queue;
  };

  // -- jobs, in process context of the host, one after the other
  void post(std::function<void()> job);
  /// Posts and waits; false if the simulation came to an end before it was done.
  bool perform(const std::function<void()>& job);
  void run_jobs();
  Status discover();
  Status find_ring_state();
  void program_if_changed();
  Status program();
  Status negotiate();
  Status enable_ring(unsigned queue);
  Status start_control_queue(uint64_t features);
  void set_pairs();
  bool suspend(const std::vector<unsigned>& queues);
  void resume(unsigned queue);
  void reset();
  void check_status();
  void fail(const std::string& reason);

  /// The card has no rings, and gets none by what is under way.
  bool at_rest() const { return !live_ && !changed_ && !programming_; }
  uint64_t card_features() const;
  uint64_t ring_state(unsigned queue, uint32_t field) const;
  unsigned active_pairs() const;
  std::vector<unsigned> running() const;
  std::vector<uint64_t> error_counts() const;
  std::string errors_since_start() const;
  static bool config_interrupt(void* context);
  static bool queue_interrupt(void* context);

  hw::NicModel& nic_;
  Settle settle_;
  std::unique_ptr<SimHost> host_;
  driver::PciAccess& pci_;
  driver::Platform& platform_;
  driver::VirtioPci virtio_;
  std::unique_ptr<driver::ControlQueue> control_;
  std::unique_ptr<driver::Work> worker_;
  sc_core::sc_event job_event_;
  std::deque<std::function<void()>> jobs_;

  // -- the card
  uint64_t offered_ = 0;
  unsigned pairs_ = 1;
  uint16_t queue_size_max_ = 0;
  uint16_t mtu_ = 0;
  unsigned ring_state_bar_ = 0;
  uint64_t ring_state_offset_ = 0;
  bool live_ = false;       ///< DRIVER_OK
  unsigned pairs_set_ = 0;  ///< last told to the card
  std::vector<Vector> vectors_;
  std::vector<uint64_t> errors_at_start_;

  // -- the front end
  VhostPeer* peer_ = nullptr;
  std::vector<VhostRegion> regions_;
  uint64_t features_ = 0;
  std::vector<Ring> rings_;
  std::function<void()> receive_ready_;
  bool changed_ = false;      ///< the card must be programmed again
  bool programming_ = false;  ///< it is under way, which takes time: requests come meanwhile
  bool failed_ = false;       ///< the front end was told
};

}  // namespace ringside::tb
