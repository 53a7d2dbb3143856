// SPDX-License-Identifier: Apache-2.0
// See rtl_card.h.
#include "hw_model/rtl_bridge/rtl_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <utility>

#include "formats/output_file.h"
#include "hw_model/core/pci_config.h"
#include "hw_model/pcie/pcie_payload.h"
#include "hw_model/rtl_bridge/disk_guard.h"
#include "hw_model/rtl_bridge/fst_check.h"
#include "hw_model/rtl_bridge/wave_view.h"

namespace ringside::hw {

namespace {

/// Cycles in which the card must take what it is offered.
constexpr uint64_t kTakenCycles = 1'000'000;
/// Beyond the bound that holds a register read for firmware.
constexpr uint64_t kAnswerSlackCycles = 10'000;
/// Of Max_Read_Request_Size: 4096 bytes (PCIe 4.0 7.5.3.4).
constexpr unsigned kLargestSizeCode = 5;

uint32_t cut32(uint64_t value) {
  return static_cast<uint32_t>(std::min<uint64_t>(value, std::numeric_limits<uint32_t>::max()));
}

HostPins::Config host_config(const NicConfig& config, const ClockEdges& edges) {
  return {config.pcie.whole_dwords, edges.cycles_in(config.hold_bound_ps) + kAnswerSlackCycles,
          kTakenCycles + edges.cycles_in(config.hold_bound_ps)};
}

DmaPins::Config dma_config(const NicConfig& config, const CardPins& pins, const ClockEdges& edges) {
  return {config.pcie.whole_dwords,
          kTakenCycles,
          {config.pcie.mps, config.pcie.mrrs, *pins.build_read_tags,
           edges.cycles_in(config.pipeline.completion_timeout_ps)}};
}

TimePs now_ps() { return sc_core::sc_time_stamp().value(); }

}  // namespace

RtlCard::RtlCard(const sc_core::sc_module_name& name, const NicConfig& config,
                 const RtlOptions& options, std::unique_ptr<VerilatedCard> hardware,
                 FramePool& frames, PayloadPool& payloads, TlpChannel& up)
    : sc_core::sc_module(name),
      config_(config),
      options_(options),
      edges_(config.pipeline.clock_hz),
      hardware_(std::move(hardware)),
      // The constants of the build are outputs like others.
      pins_((hardware_->eval(), hardware_->pins())),
      gate_(up, config.pcie),
      numbers_(frames),
      host_(pins_, host_config(config, edges_), gate_, payloads, ledger_, checker()),
      dma_(pins_, dma_config(config, pins_, edges_), gate_, payloads, ledger_, checker()),
      ethernet_(pins_, numbers_, checker()),
      management_(
          pins_, [this] { wake(); }, kTakenCycles, checker()),
      trace_(pins_, numbers_, checker()),
      payloads_(payloads) {
  set_straps(config);
  host_.on_bus_master([this](bool on) { dma_.bus_master(on); });
  SC_METHOD(edge);
  sensitive << clock_;
  dont_initialize();
}

RtlCard::~RtlCard() {
  // Closes its file, if that is still open.
  const DiskGuard guard;
  hardware_.reset();
}

/// The hardware's pairs are always there; whether they may be used is the configuration's.
uint64_t RtlCard::features(const NicConfig& config) {
  return config.queue_pairs > 1 ? config.features
                                : config.features & ~formats::feature_bit(VIRTIO_NET_F_MQ);
}

void RtlCard::set_straps(const NicConfig& config) {
  uint64_t mac = 0;
  for (const uint8_t byte : config.mac) mac = mac << 8 | byte;
  *pins_.straps_features = features(config);
  *pins_.straps_mac = mac;
  *pins_.straps_mtu = config.mtu;
  *pins_.straps_queue_size_max =
      static_cast<uint16_t>(std::min<uint32_t>(config.queue_size_max, *pins_.build_ring_limit));
  *pins_.straps_max_payload =
      static_cast<uint8_t>(std::countr_zero(config.pcie.mps) - std::countr_zero(128U));
  *pins_.straps_used_batch = static_cast<uint8_t>(std::min(config.pipeline.used_batch, 8U));
  *pins_.straps_used_timeout =
      static_cast<uint16_t>(std::min<uint32_t>(config.pipeline.used_timeout_cycles, 0xFFFF));
  *pins_.straps_hold_bound = cut32(edges_.cycles_in(config.hold_bound_ps));
  *pins_.straps_completion_timeout = cut32(edges_.cycles_in(config.pipeline.completion_timeout_ps));
}

void RtlCard::connect(EthernetPort& port) {
  port_ = &port;
  port.attach(*this);
  ethernet_.connect(port);
}

void RtlCard::trace(TraceSink* sink) {
  trace_.trace(sink);
  ethernet_.trace(sink);
}

void RtlCard::tap(CardTap* tap) {
  tap_ = tap;
  trace_.tap(tap);
  dma_.tap(tap);
  ethernet_.tap(tap);
  management_.tap(tap);
}

/// Time in which beats moved: of a port that is at its limit, all.
std::vector<NicResource> RtlCard::resources() const {
  const auto cycles = [this](uint64_t count) { return edges_.time_of(count); };
  return {{"posted_pins", cycles(dma_.beats().posted)},
          {"completion_pins", cycles(dma_.beats().completion)},
          {"rx_pins", cycles(ethernet_.rx_beats())},
          {"tx_pins", cycles(ethernet_.tx_beats())}};
}

void RtlCard::complain(uint64_t cycle, const std::string& what) { options_.complain(cycle, what); }

/// Reset, before edge 1.
void RtlCard::start_of_simulation() {
  const bool up = port_ != nullptr && port_->carrier();
  *pins_.carrier = up ? 1 : 0;
  *pins_.speed_mbps = port_ == nullptr ? VIRTIO_NET_SPEED_UNKNOWN
                                       : static_cast<uint32_t>(port_->rate_bps() / 1'000'000);
  if (tap_ != nullptr) tap_->carrier(up, *pins_.speed_mbps);
  *pins_.now = 0;
  *pins_.rst_n = 0;
  for (unsigned i = 0; i < kResetCycles; ++i) {
    *pins_.clk = 0;
    hardware_->eval();
    *pins_.clk = 1;
    hardware_->eval();
  }
  *pins_.rst_n = 1;
  started_ = true;
  settle(true, 0);
  plan(0);
}

void RtlCard::settle(bool clk, TimePs time_ps) {
  *pins_.clk = clk ? 1 : 0;
  hardware_->eval();
  if (waves_.empty() || waves_lost_ || !wave_window_.has(time_ps)) return;
  // The file takes one state a time: where virtual time stands still, a picosecond lies between.
  const TimePs dump_ps = std::max(next_dump_ps_, time_ps);
  const DiskGuard guard;
  hardware_->dump_waves(dump_ps);
  next_dump_ps_ = dump_ps + 1;
  waves_lost_ = guard.lost();
}

Status RtlCard::record_waves(const std::string& path, const WaveWindow& window) {
  const DiskGuard guard;
  const std::string part = path + formats::OutputFile::kPartSuffix;
  const Status begun = hardware_->record_waves(part);
  if (!begun.ok()) return Status::failure(path + ": " + begun.error);
  Status view = write_wave_view(path, *pins_.build_data_bits, window,
                                [this](const std::string& pin) { return hardware_->has_pin(pin); });
  if (!view.ok()) {
    hardware_->finish_waves();
    std::remove(part.c_str());
    return view;
  }
  waves_ = path;
  waves_lost_ = guard.lost();
  wave_window_ = window;
  return view;
}

Status RtlCard::finish_waves() {
  if (waves_.empty()) return Status::success();
  const std::string path = std::exchange(waves_, {});
  const std::string part = path + formats::OutputFile::kPartSuffix;
  if (!waves_lost_) {
    const DiskGuard guard;
    hardware_->finish_waves();
    waves_lost_ = guard.lost();
  }
  const std::string left = "; what came before is in " + part;
  if (waves_lost_ || !fst_is_whole(part)) {
    return Status::failure(
        path + ": cannot write the waves: no room left on the disk, or on that of temporary files" +
        left);
  }
  if (std::rename(part.c_str(), path.c_str()) == 0) return Status::success();
  return Status::failure(path + ": cannot name the waves: " + std::strerror(errno) + left);
}

void RtlCard::edge() {
  const TimePs now = now_ps();
  const uint64_t cycle_now = edges_.last_at(now);
  if (options_.clock == ClockMode::kAlways) catch_up(cycle_now);
  cycle({cycle_now, now});
  plan(cycle_now);
}

/// The cycle that ends with `edge`.
void RtlCard::cycle(const ClockEdge& edge) {
  ++cycles_;
  last_cycle_ = edge.cycle;
  *pins_.now = edge.cycle;
  host_.drive(edge);
  dma_.drive(edge);
  ethernet_.drive(edge);
  management_.drive(edge);
  // The clock falls in the middle of the cycle.
  const TimePs middle_ps =
      edge.cycle == 0 ? 0 : (edges_.time_of(edge.cycle - 1) + edge.time_ps) / 2;
  settle(false, middle_ps);
  if (tap_ != nullptr) tap_->at(edge.time_ps);
  trace_.sample(edge);
  host_.sample(edge);
  dma_.sample(edge);
  ethernet_.sample(edge);
  management_.sample(edge);
  settle(true, edge.time_ps);
  management_.behind_edge();
  if (const unsigned failed = hardware_->failed_assertions(); failed != failed_assertions_) {
    failed_assertions_ = failed;
    complain(edge.cycle, "an assertion of the RTL failed; its message is above");
  }
}

/// Whether the next edge changes anything.
bool RtlCard::busy() const {
  return *pins_.quiescent == 0 || host_.pending() || dma_.pending() || ethernet_.pending() ||
         management_.pending() || trace_.pending();
}

/// `cycle` is the last edge: sets when the next is to come.
void RtlCard::plan(uint64_t cycle) {
  const bool rest = !busy();
  uint64_t deadline = *pins_.next_deadline;
  if (const TimePs wire_ps = ethernet_.wire_takes_ps(); wire_ps != EthernetPins::kNoTime) {
    deadline = std::min(deadline, edges_.first_at(wire_ps));
  }
  uint64_t next = cycle + 1;
  stopped_ = rest;
  deadline_ = rest && deadline != kNeverCycle;
  if (rest && !deadline_ && host_.unanswered() != 0) {
    complain(cycle, "the card is quiescent for ever with a request of the host unanswered");
  }
  if (stopped_) {
    if (options_.clock == ClockMode::kProven) prove(cycle);
    if (!deadline_) return;
    next = std::max(next, deadline);
  }
  clock_.notify(sc_core::sc_time::from_value(edges_.time_of(next) - now_ps()));
}

void RtlCard::quiet_inputs() {
  *pins_.host_request_valid = 0;
  *pins_.completion_valid = 0;
  *pins_.rx_valid = 0;
  *pins_.management_read = 0;
  *pins_.management_write = 0;
}

/// The edges between the last one and `cycle`, none of which may do anything. Not at their times:
/// as events of the simulation they would change the order of others of the same time.
void RtlCard::catch_up(uint64_t cycle) {
  if (last_cycle_ + 1 < cycle) quiet_inputs();
  for (uint64_t skipped = last_cycle_ + 1; skipped < cycle; ++skipped) {
    ++cycles_;
    *pins_.now = skipped;
    settle(false, (edges_.time_of(skipped - 1) + edges_.time_of(skipped)) / 2);
    // A frame may wait for the wire.
    if (*pins_.posted_valid != 0 || *pins_.read_valid != 0 || *pins_.host_completion_valid != 0 ||
        (*pins_.tx_valid != 0 && *pins_.tx_ready != 0) || *pins_.trace_valid != 0) {
      complain(skipped, "the card said it was quiescent and has something to say");
      return;
    }
    settle(true, edges_.time_of(skipped));
    last_cycle_ = skipped;
  }
}

/// Edges with nothing on the inputs and no time passing must leave every bit as it is.
void RtlCard::prove(uint64_t cycle) {
  quiet_inputs();
  hardware_->eval();
  // Assertions remember what was; that is no state of the card. At most so many cycles.
  for (unsigned i = 0; i < kPastCycles; ++i) {
    *pins_.clk = 0;
    hardware_->eval();
    *pins_.clk = 1;
    hardware_->eval();
  }
  hardware_->image(&before_);
  for (unsigned i = 0; i < kProofCycles; ++i) {
    *pins_.clk = 0;
    hardware_->eval();
    *pins_.clk = 1;
    hardware_->eval();
    hardware_->image(&behind_);
    if (before_ == behind_) continue;
    const auto differ = std::mismatch(before_.begin(), before_.end(), behind_.begin());
    complain(cycle, fmt::format("the card said it was quiescent and changed at edge {} behind, in "
                                "byte {} of its image",
                                i + 1, differ.first - before_.begin()));
    return;
  }
}

void RtlCard::wake() {
  if (!started_ || !stopped_) return;
  const TimePs now = now_ps();
  clock_.notify(sc_core::sc_time::from_value(edges_.time_of(edges_.last_at(now) + 1) - now));
}

// -- arrivals

void RtlCard::receive_tlp(Tlp& tlp, TimePs) {
  switch (tlp.type) {
    case TlpType::kCompletion:
    case TlpType::kCompletionData:
      dma_.receive(tlp, now_ps());
      break;
    case TlpType::kMessage:
      return;  // none is for a function without such a capability (2.2.8)
    case TlpType::kConfigWrite:
      look_at_sizes(tlp.address, tlp.payload());
      host_.receive(tlp, now_ps());
      break;
    default:
      host_.receive(tlp, now_ps());
  }
  wake();
}

/// A write of configuration space: the driver may allow longer reads than the link begins with.
void RtlCard::look_at_sizes(uint64_t offset, ByteView bytes) {
  constexpr uint64_t kReadRequestAt = PciConfig::kDeviceControl + 1;
  if (offset > kReadRequestAt || kReadRequestAt - offset >= bytes.size()) return;
  const unsigned code = std::to_integer<unsigned>(bytes[kReadRequestAt - offset]) >> 4 & 7;
  if (code <= kLargestSizeCode) dma_.allow_reads(128U << code);
}

void RtlCard::receive_frame(const FramePtr& frame, TimePs, TimePs) {
  ethernet_.receive(frame, now_ps());
  wake();
}

void RtlCard::carrier_change(bool up) {
  ethernet_.carrier(up, static_cast<uint32_t>(port_->rate_bps() / 1'000'000), now_ps());
  wake();
}

unsigned RtlCard::debug(tlm::tlm_generic_payload& request) {
  const auto* extension = request.get_extension<PcieExtension>();
  const unsigned width = request.get_data_length();
  if (extension == nullptr || extension->space != PcieSpace::kConfig || width > 4 ||
      !std::has_single_bit(width) || request.get_address() % width != 0) {
    return 0;
  }
  const uint64_t cycle = edges_.last_at(now_ps());
  if (host_.pending() || host_.unanswered() != 0) return 0;
  // Waves cannot go back to earlier edges.
  if (started_ && options_.clock == ClockMode::kAlways) catch_up(cycle);
  *pins_.now = cycle;
  *pins_.host_request_kind = request.is_read() ? 2 : 3;
  *pins_.host_request_address = request.get_address();
  *pins_.host_request_length = static_cast<uint16_t>(width);
  *pins_.host_request_tag = 0;
  *pins_.host_request_poisoned = 0;
  uint64_t data = 0;
  if (request.is_write()) {
    const auto* bytes = reinterpret_cast<const std::byte*>(request.get_data_ptr());
    look_at_sizes(request.get_address(), {bytes, width});
    std::memcpy(&data, bytes, width);
  }
  *pins_.host_request_data = data;
  *pins_.host_request_valid = 1;
  *pins_.host_completion_ready = 1;
  *pins_.posted_ready = 0;
  *pins_.read_ready = 0;
  *pins_.completion_valid = 0;
  *pins_.rx_valid = 0;
  *pins_.tx_ready = 0;
  *pins_.management_read = 0;
  *pins_.management_write = 0;
  bool answered = false;
  bool good = false;
  for (unsigned i = 0; i < kDebugCycles && !answered; ++i) {
    settle(false, now_ps());
    trace_.sample({cycle, now_ps()});
    const bool taken = *pins_.host_request_valid != 0 && *pins_.host_request_ready != 0;
    answered = *pins_.host_completion_valid != 0;
    good = *pins_.host_completion_status == 0;
    data = *pins_.host_completion_data;
    settle(true, now_ps());
    if (taken) *pins_.host_request_valid = 0;
  }
  management_.behind_edge();
  if (stopped_) plan(cycle);
  if (!answered || !good) return 0;
  if (request.is_read()) std::memcpy(request.get_data_ptr(), &data, width);
  return width;
}

}  // namespace ringside::hw
