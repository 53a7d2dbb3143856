// SPDX-License-Identifier: Apache-2.0
// The trace-event JSON: what each call writes, levels in the order of time, arrows in pairs.
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "testbench/trace/card_tracks.h"
#include "testbench/trace/frame_paths.h"
#include "testbench/trace/level_counter.h"
#include "testbench/trace/perfetto_writer.h"
#include "tests/support/gtest.h"
#include "tests/unit/scenario/text.h"

namespace ringside::tb {
namespace {

using Json = nlohmann::json;

class Perfetto : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(writer_.open(folder_ / "t", "two \"hosts\"").ok()); }
  /// Closes the file; its events but for metadata, or those of phase `only`.
  std::vector<Json> events(const std::string& only = {}) {
    EXPECT_TRUE(writer_.close().ok());
    const std::string text = test::read_file(folder_ / "t");
    const Json json = Json::parse(text, nullptr, false);
    EXPECT_FALSE(json.is_discarded()) << text;
    std::vector<Json> list;
    if (json.is_discarded()) return list;
    EXPECT_EQ(json["otherData"]["scenario"], "two \"hosts\"");
    for (const Json& event : json["traceEvents"]) {
      if (only.empty() ? event["ph"] != "M" : event["ph"] == only) list.push_back(event);
    }
    return list;
  }
  test::TemporaryFolder folder_;
  PerfettoWriter writer_;
};

TEST_F(Perfetto, AnEmptyTraceIsValid) { EXPECT_TRUE(events().empty()); }

TEST_F(Perfetto, TimesKeepPicoseconds) {
  writer_.slice({1, 2}, "s", 1'234'567'890'123'456, 1'234'567'890'123'457, "\"bytes\":60");
  const std::vector<Json> list = events();
  ASSERT_EQ(list.size(), 1u);
  const std::string text = test::read_file(folder_ / "t");
  EXPECT_NE(text.find("\"ts\":1234567890.123456,"), std::string::npos) << text;
  EXPECT_NE(text.find("\"dur\":0.000001,"), std::string::npos) << text;
  EXPECT_EQ(list[0]["args"]["bytes"], 60);
  EXPECT_EQ(list[0]["pid"], 1);
  EXPECT_EQ(list[0]["tid"], 2);
}

TEST_F(Perfetto, NamesAreEscaped) {
  writer_.name_process(1, "a \"b\"\\\n\xff");
  const std::vector<Json> list = events("M");
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["args"]["name"], "a \"b\"\\\n\uFFFD");
}

TEST_F(Perfetto, LevelsComeInTheOrderOfTime) {
  LevelCounter level(writer_, 1, "level");
  level.change(100, 5, 100);
  level.change(300, -5, 100);  // known ahead of time
  level.change(200, 2, 150);
  level.change(200, 1, 200);
  level.change(400, -100, 350);  // not below 0
  EXPECT_EQ(level.final_level(), 0u);
  level.settle(~TimePs{0});
  std::vector<std::pair<double, int>> values;
  for (const Json& event : events("C")) values.emplace_back(event["ts"], event["args"]["value"]);
  EXPECT_EQ(values, (std::vector<std::pair<double, int>>{
                        {100e-6, 5}, {200e-6, 8}, {300e-6, 3}, {400e-6, 0}}));
}

TEST_F(Perfetto, ArrowsHaveBothEnds) {
  FramePaths paths(writer_);
  paths.sent(1, {1, 1}, 10);
  paths.on_wire(1, {2, 1}, 20);
  paths.received(1, {3, 1}, 30);
  paths.sent(2, {1, 1}, 11);
  paths.on_wire(2, {2, 1}, 21);
  paths.lost(2);
  paths.sent(3, {1, 1}, 12);      // still on the wire
  paths.received(4, {3, 1}, 40);  // never sent
  paths.sent(5, {1, 1}, 13);      // over a switch
  paths.on_wire(5, {2, 1}, 23);
  paths.on_wire(5, {4, 1}, 33);
  paths.received(5, {3, 1}, 43);
  std::vector<std::string> list;
  for (const Json& event : events()) {
    list.push_back(event["ph"].get<std::string>() + std::to_string(event["id"].get<int>()));
  }
  EXPECT_EQ(list, (std::vector<std::string>{"s1", "t1", "f1", "s2", "f2", "s5", "t5", "t5", "f5"}));
}

TEST_F(Perfetto, FramesOfACardBecomeSlices) {
  FramePaths paths(writer_);
  CardTracks card(writer_, paths, 1, {"alice0", 1}, [] { return TimePs{1000}; });
  using hw::TraceKind;
  const auto give = [&card](const hw::TraceRecord& record) { card.record(record); };
  // Two frames that wait together, and are in two rows.
  for (uint64_t frame = 1; frame <= 2; ++frame) {
    give({.time_ps = 10 * frame, .kind = TraceKind::kFrameIn, .size = 60, .frame = frame});
  }
  for (uint32_t frame = 1; frame <= 2; ++frame) {
    give({.time_ps = 30,
          .kind = TraceKind::kStartReceive,
          .chain = frame - 1,
          .size = 60,
          .frame = frame,
          .value = 1});
  }
  give({.time_ps = 40, .kind = TraceKind::kReturnUsed, .chain = 0, .size = 2});
  give({.time_ps = 50, .kind = TraceKind::kDmaWrite, .purpose = hw::Purpose::kUsedIndex});
  // One frame to send, which never leaves.
  give({.time_ps = 60, .kind = TraceKind::kDoorbell, .queue = 1});
  give({.time_ps = 70, .kind = TraceKind::kAvailSampled, .queue = 1, .size = 1});
  give({.time_ps = 71, .kind = TraceKind::kDmaRead, .queue = 1, .id = 4, .size = 16});
  give({.time_ps = 79, .kind = TraceKind::kDmaReadDone, .queue = 1, .id = 4, .size = 16});
  // TLPs back to back are one burst.
  hw::Tlp tlp;
  tlp.type = hw::TlpType::kMemRead;
  card.tlp_sent(hw::BusDirection::kUp, tlp, 100, 110);
  card.tlp_sent(hw::BusDirection::kUp, tlp, 110, 120);
  card.tlp_sent(hw::BusDirection::kUp, tlp, 90'000, 90'010);
  card.finish();
  std::set<int> rows;
  std::multiset<std::string> slices;
  int open = 0;
  for (const Json& event : events()) {
    const std::string name = event["name"];
    if (event["ph"] == "X") slices.insert(name);
    if (event["ph"] == "X" && name == "frame") rows.insert(event["tid"].get<int>());
    if (event["ph"] == "b") ++open;
    if (event["ph"] == "e") --open;
  }
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_EQ(open, 0);
  EXPECT_EQ(slices.count("frame"), 2u);
  EXPECT_EQ(slices.count("arrived_to_started"), 2u);
  EXPECT_EQ(slices.count("payload read"), 2u);
}

}  // namespace
}  // namespace ringside::tb
