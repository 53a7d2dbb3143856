// SPDX-License-Identifier: Apache-2.0
// Front ends that do one thing wrong each. Every one ends in one line with the reason and a closed
// connection, the card has forgotten it, and the next front end is served.
#include <functional>

#include "tests/support/gtest.h"
#include "tests/unit/vhost/file_descriptors.h"
#include "tests/unit/vhost/vhost_rig.h"

namespace {

using ringside::tb::OwnedFd;
using ringside::tb::VhostHeader;
using ringside::tb::VhostMemoryRegion;
using ringside::tb::VhostRequest;
using ringside::tb::VhostVringAddress;
using ringside::tb::VhostVringState;
using ringside::test::Bytes;
using ringside::test::bytes_of;
using ringside::test::Ends;
using ringside::test::events;
using ringside::test::FakeTarget;
using ringside::test::FrontEnd;
using ringside::test::Layout;
using ringside::test::make_event;
using ringside::test::make_memory;
using ringside::test::open_descriptors;
using ringside::test::reopen_read_only;
using ringside::test::reply_of;
using ringside::test::signal;
using ringside::test::VhostRig;
using Log = std::vector<std::string>;

constexpr uint64_t kFeatures = FakeTarget::kFeatures | ringside::tb::kVhostFeatureProtocolFeatures;

Bytes header(uint32_t request, uint32_t flags, uint32_t size) {
  return bytes_of(VhostHeader{request, flags, size});
}
Bytes header(VhostRequest request, uint32_t flags, uint32_t size) {
  return header(static_cast<uint32_t>(request), flags, size);
}

/// What a hostile front end has at hand.
struct Stage {
  VhostRig& rig;
  FrontEnd& peer;
  OwnedFd memory = make_memory(Layout::kSize);
  OwnedFd kick = make_event(), call = make_event();

  void send(const Bytes& bytes, std::span<const int> descriptors = {}) {
    peer.send_bytes(bytes, descriptors);
    rig.loop.drain();
  }
  void say(VhostRequest request, const Bytes& payload = {}, std::span<const int> descriptors = {}) {
    rig.say(peer, request, payload, descriptors);
  }
  void say(VhostRequest request, const Bytes& payload, const OwnedFd& descriptor) {
    rig.say(peer, request, payload, descriptor);
  }
  /// Queue 1 runs.
  void run() {
    rig.prepare(peer, memory);
    rig.set_up(peer, 1, kick, call);
    say(VhostRequest::kSetVringEnable, bytes_of(VhostVringState{1, 1}));
  }
  /// Memory and features are there and queue 1 lacks its kick descriptor alone.
  void almost(VhostVringAddress address, uint32_t size = Layout::kQueueSize) {
    rig.prepare(peer, memory);
    say(VhostRequest::kSetVringNum, bytes_of(VhostVringState{1, size}));
    say(VhostRequest::kSetVringAddr, bytes_of(address));
  }
  void start() { say(VhostRequest::kSetVringKick, bytes_of(uint64_t{1}), kick); }
  void share(const VhostMemoryRegion& region, const OwnedFd& file) {
    say(VhostRequest::kSetMemTable, bytes_of(uint32_t{1}, uint32_t{0}, region), file);
  }
  void share_two(const VhostMemoryRegion& a, const VhostMemoryRegion& b) {
    const int files[] = {memory.get(), memory.get()};
    say(VhostRequest::kSetMemTable, bytes_of(uint32_t{2}, uint32_t{0}, a, b), files);
  }
};

struct Case {
  const char* name;
  const char* reason;  ///< the line after "connection closed: "
  std::function<void(Stage&)> act;
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.name; }

/// A front end from start to end, with traffic.
void serve_normally(VhostRig& rig) {
  FrontEnd peer(rig.path);
  ASSERT_TRUE(peer.valid());
  Stage stage{rig, peer};
  rig.log.clear();
  rig.target.refuse.clear();
  rig.target.break_on_kick = false;
  rig.target.echo = true;
  stage.run();
  EXPECT_EQ(rig.target.queues[1].setup, Layout::setup(1));
  events(stage.call);
  signal(stage.kick);
  ASSERT_TRUE(rig.loop.drain());
  EXPECT_EQ(events(stage.call), 1U);
  stage.say(VhostRequest::kGetVringBase, bytes_of(VhostVringState{1, 0}));
  EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kGetVringBase, 1, 2));
  peer.close();
  ASSERT_TRUE(rig.loop.drain());
  EXPECT_EQ(rig.log, Log{rig.path + ": connection closed: the front end left"});
}

class HostilePeer : public testing::TestWithParam<Case> {};

TEST_P(HostilePeer, EndsInOneLineAndTheNextIsServed) {
  VhostRig rig;
  ASSERT_EQ(rig.listening.error, "");
  const std::size_t before = open_descriptors();
  {
    FrontEnd peer(rig.path);
    Stage stage{rig, peer};
    GetParam().act(stage);
    ASSERT_TRUE(rig.loop.drain());
    EXPECT_EQ(rig.log, Log{rig.path + ": connection closed: " + GetParam().reason});
    peer.receive();
    EXPECT_TRUE(!peer.valid() || peer.closed());
  }
  EXPECT_EQ(rig.target.peer, nullptr);
  EXPECT_TRUE(rig.target.memory.empty());
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(rig.loop.watched(), 1U);
  serve_normally(rig);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(rig.target.wrongs, Log{});
}

const Case kMessages[] = {
    {"LeavesAtOnce", "the front end left", [](Stage& s) { s.peer.close(); }},
    {"LeavesInAHeader", "the front end went after 5 bytes of a message",
     [](Stage& s) {
       Bytes bytes = header(VhostRequest::kSetOwner, 1, 0);
       bytes.resize(5);
       s.send(bytes);
       s.peer.close();
     }},
    {"LeavesInAPayloadWithDescriptors", "the front end went after 15 bytes of a message",
     [](Stage& s) {
       const int fd = s.memory.get();
       Bytes bytes = header(VhostRequest::kSetMemTable, 1, 40);
       bytes.resize(15);
       s.send(bytes, std::span(&fd, 1));
       s.peer.close();
     }},
    {"LeavesItsOwnSocketInAHeader", "the front end went after 5 bytes of a message",
     [](Stage& s) {
       const int fds[] = {s.peer.fd(), s.peer.fd()};
       s.send(Bytes(5, std::byte{1}), fds);
       s.peer.close();
     }},
    {"ZeroRequest", "unknown request 0", [](Stage& s) { s.send(header(0U, 1, 0)); }},
    {"UnknownRequest", "unknown request 4711", [](Stage& s) { s.send(header(4711, 1, 0)); }},
    {"UnofferedRequest", "GET_INFLIGHT_FD needs a feature that was not offered",
     [](Stage& s) { s.send(header(VhostRequest::kGetInflightFd, 1, 20)); }},
    {"OldVersion", "SET_OWNER of protocol version 0, expected 1",
     [](Stage& s) { s.send(header(VhostRequest::kSetOwner, 0, 0)); }},
    {"ReplyFlag", "SET_OWNER with flags 0x5",
     [](Stage& s) { s.send(header(VhostRequest::kSetOwner, 5, 0)); }},
    {"UnknownFlags", "SET_OWNER with flags 0xfff1",
     [](Stage& s) { s.send(header(VhostRequest::kSetOwner, 0xFFF1, 0)); }},
    {"TooLargePayload", "SET_FEATURES with 4294967295 bytes of payload, expected 8",
     [](Stage& s) { s.send(header(VhostRequest::kSetFeatures, 1, UINT32_MAX)); }},
    {"TooSmallPayload", "SET_VRING_ADDR with 39 bytes of payload, expected 40",
     [](Stage& s) { s.send(header(VhostRequest::kSetVringAddr, 1, 39)); }},
    {"PayloadWhereThereIsNone", "GET_FEATURES with 8 bytes of payload, expected 0",
     [](Stage& s) { s.send(header(VhostRequest::kGetFeatures, 1, 8)); }},
    {"TableWithoutCount", "SET_MEM_TABLE with 7 bytes of payload, expected 8 to 264",
     [](Stage& s) { s.send(header(VhostRequest::kSetMemTable, 1, 7)); }},
    {"TableTooLarge", "SET_MEM_TABLE with 265 bytes of payload, expected 8 to 264",
     [](Stage& s) { s.send(header(VhostRequest::kSetMemTable, 1, 265)); }},
    {"TableShorterThanItsCount", "SET_MEM_TABLE of 3 regions with 72 bytes of payload",
     [](Stage& s) {
       s.say(VhostRequest::kSetMemTable,
             bytes_of(uint32_t{3}, uint32_t{0}, Layout::region(), Layout::region()));
     }},
    {"TableOfTooMany", "SET_MEM_TABLE of 9 regions, at most 8 are possible",
     [](Stage& s) { s.say(VhostRequest::kSetMemTable, bytes_of(uint32_t{9}, uint32_t{0})); }},
    {"TableWithoutDescriptors", "SET_MEM_TABLE with 0 descriptors, expected 1",
     [](Stage& s) { s.say(VhostRequest::kSetMemTable, Layout::table()); }},
    {"TableWithTwoDescriptors", "SET_MEM_TABLE with 2 descriptors, expected 1",
     [](Stage& s) {
       const int fds[] = {s.memory.get(), s.kick.get()};
       s.say(VhostRequest::kSetMemTable, Layout::table(), fds);
     }},
    {"DescriptorsWhereThereAreNone", "SET_OWNER with 1 descriptors, expected 0",
     [](Stage& s) { s.say(VhostRequest::kSetOwner, {}, s.kick); }},
    {"KickWithoutDescriptor", "SET_VRING_KICK that announces 1 descriptor brings 0",
     [](Stage& s) { s.say(VhostRequest::kSetVringKick, bytes_of(uint64_t{0})); }},
    {"CallWithUnannouncedDescriptor", "SET_VRING_CALL that announces 0 descriptors brings 1",
     [](Stage& s) { s.say(VhostRequest::kSetVringCall, bytes_of(uint64_t{0x100}), s.call); }},
    {"CallWithUnknownBits", "SET_VRING_CALL with unknown bits in 0x200",
     [](Stage& s) { s.say(VhostRequest::kSetVringCall, bytes_of(uint64_t{0x200}), s.call); }},
    {"SixtyDescriptors", "a message with more descriptors than the 8 that are possible",
     [](Stage& s) {
       const std::vector<int> fds(60, s.memory.get());
       s.say(VhostRequest::kSetMemTable, Layout::table(), fds);
     }},
    {"DescriptorsByteByByte", "a message with more descriptors than the 8 that are possible",
     [](Stage& s) {
       const std::vector<int> fds(8, s.memory.get());
       const Bytes bytes = header(VhostRequest::kSetOwner, 1, 0);
       for (const std::byte& byte : bytes) s.send({byte}, fds);
     }},
    {"GarbageOfAPage", "request 2779096485 with flags 0xa5a5a5a5",
     [](Stage& s) { s.send(Bytes(4096, std::byte{0xA5})); }},
    {"NeverReads", "the front end does not read its replies",
     [](Stage& s) {
       const Bytes question = header(VhostRequest::kGetFeatures, 1, 0);
       for (int i = 0; i < 100000 && s.rig.log.empty(); ++i) s.send(question);
     }},
};

const Case kQueues[] = {
    {"QueueOutOfRange", "SET_VRING_NUM: queue 4 of a card that has 4 of them",
     [](Stage& s) {
       s.say(VhostRequest::kSetVringNum, bytes_of(VhostVringState{4, 256}));
     }},
    {"QueueFarOutOfRange", "GET_VRING_BASE: queue 4294967295 of a card that has 4 of them",
     [](Stage& s) {
       s.say(VhostRequest::kGetVringBase, bytes_of(VhostVringState{UINT32_MAX, 0}));
     }},
    {"KickOutOfRange", "SET_VRING_KICK: queue 255 of a card that has 4 of them",
     [](Stage& s) { s.say(VhostRequest::kSetVringKick, bytes_of(uint64_t{255}), s.kick); }},
    {"SizeZero", "SET_VRING_NUM: size 0 of queue 1, possible are powers of two up to 1024",
     [](Stage& s) {
       s.say(VhostRequest::kSetVringNum, bytes_of(VhostVringState{1, 0}));
     }},
    {"SizeNoPowerOfTwo",
     "SET_VRING_NUM: size 257 of queue 1, possible are powers of two up to 1024",
     [](Stage& s) {
       s.say(VhostRequest::kSetVringNum, bytes_of(VhostVringState{1, 257}));
     }},
    {"SizeTooLarge", "SET_VRING_NUM: size 65536 of queue 1, possible are powers of two up to 1024",
     [](Stage& s) {
       s.say(VhostRequest::kSetVringNum, bytes_of(VhostVringState{1, 65536}));
     }},
    {"BaseTooLarge", "SET_VRING_BASE: index 65536 of queue 1",
     [](Stage& s) {
       s.say(VhostRequest::kSetVringBase, bytes_of(VhostVringState{1, 65536}));
     }},
    {"EnabledTwice", "SET_VRING_ENABLE: 2 for queue 1, possible are 0 and 1",
     [](Stage& s) {
       s.say(VhostRequest::kSetVringEnable, bytes_of(VhostVringState{1, 2}));
     }},
    {"LogAddress", "SET_VRING_ADDR: flags 0x1 of queue 1: a log was not offered",
     [](Stage& s) {
       VhostVringAddress address = Layout::address(1);
       address.flags = 1;
       s.say(VhostRequest::kSetVringAddr, bytes_of(address));
     }},
    {"TableOutsideMemory",
     "SET_VRING_KICK: queue 1: descriptor table of 4096 bytes at 0x7f0000200000 is outside the "
     "shared memory",
     [](Stage& s) {
       VhostVringAddress address = Layout::address(1);
       address.descriptors = Layout::kUser + Layout::kSize;
       s.almost(address);
       s.start();
     }},
    {"UsedRingStraddlesTheEnd",
     "SET_VRING_KICK: queue 1: used ring of 2054 bytes at 0x7f00001ff800 is outside the shared "
     "memory",
     [](Stage& s) {
       VhostVringAddress address = Layout::address(1);
       address.used = Layout::kUser + Layout::kSize - 2048;
       s.almost(address);
       s.start();
     }},
    {"AvailableRingAtTheTopOfMemory",
     "SET_VRING_KICK: queue 1: available ring of 518 bytes at 0xfffffffffffffffe is outside the "
     "shared memory",
     [](Stage& s) {
       VhostVringAddress address = Layout::address(1);
       address.available = UINT64_MAX - 1;
       s.almost(address);
       s.start();
     }},
    {"TableMisaligned",
     "SET_VRING_KICK: queue 1: descriptor table at 0x40004008 is not aligned to 16 bytes",
     [](Stage& s) {
       VhostVringAddress address = Layout::address(1);
       address.descriptors += 8;
       s.almost(address);
       s.start();
     }},
    {"AvailableRingMisaligned",
     "SET_VRING_KICK: queue 1: available ring at 0x40005001 is not aligned to 2 bytes",
     [](Stage& s) {
       VhostVringAddress address = Layout::address(1);
       address.available += 1;
       s.almost(address);
       s.start();
     }},
    {"UsedRingMisaligned",
     "SET_VRING_KICK: queue 1: used ring at 0x40006002 is not aligned to 4 bytes",
     [](Stage& s) {
       VhostVringAddress address = Layout::address(1);
       address.used += 2;
       s.almost(address);
       s.start();
     }},
    {"AddressBeforeMemory",
     "SET_MEM_TABLE: queue 1: descriptor table of 4096 bytes at 0x7f0000004000 is outside the "
     "shared memory",
     [](Stage& s) {
       s.say(VhostRequest::kSetFeatures, bytes_of(kFeatures));
       s.rig.set_up(s.peer, 1, s.kick, s.call);
       VhostMemoryRegion region = Layout::region();
       region.user += Layout::kSize;
       s.share(region, s.memory);
     }},
    {"SizeOfARunningQueue", "SET_VRING_NUM: the size of queue 1 changes while it runs",
     [](Stage& s) {
       s.run();
       s.say(VhostRequest::kSetVringNum, bytes_of(VhostVringState{1, 128}));
     }},
    {"IndexOfARunningQueue", "SET_VRING_BASE: the index of queue 1 changes while it runs",
     [](Stage& s) {
       s.run();
       s.say(VhostRequest::kSetVringBase, bytes_of(VhostVringState{1, 5}));
     }},
    {"AddressOfARunningQueue", "SET_VRING_ADDR: the address of queue 1 changes while it runs",
     [](Stage& s) {
       s.run();
       VhostVringAddress address = Layout::address(1);
       address.used += 0x1000;
       s.say(VhostRequest::kSetVringAddr, bytes_of(address));
     }},
    {"FeaturesOfARunningQueue", "SET_FEATURES: features change while a queue runs",
     [](Stage& s) {
       s.run();
       s.say(VhostRequest::kSetFeatures, bytes_of(uint64_t{1} << VIRTIO_F_VERSION_1));
     }},
    {"KickIsAFile", "SET_VRING_KICK: not an event descriptor",
     [](Stage& s) { s.say(VhostRequest::kSetVringKick, bytes_of(uint64_t{1}), s.memory); }},
    {"KickIsAPipe", "SET_VRING_KICK: not an event descriptor",
     [](Stage& s) {
       s.say(VhostRequest::kSetVringKick, bytes_of(uint64_t{1}), Ends::pipe().first);
     }},
    {"CallIsABrokenPipe", "SET_VRING_CALL: not an event descriptor",
     [](Stage& s) {
       s.say(VhostRequest::kSetVringCall, bytes_of(uint64_t{1}), Ends::pipe().second);
     }},
    {"ErrIsASocket", "SET_VRING_ERR: not an event descriptor",
     [](Stage& s) {
       s.say(VhostRequest::kSetVringErr, bytes_of(uint64_t{1}), Ends::sockets().first);
     }},
    {"CallIsAnEpoll", "SET_VRING_CALL: not an event descriptor",
     [](Stage& s) {
       s.say(VhostRequest::kSetVringCall, bytes_of(uint64_t{1}),
             OwnedFd(::epoll_create1(EPOLL_CLOEXEC)));
     }},
    {"CallIsItsOwnSocket", "SET_VRING_CALL: not an event descriptor",
     [](Stage& s) {
       const int fd = s.peer.fd();
       s.say(VhostRequest::kSetVringCall, bytes_of(uint64_t{1}), std::span(&fd, 1));
     }},
    {"HandsOverItsOwnSocketAndLeaves", "the front end left",
     [](Stage& s) {
       const int fd = s.peer.fd();
       s.say(VhostRequest::kSetBackendReqFd, {}, std::span(&fd, 1));
       s.peer.close();
     }},
    {"Polling", "SET_VRING_KICK: queue 1 is to be polled, which is not done",
     [](Stage& s) { s.say(VhostRequest::kSetVringKick, bytes_of(uint64_t{0x101})); }},
    {"KicksBeforeAnything", "unknown request 99",
     [](Stage& s) {
       for (const uint64_t queue : {0, 1, 2, 3}) {
         s.say(VhostRequest::kSetVringKick, bytes_of(queue), s.kick);
         signal(s.kick);
         s.rig.loop.drain();
       }
       s.send(header(99, 1, 0));
     }},
    {"UnofferedFeatures", "SET_FEATURES: features 0x400000000 were not offered",
     [](Stage& s) {
       s.say(VhostRequest::kSetFeatures, bytes_of(kFeatures | uint64_t{1} << VIRTIO_F_RING_PACKED));
     }},
    {"UnofferedProtocolFeatures",
     "SET_PROTOCOL_FEATURES: protocol features 0x8200 were not offered",
     [](Stage& s) { s.say(VhostRequest::kSetProtocolFeatures, bytes_of(uint64_t{0x8201})); }},
    {"AbsurdStatus", "SET_STATUS: status 0x100",
     [](Stage& s) { s.say(VhostRequest::kSetStatus, bytes_of(uint64_t{0x100})); }},
    {"MtuTooLarge", "NET_SET_MTU: an MTU of 9001 bytes, possible are 68 to 9000",
     [](Stage& s) { s.say(VhostRequest::kNetSetMtu, bytes_of(uint64_t{9001})); }},
    {"TheCardBreaks", "DEVICE_NEEDS_RESET",
     [](Stage& s) {
       s.run();
       const OwnedFd error = make_event();
       s.say(VhostRequest::kSetVringErr, bytes_of(uint64_t{1}), error);
       s.rig.target.break_on_kick = true;
       signal(s.kick);
       s.rig.loop.drain();
       EXPECT_EQ(events(error), 1U);
     }},
    {"TheCardRefusesFeatures", "SET_FEATURES: VERSION_1 is needed",
     [](Stage& s) {
       s.rig.target.refuse = "features";
       s.run();
     }},
    {"TheCardRefusesMemory", "SET_MEM_TABLE: no such memory",
     [](Stage& s) {
       s.rig.target.refuse = "memory";
       s.run();
     }},
    {"TheCardRefusesTheQueue", "SET_VRING_KICK: queue 1: the card refuses it",
     [](Stage& s) {
       s.rig.target.refuse = "start";
       s.run();
     }},
};

const Case kMemory[] = {
    {"EmptyRegion", "SET_MEM_TABLE: memory region of 0 bytes at 0x40000000 is empty",
     [](Stage& s) {
       s.share({Layout::kBus, 0, Layout::kUser, 0}, s.memory);
     }},
    {"GuestAddressWraps",
     "SET_MEM_TABLE: memory region of 8192 bytes at 0xfffffffffffff000 wraps around the end of the "
     "address space",
     [](Stage& s) {
       s.share({UINT64_MAX - 0xFFF, 0x2000, Layout::kUser, 0}, s.memory);
     }},
    {"UserAddressWraps",
     "SET_MEM_TABLE: memory region of 8192 bytes at 0x0 wraps around the end of the address space",
     [](Stage& s) {
       s.share({0, 0x2000, UINT64_MAX - 0xFFF, 0}, s.memory);
     }},
    {"FileOffsetWraps",
     "SET_MEM_TABLE: memory region of 8192 bytes at 0x0 wraps around the end of the address space",
     [](Stage& s) {
       s.share({0, 0x2000, Layout::kUser, UINT64_MAX - 0xFFF}, s.memory);
     }},
    {"Absurd",
     "SET_MEM_TABLE: memory region of 18446744073709551615 bytes at 0x0 lies at offset 0 of a file "
     "of 2097152 bytes",
     [](Stage& s) {
       s.share({0, UINT64_MAX, 0, 0}, s.memory);
     }},
    {"BeyondTheFile",
     "SET_MEM_TABLE: memory region of 2097152 bytes at 0x40000000 lies at offset 1 of a file of "
     "2097152 bytes",
     [](Stage& s) {
       s.share({Layout::kBus, Layout::kSize, Layout::kUser, 1}, s.memory);
     }},
    {"Overlap",
     "SET_MEM_TABLE: memory region of 8192 bytes at 0x1000 overlaps the memory region of 8192 "
     "bytes "
     "at 0x0",
     [](Stage& s) {
       s.share_two({0, 0x2000, Layout::kUser, 0}, {0x1000, 0x2000, Layout::kUser + 0x10000, 0});
     }},
    {"SameTwice",
     "SET_MEM_TABLE: memory region of 2097152 bytes at 0x40000000 overlaps the memory region of "
     "2097152 bytes at 0x40000000",
     [](Stage& s) { s.share_two(Layout::region(), Layout::region()); }},
    {"ReadOnlyFile",
     "SET_MEM_TABLE: memory region of 2097152 bytes at 0x40000000 cannot be mapped: Permission "
     "denied",
     [](Stage& s) { s.share(Layout::region(), reopen_read_only(s.memory)); }},
    {"NoFile",
     "SET_MEM_TABLE: memory region of 2097152 bytes at 0x40000000 is not in a file that can be "
     "mapped",
     [](Stage& s) { s.share(Layout::region(), s.kick); }},
    {"Device",
     "SET_MEM_TABLE: memory region of 2097152 bytes at 0x40000000 is not in a file that can be "
     "mapped",
     [](Stage& s) { s.share(Layout::region(), OwnedFd(::open("/dev/zero", O_RDWR | O_CLOEXEC))); }},
    {"SecondFileIsBad",
     "SET_MEM_TABLE: memory region of 4096 bytes at 0x0 lies at offset 0 of a file of 16 bytes",
     [](Stage& s) {
       const OwnedFd small = make_memory(16);
       const int files[] = {s.memory.get(), small.get()};
       s.say(VhostRequest::kSetMemTable,
             bytes_of(uint32_t{2}, uint32_t{0}, Layout::region(),
                      VhostMemoryRegion{0, 4096, Layout::kUser, 0}),
             files);
     }},
    {"RemovedUnderARunningQueue",
     "REM_MEM_REG: queue 1 runs, and its descriptor table of 4096 bytes at 0x7f0000004000 is "
     "outside "
     "the shared memory",
     [](Stage& s) {
       s.run();
       s.say(VhostRequest::kRemMemReg, bytes_of(uint64_t{0}, Layout::region()));
     }},
    {"EmptiedUnderARunningQueue",
     "SET_MEM_TABLE: queue 1 runs, and its descriptor table of 4096 bytes at 0x7f0000004000 is "
     "outside the shared memory",
     [](Stage& s) {
       s.run();
       s.say(VhostRequest::kSetMemTable, bytes_of(uint32_t{0}, uint32_t{0}));
     }},
    {"MovedUnderARunningQueue", "SET_MEM_TABLE: queue 1 runs, and its rings move",
     [](Stage& s) {
       s.run();
       VhostMemoryRegion region = Layout::region();
       region.guest_physical += Layout::kSize;
       s.share(region, s.memory);
     }},
    {"RemovesWhatIsNotThere",
     "REM_MEM_REG: memory region of 2097152 bytes at 0x40000000 is not there and cannot be removed",
     [](Stage& s) { s.say(VhostRequest::kRemMemReg, bytes_of(uint64_t{0}, Layout::region())); }},
    {"AddsTooMany",
     "ADD_MEM_REG: memory region of 4096 bytes at 0x8000 is one more than the 8 that are possible",
     [](Stage& s) {
       for (uint64_t i = 0; i < 9; ++i) {
         s.say(VhostRequest::kAddMemReg,
               bytes_of(uint64_t{0}, VhostMemoryRegion{i << 12, 4096, i << 12, 0}), s.memory);
       }
     }},
    {"TruncatedUnderARunningQueue", "a file that holds shared memory was truncated",
     [](Stage& s) {
       s.run();
       ASSERT_EQ(::ftruncate(s.memory.get(), 0), 0);
       signal(s.kick);
     }},
    {"HalfTruncated", "a file that holds shared memory was truncated",
     [](Stage& s) {
       s.run();
       *s.rig.target.find(Layout::kBus + 0x1000, 1) = std::byte{0x5A};
       ASSERT_EQ(::ftruncate(s.memory.get(), 0x2000), 0);
       // What is left stays the front end's, what is lost reads as zeros and takes writes.
       EXPECT_EQ(*s.rig.target.find(Layout::kBus + 0x1000, 1), std::byte{0x5A});
       std::byte* lost = s.rig.target.find(Layout::kBus + 0x2000, 1);
       EXPECT_EQ(*lost, std::byte{0});
       *lost = std::byte{1};
       EXPECT_EQ(*lost, std::byte{1});
     }},
};

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Messages, HostilePeer, testing::ValuesIn(kMessages), name_of);
INSTANTIATE_TEST_SUITE_P(Queues, HostilePeer, testing::ValuesIn(kQueues), name_of);
INSTANTIATE_TEST_SUITE_P(Memory, HostilePeer, testing::ValuesIn(kMemory), name_of);

}  // namespace
