// SPDX-License-Identifier: Apache-2.0
// The card's requests to the host and the completions of its reads: pins as TLPs, TLPs as pins.
#pragma once

#include "hw_model/diff/card_tap.h"
#include "hw_model/pcie/fifo.h"
#include "hw_model/pcie/ledger.h"
#include "hw_model/rtl_bridge/beats.h"
#include "hw_model/rtl_bridge/card_pins.h"
#include "hw_model/rtl_bridge/link_gate.h"
#include "hw_model/rtl_bridge/pin_checks.h"

namespace ringside::hw {

/// Completions wait here in the order of their arrival until the card takes them, a beat a cycle.
class DmaPins {
 public:
  struct Config {
    bool whole_dwords = true;   ///< PcieLinkConfig's
    uint64_t taken_cycles = 0;  ///< in which a completion must be taken
    RequestCheck::Limits limits;
  };
  /// Edges at which beats moved.
  struct Beats {
    uint64_t posted = 0;
    uint64_t completion = 0;
  };
  /// All references outlive it.
  DmaPins(const CardPins& pins, const Config& config, LinkGate& gate, PayloadPool& payloads,
          PcieLedger& ledger, const Complain& complain);

  /// A completion arrived at `now_ps`; the card sees it from the first edge behind that on.
  void receive(Tlp& tlp, TimePs now_ps);
  bool pending() const {
    return !completions_.empty() || *pins_.posted_valid != 0 || *pins_.read_valid != 0;
  }
  /// Read requests without their last completion.
  unsigned reads_in_flight() const { return requests_.reads_in_flight(); }
  const Beats& beats() const { return beats_; }
  /// As RequestCheck's.
  void allow_reads(uint32_t bytes) { requests_.allow_reads(bytes); }
  void bus_master(bool on) { requests_.bus_master(on); }

  /// Null: nobody.
  void tap(CardTap* tap) { tap_ = tap; }

  void drive(const ClockEdge& edge);
  void sample(const ClockEdge& edge);

 private:
  struct Completion {
    Tlp tlp;
    TimePs told_ps = 0;
  };
  void show(const Tlp& tlp);
  void took_completion();
  void took_posted(const ClockEdge& edge);
  void took_read(const ClockEdge& edge);
  void send(Tlp&& tlp, const ClockEdge& edge);

  const CardPins& pins_;
  Config config_;
  const uint32_t width_;  ///< bytes of a beat
  LinkGate& gate_;
  PayloadPool& payloads_;
  PcieLedger& ledger_;

  Fifo<Completion> completions_;
  BeatCutter cutter_;  ///< of the front
  bool begun_ = false;
  bool shown_ = false;  ///< a beat of the front is on the pins

  Tlp posted_;  ///< what has come of it so far
  bool posted_begun_ = false;

  StableCheck posted_stable_, read_stable_;
  PacketCheck posted_packets_;
  RequestCheck requests_;
  HangCheck hang_;
  Beats beats_;
  CardTap* tap_ = nullptr;
};

}  // namespace ringside::hw
