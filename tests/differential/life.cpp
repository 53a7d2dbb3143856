// SPDX-License-Identifier: Apache-2.0
// From reset to reset: how a life begins and ends, and what must then hold.
#include "tests/differential/life.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "firmware/native.h"
#include "hw_model/core/bar_layout.h"
#include "hw_model/core/counters.h"
#include "hw_model/core/pci_config.h"
#include "hw_model/management/control_plane.h"
#include "hw_model/rtl_bridge/rtl_nic.h"

namespace ringside::differential {

using formats::CommonCfg;
using formats::feature_bit;
using hw::BarLayout;
using hw::PciConfig;

namespace {

constexpr std::size_t kMemoryBytes = std::size_t{48} << 20;
constexpr uint64_t kFirst = hw::HostMemory::kArenaBase + 4096;
constexpr unsigned kVectors = 4;
constexpr uint16_t kNoVector = 0xFFFF;
/// Virtual time after which something that should end has not.
constexpr unsigned kPatience = 4000;
constexpr uint64_t kRestNs = 20'000;
constexpr uint16_t kFlr = 0x8000;

}  // namespace

unsigned card_pairs() {
  const std::unique_ptr<hw::VerilatedCard> hardware = hw::make_verilated_card({});
  hardware->eval();
  return *hardware->pins().build_queue_pairs;
}

Rig::Rig(const Settings& settings, SplitMix64& random, bool waves)
    : settings_(settings),
      random_(random),
      memory_(kMemoryBytes),
      port_("port", 0, memory_, *this),
      wire_("wire", settings.wire_bps) {
  settings_.card.queue_pairs = static_cast<uint16_t>(card_pairs());
  card_ =
      hw::make_rtl_nic("card", settings_.card, {.followed = true}, hw::make_verilated_card({waves}),
                       hw::make_native_control_plane("firmware", *rs_firmware_native(),
                                                     settings.card.management_latency_ps),
                       pool_);
  port_.down.bind(card_->pcie_target());
  card_->pcie_initiator().bind(port_.up);
  port_.set_sizes(card_->link_config().mps, card_->link_config().mrrs);
  card_->connect(wire_);
  card_->on_fault([] { sc_core::sc_stop(); });
}

void Rig::wait_ns(uint64_t ns) { sc_core::wait(static_cast<double>(ns), sc_core::SC_NS); }

uint64_t Rig::counter(std::string_view name) const {
  for (const hw::NicCounter& counter : card_->counters()) {
    if (counter.name == name) return counter.value;
  }
  return ~uint64_t{0};
}

uint64_t Rig::drops() const {
  uint64_t sum = 0;
  for (const hw::NicCounter& counter : card_->counters()) {
    if (counter.name.starts_with("rx_drop_")) sum += counter.value;
  }
  return sum;
}

std::string Rig::run() {
  port_.enumerate();
  for (unsigned life = 0; life < settings_.lives && !failed(); ++life) {
    live(life + 1 == settings_.lives);
    if (failed()) failure_ = fmt::format("life {}: {}", life, failure_);
  }
  if (failed()) return failure_;
  const auto comparison = card_->comparison();
  if (!comparison) return "nobody follows the card";
  tally_[Tried::kRecords] = comparison->records;
  tally_[Tried::kFrames] = comparison->frames;
  tally_[Tried::kBytes] = comparison->bytes;
  tally_[Tried::kSent] = wire_.arrived();
  const std::pair<Tried, std::string_view> counted[] = {
      {Tried::kTxShort, "tx_drop_short"},        {Tried::kTxLong, "tx_drop_long"},
      {Tried::kTxLinkDown, "tx_drop_link_down"}, {Tried::kRxFcs, "rx_drop_fcs"},
      {Tried::kRxShort, "rx_drop_short"},        {Tried::kRxLong, "rx_drop_long"},
      {Tried::kRxNotReady, "rx_drop_not_ready"}, {Tried::kRxNoFit, "rx_drop_no_fit"},
      {Tried::kRxFull, "rx_drop_buffer_full"}};
  for (const auto& [what, name] : counted) tally_[what] = counter(name);
  return comparison->difference;
}

void Rig::live(bool last) {
  ++tally_[Tried::kLives];
  come_up();
  End end = last ? End::kRest : static_cast<End>(below(4));
  const uint64_t steps = 1 + below(settings_.steps);
  for (uint64_t i = 0; i < steps && !failed(); ++i) {
    step();
    if (!wire_.failure().empty()) fail(wire_.failure());
  }
  if (failed()) return;
  switch (end) {
    case End::kRest:
      rest();
      if (!last && !failed()) reset();
      return;
    case End::kReset:
      ++tally_[Tried::kResets];
      return reset();
    case End::kFunctionReset:
      ++tally_[Tried::kFunctionResets];
      return function_reset();
    case End::kMisdeed:
      misdeed();
      if (!failed()) reset();
  }
}

/// PCI controls and MSI-X table.
void Rig::place() {
  port_.config_write(PciConfig::kCommand, 2, 0x6);
  if (!msix_) {
    port_.config_write(PciConfig::kMsixCap + 2, 2, 0);
    return;
  }
  for (unsigned vector = 0; vector < kVectors; ++vector) {
    const uint32_t entry = BarLayout::kMsixTable + 16 * vector;
    set(entry, 4, hw::RootPort::kMsiWindow + uint64_t{64} * vector);
    set(entry + 4, 4, 0);
    set(entry + 8, 4, vector);
    set(entry + 12, 4, 0);
  }
  port_.config_write(PciConfig::kMsixCap + 2, 2, 0x8000);
}

void Rig::enable(HuntQueue& queue, uint16_t start) {
  const uint32_t state = BarLayout::kRingState + hw::RingState::kSize * queue.index;
  set(CommonCfg::kQueueSelect, 2, queue.index);
  set(CommonCfg::kQueueSize, 2, queue.size);
  set(CommonCfg::kQueueMsixVector, 2,
      msix_ ? (chance(8) ? kNoVector : below(kVectors)) : uint64_t{kNoVector});
  set(CommonCfg::kQueueDesc, 8, queue.desc);
  set(CommonCfg::kQueueDriver, 8, queue.avail);
  set(CommonCfg::kQueueDevice, 8, queue.used);
  if (start != 0) set(state + hw::RingState::kIndex, 2, start);
  set(CommonCfg::kQueueEnable, 2, 1);
}

void Rig::come_up() {
  msix_ = below(3) != 0;
  small_buffers_ = below(2) == 0;
  place();
  features_ = feature_bit(VIRTIO_F_VERSION_1) | feature_bit(VIRTIO_F_ACCESS_PLATFORM) |
              feature_bit(VIRTIO_F_ORDER_PLATFORM) | feature_bit(VIRTIO_NET_F_MAC) |
              feature_bit(VIRTIO_NET_F_STATUS);
  for (const unsigned feature :
       {VIRTIO_NET_F_MRG_RXBUF, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC, VIRTIO_NET_F_CTRL_VQ}) {
    if (below(2) == 0) features_ |= feature_bit(feature);
  }
  unsigned pairs = 1;
  if (settings_.card.queue_pairs > 1 && has(VIRTIO_NET_F_CTRL_VQ) && below(4) != 0) {
    features_ |= feature_bit(VIRTIO_NET_F_MQ);
    pairs = settings_.card.queue_pairs;
  }
  set(CommonCfg::kDeviceStatus, 1, 0);
  if (get(CommonCfg::kDeviceStatus, 1) != 0) return fail("the card does not leave reset");
  set(CommonCfg::kDeviceStatus, 1, 1);
  set(CommonCfg::kDeviceStatus, 1, 3);
  for (unsigned word = 0; word < 2; ++word) {
    set(CommonCfg::kDriverFeatureSelect, 4, word);
    set(CommonCfg::kDriverFeature, 4, (features_ >> (32 * word)) & 0xFFFFFFFF);
  }
  set(CommonCfg::kDeviceStatus, 1, 11);
  if (get(CommonCfg::kDeviceStatus, 1) != 11) return fail("good features are refused");
  set(CommonCfg::kConfigMsixVector, 2, msix_ ? below(kVectors) : uint64_t{kNoVector});
  next_ = kFirst;
  const auto make = [this](auto& queues, unsigned index, unsigned sizes) {
    set(CommonCfg::kQueueSelect, 2, index);
    const uint64_t most = get(CommonCfg::kQueueSize, 2);
    const auto size = static_cast<uint16_t>(std::min<uint64_t>(most, 8u << below(sizes)));
    const uint64_t slots = std::min<uint64_t>(size, 512);
    const auto start = static_cast<uint16_t>(chance(2) ? 0 : 65536 - below(200));
    queues.emplace_back(memory_, random_, tally_, index, size, static_cast<unsigned>(slots), start,
                        &next_);
    enable(queues.back(), start);
  };
  rx_.clear();
  tx_.clear();
  control_.clear();
  acks_.clear();
  for (unsigned pair = 0; pair < pairs; ++pair) {
    make(rx_, 2 * pair, 8);
    make(tx_, 2 * pair + 1, 8);
  }
  if (has(VIRTIO_NET_F_CTRL_VQ)) make(control_, 2 * pairs, 4);
  set(CommonCfg::kDeviceStatus, 1, 15);
  if (get(CommonCfg::kDeviceStatus, 1) != 15) return fail("the card does not come up");
  valid_ = short_ = long_ = delivered_ = 0;
  arrived_before_ = wire_.arrived();
  short_before_ = counter("tx_drop_short");
  long_before_ = counter("tx_drop_long");
  down_before_ = counter("tx_drop_link_down");
  received_before_ = counter("rx_frames");
}

/// The clock stands still, nothing is on the wire and the driver has nothing to do.
bool Rig::settle() {
  for (unsigned i = 0; i < kPatience; ++i) {
    const uint64_t cycles = card_->clock_cycles();
    wait_ns(kRestNs);
    if (card_->clock_cycles() == cycles && wire_.under_way() == 0) return true;
  }
  fail("the card does not come to rest");
  return false;
}

/// Everything that was given is used and accounted for.
void Rig::rest() {
  wire_.set_carrier(true);
  place();
  unsigned patience = 0;
  do {
    poll();
    for (HuntQueue& queue : rx_) {
      give_buffers(queue, 64);
      notify(queue);
    }
    wait_ns(5'000);
    if (failed()) return;
    if (++patience == kPatience) return fail("frames are left in the card with buffers for them");
  } while (wire_.under_way() != 0 || wire_.handed_over() != counter("rx_frames") + drops());
  if (!settle()) return;
  poll();
  if (failed()) return;
  if (get(CommonCfg::kDeviceStatus, 1) != 15) {
    return fail(fmt::format("device_status is {:#x}", get(CommonCfg::kDeviceStatus, 1)));
  }
  for (const auto* queues : {&tx_, &control_}) {
    for (const HuntQueue& queue : *queues) {
      if (queue.used_seen == queue.avail_idx) continue;
      return fail(fmt::format("queue {} rests with {} chains not used", queue.index,
                              static_cast<uint16_t>(queue.avail_idx - queue.used_seen)));
    }
  }
  const uint64_t out = wire_.arrived() - arrived_before_;
  const uint64_t down = counter("tx_drop_link_down") - down_before_;
  const uint64_t received = counter("rx_frames") - received_before_;
  if (out + down != valid_) {
    fail(fmt::format("{} frames were given to send, {} came and {} were dropped", valid_, out,
                     down));
  } else if (counter("tx_drop_short") - short_before_ != short_ ||
             counter("tx_drop_long") - long_before_ != long_) {
    fail("chains that are no frame are not counted as they were given");
  } else if (received != delivered_) {
    fail(fmt::format("the card counts {} received frames, the driver {}", received, delivered_));
  } else if (const auto comparison = card_->comparison(); !comparison->difference.empty()) {
    fail("at rest: " + comparison->difference);
  } else {
    ++tally_[Tried::kRests];
    compare_statistics();
  }
  wire_.forget_expected();
}

/// Nothing is under way: what the statistics window shows is what the card counts.
void Rig::compare_statistics() {
  const auto compare = [this](uint32_t offset, std::string_view name) {
    const uint64_t counted = counter(name);
    const uint64_t shown = get(BarLayout::kStatistics + offset, 8);
    if (shown == counted) return;
    fail(fmt::format("the statistics window shows {} of {}, the card counts {}", shown, name,
                     counted));
  };
  for (unsigned i = 0; i < static_cast<unsigned>(hw::Counter::kCount); ++i) {
    compare(8 * i, hw::counter_name(static_cast<hw::Counter>(i)));
  }
  for (unsigned i = 0; i < static_cast<unsigned>(hw::DeviceError::kCount); ++i) {
    compare(hw::Statistics::kErrors + 8 * i, hw::error_name(static_cast<hw::DeviceError>(i)));
  }
  ++tally_[Tried::kCountersAtRest];
}

void Rig::reset() {
  set(CommonCfg::kDeviceStatus, 1, 0);
  for (unsigned i = 0; get(CommonCfg::kDeviceStatus, 1) != 0; ++i) {
    if (i == kPatience) return fail("the reset does not end");
    wait_ns(1'000);
  }
}

/// As software does it: request, wait, then everything again.
void Rig::function_reset() {
  const uint64_t bar = port_.bar_address(0);
  const uint32_t control = port_.config_read(PciConfig::kDeviceControl, 2);
  port_.config_write(PciConfig::kDeviceControl, 2, control | kFlr);
  wait_ns(100'000);
  port_.config_write(PciConfig::kBar0, 4, static_cast<uint32_t>(bar));
  port_.config_write(PciConfig::kBar0 + 4, 4, static_cast<uint32_t>(bar >> 32));
  port_.config_write(PciConfig::kDeviceControl, 2, control);
  if (intx_) fail("INTx is still there after a function-level reset");
}

}  // namespace ringside::differential
