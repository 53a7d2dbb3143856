// SPDX-License-Identifier: Apache-2.0
// Model `at` on a link that loses completions.
#include "firmware/native.h"
#include "hw_model/pcie/pcie_link.h"
#include "hw_model/pcie/tlp_root.h"
#include "hw_model/tlm/at_card.h"
#include "tests/unit/at/at_host.h"

namespace ringside::test {
namespace {

/// The card of make_at_nic() with its link in reach.
class OpenNic : public hw::NicModel {
 public:
  OpenNic(const char* name, const hw::NicConfig& config, std::unique_ptr<hw::ControlPlane> control,
          hw::FramePool& frames)
      : NicModel(name),
        link("pcie_link", config.pcie),
        root_("root", config.root_complex, config.pcie, link.down(), payloads_),
        card("card", config, std::move(control), frames, payloads_, link.up()) {
    link.up().attach(root_);
    link.down().attach(card);
    root_.on_debug([this](tlm::tlm_generic_payload& request) { return card.debug(request); });
  }
  tlm::tlm_target_socket<>& pcie_target() override { return root_.target; }
  tlm::tlm_initiator_socket<>& pcie_initiator() override { return root_.initiator; }
  void connect(hw::EthernetPort& port) override { card.connect(port); }
  void trace(hw::TraceSink* sink) override { card.trace(sink); }
  const hw::PcieLinkConfig& link_config() const override { return link.config(); }
  std::vector<hw::NicCounter> counters() const override { return {}; }
  void receive_frame(const hw::FramePtr& frame, hw::TimePs start, hw::TimePs end) override {
    card.receive_frame(frame, start, end);
  }
  void carrier_change(bool up) override { card.carrier_change(up); }

 private:
  hw::PayloadPool payloads_;

 public:
  hw::PcieLink link;

 private:
  hw::TlpRoot root_;

 public:
  hw::AtCard card;
};

/// Alice with such a card and nobody at the other end.
struct OpenHost {
  explicit OpenHost(const hw::NicConfig& config) : link("link", {}), host(make(config)) {
    host.nic->connect(link.end(0));
    link.end(1).attach(deaf);
  }
  OpenNic& nic() { return static_cast<OpenNic&>(*host.nic); }
  /// Loses the next `count` completions of payload reads.
  void lose_payload(unsigned count) {
    nic().link.down().inject([left = count](hw::Tlp& tlp) mutable {
      if (tlp.type != hw::TlpType::kCompletionData || tlp.purpose != hw::Purpose::kPayload) {
        return true;
      }
      return left == 0 || left-- == 0;
    });
  }
  bool run(std::function<void()> body) {
    SimThread thread("thread", [&] {
      body();
      sc_core::sc_stop();
    });
    sc_core::sc_start(1, sc_core::SC_SEC);
    return thread.finished;
  }
  struct Deaf : hw::EthernetReceiver {
    void receive_frame(const hw::FramePtr&, hw::TimePs, hw::TimePs) override {}
    void carrier_change(bool) override {}
  };
  Deaf deaf;
  hw::FramePool pool;
  hw::Link link;
  LtHost host;

 private:
  LtHost make(const hw::NicConfig& config) {
    LtHost::make = [](const char* name, const hw::NicConfig& nic,
                      std::unique_ptr<hw::ControlPlane> control,
                      hw::FramePool& frames) -> std::unique_ptr<hw::NicModel> {
      return std::make_unique<OpenNic>(name, nic, std::move(control), frames);
    };
    return LtHost("alice", config, pool);
  }
};

hw::NicConfig impatient() {
  hw::NicConfig config;
  config.pipeline.completion_timeout_ps = 20'000'000;
  return config;
}

// PCI Express Base 4.0, 2.8: a read without its completion is given up, which is an error of DMA.
// STS-D-003.
TEST(AtFault, LostCompletionNeedsReset) {
  OpenHost rig(impatient());
  ASSERT_TRUE(rig.run([&] {
    Rings a = bring_up(rig.host, kBasic);
    rig.lose_payload(1);
    rig.host.make_available(a.tx, 3);
    rig.host.notify(a.tx);
    wait_us(15);
    EXPECT_EQ(rig.host.status(), 15);
    EXPECT_EQ(rig.host.used_idx(a.tx), 0);  // frames leave in order
    wait_us(15);
    EXPECT_EQ(rig.host.status(), 15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
    EXPECT_EQ(rig.nic().card.dma().counters().timeouts, 1u);
    EXPECT_EQ(rig.nic().card.core().counters()[hw::DeviceError::kDmaRead], 1u);
    a = bring_up(rig.host, kBasic);
    rig.host.make_available(a.tx, 3);
    rig.host.notify(a.tx);
    wait_us(30);
    EXPECT_EQ(rig.host.used_idx(a.tx), 3);
    EXPECT_EQ(rig.nic().card.dma().bytes_in_flight(), 0u);
  }));
}

// A driver that resets the card before the time-out: the tags of lost reads come back by and by,
// and what waits for them goes on then.
TEST(AtFault, LostTagsComeBack) {
  hw::NicConfig config = impatient();
  config.pipeline.read_tags = 2;
  OpenHost rig(config);
  ASSERT_TRUE(rig.run([&] {
    Rings a = bring_up(rig.host, kBasic);
    rig.lose_payload(2);
    rig.host.make_available(a.tx, 8);
    rig.host.notify(a.tx);
    wait_us(5);
    EXPECT_EQ(rig.nic().card.dma().tags_in_use(), 2u);
    a = bring_up(rig.host, kBasic);
    rig.host.make_available(a.tx, 8);
    rig.host.notify(a.tx);
    wait_us(10);
    EXPECT_EQ(rig.host.used_idx(a.tx), 0);
    wait_us(60);
    EXPECT_EQ(rig.host.status(), 15);  // the lost reads were of before the reset
    EXPECT_EQ(rig.nic().card.dma().counters().timeouts, 2u);
    EXPECT_EQ(rig.host.used_idx(a.tx), 8);
    EXPECT_EQ(rig.nic().card.dma().tags_in_use(), 0u);
  }));
}

}  // namespace
}  // namespace ringside::test
