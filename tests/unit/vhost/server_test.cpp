// SPDX-License-Identifier: Apache-2.0
// Sockets in the file system: made, replaced, refused, removed; front ends one after the other.
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>

#include "formats/address_sanitizer.h"
#include "tests/support/gtest.h"
#include "tests/unit/vhost/file_descriptors.h"
#include "tests/unit/vhost/vhost_rig.h"

namespace {

using ringside::Status;
using ringside::tb::OwnedFd;
using ringside::tb::VhostRequest;
using ringside::tb::VhostServer;
using ringside::test::bytes_of;
using ringside::test::FakeTarget;
using ringside::test::FrontEnd;
using ringside::test::open_descriptors;
using ringside::test::PollLoop;
using ringside::test::reply_of;
using ringside::test::TemporaryFolder;
using ringside::test::VhostRig;
using Log = std::vector<std::string>;

bool is_socket(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

struct Servers {
  TemporaryFolder folder;
  PollLoop loop;
  FakeTarget target;
  Log log;

  std::optional<VhostServer> server;
  Status listen(const std::string& path) {
    server.emplace(target, loop, [this](const std::string& line) { log.push_back(line); });
    return server->listen(path);
  }
};

TEST(VhostServer, RemovesItsSocket) {
  const std::size_t before = open_descriptors();
  {
    Servers s;
    const std::string path = s.folder.file("socket");
    EXPECT_EQ(s.listen(path).error, "");
    EXPECT_TRUE(is_socket(path));
    s.server.reset();
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(VhostServer, RemovesItsSocketUnderAFrontEnd) {
  Servers s;
  const std::string path = s.folder.file("socket");
  ASSERT_EQ(s.listen(path).error, "");
  FrontEnd peer(path);
  ASSERT_TRUE(s.loop.drain());
  EXPECT_TRUE(s.server->connected());
  s.server.reset();
  EXPECT_TRUE(peer.closed());
  EXPECT_EQ(s.target.take_log(), (Log{"attach", "detach"}));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(s.loop.watched(), 0U);
}

TEST(VhostServer, LeavesAloneWhatAnotherPutInItsPlace) {
  Servers s;
  const std::string path = s.folder.file("socket");
  ASSERT_EQ(s.listen(path).error, "");
  std::filesystem::remove(path);
  std::ofstream(path) << "mine";
  s.server.reset();
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(VhostServer, ReplacesASocketThatWasLeftBehind) {
  Servers s;
  const std::string path = s.folder.file("socket");
  {
    // As a run that was killed leaves it.
    const OwnedFd old(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(old.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::listen(old.get(), 1), 0);
  }
  ASSERT_TRUE(is_socket(path));
  EXPECT_EQ(s.listen(path).error, "");
  EXPECT_TRUE(FrontEnd(path).valid());
}

TEST(VhostServer, RefusesALiveSocketAndLeavesItInPeace) {
  VhostRig first;
  FrontEnd peer(first.path);
  Servers s;
  EXPECT_EQ(s.listen(first.path).error, first.path + ": somebody else listens on this socket");
  s.server.reset();
  EXPECT_TRUE(is_socket(first.path));
  ASSERT_TRUE(first.say(peer, VhostRequest::kGetQueueNum));
  EXPECT_EQ(peer.receive(), reply_of(VhostRequest::kGetQueueNum, 2));
}

TEST(VhostServer, RefusesWhatIsNoSocket) {
  Servers s;
  const std::string path = s.folder.file("file");
  std::ofstream(path) << "precious";
  EXPECT_EQ(s.listen(path).error, path + ": the file exists, and is no socket");
  s.server.reset();
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
  const std::string missing = s.folder.file("folder/socket");
  EXPECT_EQ(s.listen(missing).error, missing + ": No such file or directory");
  const std::string here = s.folder.file("");
  EXPECT_EQ(s.listen(here).error, here + ": the file exists, and is no socket");
  const std::string long_path = s.folder.file(std::string(108, 'x'));
  EXPECT_EQ(s.listen(long_path).error, long_path + ": the path of a socket has 1 to 107 bytes");
  EXPECT_EQ(s.listen("").error, ": the path of a socket has 1 to 107 bytes");
}

TEST(VhostServer, ServesOneAfterTheOther) {
  VhostRig rig;
  FrontEnd first(rig.path);
  ASSERT_TRUE(rig.say(first, VhostRequest::kGetQueueNum));
  EXPECT_EQ(first.receive(), reply_of(VhostRequest::kGetQueueNum, 2));
  FrontEnd second(rig.path), third(rig.path);
  ASSERT_TRUE(rig.say(second, VhostRequest::kGetQueueNum));
  third.close();  // it had no patience
  EXPECT_EQ(second.receive().size(), 0U);
  EXPECT_EQ(rig.server.connections(), 1U);
  first.close();
  ASSERT_TRUE(rig.loop.drain());
  EXPECT_EQ(second.receive(), reply_of(VhostRequest::kGetQueueNum, 2));
  EXPECT_EQ(rig.server.connections(), 2U);
  second.close();
  ASSERT_TRUE(rig.loop.drain());
  EXPECT_EQ(rig.log, Log(3, rig.path + ": connection closed: the front end left"));
  EXPECT_EQ(rig.target.wrongs, Log{});
}

// UBSan's check of virtual tables opens a pipe to look at memory, and takes an object for a wrong
// one if it gets none.
#ifdef RINGSIDE_ADDRESS_SANITIZER
#define RINGSIDE_NEEDS_NO_DESCRIPTORS GTEST_SKIP() << "sanitizers need descriptors of their own"
#else
#define RINGSIDE_NEEDS_NO_DESCRIPTORS static_assert(true)
#endif

/// No further descriptor for this process until it goes.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(OwnedFd(::dup(0)).get());  // the first that is free
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST(VhostServer, TakesAFrontEndThatWaitedForDescriptors) {
  RINGSIDE_NEEDS_NO_DESCRIPTORS;
  VhostRig rig;
  const Log waits{rig.path + ": a connection waits: Too many open files"};
  for (unsigned round = 0; round < 2; ++round) {
    rig.log.clear();
    FrontEnd first(rig.path);
    {
      const NoDescriptors none;
      ASSERT_EQ(::dup(0), -1);
      ASSERT_TRUE(rig.loop.drain());  // it does not spin
      EXPECT_FALSE(rig.server.connected());
      for (unsigned again = 0; again < 3; ++again) EXPECT_TRUE(rig.loop.wait(5000));
      EXPECT_EQ(rig.log, waits);  // one line, however long it takes
      EXPECT_FALSE(rig.server.connected());
    }
    EXPECT_TRUE(rig.loop.wait(5000));
    ASSERT_TRUE(rig.server.connected());
    ASSERT_TRUE(rig.say(first, VhostRequest::kGetQueueNum));
    EXPECT_EQ(first.receive(), reply_of(VhostRequest::kGetQueueNum, 2));
    first.close();
    ASSERT_TRUE(rig.loop.drain());
    EXPECT_EQ(rig.log.size(), 2U);
  }
}

TEST(VhostServer, GoesOnAfterAFrontEndThatWaitedForDescriptorsLeft) {
  RINGSIDE_NEEDS_NO_DESCRIPTORS;
  VhostRig rig;
  {
    const FrontEnd impatient(rig.path);
    const NoDescriptors none;
    ASSERT_TRUE(rig.loop.drain());
  }
  EXPECT_TRUE(rig.loop.wait(5000));
  EXPECT_EQ(rig.log.size(), 2U);  // it waits, it left
  const FrontEnd next(rig.path);
  ASSERT_TRUE(rig.loop.drain());
  EXPECT_TRUE(rig.server.connected());
}

TEST(VhostServer, EndsWhileAFrontEndWaitsForDescriptors) {
  RINGSIDE_NEEDS_NO_DESCRIPTORS;
  Servers s;
  ASSERT_EQ(s.listen(s.folder.file("socket")).error, "");
  const FrontEnd peer(s.folder.file("socket"));
  {
    const NoDescriptors none;
    ASSERT_TRUE(s.loop.drain());
  }
  EXPECT_EQ(s.loop.watched(), 1U);
  s.server.reset();
  EXPECT_EQ(s.loop.watched(), 0U);
}

TEST(VhostServer, SeveralSocketsHaveSeveralCards) {
  VhostRig one, other;
  FrontEnd first(one.path), second(other.path);
  ASSERT_TRUE(one.say(first, VhostRequest::kSetStatus, bytes_of(uint64_t{1})));
  ASSERT_TRUE(other.say(second, VhostRequest::kSetStatus, bytes_of(uint64_t{3})));
  ASSERT_TRUE(one.say(first, VhostRequest::kGetStatus));
  ASSERT_TRUE(other.say(second, VhostRequest::kGetStatus));
  EXPECT_EQ(first.receive(), reply_of(VhostRequest::kGetStatus, 1));
  EXPECT_EQ(second.receive(), reply_of(VhostRequest::kGetStatus, 3));
  first.close();
  ASSERT_TRUE(one.loop.drain());
  EXPECT_EQ(one.target.peer, nullptr);
  EXPECT_NE(other.target.peer, nullptr);
}

}  // namespace
