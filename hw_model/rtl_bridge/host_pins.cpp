// SPDX-License-Identifier: Apache-2.0
// See host_pins.h.
#include "hw_model/rtl_bridge/host_pins.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "hw_model/core/bar_layout.h"
#include "hw_model/core/pci_config.h"

namespace ringside::hw {

namespace {

/// Of the Command register (7.5.1.1.3).
constexpr unsigned kBusMasterEnable = 0x04;

/// host_kind_e of nic_pkg.sv.
uint8_t kind_of(TlpType type) {
  switch (type) {
    case TlpType::kMemRead:
      return 0;
    case TlpType::kMemWrite:
      return 1;
    case TlpType::kConfigRead:
      return 2;
    default:
      return 3;
  }
}

bool configuration(const Tlp& tlp) {
  return tlp.type == TlpType::kConfigRead || tlp.type == TlpType::kConfigWrite;
}

}  // namespace

HostPins::HostPins(const CardPins& pins, const Config& config, LinkGate& gate,
                   PayloadPool& payloads, PcieLedger& ledger, const Complain& complain)
    : pins_(pins),
      config_(config),
      gate_(gate),
      payloads_(payloads),
      ledger_(ledger),
      stable_("completion to the host", complain),
      hang_("request of the host", config.request_cycles, complain),
      completions_(config.answer_cycles, complain) {}

/// For the ledger. A BAR lies at a multiple of its size, so the low bits are the offset in it.
Purpose HostPins::purpose_of(const Tlp& tlp) const {
  if (configuration(tlp)) return Purpose::kConfig;
  if (tlp.type == TlpType::kMemRead) return Purpose::kRegisterRead;
  const uint64_t offset = tlp.address & (BarLayout::kSize - 1);
  return offset - BarLayout::kNotify < BarLayout::kNotifyBytes ? Purpose::kDoorbell
                                                               : Purpose::kRegisterWrite;
}

void HostPins::receive(Tlp& tlp, TimePs now_ps) {
  ledger_.add(BusDirection::kDown, purpose_of(tlp), tlp.has_data() ? tlp.length : 0,
              link_bytes(tlp, config_.whole_dwords));
  requests_.push({std::move(tlp), now_ps});
}

void HostPins::show(const Tlp& tlp) {
  uint64_t data = 0;
  const ByteView payload = tlp.payload();
  if (!payload.empty()) {
    std::memcpy(&data, payload.data(), std::min(payload.size(), sizeof data));
  }
  *pins_.host_request_kind = kind_of(tlp.type);
  *pins_.host_request_address = tlp.address;
  *pins_.host_request_length = static_cast<uint16_t>(tlp.length);
  *pins_.host_request_tag = tlp.tag;
  *pins_.host_request_poisoned = tlp.poisoned ? 1 : 0;
  *pins_.host_request_data = data;
}

void HostPins::drive(const ClockEdge& edge) {
  const bool valid = !requests_.empty() && requests_.front().told_ps < edge.time_ps;
  if (valid && !shown_) show(requests_.front().tlp);
  shown_ = valid;
  *pins_.host_request_valid = valid ? 1 : 0;
  *pins_.host_completion_ready = gate_.takes_others(edge.time_ps) ? 1 : 0;
}

void HostPins::sample(const ClockEdge& edge) {
  hang_.look(edge.cycle, shown_, *pins_.host_request_ready != 0);
  if (shown_ && *pins_.host_request_ready != 0) took(edge);
  const bool valid = *pins_.host_completion_valid != 0;
  const bool ready = *pins_.host_completion_ready != 0;
  stable_.look(edge.cycle, valid, ready, [this] {
    return StableCheck::Fields{*pins_.host_completion_tag,           *pins_.host_completion_status,
                               *pins_.host_completion_has_data,      *pins_.host_completion_length,
                               *pins_.host_completion_lower_address, *pins_.host_completion_data,
                               *pins_.host_completion_configuration};
  });
  if (valid && ready) send_completion(edge);
  completions_.look(edge.cycle);
}

void HostPins::took(const ClockEdge& edge) {
  const Tlp& tlp = requests_.front().tlp;
  if (tlp.type != TlpType::kMemWrite) {
    const bool read = tlp.type != TlpType::kConfigWrite;
    completions_.request(edge.cycle, tlp.tag, {configuration(tlp), read, tlp.address, tlp.length});
    if (!read) look_at_command(tlp);
  }
  requests_.front().tlp = {};
  requests_.pop();
  shown_ = false;
}

/// A write of configuration space.
void HostPins::look_at_command(const Tlp& tlp) {
  const ByteView bytes = tlp.payload();
  if (!bus_master_ || tlp.address != PciConfig::kCommand || bytes.empty()) return;
  const bool on = (std::to_integer<unsigned>(bytes[0]) & kBusMasterEnable) != 0;
  command_writes_.push_back({tlp.tag, on});
  tell_bus_master();
}

/// One that is refused, as one of three bytes, changes nothing; another also settles those before
/// it.
void HostPins::command_answered(unsigned tag, bool success) {
  const auto found = std::ranges::find(command_writes_, tag, &CommandWrite::tag);
  if (found == command_writes_.end()) return;
  if (success) master_ = found->on;
  command_writes_.erase(success ? command_writes_.begin() : found, found + 1);
  tell_bus_master();
}

/// The card may have taken note of a write that sets the bit before it answers.
void HostPins::tell_bus_master() {
  bus_master_(master_ || std::ranges::any_of(command_writes_, &CommandWrite::on));
}

void HostPins::send_completion(const ClockEdge& edge) {
  const bool has_data = *pins_.host_completion_has_data != 0;
  Tlp tlp;
  tlp.type = has_data ? TlpType::kCompletionData : TlpType::kCompletion;
  tlp.status = static_cast<CompletionStatus>(*pins_.host_completion_status);
  tlp.tag = *pins_.host_completion_tag;
  const bool config = *pins_.host_completion_configuration != 0;
  tlp.purpose = config ? Purpose::kConfig : Purpose::kRegisterRead;
  completions_.completion(
      edge.cycle, {tlp.tag, *pins_.host_completion_status, has_data, *pins_.host_completion_length,
                   *pins_.host_completion_lower_address, config});
  if (config && !command_writes_.empty()) {
    command_answered(tlp.tag, tlp.status == CompletionStatus::kSuccess);
  }
  if (has_data) {
    tlp.length = std::min<uint32_t>(*pins_.host_completion_length, 8);
    tlp.byte_count = static_cast<uint16_t>(tlp.length);
    tlp.lower_address = *pins_.host_completion_lower_address;
    tlp.data = payloads_.make();
    const auto* bytes = reinterpret_cast<const std::byte*>(pins_.host_completion_data);
    tlp.data->bytes.assign(bytes, bytes + tlp.length);
  }
  ledger_.add(BusDirection::kUp, tlp.purpose, has_data ? tlp.length : 0,
              link_bytes(tlp, config_.whole_dwords));
  gate_.send(std::move(tlp), edge.time_ps);
}

}  // namespace ringside::hw
