// SPDX-License-Identifier: Apache-2.0
// Both histories that lead to a difference, and what is owed then.
#include "hw_model/diff/history.h"

#include <algorithm>
#include <string>

#include "formats/last_of.h"
#include "tests/support/gtest.h"
#include "tests/unit/diff/followed_card.h"

namespace ringside::test {
namespace {

using hw::HistoryEntry;
using Kind = HistoryEntry::Kind;

TEST(History, KeepsTheLastInTheirOrder) {
  formats::LastOf<int> last(3);
  EXPECT_EQ(last.size(), 0u);
  for (int i = 1; i <= 7; ++i) {
    last.add() = i;
    ASSERT_EQ(last.size(), static_cast<std::size_t>(std::min(i, 3)));
    for (std::size_t at = 0; at < last.size(); ++at) {
      EXPECT_EQ(last[at], i - static_cast<int>(last.size()) + 1 + static_cast<int>(at));
    }
  }
}

/// Takes everything and does nothing.
struct Deaf final : hw::CardTap {
  void at(hw::TimePs) override {}
  void carrier(bool, uint32_t) override {}
  void frame_in(const hw::FramePtr&) override {}
  void read_completion(uint32_t, ByteView, bool, bool) override {}
  void command(const rs_command&) override {}
  void management_read(uint32_t, uint32_t) override { ++reads; }
  void event_popped() override {}
  void record(const hw::TraceRecord&) override { ++records; }
  void read_request(uint32_t, hw::Purpose, unsigned, uint64_t, uint32_t) override {}
  void posted(hw::Purpose, unsigned, uint64_t, ByteView) override {}
  void message(bool) override {}
  void frame_out(ByteView) override {}
  unsigned records = 0;
  unsigned reads = 0;
};

TEST(History, NotesBothSidesInOneOrderUntilItIsFrozen) {
  Deaf deaf;
  hw::History history(deaf, 4);
  const std::byte bytes[] = {std::byte{1}, std::byte{2}};
  history.at(1000);
  history.posted(hw::Purpose::kPayload, 3, 0x1234, bytes);
  history.core_record(1000, {.kind = hw::TraceKind::kReset});
  history.at(2000);
  history.record({.time_ps = 2000, .kind = hw::TraceKind::kDoorbell, .queue = 1});
  history.core_action(2000, {.kind = hw::ActionKind::kMsix, .address = 0xFEE0, .value = 0x21}, {});
  // Records that say less than the bytes beside them.
  history.core_record(2000, {.kind = hw::TraceKind::kDmaWrite});
  ASSERT_EQ(history.card().size(), 2u);
  ASSERT_EQ(history.core().size(), 2u);
  EXPECT_EQ(history.card()[0].kind, Kind::kWrite);
  EXPECT_EQ(history.card()[0].record.address, 0x1234u);
  EXPECT_EQ(history.card()[0].record.time_ps, 1000u);
  EXPECT_EQ(history.card()[0].bytes, std::vector<std::byte>(std::begin(bytes), std::end(bytes)));
  EXPECT_EQ(history.core()[0].number, 1u);
  EXPECT_EQ(history.core()[0].record.time_ps, 1000u);
  EXPECT_EQ(history.card()[1].number, 2u);
  EXPECT_EQ(history.core()[1].kind, Kind::kMsix);
  EXPECT_EQ(history.core()[1].bytes, (std::vector<std::byte>{std::byte{0x21}, {}, {}, {}}));
  for (unsigned i = 0; i < 10; ++i) history.message((i & 1) != 0);
  EXPECT_EQ(history.card().size(), 4u);
  EXPECT_EQ(history.card()[3].number, 13u);
  EXPECT_TRUE(history.card()[3].bytes.empty());
  history.management_read(0x104, 7);
  EXPECT_EQ(history.card()[3].kind, Kind::kManagementRead);
  EXPECT_EQ(history.card()[3].record.address, 0x104u);
  EXPECT_EQ(history.card()[3].record.value, 7u);
  history.freeze();
  history.management_read(0x104, 8);
  history.record({});
  EXPECT_EQ(history.card()[3].number, 14u);
  EXPECT_EQ(deaf.records, 2u);  // passed on all the same
  EXPECT_EQ(deaf.reads, 2u);
}

TEST(History, WhatIsOwedIsSaidInWords) {
  FollowedCard followed(kBasic);
  EXPECT_TRUE(followed.follower.demands().empty());
  RandomTraffic traffic(followed, 1);
  // The card keeps a write of payload to itself.
  bool lost = false;
  followed.spoiler.on_posted = [&lost](hw::Purpose& purpose, unsigned&, uint64_t&,
                                       std::vector<std::byte>&) {
    if (lost || purpose != hw::Purpose::kPayload) return true;
    lost = true;
    return false;
  };
  while (!followed.follower.difference().found()) traffic.run(1);
  ASSERT_TRUE(lost);
  const auto demands = followed.follower.demands();
  const auto write = std::find_if(demands.begin(), demands.end(), [](const hw::Demand& demand) {
    return demand.what.starts_with("a write of ") &&
           demand.what.find(" bytes of payload of queue ") != std::string::npos;
  });
  ASSERT_NE(write, demands.end());
  EXPECT_NE(write->since_ps, hw::Demand::kNotKnown);
}

}  // namespace
}  // namespace ringside::test
