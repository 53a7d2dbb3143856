// SPDX-License-Identifier: Apache-2.0
// Event descriptors that their other owner makes difficult.
#include "testbench/vhost/event_fd.h"

#include <sys/uio.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/support/gtest.h"
#include "tests/unit/vhost/file_descriptors.h"
#include "tests/unit/vhost/vhost_rig.h"

namespace {

using ringside::tb::drain_event_fd;
using ringside::tb::OwnedFd;
using ringside::tb::VhostRequest;
using ringside::tb::VhostVringState;
using ringside::test::bytes_of;
using ringside::test::FrontEnd;
using ringside::test::Layout;
using ringside::test::make_event;
using ringside::test::make_memory;
using ringside::test::signal;
using ringside::test::VhostRig;

TEST(EventFd, IsReadOnce) {
  const OwnedFd fd(::eventfd(3, EFD_CLOEXEC | EFD_SEMAPHORE));
  EXPECT_TRUE(drain_event_fd(fd));
  uint64_t left = 0;
  ASSERT_EQ(::read(fd.get(), &left, sizeof(left)), 8);
  ASSERT_EQ(::read(fd.get(), &left, sizeof(left)), 8);
  EXPECT_TRUE(drain_event_fd(fd));  // empty, and O_NONBLOCK is not set
  EXPECT_FALSE(drain_event_fd(OwnedFd()));
}

// The other owner cleared O_NONBLOCK and empties it just as we look.
TEST(EventFd, DoesNotBlockWhenItIsEmptiedAtTheSameTime) {
  const OwnedFd fd(::eventfd(0, EFD_CLOEXEC));
  std::atomic<uint64_t> drained{0};
  std::atomic<bool> blocked{false}, over{false};
  std::thread thief([&] {
    const auto fill = [&fd] { EXPECT_EQ(::eventfd_write(fd.get(), 1), 0); };
    for (unsigned round = 0; round < 5000 && !blocked; ++round) {
      fill();
      for (unsigned i = 0; i < round % 64; ++i) drained.load();  // at another moment each time
      uint64_t count;
      iovec place{&count, sizeof(count)};
      [[maybe_unused]] const ssize_t got = ::preadv2(fd.get(), &place, 1, -1, RWF_NOWAIT);
      // With nothing to read, who reads must come back.
      const uint64_t before = drained;
      const auto start = std::chrono::steady_clock::now();
      while (drained == before && !blocked) {
        blocked = std::chrono::steady_clock::now() - start > std::chrono::seconds(20);
        std::this_thread::yield();
      }
    }
    over = true;
    if (blocked) fill();
  });
  while (!over) {
    EXPECT_TRUE(drain_event_fd(fd));
    ++drained;
  }
  thief.join();
  EXPECT_FALSE(blocked);
}

// As many reads as it counts would keep the card busy for years.
TEST(EventFd, ASemaphoreWithAHugeCountKicksOnceForEachWrite) {
  VhostRig rig;
  FrontEnd peer(rig.path);
  const OwnedFd memory = make_memory(Layout::kSize), call = make_event();
  const OwnedFd kick(::eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE));
  ASSERT_EQ(::eventfd_write(kick.get(), uint64_t{1} << 60), 0);
  ASSERT_TRUE(rig.prepare(peer, memory));
  ASSERT_TRUE(rig.set_up(peer, 1, kick, call));  // false if it spins
  ASSERT_TRUE(rig.say(peer, VhostRequest::kSetVringEnable, bytes_of(VhostVringState{1, 1})));
  const uint64_t before = rig.target.queues[1].kicks;
  EXPECT_LE(before, 3U);
  for (unsigned i = 1; i <= 5; ++i) {
    signal(kick);
    ASSERT_TRUE(rig.loop.drain());
    EXPECT_EQ(rig.target.queues[1].kicks, before + i);
  }
}

}  // namespace
