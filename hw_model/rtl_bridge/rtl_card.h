// SPDX-License-Identifier: Apache-2.0
// The card in RTL behind the TLP channels: pins, and the clock that runs while there is anything to
// do. What the pins say is the RTL's; nothing is decided here.
#pragma once

#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "hw_model/rtl_bridge/dma_pins.h"
#include "hw_model/rtl_bridge/ethernet_pins.h"
#include "hw_model/rtl_bridge/host_pins.h"
#include "hw_model/rtl_bridge/management_pins.h"
#include "hw_model/rtl_bridge/trace_pins.h"
#include "hw_model/rtl_bridge/verilated_card.h"
#include "hw_model/tlm/clock_edges.h"
#include "hw_model/tlm/nic_model.h"

namespace ringside::hw {

/// How the clock treats a card that says it is quiescent.
enum class ClockMode : uint8_t {
  kStopped,  ///< it stops
  kAlways,   ///< it goes on: the edges are made up for before the next that has something to do
  /// It stops, but each time some edges are tried with the time standing still: an error if any
  /// bit of the hardware changes.
  kProven,
};

struct RtlOptions {
  ClockMode clock = ClockMode::kStopped;
  /// Takes what the checks of the pins and of the RTL find.
  Complain complain = {};
  /// The functional core follows the card, and a difference is a complaint.
  bool followed = false;
  /// Gives a build that many queue pairs when their number is put behind it, for messages; empty:
  /// the hardware comes from elsewhere.
  std::string pairs_option = {};
};

/// Something that arrives is on the pins from the first edge behind its arrival on: one that comes
/// at the very time of an edge is for the next.
class RtlCard : public sc_core::sc_module, public TlpReceiver, public EthernetReceiver {
 public:
  SC_HAS_PROCESS(RtlCard);
  /// As AtCard's.
  RtlCard(const sc_core::sc_module_name& name, const NicConfig& config, const RtlOptions& options,
          std::unique_ptr<VerilatedCard> hardware, FramePool& frames, PayloadPool& payloads,
          TlpChannel& up);
  ~RtlCard() override;

  /// What the card is to offer of `config`'s: MQ only with several queue pairs.
  static uint64_t features(const NicConfig& config);
  void connect(EthernetPort& port);
  void trace(TraceSink* sink);
  /// Shows what passes the pins. Before the simulation starts. Null: nobody.
  void tap(CardTap* tap);
  const CardPins& pins() const { return pins_; }
  /// As VerilatedCard's.
  bool has_pin(const std::string& name) const { return hardware_->has_pin(name); }
  /// The management bus, for whatever runs the firmware.
  ManagementPins& management() { return management_; }
  const PcieLedger& ledger() const { return ledger_; }
  std::vector<NicResource> resources() const;
  /// A debug access of the host to configuration space, in no time: the clock runs as long as it
  /// takes while virtual time stands still.
  unsigned debug(tlm::tlm_generic_payload& request);
  /// Clock edges that were carried out.
  uint64_t cycles() const { return cycles_; }
  /// Number of the last edge that was carried out.
  uint64_t last_edge() const { return last_cycle_; }
  TimePs time_of(uint64_t cycle) const { return edges_.time_of(cycle); }
  /// No edge is to come, unless something arrives.
  bool at_rest() const { return stopped_ && !deadline_; }
  unsigned reads_in_flight() const { return dma_.reads_in_flight(); }
  std::size_t unanswered() const { return host_.unanswered(); }
  /// As NicModel's.
  Status record_waves(const std::string& path, const WaveWindow& window);
  Status finish_waves();

  // TlpReceiver
  void receive_tlp(Tlp& tlp, TimePs arrival_ps) override;
  // EthernetReceiver
  void receive_frame(const FramePtr& frame, TimePs start_ps, TimePs end_ps) override;
  void carrier_change(bool up) override;

 private:
  static constexpr unsigned kResetCycles = 8;
  static constexpr unsigned kPastCycles = 2;
  static constexpr unsigned kProofCycles = 3;
  static constexpr unsigned kDebugCycles = 4096;

  void start_of_simulation() override;
  void set_straps(const NicConfig& config);
  void complain(uint64_t cycle, const std::string& what);
  Complain checker() {
    return [this](uint64_t cycle, const std::string& what) { complain(cycle, what); };
  }
  void edge();
  void cycle(const ClockEdge& edge);
  void settle(bool clk, TimePs time_ps);
  bool busy() const;
  void plan(uint64_t cycle);
  void prove(uint64_t cycle);
  void catch_up(uint64_t cycle);
  void look_at_sizes(uint64_t offset, ByteView bytes);
  void quiet_inputs();
  void wake();

  const NicConfig config_;
  const RtlOptions options_;
  const ClockEdges edges_;
  std::unique_ptr<VerilatedCard> hardware_;
  const CardPins pins_;
  PcieLedger ledger_;
  LinkGate gate_;
  FrameNumbers numbers_;
  HostPins host_;
  DmaPins dma_;
  EthernetPins ethernet_;
  ManagementPins management_;
  TracePins trace_;
  PayloadPool& payloads_;
  EthernetPort* port_ = nullptr;
  CardTap* tap_ = nullptr;

  sc_core::sc_event clock_;
  bool stopped_ = false;
  bool deadline_ = false;  ///< stopped, but an edge is planned
  bool started_ = false;
  uint64_t cycles_ = 0;
  uint64_t last_cycle_ = 0;
  unsigned failed_assertions_ = 0;
  std::string waves_;  ///< the file while it is written
  bool waves_lost_ = false;
  WaveWindow wave_window_;
  TimePs next_dump_ps_ = 0;                 ///< of waves: the earliest that the file takes
  std::vector<std::byte> before_, behind_;  ///< images
};

}  // namespace ringside::hw
