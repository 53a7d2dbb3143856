// SPDX-License-Identifier: Apache-2.0
// The firmware's control plane alone: one event in, its commands out.
#include "tests/unit/firmware/firmware_rig.h"

namespace ringside::test {
namespace {

using formats::feature_bit;

// CLAUSES: RST-D-001
TEST(ControlPlane, StatusMachine) {
  Firmware firmware;
  for (const uint8_t status : {1, 3, 11, 15}) {
    const auto commands = firmware.write_status(status);
    ASSERT_FALSE(commands.empty());
    EXPECT_EQ(commands.back().kind, RS_COMMAND_STATUS);
    EXPECT_EQ(commands.back().value, status);
  }
  // A driver clears no bit (STS-R-002), and DEVICE_NEEDS_RESET is the device's.
  EXPECT_EQ(firmware.write_status(1 | 64).back().value, 15u);
  // The data plane is reset before 0 is shown.
  EXPECT_EQ(kinds(firmware.write_status(0)),
            (std::vector<uint32_t>{RS_COMMAND_RESET, RS_COMMAND_NEGOTIATED, RS_COMMAND_STATUS}));
  EXPECT_EQ(firmware.state.status, 0);
}

// CLAUSES: FEA-D-003
TEST(ControlPlane, DriverOkNeedsFeaturesOk) {
  Firmware firmware;
  EXPECT_EQ(firmware.write_status(7).back().value, 3u);
  EXPECT_EQ(firmware.write_status(15, 0).back().value, 3u);
}

// The status, then the notification, once, and that only after DRIVER_OK.
// CLAUSES: STS-D-002, STS-D-003
TEST(ControlPlane, DeviceError) {
  Firmware firmware;
  firmware.write_status(11);
  EXPECT_EQ(kinds(firmware.error()), (std::vector<uint32_t>{RS_COMMAND_STATUS}));
  firmware.write_status(0);
  firmware.write_status(15);
  EXPECT_EQ(kinds(firmware.error()),
            (std::vector<uint32_t>{RS_COMMAND_STATUS, RS_COMMAND_CONFIG_INTERRUPT}));
  EXPECT_TRUE(firmware.error().empty());
  EXPECT_EQ(firmware.state.status, 15 | 64);
}

// Nothing is offered without what it needs, however deep.
// CLAUSES: FEA-D-001
TEST(ControlPlane, OfferHasNoOrphans) {
  const uint64_t ecn = feature_bit(VIRTIO_NET_F_GUEST_ECN),
                 tso = feature_bit(VIRTIO_NET_F_GUEST_TSO4),
                 csum = feature_bit(VIRTIO_NET_F_GUEST_CSUM), v1 = feature_bit(VIRTIO_F_VERSION_1);
  EXPECT_EQ(rs_features_to_offer(ecn | tso), v1);
  EXPECT_EQ(rs_features_to_offer(ecn | tso | csum), ecn | tso | csum | v1);
  EXPECT_EQ(rs_features_to_offer(feature_bit(VIRTIO_NET_F_MQ)), v1);
  EXPECT_FALSE(rs_features_acceptable(~uint64_t{0}, v1 | tso));
  EXPECT_TRUE(rs_features_acceptable(~uint64_t{0}, v1 | tso | csum));
  EXPECT_FALSE(rs_features_acceptable(v1, v1 | csum));
  EXPECT_FALSE(rs_features_acceptable(~uint64_t{0}, csum));
}

TEST(ControlPlane, QueueSetUp) {
  Firmware firmware;
  const auto enable = [&](uint16_t queue, uint32_t value, rs_queue_context context) {
    rs_event event{};
    event.kind = RS_EVENT_QUEUE_ENABLE;
    event.queue = queue;
    event.value = value;
    event.context = context;
    return firmware.step(event);
  };
  const rs_queue_context good{0x1000, 0x2002, 0x3004, 256, 65000, 1};
  firmware.write_status(11);
  const auto commands = enable(1, 1, good);
  ASSERT_EQ(kinds(commands),
            (std::vector<uint32_t>{RS_COMMAND_QUEUE_CONTEXT, RS_COMMAND_QUEUE_ACKNOWLEDGE}));
  EXPECT_EQ(commands[0].queue, 1);
  EXPECT_EQ(commands[0].context.driver, 0x2002u);
  EXPECT_EQ(commands[0].context.index, 65000u);
  EXPECT_EQ(commands[0].context.resumed, 1u);
  struct Bad {
    uint16_t queue;
    uint32_t value;
    rs_queue_context context;
  };
  for (const Bad& bad : {Bad{2, 1, good},
                         {0, 0, good},
                         {0, 2, good},
                         {0, 1, {0x1008, 0x2000, 0x3000, 256, 0, 0}},
                         {0, 1, {0x1000, 0x2001, 0x3000, 256, 0, 0}},
                         {0, 1, {0x1000, 0x2000, 0x3002, 256, 0, 0}},
                         {0, 1, {0x1000, 0x2000, 0x3000, 0, 0, 0}},
                         {0, 1, {0x1000, 0x2000, 0x3000, 255, 0, 0}},
                         {0, 1, {0x1000, 0x2000, 0x3000, 512, 0, 0}},
                         {0, 1, {~uint64_t{15}, 0x2000, 0x3000, 256, 0, 0}}}) {
    firmware.write_status(0);
    firmware.write_status(11);
    EXPECT_EQ(kinds(enable(bad.queue, bad.value, bad.context)),
              (std::vector<uint32_t>{RS_COMMAND_STATUS, RS_COMMAND_QUEUE_ACKNOWLEDGE}));
    EXPECT_EQ(firmware.state.status, 11 | 64);
  }
  firmware.write_status(0);
  firmware.write_status(3);  // before FEATURES_OK
  EXPECT_EQ(enable(0, 1, good)[0].kind, RS_COMMAND_STATUS);
}

/// speed and duplex as the device configuration says them, and whether LINK_UP is set.
struct LinkState {
  bool up;
  uint32_t speed;
  uint8_t duplex;
};

LinkState link_state(const rs_command& command) {
  const uint8_t* config = command.config;
  const auto word = [&](unsigned at) { return config[at] + 256u * config[at + 1]; };
  return {(word(6) & VIRTIO_NET_S_LINK_UP) != 0, word(12) | word(14) << 16, config[16]};
}

// Speed and duplex are those of the link or unknown, and stay while LINK_UP is set: a link that
// comes up at another speed without having gone down is shown down first. One notification.
// CLAUSES: NCF-D-010, NCF-D-011, NCF-D-012
TEST(ControlPlane, SpeedChangesWhileTheLinkIsDown) {
  Firmware firmware;
  firmware.write_status(15);
  LinkState last{true, 10000, 1};
  for (const auto& [up, speed] : {std::pair<uint8_t, uint32_t>{1, 25000},
                                  {1, 25000},
                                  {0, 25000},
                                  {1, 10000},
                                  {1, 100000},
                                  {0, 0},
                                  {1, 25000}}) {
    rs_event event{};
    event.kind = RS_EVENT_LINK;
    event.link = {speed, up};
    const auto commands = firmware.step(event);
    ASSERT_GE(commands.size(), 2u);
    EXPECT_EQ(commands.back().kind, uint32_t{RS_COMMAND_CONFIG_INTERRUPT});
    for (std::size_t i = 0; i + 1 < commands.size(); ++i) {
      ASSERT_EQ(commands[i].kind, uint32_t{RS_COMMAND_DEVICE_CONFIG});
      const LinkState state = link_state(commands[i]);
      if (state.up && last.up) {
        EXPECT_EQ(state.speed, last.speed);
        EXPECT_EQ(state.duplex, last.duplex);
      }
      EXPECT_EQ(state.duplex, state.up ? 1 : 0xFF);
      last = state;
    }
    EXPECT_EQ(last.up, up != 0);
    EXPECT_EQ(last.speed, up != 0 ? speed : 0xFFFFFFFFu);
  }
}

TEST(ControlPlane, UnknownEventsAreIgnored) {
  Firmware firmware;
  rs_event event{};
  event.kind = 99;
  EXPECT_TRUE(firmware.step(event).empty());
}

}  // namespace
}  // namespace ringside::test
