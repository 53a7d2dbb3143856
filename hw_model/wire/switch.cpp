// SPDX-License-Identifier: Apache-2.0
// See switch.h.
#include "hw_model/wire/switch.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "formats/address.h"

namespace ringside::hw {

namespace {

constexpr std::size_t kAddressBytes = 6;

MacAddress address_at(const Frame& frame, std::size_t offset) {
  MacAddress address{};
  std::memcpy(address.data(), frame.bytes.data() + offset, address.size());
  return address;
}

/// 01-80-C2-00-00-00 to -0F, table 8-1.
bool is_reserved(const MacAddress& address) {
  constexpr uint8_t kPrefix[] = {0x01, 0x80, 0xC2, 0x00, 0x00};
  return std::equal(std::begin(kPrefix), std::end(kPrefix), address.begin()) && address[5] < 0x10;
}

}  // namespace

Switch::Switch(const SwitchConfig& config)
    : config_(config), table_(config.table_entries, config.ageing_ps), ports_(config.ports) {
  for (unsigned i = 0; i < config.ports; ++i) {
    ports_[i].owner = this;
    ports_[i].index = i;
  }
}

void Switch::connect(unsigned port, EthernetPort& end) {
  ports_[port].end = &end;
  end.attach(ports_[port]);
}

void Switch::Port::receive_frame(const FramePtr& frame, TimePs, TimePs end_ps) {
  ++counters.rx_frames;
  counters.rx_bytes += frame->bytes.size();
  if (!frame->fcs_ok) {
    ++counters.rx_drop_fcs;
    return;
  }
  // Links pad frames, so that the addresses are there.
  const MacAddress destination = address_at(*frame, 0);
  if (is_reserved(destination)) {
    ++counters.rx_drop_reserved;
    return;
  }
  owner->table_.learn(address_at(*frame, kAddressBytes), index, end_ps);
  const std::optional<unsigned> known =
      formats::is_multicast(destination) ? std::nullopt : owner->table_.find(destination, end_ps);
  if (known == index) {
    ++counters.rx_filtered;
    return;
  }
  if (known) {
    ++counters.rx_forwarded;
    owner->send(owner->ports_[*known], frame, end_ps);
    return;
  }
  ++counters.rx_flooded;
  for (Port& port : owner->ports_) {
    if (&port != this && port.end != nullptr) owner->send(port, frame, end_ps);
  }
}

/// What was learned there may be elsewhere when the carrier comes back.
void Switch::Port::carrier_change(bool up) {
  if (up) return;
  owner->table_.forget_port(index);
  queue.clear();  // the link has lost what waited
  queue_bytes = 0;
}

void Switch::send(Port& port, const FramePtr& frame, TimePs now_ps) {
  const uint64_t bytes = frame->bytes.size();
  if (!port.end->carrier()) {
    ++port.counters.tx_drop_link_down;
    return;
  }
  while (!port.queue.empty() && port.queue.front().end_ps <= now_ps) {
    port.queue_bytes -= port.queue.front().bytes;
    port.queue.pop_front();
  }
  if (port.queue_bytes + bytes > config_.queue_bytes) {
    ++port.counters.tx_drop_full;
    return;
  }
  const TimePs end_ps = port.end->transmit(frame, now_ps + config_.latency_ps);
  port.queue.push_back({end_ps, bytes});
  port.queue_bytes += bytes;
  port.counters.queue_bytes_max = std::max(port.counters.queue_bytes_max, port.queue_bytes);
  ++port.counters.tx_frames;
  port.counters.tx_bytes += bytes;
}

}  // namespace ringside::hw
