// SPDX-License-Identifier: Apache-2.0
// Reading the device configuration, and what its changes mean (virtio 1.4, "Device Configuration
// Space", "Network Device / Device configuration layout"). The driver never writes it (NCF-R-001).
#include "host_driver/virtio_net_driver.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {
namespace {

/// A device that changes its configuration faster than it can be read is not well.
constexpr unsigned kMostReadings = 64;
constexpr uint32_t kUnknownSpeedAbove = 0x7FFFFFFF;

}  // namespace

template <typename F>
bool VirtioNetDriver::read_stable(F&& read) {
  // CFG-R-001, CFG-R-002.
  for (unsigned i = 0; i < kMostReadings; ++i) {
    const uint8_t before = device_.config_generation();
    read();
    if (device_.config_generation() == before) return true;
  }
  return false;
}

bool VirtioNetDriver::read_mtu(uint32_t* mtu) {
  return read_stable(
      [&] { *mtu = device_.config_field(offsetof(formats::VirtioNetConfig, mtu), 2); });
}

bool VirtioNetDriver::read_max_pairs(uint32_t* pairs) {
  return read_stable([&] {
    *pairs = device_.config_field(offsetof(formats::VirtioNetConfig, max_virtqueue_pairs), 2);
  });
}

Status VirtioNetDriver::read_address() {
  if (!has(VIRTIO_NET_F_MAC)) {  // NCF-R-004: locally administered, unicast
    if (state_ == State::kWaiting) return Status::success();
    uint64_t bits = platform_.random();
    for (uint8_t& byte : mac_) {
      byte = static_cast<uint8_t>(bits);
      bits >>= 8;
    }
    mac_[0] = static_cast<uint8_t>((mac_[0] & 0xFC) | 0x02);
    return Status::success();
  }
  MacAddress mac{};  // NCF-R-003
  const bool stable = read_stable([&] {
    for (uint32_t i = 0; i < mac.size(); ++i) {
      mac[i] = static_cast<uint8_t>(device_.config_field(i, 1));
    }
  });
  if (!stable) return Status::failure("the configuration generation never settles");
  if ((mac[0] & 1) != 0 || mac == MacAddress{}) {
    return Status::failure("the device's MAC address is not a unicast address");
  }
  // The client goes on using the address that it has asked for.
  if (state_ == State::kWaiting && mac != mac_) {
    return Status::failure("the device came back from a reset with another MAC address");
  }
  mac_ = mac;
  return Status::success();
}

Status VirtioNetDriver::read_link() {
  LinkInfo link;
  const bool stable = read_stable([&] {
    link = {};
    link.up = true;  // NCF-R-005
    if (has(VIRTIO_NET_F_STATUS)) {
      const uint32_t status = device_.config_field(offsetof(formats::VirtioNetConfig, status), 2);
      link.up = (status & VIRTIO_NET_S_LINK_UP) != 0;  // NCF-R-006
    }
    if (has(VIRTIO_NET_F_SPEED_DUPLEX)) {  // NCF-R-011, NCF-R-012
      const uint32_t speed = device_.config_field(offsetof(formats::VirtioNetConfig, speed), 4);
      const uint32_t duplex = device_.config_field(offsetof(formats::VirtioNetConfig, duplex), 1);
      if (speed <= kUnknownSpeedAbove) link.speed_mbps = speed;
      if (duplex <= VIRTIO_NET_DUPLEX_FULL) link.duplex = static_cast<uint8_t>(duplex);
    }
  });
  if (!stable) return Status::failure("the configuration generation never settles");
  if (link.up != link_.up) link_pending_ = true;
  link_ = link;
  return Status::success();
}

/// Process context. One notification stands for any number of changes, and for an error.
void VirtioNetDriver::handle_configuration_change() {
  ++counters_.config_changes;
  if (!check_status()) return;
  if (Status read = read_link(); !read.ok()) return queue_fault(read.error);
  if (link_pending_) events_.schedule();
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
