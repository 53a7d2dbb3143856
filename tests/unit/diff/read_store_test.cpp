// SPDX-License-Identifier: Apache-2.0
// Whose a request for linked descriptors is when a run that failed and what was decided next go on
// at the same address.
#include "hw_model/diff/read_store.h"

#include <algorithm>
#include <vector>

#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

using hw::Purpose;
using hw::ReadStore;
using hw::Run;
using Taken = hw::ReadStore::Taken;

constexpr auto kDescriptors = Purpose::kDescriptors;
constexpr unsigned kQueue = 1;
constexpr uint64_t kRun = 10;    ///< owner of the run that fails
constexpr uint64_t kOther = 11;  ///< of what begins where the run goes on
constexpr uint64_t kBegins = 0x0F80, kGoesOn = 0x1000;
constexpr uint32_t kPart = 128;

/// The run's first part fails; what begins at its second one was decided before that.
class ReadStoreDoubt : public testing::TestWithParam<uint32_t> {
 protected:
  void fail_the_run(uint32_t size, uint32_t run_size = 2 * kPart) {
    store.decided(kDescriptors, kQueue, kRun, kBegins, run_size, Run::kYes);
    EXPECT_TRUE(store.request(++tag, kDescriptors, kQueue, kBegins, kPart));
    store.decided(kDescriptors, kQueue, kOther, kGoesOn, size, size > 16 ? Run::kYes : Run::kNo);
    EXPECT_TRUE(store.completion(tag, {}, false, true));
  }
  bool ask(uint64_t address, uint32_t size) {
    return store.request(++tag, kDescriptors, kQueue, address, size);
  }
  void answer(uint32_t size, int content) {
    const std::vector<std::byte> bytes(size, static_cast<std::byte>(content));
    EXPECT_TRUE(store.completion(tag, bytes, true, true));
  }
  /// Asks for all of `size` bytes, and gets `content`.
  void read(uint64_t address, uint32_t size, int content) {
    for (uint32_t at = 0; at < size; at += kPart) {
      const uint32_t part = std::min(kPart, size - at);
      EXPECT_TRUE(ask(address + at, part)) << std::hex << address + at;
      answer(part, content);
    }
  }
  /// The next descriptor is there and has this content.
  void use(uint64_t owner, uint64_t address, int content) {
    std::vector<std::byte> bytes;
    ASSERT_EQ(store.take_linked({kDescriptors, kQueue, owner, address, 16}, bytes), Taken::kWhole)
        << std::hex << address;
    EXPECT_EQ(bytes, std::vector<std::byte>(16, static_cast<std::byte>(content)));
  }
  void use_other(uint32_t size, int content) {
    for (uint32_t at = 0; at < size; at += 16) use(kOther, kGoesOn + at, content);
    store.linked_end(kQueue, kOther);
  }
  /// The walk of the run's chain reads by itself what it needs.
  void read_one() {
    store.decided(kDescriptors, kQueue, kRun, kBegins, 16);
    read(kBegins, 16, 7);
    use(kRun, kBegins, 7);
    store.linked_end(kQueue, kRun);
  }
  ReadStore store;
  uint32_t tag = 0;
};

INSTANTIATE_TEST_SUITE_P(Each, ReadStoreDoubt, testing::Values(128, 256, 384));

// It waited to leave when the run failed.
TEST_P(ReadStoreDoubt, TheRunsSecondRequestMayLeaveBehindItsEnd) {
  fail_the_run(GetParam());
  read(kGoesOn, kPart, 1);
  read(kGoesOn, GetParam(), 2);
  read_one();
  use_other(GetParam(), 2);
  EXPECT_EQ(store.left_over(), "");
}

TEST_P(ReadStoreDoubt, TheRunsSecondRequestMayFailToo) {
  fail_the_run(GetParam());
  EXPECT_TRUE(ask(kGoesOn, kPart));
  EXPECT_TRUE(store.completion(tag, {}, false, true));
  read(kGoesOn, GetParam(), 2);
  EXPECT_FALSE(store.failed(kQueue, kOther));
  EXPECT_FALSE(store.failed(kQueue, kRun));
  read_one();
  use_other(GetParam(), 2);
  EXPECT_EQ(store.left_over(), "");
}

TEST_P(ReadStoreDoubt, ItIsAnsweredBehindTheOthers) {
  fail_the_run(GetParam());
  EXPECT_TRUE(ask(kGoesOn, kPart));
  const uint32_t of_run = tag;
  read(kGoesOn, GetParam(), 2);
  read_one();
  use_other(GetParam(), 2);
  EXPECT_TRUE(store.completion(of_run, {}, false, true));
  EXPECT_EQ(store.left_over(), "");
}

TEST_P(ReadStoreDoubt, TheRunMayHaveTwoMore) {
  fail_the_run(GetParam(), 3 * kPart);
  read(kGoesOn, kPart, 1);
  read(kGoesOn + kPart, kPart, 1);
  read(kGoesOn, GetParam(), 2);
  read_one();
  use_other(GetParam(), 2);
  EXPECT_EQ(store.left_over(), "");
}

TEST_P(ReadStoreDoubt, TheRunMayEndWhereItFailed) {
  fail_the_run(GetParam());
  read(kGoesOn, GetParam(), 2);
  read_one();
  use_other(GetParam(), 2);
  EXPECT_EQ(store.left_over(), "");
}

// -- what a card must not do is still seen

TEST_P(ReadStoreDoubt, NobodyReadsAThirdTime) {
  fail_the_run(GetParam());
  read(kGoesOn, kPart, 1);
  read(kGoesOn, GetParam(), 2);
  EXPECT_FALSE(ask(kGoesOn, kPart));
}

TEST_P(ReadStoreDoubt, NobodyReadsWhatTheRunHadNot) {
  fail_the_run(GetParam(), kPart + 16);
  read(kGoesOn, kPart, 1);
  EXPECT_FALSE(ask(kGoesOn, kPart));
}

TEST_P(ReadStoreDoubt, WhatWasUsedIsNotInDoubt) {
  fail_the_run(GetParam());
  read(kGoesOn, kPart, 1);
  use(kOther, kGoesOn, 1);
  EXPECT_FALSE(ask(kGoesOn, kPart));
  answer(kPart, 2);
  EXPECT_NE(store.left_over(), "");
}

TEST_P(ReadStoreDoubt, MoreThanTheRunHadIsNotInDoubt) {
  fail_the_run(GetParam());
  read(kGoesOn, GetParam(), 1);
  EXPECT_EQ(ask(kGoesOn, kPart), GetParam() == kPart);
}

TEST_P(ReadStoreDoubt, TheNextRequestEndsIt) {
  fail_the_run(GetParam());
  read(kGoesOn, GetParam(), 1);
  read_one();
  EXPECT_FALSE(ask(kGoesOn, kPart));
}

TEST_P(ReadStoreDoubt, WhatTheRunBroughtIsNotUsed) {
  fail_the_run(GetParam());
  read(kGoesOn, kPart, 1);
  EXPECT_TRUE(ask(kGoesOn, kPart));
  std::vector<std::byte> bytes;
  EXPECT_EQ(store.take_linked({kDescriptors, kQueue, kOther, kGoesOn, 16}, bytes), Taken::kMissing);
}

TEST(ReadStoreDoubtOfOne, ASingleDescriptorBeginsWhereTheRunGoesOn) {
  ReadStore store;
  store.decided(kDescriptors, kQueue, kRun, 0xFF0, 32, Run::kYes);
  EXPECT_TRUE(store.request(1, kDescriptors, kQueue, 0xFF0, 16));
  store.decided(kDescriptors, kQueue, kOther, 0x1000, 16);
  store.completion(1, {}, false, true);
  EXPECT_TRUE(store.request(2, kDescriptors, kQueue, 0x1000, 16));
  store.completion(2, {}, false, true);
  EXPECT_TRUE(store.failed(kQueue, kOther));
  EXPECT_TRUE(store.request(3, kDescriptors, kQueue, 0x1000, 16));
  EXPECT_FALSE(store.failed(kQueue, kOther));
  EXPECT_FALSE(store.failed(kQueue, kRun));
  store.completion(3, std::vector<std::byte>(16), true, true);
  std::vector<std::byte> bytes;
  EXPECT_EQ(store.take_linked({kDescriptors, kQueue, kOther, 0x1000, 16}, bytes), Taken::kWhole);
  EXPECT_EQ(store.left_over(), "");
}

}  // namespace
}  // namespace ringside::test
