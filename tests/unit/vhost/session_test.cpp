// SPDX-License-Identifier: Apache-2.0
// What a session does beyond the usual order of messages: memory that comes and goes, descriptors
// that are exchanged, resets, front ends that are slow or die.
#include <sys/wait.h>

#include <csignal>

#include "tests/support/gtest.h"
#include "tests/unit/vhost/file_descriptors.h"
#include "tests/unit/vhost/vhost_rig.h"

namespace {

using ringside::tb::OwnedFd;
using ringside::tb::VhostHeader;
using ringside::tb::VhostMemoryRegion;
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
using ringside::test::make_full_event;
using ringside::test::make_memory;
using ringside::test::reply_of;
using ringside::test::signal;
using ringside::test::VhostRig;
using Log = std::vector<std::string>;

constexpr uint32_t kNeedReply = ringside::tb::kVhostVersion | ringside::tb::kVhostFlagNeedReply;

/// A front end with queue 1 running.
class Session : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(rig_.prepare(peer_, memory_));
    ASSERT_TRUE(rig_.set_up(peer_, 1, kick_, call_));
    say(VhostRequest::kSetVringEnable, bytes_of(VhostVringState{1, 1}));
    ASSERT_TRUE(queue().enabled);
    rig_.target.take_log();
  }
  void TearDown() override {
    EXPECT_EQ(rig_.log, Log{});
    EXPECT_EQ(rig_.target.wrongs, Log{});
  }
  void say(VhostRequest request, const Bytes& payload = {},
           std::span<const int> descriptors = kNone, uint32_t flags = 1) {
    ASSERT_TRUE(rig_.say(peer_, request, payload, descriptors, flags));
  }
  void say(VhostRequest request, const Bytes& payload, const OwnedFd& descriptor) {
    ASSERT_TRUE(rig_.say(peer_, request, payload, descriptor));
  }
  FakeTarget::Queue& queue() { return rig_.target.queues[1]; }
  void kick() {
    signal(kick_);
    ASSERT_TRUE(rig_.loop.drain());
  }

  VhostRig rig_;
  FrontEnd peer_{rig_.path};
  OwnedFd memory_ = make_memory(Layout::kSize);
  OwnedFd kick_ = make_event(), call_ = make_event();
};

TEST_F(Session, MemoryIsTheFrontEndsOwnAtItsOffset) {
  const OwnedFd file = make_memory(0x10000);
  const uint64_t marks[] = {0x1122334455667788, 0x99AABBCCDDEEFF00};
  ASSERT_EQ(::pwrite(file.get(), &marks[0], 8, 0x3808), 8);
  ASSERT_EQ(::pwrite(file.get(), &marks[1], 8, 0x77F8), 8);
  // Neither offset nor size is a multiple of a page.
  const VhostMemoryRegion region{0x1000, 0x4000 - 8, 0x5000, 0x3808};
  say(VhostRequest::kAddMemReg, bytes_of(uint64_t{0}, region), file);
  ASSERT_EQ(rig_.target.memory.size(), 2U);
  std::byte* data = rig_.target.find(0x1000, 0x4000 - 8);
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(std::memcmp(data, &marks[0], 8), 0);
  EXPECT_EQ(std::memcmp(data + 0x77F8 - 0x3808, &marks[1], 8), 0);
  data[1] = std::byte{0x42};
  std::byte written{};
  ASSERT_EQ(::pread(file.get(), &written, 1, 0x3809), 1);
  EXPECT_EQ(written, std::byte{0x42});
}

TEST_F(Session, MemoryComesAndGoesWhileAQueueRuns) {
  const OwnedFd more = make_memory(0x10000);
  const VhostMemoryRegion region{0x1000, 0x10000, 0x5000, 0};
  const std::byte* before = rig_.target.memory[0].data;
  say(VhostRequest::kAddMemReg, bytes_of(uint64_t{0}, region), more);
  EXPECT_EQ(rig_.target.memory.size(), 2U);
  const std::byte* added = rig_.target.memory[1].data;
  // The same again, as QEMU says it for every queue pair: nothing moves.
  say(VhostRequest::kAddMemReg, bytes_of(uint64_t{0}, region), more);
  EXPECT_EQ(rig_.target.memory.size(), 2U);
  EXPECT_EQ(rig_.target.memory[1].data, added);
  // Another file in its place is another mapping.
  const OwnedFd other = make_memory(0x10000);
  say(VhostRequest::kAddMemReg, bytes_of(uint64_t{0}, region), other);
  EXPECT_EQ(rig_.target.memory.size(), 2U);
  EXPECT_NE(rig_.target.memory[1].data, added);
  say(VhostRequest::kRemMemReg, bytes_of(uint64_t{0}, region), other);
  EXPECT_EQ(rig_.target.memory.size(), 1U);
  // A whole new table in which the rings stay where they were.
  const int files[] = {more.get(), memory_.get()};
  say(VhostRequest::kSetMemTable, bytes_of(uint32_t{2}, uint32_t{0}, region, Layout::region()),
      files);
  EXPECT_EQ(rig_.target.memory.size(), 2U);
  EXPECT_EQ(rig_.target.memory[1].data, before);
  EXPECT_EQ(rig_.target.take_log(),
            (Log{"memory 2", "memory 2", "memory 2", "memory 1", "memory 2"}));
  kick();
  EXPECT_EQ(queue().kicks, 2U);
}

TEST_F(Session, MemorySlotsAreThoseOfATable) {
  say(VhostRequest::kGetMaxMemSlots);
  EXPECT_EQ(peer_.receive(), reply_of(VhostRequest::kGetMaxMemSlots, 8));
}

TEST_F(Session, HugePagesThatAreNotThereAreLostPages) {
  constexpr std::size_t kHuge = 2 << 20;
  const OwnedFd file(::memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB));
  if (!file.valid() || ::ftruncate(file.get(), 3 * kHuge) != 0) {
    rig_.log.clear();
    GTEST_SKIP() << "no huge pages in this kernel";
  }
  const VhostMemoryRegion region{0x100000000, kHuge, 0x5000, 0x1000};
  say(VhostRequest::kAddMemReg, bytes_of(uint64_t{0}, region), file);
  // The card touched both ends of it at once. With huge pages set aside, nothing is lost.
  const Log lost{rig_.path + ": connection closed: a file that holds shared memory was truncated"};
  if (rig_.log == lost) {
    EXPECT_TRUE(peer_.closed());
  } else {
    EXPECT_EQ(rig_.target.memory.size(), 2U);
  }
  rig_.log.clear();
}

TEST_F(Session, AFullCallDescriptorHoldsNobodyUp) {
  const OwnedFd full = make_full_event();
  ASSERT_TRUE(full.valid());
  say(VhostRequest::kSetVringCall, bytes_of(uint64_t{1}), full);
  // Blocking again, behind our back.
  ASSERT_EQ(::fcntl(full.get(), F_SETFL, 0), 0);
  rig_.target.echo = true;
  for (int i = 0; i < 10; ++i) kick();
  EXPECT_EQ(queue().kicks, 11U);
}

TEST_F(Session, ACallDescriptorIsExchangedWithoutLosingACall) {
  rig_.target.echo = true;
  kick();
  EXPECT_EQ(events(call_), 1U);
  const OwnedFd other = make_event();
  say(VhostRequest::kSetVringCall, bytes_of(uint64_t{1}), other);
  EXPECT_EQ(events(other), 1U);
  kick();
  EXPECT_EQ(events(call_), 0U);
  EXPECT_EQ(events(other), 1U);
  say(VhostRequest::kSetVringCall, bytes_of(uint64_t{0x101}));
  kick();
  EXPECT_EQ(events(other), 0U);
  EXPECT_EQ(queue().kicks, 4U);
}

TEST_F(Session, AKickDescriptorIsExchanged) {
  const OwnedFd other = make_event();
  say(VhostRequest::kSetVringKick, bytes_of(uint64_t{1}), other);
  kick();
  EXPECT_EQ(queue().kicks, 1U);
  signal(other);
  ASSERT_TRUE(rig_.loop.drain());
  EXPECT_EQ(queue().kicks, 2U);
  EXPECT_EQ(rig_.target.take_log(), Log{});
}

TEST_F(Session, WhatIsSaidAgainOfARunningQueueChangesNothing) {
  say(VhostRequest::kSetVringNum, bytes_of(VhostVringState{1, Layout::kQueueSize}));
  say(VhostRequest::kSetVringAddr, bytes_of(Layout::address(1)));
  say(VhostRequest::kSetVringEnable, bytes_of(VhostVringState{1, 1}));
  say(VhostRequest::kSetFeatures,
      bytes_of(FakeTarget::kFeatures | ringside::tb::kVhostFeatureProtocolFeatures));
  EXPECT_EQ(rig_.target.take_log(), Log{});
}

TEST_F(Session, ADisabledQueueRunsOn) {
  say(VhostRequest::kSetVringEnable, bytes_of(VhostVringState{1, 0}));
  EXPECT_EQ(rig_.target.take_log(), Log{"disable 1"});
  say(VhostRequest::kSetVringEnable, bytes_of(VhostVringState{1, 1}));
  EXPECT_EQ(rig_.target.take_log(), Log{"enable 1"});
  EXPECT_EQ(queue().kicks, 2U);  // it may have been kicked in between
}

TEST_F(Session, AQueueGoesOnWhereItStopped) {
  kick();
  say(VhostRequest::kGetVringBase, bytes_of(VhostVringState{1, 0}));
  EXPECT_EQ(peer_.receive(), reply_of(VhostRequest::kGetVringBase, 1, 2));
  say(VhostRequest::kGetVringBase, bytes_of(VhostVringState{1, 0}));
  EXPECT_EQ(peer_.receive(), reply_of(VhostRequest::kGetVringBase, 1, 2));
  say(VhostRequest::kSetVringKick, bytes_of(uint64_t{1}), kick_);
  EXPECT_EQ(rig_.target.take_log(), (Log{"stop 1", "start 1 size 256 base 2", "enable 1"}));
}

TEST_F(Session, ResetsStopEveryQueue) {
  for (const VhostRequest request :
       {VhostRequest::kResetOwner, VhostRequest::kResetDevice, VhostRequest::kSetStatus}) {
    ASSERT_TRUE(queue().running);
    say(request, request == VhostRequest::kSetStatus ? bytes_of(uint64_t{0}) : Bytes{});
    EXPECT_EQ(rig_.target.take_log(), Log{"stop 1"});
    EXPECT_FALSE(queue().running);
    ASSERT_TRUE(rig_.set_up(peer_, 1, kick_, call_));
    say(VhostRequest::kSetVringEnable, bytes_of(VhostVringState{1, 1}));
    rig_.target.take_log();
  }
}

TEST_F(Session, AcknowledgesWhatHasNoAnswer) {
  say(VhostRequest::kNetSetMtu, bytes_of(uint64_t{1500}), kNone, kNeedReply);
  EXPECT_EQ(peer_.receive(), reply_of(VhostRequest::kNetSetMtu, 0));
  say(VhostRequest::kSendRarp, bytes_of(uint64_t{0x020000000001}), kNone, kNeedReply);
  EXPECT_EQ(peer_.receive(), reply_of(VhostRequest::kSendRarp, 0));
  // One answer, not two.
  say(VhostRequest::kGetQueueNum, {}, kNone, kNeedReply);
  EXPECT_EQ(peer_.receive(), reply_of(VhostRequest::kGetQueueNum, 2));
}

TEST_F(Session, RefusesWithAnAnswerBeforeItCloses) {
  say(VhostRequest::kNetSetMtu, bytes_of(uint64_t{67}), kNone, kNeedReply);
  EXPECT_EQ(peer_.receive(), reply_of(VhostRequest::kNetSetMtu, 1));
  EXPECT_TRUE(peer_.closed());
  EXPECT_EQ(rig_.log, Log{rig_.path + ": connection closed: NET_SET_MTU: an MTU of 67 bytes, "
                                      "possible are 68 to 9000"});
  rig_.log.clear();
}

TEST_F(Session, MessagesMayComeTogether) {
  Bytes bytes;
  for (const VhostRequest request : {VhostRequest::kGetFeatures, VhostRequest::kGetQueueNum,
                                     VhostRequest::kGetProtocolFeatures}) {
    const Bytes one = bytes_of(VhostHeader{static_cast<uint32_t>(request), 1, 0});
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  ASSERT_TRUE(peer_.send_bytes(bytes));
  ASSERT_TRUE(rig_.loop.drain());
  EXPECT_EQ(peer_.receive().size(), 60U);
}

TEST_F(Session, MessagesMayComeByteByByte) {
  const OwnedFd file = make_memory(0x10000);
  const VhostMemoryRegion region{0x1000, 0x10000, 0x5000, 0};
  Bytes bytes =
      bytes_of(VhostHeader{static_cast<uint32_t>(VhostRequest::kAddMemReg), 1, 40}, uint64_t{0},
               region, VhostHeader{static_cast<uint32_t>(VhostRequest::kGetStatus), 1, 0});
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int fd = file.get();
    // The descriptor with whatever byte of its message.
    ASSERT_TRUE(peer_.send_bytes(std::span(&bytes[i], 1),
                                 std::span(&fd, i == 20 ? std::size_t{1} : std::size_t{0})));
    ASSERT_TRUE(rig_.loop.drain());
  }
  EXPECT_EQ(peer_.receive(), reply_of(VhostRequest::kGetStatus, 0));
  EXPECT_EQ(rig_.target.memory.size(), 2U);
}

TEST_F(Session, AFrontEndThatIsKilledInAMessageIsForgotten) {
  peer_.close();
  ASSERT_TRUE(rig_.loop.drain());
  rig_.log.clear();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    FrontEnd dying(rig_.path);
    const int files[] = {memory_.get()};
    dying.send(VhostRequest::kSetMemTable, Layout::table(), files);
    dying.send(VhostRequest::kSetFeatures, bytes_of(FakeTarget::kFeatures));
    dying.send(VhostRequest::kSetVringNum, bytes_of(VhostVringState{1, 256}));
    dying.send(VhostRequest::kSetVringAddr, bytes_of(Layout::address(1)));
    dying.send(VhostRequest::kSetVringKick, bytes_of(uint64_t{1}), make_event());
    dying.send_bytes(Layout::table());  // no header: 40 bytes of a message without its descriptor
    ::kill(::getpid(), SIGKILL);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ASSERT_TRUE(rig_.loop.drain());
  ASSERT_EQ(rig_.log.size(), 1U);
  EXPECT_EQ(rig_.target.peer, nullptr);
  EXPECT_EQ(rig_.target.take_log(), (Log{"detach", "attach", "memory 1", "features",
                                         "start 1 size 256 base 0", "enable 1", "detach"}));
  rig_.log.clear();
}

}  // namespace
