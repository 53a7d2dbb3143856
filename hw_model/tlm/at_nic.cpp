// SPDX-License-Identifier: Apache-2.0
// Puts card, link and root complex together.
#include "hw_model/tlm/at_nic.h"

#include <utility>

#include "hw_model/pcie/pcie_link.h"
#include "hw_model/pcie/tlp_root.h"
#include "hw_model/tlm/at_card.h"
#include "hw_model/tlm/bus_audit.h"
#include "hw_model/tlm/bus_counters.h"
#include "hw_model/tlm/core_counters.h"

namespace ringside::hw {

namespace {

class AtNic final : public NicModel {
 public:
  AtNic(const sc_core::sc_module_name& name, const NicConfig& config,
        std::unique_ptr<ControlPlane> control, FramePool& frames)
      : NicModel(name),
        link_("pcie_link", config.pcie),
        root_("root", config.root_complex, config.pcie, link_.down(), payloads_),
        card_("card", config, std::move(control), frames, payloads_, link_.up()) {
    link_.up().attach(root_);
    link_.down().attach(card_);
    root_.on_debug([this](tlm::tlm_generic_payload& request) { return card_.debug(request); });
  }

  tlm::tlm_target_socket<>& pcie_target() override { return root_.target; }
  tlm::tlm_initiator_socket<>& pcie_initiator() override { return root_.initiator; }
  void connect(EthernetPort& port) override { card_.connect(port); }
  void trace(TraceSink* sink) override { card_.trace(sink); }
  void observe_bus(BusObserver* observer) override {
    link_.up().observe(observer, BusDirection::kUp);
    link_.down().observe(observer, BusDirection::kDown);
  }
  const PcieLedger* ledger() const override { return &card_.ledger(); }
  const PcieLinkConfig& link_config() const override { return link_.config(); }
  std::vector<NicCounter> counters() const override;
  std::vector<NicResource> resources() const override;
  void drop_idle_timers() override { card_.drop_idle_timers(); }
  std::string audit_at_rest() override {
    return audit_bus(link_, card_.dma(), card_.ledger(), card_.core().counters());
  }

  // EthernetReceiver: the card's port is attached to the card itself.
  void receive_frame(const FramePtr& frame, TimePs start_ps, TimePs end_ps) override {
    card_.receive_frame(frame, start_ps, end_ps);
  }
  void carrier_change(bool up) override { card_.carrier_change(up); }

 private:
  PayloadPool payloads_;
  mutable PcieLink link_;
  TlpRoot root_;
  AtCard card_;
};

std::vector<NicCounter> AtNic::counters() const {
  std::vector<NicCounter> result = core_counters(card_.core().counters());
  DmaEngineCounters dma = card_.dma().counters();
  dma.poisoned += card_.poisoned_writes();
  add_bus_counters(link_, dma, root_.counters().unsupported_requests, &result);
  return result;
}

std::vector<NicResource> AtNic::resources() const {
  std::vector<NicResource> result = card_.resources();
  add_bus_resources(link_, &result);
  return result;
}

}  // namespace

std::unique_ptr<NicModel> make_at_nic(const char* name, const NicConfig& config,
                                      std::unique_ptr<ControlPlane> control, FramePool& pool) {
  return std::make_unique<AtNic>(name, config, std::move(control), pool);
}

}  // namespace ringside::hw
