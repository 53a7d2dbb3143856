// SPDX-License-Identifier: Apache-2.0
// Memory of TCP's segments (stack/lwip/segments.c): blocks that hold many side by side, each host
// its own, used again, and no harm when there is none.
#include <array>
#include <cstddef>
#include <string>

#include "tests/unit/stack/instance.h"

namespace ringside::test {
namespace {

using stack::LwipInstance;

/// A block has 4096 bytes, of which up to 63 come before its first line of the caches.
constexpr unsigned kLeast = 126, kMost = 128;
/// Below the segment size of a connection that nobody answered: each write becomes one segment.
constexpr std::size_t kWrite = 536;

/// A connection to a host that is not there, and what it has to send.
class Connection {
 public:
  explicit Connection(Instance& instance) : instance_(instance) {
    pcb_ = instance.lwip().tcp_new(4, this);
    EXPECT_NE(pcb_, nullptr);
  }
  int connect() {
    const LwipAddress peer{4, {10, 0, 0, 99}, 80};
    return instance_.lwip().tcp_connect(pcb_, &peer);
  }
  /// Adds segments one by one; returns how many there was memory for.
  unsigned write(unsigned segments) {
    const std::array<std::byte, kWrite> data{};
    for (unsigned i = 0; i < segments; ++i) {
      if (instance_.lwip().tcp_write(pcb_, data.data(), kWrite, 0) != kWrite) return i;
    }
    return segments;
  }
  /// Without an interface, so that nothing waits for the peer's address.
  void abort() {
    instance_.lwip().interface_set_up(0, 0);
    instance_.lwip().tcp_abort(pcb_);
    instance_.lwip().interface_set_up(1, 1);
  }

 private:
  Instance& instance_;
  void* pcb_;
};

class Segments : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string error;
    alice.instance = LwipInstance::load(&error);
    ASSERT_NE(alice.instance, nullptr) << error;
    alice.start(1);
    idle = alice.memory.size();
  }
  Instance alice;
  std::size_t idle = 0;  ///< pieces of memory before there are connections
};

TEST_F(Segments, LieSideBySide) {
  ASSERT_EQ(alice.large, 0u);
  Connection first(alice);
  ASSERT_EQ(first.connect(), kLwipOk);
  EXPECT_EQ(alice.large, 1u) << "the segment of SYN";
  const std::size_t before = alice.memory.size();
  ASSERT_EQ(first.write(100), 100u);
  EXPECT_EQ(alice.large, 1u);
  EXPECT_EQ(alice.memory.size(), before + 100) << "a piece of memory for data, and nothing else";
  // 101 are in use; a second connection needs a second block, and no third.
  Connection second(alice);
  ASSERT_EQ(second.connect(), kLwipOk);
  ASSERT_EQ(second.write(kLeast - 102), kLeast - 102);
  EXPECT_EQ(alice.large, 1u);
  ASSERT_EQ(second.write(kMost + 1 - kLeast), kMost + 1 - kLeast);
  EXPECT_EQ(alice.large, 2u);
  first.abort(), second.abort();
  EXPECT_EQ(alice.memory.size(), idle + 2) << "all but the blocks came back";
}

TEST_F(Segments, AreUsedAgainInWhateverOrderTheyCameBack) {
  const std::size_t kept = idle + 3;
  for (unsigned round = 0; round < 20; ++round) {
    Connection one(alice), two(alice), three(alice);
    for (Connection* connection : {&one, &two, &three}) ASSERT_EQ(connection->connect(), kLwipOk);
    for (unsigned i = 0; i < 100; ++i) {  // mixed with each other
      ASSERT_EQ(one.write(1) + two.write(1) + three.write(1), 3u);
    }
    std::array<Connection*, 3> order{&one, &two, &three};
    if (round % 3 == 1) order = {&three, &one, &two};
    if (round % 3 == 2) order = {&two, &three, &one};
    // A segment that two connections had would give its data back twice.
    for (Connection* connection : order) connection->abort();
    ASSERT_EQ(alice.large, 3u) << "303 segments need three blocks, in round " << round;
    ASSERT_EQ(alice.memory.size(), kept) << "in round " << round;
  }
}

TEST_F(Segments, RunOut) {
  alice.large_refused = true;
  Connection none(alice);
  EXPECT_EQ(none.connect(), kLwipNoMemory);
  EXPECT_EQ(none.write(1), 0u);
  none.abort();
  alice.large_refused = false;

  Connection first(alice), second(alice);
  ASSERT_EQ(first.connect(), kLwipOk);
  ASSERT_EQ(second.connect(), kLwipOk);
  alice.large_refused = true;
  ASSERT_EQ(first.write(100), 100u);
  const unsigned rest = second.write(100);
  EXPECT_GE(rest, kLeast - 102);
  EXPECT_LE(rest, kMost - 102);
  const std::size_t full = alice.memory.size();
  EXPECT_EQ(second.write(1), 0u);
  EXPECT_EQ(alice.memory.size(), full) << "what was refused left memory behind";
  first.abort();
  EXPECT_EQ(second.write(50), 50u) << "of what the other gave back";
  EXPECT_EQ(alice.large, 1u);
  alice.large_refused = false;
  EXPECT_EQ(second.write(1), 1u);
  second.abort();
  EXPECT_EQ(alice.memory.size(), idle + 1);
}

TEST_F(Segments, BelongToTheirHostThoughHostsShareAnObject) {
  Instance bob;
  ASSERT_TRUE(bob.load_beside(alice));
  bob.start(2);
  const std::size_t idle_bob = bob.memory.size();
  Connection of_alice(alice), of_bob(bob);
  ASSERT_EQ(of_alice.connect(), kLwipOk);
  EXPECT_EQ(bob.large, 0u);
  ASSERT_EQ(of_bob.connect(), kLwipOk);
  for (unsigned i = 0; i < 70; ++i) ASSERT_EQ(of_alice.write(1) + of_bob.write(1), 2u);
  EXPECT_EQ(alice.large, 1u);
  EXPECT_EQ(bob.large, 1u) << "142 segments of both would not fit one block";
  of_bob.abort();
  ASSERT_EQ(of_alice.write(50), 50u);
  EXPECT_EQ(alice.large, 1u);
  of_alice.abort();
  EXPECT_EQ(alice.memory.size(), idle + 1);
  EXPECT_EQ(bob.memory.size(), idle_bob + 1);
}

TEST_F(Segments, AreNoneOfAnEarlierHost) {
  {
    Instance early;
    ASSERT_TRUE(early.load_beside(alice));
    early.start(2);
    Connection connection(early);
    ASSERT_EQ(connection.connect(), kLwipOk);
    ASSERT_EQ(connection.write(100), 100u);
    connection.abort();
    ASSERT_EQ(early.large, 1u);
  }
  Instance late;
  ASSERT_TRUE(late.load_beside(alice));
  late.start(2);
  Connection connection(late);
  ASSERT_EQ(connection.connect(), kLwipOk);
  EXPECT_EQ(late.large, 1u) << "the earlier host's block is used on";
  ASSERT_EQ(connection.write(50), 50u);
  connection.abort();
}

}  // namespace
}  // namespace ringside::test
