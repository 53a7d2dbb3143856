// SPDX-License-Identifier: Apache-2.0
// What the testbench sees of a card, whichever model it is: a PCIe function and an Ethernet port.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "formats/status.h"
#include "hw_model/pcie/bus_observer.h"
#include "hw_model/pcie/ledger.h"
#include "hw_model/tlm/nic_config.h"
#include "hw_model/tlm/wave_window.h"
#include "hw_model/trace/nic_trace.h"
#include "hw_model/wire/ethernet_port.h"
#include "hw_model/wire/horizon.h"

namespace ringside::hw {

struct Evidence;

/// Between a card and the functional core that followed it.
struct NicComparison {
  std::string difference;  ///< the first, in words; empty: none
  uint64_t records = 0;    ///< of the card's trace that were followed
  uint64_t frames = 0;     ///< sent frames that were compared
  uint64_t bytes = 0;      ///< of sent frames and of writes to host memory
};

/// A card. The module's sockets take PcieExtension; the card is the master of
/// `pcie_initiator()`.
class NicModel : public sc_core::sc_module, public EthernetReceiver {
 public:
  explicit NicModel(const sc_core::sc_module_name& name) : sc_core::sc_module(name) {}
  /// Configuration and memory requests from the root complex.
  virtual tlm::tlm_target_socket<>& pcie_target() = 0;
  /// DMA, MSI-X writes and messages to the root complex.
  virtual tlm::tlm_initiator_socket<>& pcie_initiator() = 0;
  /// Connects the card's port to its end of a link (before the simulation starts).
  virtual void connect(EthernetPort& port) = 0;
  /// What the link is configured with; the host's enumeration puts its sizes into the registers.
  virtual const PcieLinkConfig& link_config() const = 0;
  virtual std::vector<NicCounter> counters() const = 0;
  /// Null ends the trace. The sink outlives the card or the trace.
  virtual void trace(TraceSink* sink) = 0;
  /// Names who sees the TLPs of the card's link, both directions; models without bus timing have
  /// none to show. Null: nobody.
  virtual void observe_bus(BusObserver*) {}
  /// TLPs and bytes on the bus by purpose; null for models without bus timing.
  virtual const PcieLedger* ledger() const { return nullptr; }
  /// Bus directions and pipeline stages with the time that they were busy so far.
  virtual std::vector<NicResource> resources() const { return {}; }
  /// From now on `horizon` knows when the card does something by itself. Before the simulation
  /// starts. A model that cannot tell unbounds it.
  virtual void report_to(Horizon& horizon) { horizon.unbound(); }
  /// Nothing else is pending: forgets time-outs that wait for nothing, so that they are no work.
  /// Between deltas of the simulation, not from a process.
  virtual void drop_idle_timers() {}
  /// Queue pairs of the hardware, where they may be fewer than its configuration asks for.
  virtual std::optional<unsigned> queue_pairs_built() const { return std::nullopt; }
  /// What its configuration asks for and the hardware has not, one line each: it offers less.
  virtual std::vector<std::string> shortfalls() const { return {}; }
  /// Clock edges that were simulated; 0 for models that have no clock.
  virtual uint64_t clock_cycles() const { return 0; }
  /// Writes the hardware's signals in `window` to the FST file `path` until finish_waves(), with a
  /// view of the important ones beside it (.gtkw). Before the simulation starts. For models of
  /// hardware. Until it is finished, and for good if it is not whole then, the file is called
  /// PATH.part.
  virtual Status record_waves(const std::string& path, const WaveWindow&) {
    return Status::failure(path + ": this model has no signals to record");
  }
  /// Fails if the file is not whole. Harmless without one.
  virtual Status finish_waves() { return Status::success(); }
  /// What the hardware did that none may do: the first in one line, or nothing. Its results count
  /// no more.
  virtual std::string fault() const { return {}; }
  /// Called when fault() gets one; without it the simulation ends as SystemC ends it.
  virtual void on_fault(const std::function<void()>&) {}
  /// What does not hold on the bus while nothing is under way, or nothing (bus_audit.h).
  virtual std::string audit_at_rest() { return {}; }
  /// What came of following the card with the functional core so far; nothing if nobody follows it.
  virtual std::optional<NicComparison> comparison() { return std::nullopt; }
  /// Of a followed card with a fault() or a difference: what it leaves (hw_model/diff/evidence.h).
  /// Null: there is nothing wrong, or nobody follows it. Not older than the card.
  virtual std::shared_ptr<const Evidence> evidence() const { return nullptr; }
};

}  // namespace ringside::hw
