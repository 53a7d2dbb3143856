// SPDX-License-Identifier: Apache-2.0
// One direction of a PCI Express link: serialisation, credits, ordering, delivery.
#pragma once

#include <array>
#include <functional>
#include <systemc>

#include "hw_model/pcie/bus_observer.h"
#include "hw_model/pcie/credit_account.h"
#include "hw_model/pcie/fifo.h"
#include "hw_model/pcie/link_direction.h"
#include "hw_model/pcie/tlp_channel.h"

namespace ringside::hw {

struct PcieDirectionCounters {
  uint64_t tlps = 0;
  uint64_t link_bytes = 0;     ///< of TLPs: header, payload, framing
  uint64_t payload_bytes = 0;  ///< that count, without padding
  uint64_t dllp_bytes = 0;     ///< DLLPs and SKIP ordered sets between TLPs
  TimePs busy_ps = 0;
  uint64_t credit_stalls = 0;  ///< TLPs that had to wait
  TimePs stall_ps = 0;         ///< time in which at least one waited
};

/// What a test does to a TLP that is on its way to the link; it may change the TLP too. False: the
/// TLP is lost at the receiver, after it has taken its time and its credits.
using PcieFault = std::function<bool(Tlp& tlp)>;

class PcieChannel final : public sc_core::sc_module, public TlpChannel {
 public:
  /// A TLP with Tlp::more that nothing follows is delivered this long after its arrival at most.
  static constexpr TimePs kMoreBoundPs = 10'000'000;

  /// `receiver` is what the other end advertises, `seed` that of its drain jitter.
  PcieChannel(const sc_core::sc_module_name& name, const PcieLinkConfig& config,
              const ReceiverConfig& receiver, uint64_t seed);

  void attach(TlpReceiver& receiver) override;
  void send(Tlp&& tlp, TimePs earliest_ps) override;
  TimePs free_at() const override { return direction_.free_at_ps(); }
  std::size_t waiting() const override { return waiting_; }
  std::size_t posted_waiting() const override {
    return classes_[static_cast<std::size_t>(FlowClass::kPosted)].waiting.size();
  }
  void recall(std::vector<Tlp>& taken) override;
  void on_ready(std::function<void()> callback) override { on_ready_ = std::move(callback); }

  PcieDirectionCounters counters() const;
  /// Credits as of now.
  CreditState credits(FlowClass flow);
  /// Shows every TLP that gets its place on the link, as one of `direction`. Null: to nobody.
  void observe(BusObserver* observer, BusDirection direction) {
    observer_ = observer;
    observed_as_ = direction;
  }
  void inject(PcieFault fault) { fault_ = std::move(fault); }

 private:
  static constexpr std::size_t kClasses = static_cast<std::size_t>(FlowClass::kCount);
  struct InFlight {
    Tlp tlp;
    TimePs arrival_ps = 0;
    TimePs due_ps = 0;  ///< when it must be delivered at the latest, but for Tlp::more
    bool lost = false;
  };
  struct Waiting {
    Tlp tlp;
    TimePs earliest_ps = 0;
    uint64_t number = 0;  ///< in the order of send()
    bool lost = false;
  };
  struct Class {
    CreditAccount credits;
    TimePs tolerance_ps = 0;  ///< of the receiver
    TimePs drained_ps = 0;    ///< when the receiver will have emptied what was sent
    Fifo<Waiting> waiting;
  };

  /// Asked for with every TLP: sc_time_stamp() looks for the simulation first.
  TimePs now_ps() const { return simcontext()->time_stamp().value(); }
  bool must_wait(FlowClass flow) const;
  bool place(Tlp& tlp, bool lost, TimePs earliest_ps);
  void put_off(Tlp&& tlp, bool lost, TimePs earliest_ps);
  void pump();
  void end_stall(TimePs at_ps);
  void wake_at(TimePs at_ps);
  void cut_burst();
  void deliver();
  void guard();
  TimePs jitter();

  bool whole_dwords_;
  TimePs latency_ps_;
  TimePs drain_ps_;
  TimePs drain_jitter_ps_;
  uint64_t seed_;
  uint64_t drawn_ = 0;
  LinkDirection direction_;
  std::array<Class, kClasses> classes_;
  Fifo<InFlight> in_flight_;
  std::size_t waiting_ = 0;
  uint64_t next_number_ = 0;
  TimePs stalled_since_ps_ = 0;
  PcieDirectionCounters counters_;
  TlpReceiver* receiver_ = nullptr;
  std::function<void()> on_ready_;
  PcieFault fault_;
  BusObserver* observer_ = nullptr;
  BusDirection observed_as_ = BusDirection::kUp;

  sc_core::sc_event wake_;   ///< the next TLP is due whose delivery must not wait
  bool woken_ = false;       ///< wake_ is set
  TimePs wake_ps_ = 0;       ///< and when
  sc_core::sc_event guard_;  ///< bounds Tlp::more
  bool guarded_ = false;     ///< guard_ is set
  sc_core::sc_event credit_;
};

}  // namespace ringside::hw
