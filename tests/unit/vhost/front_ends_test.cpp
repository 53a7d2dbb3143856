// SPDX-License-Identifier: Apache-2.0
// The message orders of DPDK's virtio-user and of QEMU's virtio-net, byte for byte.
#include "tests/support/gtest.h"
#include "tests/unit/vhost/vhost_rig.h"

namespace {

using ringside::tb::OwnedFd;
using ringside::tb::VhostRequest;
using ringside::tb::VhostVringState;
using ringside::test::Bytes;
using ringside::test::bytes_of;
using ringside::test::events;
using ringside::test::FakeTarget;
using ringside::test::FrontEnd;
using ringside::test::kNone;
using ringside::test::Layout;
using ringside::test::make_event;
using ringside::test::make_memory;
using ringside::test::reply_of;
using ringside::test::signal;
using ringside::test::VhostRig;
using Log = std::vector<std::string>;

constexpr uint64_t kProtocolBit = ringside::tb::kVhostFeatureProtocolFeatures;
constexpr uint32_t kNeedReply = ringside::tb::kVhostVersion | ringside::tb::kVhostFlagNeedReply;
/// MQ, REPLY_ACK, NET_MTU, RESET_DEVICE, STATUS.
constexpr uint64_t kProtocolFeatures = 0x12019;

/// What testpmd sends from start to stop, for one queue pair.
void virtio_user_cycle(VhostRig& rig, FrontEnd& peer, const OwnedFd& memory, uint16_t base) {
  const OwnedFd kick[2] = {make_event(), make_event()};
  const OwnedFd call[2] = {make_event(), make_event()};
  for (const uint64_t queue : {0, 1}) {
    ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringCall, bytes_of(queue), call[queue]));
  }
  ASSERT_TRUE(
      rig.say(peer, VhostRequest::kSetFeatures, bytes_of(FakeTarget::kFeatures | kProtocolBit)));
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetStatus, bytes_of(uint64_t{0x0B}), kNone, kNeedReply));
  EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kSetStatus, 0));
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(rig.say(peer, VhostRequest::kGetStatus));
    EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kGetStatus, 0x0B));
  }
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetMemTable, Layout::table(), memory, kNeedReply));
  EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kSetMemTable, 0));
  rig.target.take_log();
  for (const uint32_t queue : {0, 1}) {
    ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringNum, bytes_of(VhostVringState{queue, 256})));
    ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringBase, bytes_of(VhostVringState{queue, base})));
    ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringAddr, bytes_of(Layout::address(queue))));
    EXPECT_FALSE(rig.target.queues[queue].running);
    ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringKick, bytes_of(uint64_t{queue}), kick[queue]));
    EXPECT_TRUE(rig.target.queues[queue].running);
    EXPECT_FALSE(rig.target.queues[queue].enabled);
    EXPECT_EQ(rig.target.queues[queue].setup, Layout::setup(queue, base));
  }
  for (const uint32_t queue : {0, 1}) {
    ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringEnable, bytes_of(VhostVringState{queue, 1})));
  }
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetStatus, bytes_of(uint64_t{0x0F}), kNone, kNeedReply));
  EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kSetStatus, 0));
  const std::string start = " size 256 base " + std::to_string(base);
  EXPECT_EQ(rig.target.take_log(),
            (Log{"start 0" + start, "start 1" + start, "enable 0", "enable 1"}));

  // Each was kicked once when it was enabled; the front end's kicks come one by one.
  rig.target.echo = true;
  for (int i = 0; i < 3; ++i) {
    signal(kick[1]);
    ASSERT_TRUE(rig.loop.drain());
  }
  EXPECT_EQ(rig.target.queues[1].kicks, 4U);
  EXPECT_EQ(events(call[1]), 3U);
  EXPECT_EQ(events(call[0]), 0U);
  rig.target.echo = false;

  for (const uint32_t queue : {0, 1}) {
    ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringEnable, bytes_of(VhostVringState{queue, 0})));
  }
  for (const uint32_t queue : {0, 1}) {
    ASSERT_TRUE(rig.say(peer, VhostRequest::kGetVringBase, bytes_of(VhostVringState{queue, 0})));
    // The fake card goes on by one entry for each kick.
    EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kGetVringBase, queue,
                                       (base + (queue == 0 ? 1U : 4U)) & 0xFFFF));
  }
  EXPECT_EQ(rig.target.take_log(), (Log{"disable 0", "disable 1", "stop 0", "stop 1"}));
  signal(kick[0]);
  ASSERT_TRUE(rig.loop.drain());
  EXPECT_FALSE(rig.target.queues[0].running);
}

TEST(FrontEnds, VirtioUserOfDpdkRunsItsCycleTwice) {
  VhostRig rig;
  ASSERT_EQ(rig.listening.error, "");
  FrontEnd peer(rig.path);
  ASSERT_TRUE(peer.valid());
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetOwner));
  EXPECT_EQ(rig.target.take_log(), Log{"attach"});
  ASSERT_TRUE(rig.say(peer, VhostRequest::kGetFeatures));
  EXPECT_EQ(peer.receive(),
            reply_of(VhostRequest::kGetFeatures, FakeTarget::kFeatures | kProtocolBit));
  ASSERT_TRUE(rig.say(peer, VhostRequest::kGetProtocolFeatures));
  EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kGetProtocolFeatures, kProtocolFeatures));
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetProtocolFeatures, bytes_of(uint64_t{0x10009})));
  const OwnedFd memory = make_memory(Layout::kSize);
  virtio_user_cycle(rig, peer, memory, 0);
  virtio_user_cycle(rig, peer, memory, 0);
  virtio_user_cycle(rig, peer, memory, 0xFFFE);
  peer.close();
  ASSERT_TRUE(rig.loop.drain());
  EXPECT_EQ(rig.log, Log{rig.path + ": connection closed: the front end left"});
  EXPECT_EQ(rig.target.wrongs, Log{});
}

/// What QEMU says of one queue pair before and at DRIVER_OK.
struct QemuPair {
  explicit QemuPair(uint32_t first_queue) : first(first_queue) {
    for (auto* fd : {&kick[0], &kick[1], &call[0], &call[1], &error[0], &error[1]}) {
      *fd = make_event();
    }
  }
  void begin(VhostRig& rig, FrontEnd& peer) const {
    ASSERT_TRUE(rig.say(peer, VhostRequest::kSetOwner));
    ASSERT_TRUE(rig.say(peer, VhostRequest::kGetFeatures));
    EXPECT_EQ(peer.receive(),
              reply_of(VhostRequest::kGetFeatures, FakeTarget::kFeatures | kProtocolBit));
    for (const uint32_t i : {0, 1}) {
      const Bytes queue = bytes_of(uint64_t{first + i});
      ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringErr, queue, error[i]));
      ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringCall, queue, call[i]));
    }
  }
  void enable(VhostRig& rig, FrontEnd& peer, uint32_t on) const {
    for (const uint32_t i : {0, 1}) {
      ASSERT_TRUE(
          rig.say(peer, VhostRequest::kSetVringEnable, bytes_of(VhostVringState{first + i, on})));
    }
  }
  void driver_ok(VhostRig& rig, FrontEnd& peer, const OwnedFd& memory) const {
    ASSERT_TRUE(rig.say(peer, VhostRequest::kSetFeatures,
                        bytes_of(FakeTarget::kFeatures | kProtocolBit), kNone, kNeedReply));
    EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kSetFeatures, 0));
    ASSERT_TRUE(rig.say(peer, VhostRequest::kSetMemTable, Layout::table(), memory, kNeedReply));
    EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kSetMemTable, 0));
    for (const uint32_t i : {0, 1}) {
      const uint32_t queue = first + i;
      ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringNum, bytes_of(VhostVringState{queue, 256})));
      ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringBase, bytes_of(VhostVringState{queue, 0})));
      ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringAddr, bytes_of(Layout::address(queue)),
                          kNone, kNeedReply));
      EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kSetVringAddr, 0));
      ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringKick, bytes_of(uint64_t{queue}), kick[i]));
      ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringCall, bytes_of(uint64_t{queue}), call[i]));
    }
  }

  uint32_t first;
  OwnedFd kick[2], call[2], error[2];
};

TEST(FrontEnds, QemuWithTwoQueuePairsEnablesEarlyAndRepeatsItsMemory) {
  VhostRig rig;
  FrontEnd peer(rig.path);
  ASSERT_TRUE(rig.say(peer, VhostRequest::kGetFeatures));
  EXPECT_EQ(peer.receive(),
            reply_of(VhostRequest::kGetFeatures, FakeTarget::kFeatures | kProtocolBit));
  ASSERT_TRUE(rig.say(peer, VhostRequest::kGetProtocolFeatures));
  EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kGetProtocolFeatures, kProtocolFeatures));
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetProtocolFeatures, bytes_of(kProtocolFeatures)));
  ASSERT_TRUE(rig.say(peer, VhostRequest::kGetQueueNum));
  EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kGetQueueNum, 2));
  const QemuPair pairs[2] = {QemuPair(0), QemuPair(2)};
  for (const QemuPair& pair : pairs) pair.begin(rig, peer);
  // Long before features and memory: no start, and it counts later.
  for (int i = 0; i < 3; ++i) {
    pairs[0].enable(rig, peer, 1);
    pairs[1].enable(rig, peer, 0);
  }
  pairs[1].enable(rig, peer, 1);
  EXPECT_EQ(rig.target.take_log(), Log{"attach"});
  const OwnedFd memory = make_memory(Layout::kSize);
  pairs[0].driver_ok(rig, peer, memory);
  EXPECT_EQ(rig.target.take_log(), (Log{"features", "memory 1", "start 0 size 256 base 0",
                                        "enable 0", "start 1 size 256 base 0", "enable 1"}));
  const std::byte* mapped = rig.target.memory.front().data;
  pairs[1].driver_ok(rig, peer, memory);
  EXPECT_EQ(rig.target.take_log(), (Log{"memory 1", "start 2 size 256 base 0", "enable 2",
                                        "start 3 size 256 base 0", "enable 3"}));
  EXPECT_EQ(rig.target.memory.front().data, mapped);
  EXPECT_EQ(rig.target.queues[3].setup, Layout::setup(3));
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetStatus, bytes_of(uint64_t{0x0F})));

  // A guest that resets: the queues are stopped, then status 0.
  pairs[0].enable(rig, peer, 0);
  for (const uint32_t queue : {0, 1, 2, 3}) {
    ASSERT_TRUE(rig.say(peer, VhostRequest::kGetVringBase, bytes_of(VhostVringState{queue, 0})));
    EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kGetVringBase, queue, 1));
  }
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetStatus, bytes_of(uint64_t{0})));
  ASSERT_TRUE(rig.say(peer, VhostRequest::kGetStatus));
  EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kGetStatus, 0));
  rig.target.take_log();
  pairs[0].enable(rig, peer, 1);
  pairs[0].driver_ok(rig, peer, memory);
  EXPECT_EQ(rig.target.take_log(), (Log{"memory 1", "start 0 size 256 base 0", "enable 0",
                                        "start 1 size 256 base 0", "enable 1"}));
  EXPECT_EQ(rig.log, Log{});
  EXPECT_EQ(rig.target.wrongs, Log{});
}

TEST(FrontEnds, WithoutProtocolFeaturesQueuesStartEnabled) {
  VhostRig rig;
  FrontEnd peer(rig.path);
  const OwnedFd memory = make_memory(Layout::kSize);
  const OwnedFd kick = make_event();
  const OwnedFd call = make_event();
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetOwner));
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetFeatures, bytes_of(FakeTarget::kFeatures)));
  // The flag means nothing without REPLY_ACK.
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetMemTable, Layout::table(), memory, kNeedReply));
  EXPECT_EQ(peer.receive(), Bytes{});
  signal(kick);  // before the queue is there: it is not lost
  ASSERT_TRUE(rig.set_up(peer, 1, kick, call, 7));
  EXPECT_EQ(rig.target.take_log(),
            (Log{"attach", "features", "memory 1", "start 1 size 256 base 7", "enable 1"}));
  EXPECT_EQ(rig.target.queues[1].kicks, 2U);
  EXPECT_EQ(rig.target.wrongs, Log{});
}

}  // namespace
