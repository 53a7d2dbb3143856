// SPDX-License-Identifier: Apache-2.0
// The host's requests to the card, and the card's completions: TLPs as pins.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "hw_model/pcie/fifo.h"
#include "hw_model/pcie/ledger.h"
#include "hw_model/rtl_bridge/card_pins.h"
#include "hw_model/rtl_bridge/link_gate.h"
#include "hw_model/rtl_bridge/pin_checks.h"

namespace ringside::hw {

/// Requests wait here in the order of their arrival until the card takes them.
class HostPins {
 public:
  struct Config {
    bool whole_dwords = true;     ///< PcieLinkConfig's
    uint64_t answer_cycles = 0;   ///< in which a request must be answered
    uint64_t request_cycles = 0;  ///< in which it must be taken
  };
  /// All references outlive it.
  HostPins(const CardPins& pins, const Config& config, LinkGate& gate, PayloadPool& payloads,
           PcieLedger& ledger, const Complain& complain);

  /// Told of Bus Master Enable: when the card takes a write that sets it, and when the card answers
  /// one that clears it, behind which no request of the card's may come. One that it refuses leaves
  /// the bit as it was.
  void on_bus_master(std::function<void(bool on)> told) { bus_master_ = std::move(told); }

  /// A request arrived at `now_ps`; the card sees it at the first edge behind that.
  void receive(Tlp& tlp, TimePs now_ps);
  bool pending() const { return !requests_.empty() || *pins_.host_completion_valid != 0; }
  /// Requests that the card took and has not answered.
  std::size_t unanswered() const { return completions_.open(); }

  /// Inputs for the edge; then what the card's settled outputs say.
  void drive(const ClockEdge& edge);
  void sample(const ClockEdge& edge);

 private:
  struct Request {
    Tlp tlp;
    TimePs told_ps = 0;
  };
  /// Of the Command register.
  struct CommandWrite {
    unsigned tag;
    bool on;  ///< sets Bus Master Enable
  };
  void show(const Tlp& tlp);
  void look_at_command(const Tlp& tlp);
  void command_answered(unsigned tag, bool success);
  void tell_bus_master();
  void took(const ClockEdge& edge);
  void send_completion(const ClockEdge& edge);
  Purpose purpose_of(const Tlp& tlp) const;

  const CardPins& pins_;
  Config config_;
  LinkGate& gate_;
  PayloadPool& payloads_;
  PcieLedger& ledger_;
  Fifo<Request> requests_;
  bool shown_ = false;  ///< the front is on the pins
  StableCheck stable_;
  HangCheck hang_;
  CompletionCheck completions_;
  std::function<void(bool)> bus_master_;      ///< may be empty
  bool master_ = true;                        ///< what the writes that were answered say
  std::vector<CommandWrite> command_writes_;  ///< that the card took and did not answer, in order
};

}  // namespace ringside::hw
