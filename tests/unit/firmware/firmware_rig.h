// SPDX-License-Identifier: Apache-2.0
// The firmware alone, powered on, and the commands that it answers with.
#pragma once

#include <vector>

#include "firmware/control_plane.h"
#include "firmware/native.h"
#include "formats/virtio.h"
#include "hw_model/management/management_block.h"
#include "tests/support/gtest.h"

namespace ringside::test {

using formats::feature_bit;

constexpr uint64_t kOffer = feature_bit(VIRTIO_F_VERSION_1) | feature_bit(VIRTIO_NET_F_MAC) |
                            feature_bit(VIRTIO_NET_F_STATUS);

class Firmware : private hw::CommandSink {
 public:
  explicit Firmware(uint64_t features = kOffer, uint16_t pairs = 1) {
    rs_event event{};
    event.kind = RS_EVENT_POWER_ON;
    event.identity.features = features;
    event.identity.mtu = 1500;
    event.identity.queue_size_max = 256;
    event.identity.queue_pairs = pairs;
    event.link = {10000, 1};
    step(event);
  }
  std::vector<rs_command> step(rs_event event) {
    event.sequence = ++sequence;
    commands_.clear();
    management_.post(event);
    const rs_bus bus = hw::firmware_bus(management_);
    EXPECT_EQ(rs_firmware_native()->step(&state, &bus), 1);
    EXPECT_EQ(rs_firmware_native()->step(&state, &bus), 0);
    for (const rs_command& command : commands_) EXPECT_EQ(command.sequence, sequence);
    return commands_;
  }
  std::vector<rs_command> write_status(uint8_t value, uint64_t features = kOffer) {
    rs_event event{};
    event.kind = RS_EVENT_STATUS_WRITE;
    event.value = value;
    event.driver_features = features;
    return step(event);
  }
  std::vector<rs_command> error() {
    rs_event event{};
    event.kind = RS_EVENT_DEVICE_ERROR;
    return step(event);
  }
  rs_control_plane state{};
  uint32_t sequence = 0;

 private:
  void command(const rs_command& command) override { commands_.push_back(command); }
  hw::ManagementBlock management_{*this};
  std::vector<rs_command> commands_;
};

inline std::vector<uint32_t> kinds(const std::vector<rs_command>& commands) {
  std::vector<uint32_t> result;
  result.reserve(commands.size());
  for (const rs_command& command : commands) result.push_back(command.kind);
  return result;
}

}  // namespace ringside::test
