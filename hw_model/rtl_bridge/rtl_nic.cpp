// SPDX-License-Identifier: Apache-2.0
// Puts hardware, link and root complex together.
#include "hw_model/rtl_bridge/rtl_nic.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "hw_model/diff/evidence.h"
#include "hw_model/diff/follower.h"
#include "hw_model/pcie/pcie_link.h"
#include "hw_model/pcie/tlp_root.h"
#include "hw_model/rtl_bridge/rtl_counters.h"
#include "hw_model/tlm/bus_counters.h"
#include "hw_model/tlm/core_counters.h"

namespace ringside::hw {

namespace {

class RtlNic final : public NicModel {
 public:
  RtlNic(const sc_core::sc_module_name& name, const NicConfig& config, const RtlOptions& options,
         std::unique_ptr<VerilatedCard> hardware, std::unique_ptr<ControlPlane> control,
         FramePool& frames)
      : NicModel(name),
        config_(config),
        pairs_option_(options.pairs_option),
        link_("pcie_link", config.pcie),
        root_("root", config.root_complex, config.pcie, link_.down(), payloads_),
        control_(std::move(control)),
        card_("card", config, watched(options), std::move(hardware), frames, payloads_,
              link_.up()) {
    if (control_ != nullptr) {
      control_->attach(card_.management());
      card_.management().on_interrupt([this] { control_->interrupt(); });
    }
    if (options.followed) follow();
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
  std::optional<unsigned> queue_pairs_built() const override {
    return *card_.pins().build_queue_pairs;
  }
  std::vector<std::string> shortfalls() const override;
  uint64_t clock_cycles() const override { return card_.cycles(); }
  Status record_waves(const std::string& path, const WaveWindow& window) override {
    return card_.record_waves(path, window);
  }
  Status finish_waves() override { return card_.finish_waves(); }
  std::optional<NicComparison> comparison() override;
  std::shared_ptr<const Evidence> evidence() const override { return evidence_; }
  std::string fault() const override { return fault_; }
  void on_fault(const std::function<void()>& callback) override { on_fault_ = callback; }

  // EthernetReceiver: the card's port is attached to the card itself.
  void receive_frame(const FramePtr& frame, TimePs start_ps, TimePs end_ps) override {
    card_.receive_frame(frame, start_ps, end_ps);
  }
  void carrier_change(bool up) override { card_.carrier_change(up); }

 private:
  /// Complaints that nobody else takes become the card's fault.
  RtlOptions watched(RtlOptions options) {
    if (!options.complain) {
      options.complain = [this](uint64_t cycle, const std::string& what) { complain(cycle, what); };
    }
    return options;
  }
  void complain(uint64_t cycle, const std::string& what);
  void follow();
  void keep_evidence(uint64_t cycle, const std::string& what);
  std::string compare_counters() const;

  const NicConfig config_;
  const std::string pairs_option_;
  std::string fault_;
  std::function<void()> on_fault_;
  PayloadPool payloads_;
  mutable PcieLink link_;
  TlpRoot root_;
  std::unique_ptr<ControlPlane> control_;
  RtlCard card_;
  std::unique_ptr<Follower> follower_;
  std::unique_ptr<History> history_;
  std::shared_ptr<Evidence> evidence_;
};

void RtlNic::complain(uint64_t cycle, const std::string& what) {
  if (!fault_.empty()) return;
  fault_ = fmt::format("clock cycle {}: {}", cycle, what);
  keep_evidence(cycle, what);
  if (!on_fault_) SC_REPORT_FATAL(name(), fault_.c_str());
  on_fault_();
}

void RtlNic::follow() {
  const CardPins& pins = card_.pins();
  FollowerConfig config;
  config.core = core_config(config_);
  config.core.queue_pairs = static_cast<uint16_t>(*pins.build_queue_pairs);
  config.core.features = RtlCard::features(config_);
  config.core.queue_size_max =
      static_cast<uint16_t>(std::min<uint32_t>(config_.queue_size_max, *pins.build_ring_limit));
  config.core.msix_vectors = 0;
  config.row_bytes = *pins.build_data_bits / 8;
  // Each pair has a part, and all parts are a power of two.
  config.receive_rows =
      *pins.build_rx_buffer_bytes / config.row_bytes / std::bit_ceil(*pins.build_queue_pairs);
  follower_ = std::make_unique<Follower>(config);
  follower_->on_difference([this](const std::string& what) {
    keep_evidence(card_.last_edge(), what);
    complain(card_.last_edge(), "difference: " + what);
  });
  history_ = std::make_unique<History>(*follower_);
  follower_->watch(history_.get());
  card_.tap(history_.get());
}

/// Of the first thing that is wrong.
void RtlNic::keep_evidence(uint64_t cycle, const std::string& what) {
  if (history_ == nullptr || evidence_ != nullptr) return;
  history_->freeze();
  evidence_ = std::make_shared<Evidence>(
      Evidence{what, card_.time_of(cycle), cycle, history_.get(), follower_->demands()});
}

/// At rest what both count must be the same; how transfers are cut is the card's business.
std::string RtlNic::compare_counters() const {
  const Counters card = core_counters_of(card_.pins());
  const Counters& core = follower_->core().counters();
  for (unsigned i = 0; i < static_cast<unsigned>(Counter::kCount); ++i) {
    const auto counter = static_cast<Counter>(i);
    const bool cuts = counter == Counter::kDmaReads || counter == Counter::kDmaReadBytes ||
                      counter == Counter::kDmaWrites;
    // The card writes an ack before it returns the buffer, and a reset may come between.
    const uint64_t more = counter == Counter::kDmaWriteBytes ? follower_->acks_unreturned() : 0;
    if (cuts || card[counter] == core[counter] + more) continue;
    return fmt::format("the card counts {} of {}, the core {}", card[counter],
                       counter_name(counter), core[counter]);
  }
  for (unsigned i = 0; i < static_cast<unsigned>(DeviceError::kCount); ++i) {
    const auto error = static_cast<DeviceError>(i);
    if (card[error] == core[error]) continue;
    return fmt::format("the card counts {} of {}, the core {}", card[error], error_name(error),
                       core[error]);
  }
  return {};
}

std::optional<NicComparison> RtlNic::comparison() {
  if (follower_ == nullptr) return std::nullopt;
  if (card_.at_rest()) follower_->at_rest();
  std::string difference = follower_->difference().text();
  if (difference.empty() && card_.at_rest()) {
    difference = compare_counters();
    if (!difference.empty()) keep_evidence(card_.last_edge(), difference);
  }
  return NicComparison{std::move(difference), follower_->records(), follower_->frames_compared(),
                       follower_->bytes_compared()};
}

std::vector<NicCounter> RtlNic::counters() const {
  std::vector<NicCounter> result = core_counters(core_counters_of(card_.pins()));
  add_bus_counters(link_, dma_counters_of(card_.pins()), root_.counters().unsupported_requests,
                   &result);
  return result;
}

std::vector<std::string> RtlNic::shortfalls() const {
  std::vector<std::string> lines;
  const CardPins& pins = card_.pins();
  if (config_.queue_pairs > *pins.build_queue_pairs) {
    const unsigned pairs = *pins.build_queue_pairs;
    const std::string more = pairs_option_.empty() ? std::string{}
                                                   : fmt::format("; build with {}{}", pairs_option_,
                                                                 config_.queue_pairs);
    lines.push_back(fmt::format("this hardware has {} queue pair{}, not {}{}", pairs,
                                pairs == 1 ? "" : "s", config_.queue_pairs, more));
  }
  if (config_.queue_size_max > *pins.build_ring_limit) {
    lines.push_back(fmt::format("this hardware has queues of up to {} entries, not {}",
                                *pins.build_ring_limit, config_.queue_size_max));
  }
  // What the pins of a card of the user's own do not take. Settings at their defaults are nobody's.
  const auto takes = [&](const char* pin, bool set, const std::string& setting) {
    if (!set || card_.has_pin(pin)) return;
    lines.push_back(
        fmt::format("this hardware has no pin {}: {} makes no difference", pin, setting));
  };
  const NicConfig usual;
  takes("straps_mtu", config_.mtu != usual.mtu, fmt::format("mtu {}", config_.mtu));
  takes("straps_features", config_.features != usual.features, "withhold");
  takes("straps_queue_size_max", config_.queue_size_max < *pins.build_ring_limit,
        fmt::format("queue_size_max {}", config_.queue_size_max));
  takes("straps_used_batch", config_.pipeline.used_batch != usual.pipeline.used_batch,
        fmt::format("used_batch {}", config_.pipeline.used_batch));
  takes("straps_used_timeout",
        config_.pipeline.used_timeout_cycles != usual.pipeline.used_timeout_cycles,
        fmt::format("used_timeout_cycles {}", config_.pipeline.used_timeout_cycles));
  return lines;
}

std::vector<NicResource> RtlNic::resources() const {
  std::vector<NicResource> result = card_.resources();
  add_bus_resources(link_, &result);
  return result;
}

}  // namespace

std::unique_ptr<NicModel> make_rtl_nic(const char* name, const NicConfig& config,
                                       const RtlOptions& options,
                                       std::unique_ptr<VerilatedCard> hardware,
                                       std::unique_ptr<ControlPlane> control, FramePool& pool) {
  return std::make_unique<RtlNic>(name, config, options, std::move(hardware), std::move(control),
                                  pool);
}

}  // namespace ringside::hw
