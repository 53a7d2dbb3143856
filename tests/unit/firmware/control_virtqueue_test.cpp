// SPDX-License-Identifier: Apache-2.0
// Commands of the control virtqueue (virtio 1.4, network device, "Control Virtqueue").
#include <algorithm>
#include <random>

#include "tests/unit/firmware/firmware_rig.h"

namespace ringside::test {
namespace {

using formats::feature_bit;

constexpr uint64_t kControl = kOffer | feature_bit(VIRTIO_NET_F_CTRL_VQ);
constexpr uint64_t kMultiQueue = kControl | feature_bit(VIRTIO_NET_F_MQ);

/// A card of 6 pairs whose driver negotiated `features`.
class ControlFirmware : public Firmware {
 public:
  explicit ControlFirmware(uint64_t features = kMultiQueue) : Firmware(kMultiQueue, 6) {
    EXPECT_EQ(write_status(15, features).back().value, 15u);
  }
  std::vector<rs_command> command(const std::vector<uint8_t>& bytes) {
    rs_event event{};
    event.kind = RS_EVENT_CONTROL;
    event.queue = 12;
    event.value = static_cast<uint32_t>(bytes.size());
    std::copy_n(bytes.begin(), std::min<std::size_t>(bytes.size(), RS_CONTROL_BYTES),
                event.control);
    return step(event);
  }
  std::vector<rs_command> set_pairs(unsigned pairs) {
    return command({4, 0, static_cast<uint8_t>(pairs), static_cast<uint8_t>(pairs >> 8)});
  }
};

void expect_refused(const std::vector<rs_command>& commands) {
  ASSERT_EQ(kinds(commands), (std::vector<uint32_t>{RS_COMMAND_CONTROL_REPLY}));
  EXPECT_EQ(commands[0].value, uint32_t{VIRTIO_NET_ERR});
}

// NMQ-D-002, NMQ-D-007: steering is changed before the driver learns that it is.
TEST(ControlVirtqueue, PairsAreSetBeforeTheReply) {
  ControlFirmware firmware;
  for (const unsigned pairs : {1u, 6u, 3u}) {
    const auto commands = firmware.set_pairs(pairs);
    ASSERT_EQ(kinds(commands),
              (std::vector<uint32_t>{RS_COMMAND_ACTIVE_PAIRS, RS_COMMAND_CONTROL_REPLY}));
    EXPECT_EQ(commands[0].value, pairs);
    EXPECT_EQ(commands[1].value, uint32_t{VIRTIO_NET_OK});
  }
}

TEST(ControlVirtqueue, PairsOutOfRangeAreRefused) {
  ControlFirmware firmware;
  for (const unsigned pairs : {0u, 7u, 0x100u, 0x8000u, 0xFFFFu}) {
    expect_refused(firmware.set_pairs(pairs));
  }
}

TEST(ControlVirtqueue, OnlyWhatWasNegotiated) {
  ControlFirmware firmware(kControl);
  expect_refused(firmware.set_pairs(1));
}

// Unknown classes and commands, and lengths that are not the command's own.
TEST(ControlVirtqueue, UnknownAndMisshapenCommandsAreRefused) {
  ControlFirmware firmware;
  for (unsigned clas = 0; clas < 256; ++clas) {
    for (unsigned command = 0; command < 256; ++command) {
      if (clas == VIRTIO_NET_CTRL_MQ && command == VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET) continue;
      const auto answer =
          firmware.command({static_cast<uint8_t>(clas), static_cast<uint8_t>(command), 1, 0});
      ASSERT_EQ(answer.size(), 1u);
      ASSERT_EQ(answer[0].value, uint32_t{VIRTIO_NET_ERR});
    }
  }
  for (const std::size_t bytes : {0u, 1u, 2u, 3u, 5u, 64u, 65u, 100000u}) {
    std::vector<uint8_t> command(bytes);
    if (bytes > 0) command[0] = VIRTIO_NET_CTRL_MQ;
    if (bytes > 2) command[2] = 1;
    expect_refused(firmware.command(command));
  }
}

// Each command is answered once, whatever it is.
TEST(ControlVirtqueue, RandomCommandsAreAnsweredOnce) {
  std::mt19937 random(1);
  ControlFirmware firmware;
  for (unsigned i = 0; i < 20000; ++i) {
    std::vector<uint8_t> bytes(random() % 70);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() % 8);
    const auto commands = firmware.command(bytes);
    ASSERT_FALSE(commands.empty());
    ASSERT_EQ(commands.back().kind, uint32_t{RS_COMMAND_CONTROL_REPLY});
    ASSERT_EQ(commands.size(), commands.back().value == VIRTIO_NET_OK ? 2u : 1u);
  }
}

// The control virtqueue lies behind the pairs in use; what lies beyond it cannot be enabled.
TEST(ControlVirtqueue, QueuesThatCanBeEnabled) {
  struct Case {
    uint64_t features;
    uint16_t queues;
  };
  for (const Case& c : {Case{kOffer, 2}, {kControl, 3}, {kMultiQueue, 13}}) {
    for (uint16_t queue = 0; queue < 20; ++queue) {
      Firmware firmware(kMultiQueue, 6);
      firmware.write_status(11, c.features);
      rs_event event{};
      event.kind = RS_EVENT_QUEUE_ENABLE;
      event.queue = queue;
      event.value = 1;
      event.context = {0x1000, 0x2000, 0x3000, 16, 0, 0};
      EXPECT_EQ(
          firmware.step(event)[0].kind,
          static_cast<uint32_t>(queue < c.queues ? RS_COMMAND_QUEUE_CONTEXT : RS_COMMAND_STATUS));
    }
  }
}

}  // namespace
}  // namespace ringside::test
