// SPDX-License-Identifier: Apache-2.0
// `ringside measure card`: one simulation a process, run by CTest.
#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "testbench/cli/cli.h"
#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

struct Outcome {
  int status;
  std::string out;
  std::string err;
};

using Measure = decltype(tb::CliEnvironment::measure_card);

std::ostringstream out;  // of the command that runs

Outcome run(std::vector<const char*> arguments, Measure measure = tb::measure_open_loop) {
  arguments.insert(arguments.begin(), {"ringside", "measure", "card"});
  out.str("");
  std::ostringstream err;
  const tb::CliEnvironment environment{.out = out, .err = err, .measure_card = measure};
  const int status =
      tb::cli_main(static_cast<int>(arguments.size()), arguments.data(), environment);
  return {status, out.str(), err.str()};
}

// 1514 bytes and 24 around them take 123.04 ns of 100 Gbit/s.
TEST(MeasureCard, TakesLargeFramesAtLineRateEachWayAndBothWays) {
  const Outcome outcome = run({"--sizes", "1514", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const nlohmann::json rows = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_NEAR(rows[0]["rx_mfps"].get<double>(), 8.127, 0.03);
  EXPECT_EQ(rows[0]["tx_mfps"], 0.0);
  EXPECT_NEAR(rows[1]["tx_mfps"].get<double>(), 8.127, 0.03);
  EXPECT_NEAR(rows[2]["rx_mfps"].get<double>(), 8.127, 0.03);
  EXPECT_NEAR(rows[2]["tx_mfps"].get<double>(), 8.127, 0.03);
  EXPECT_NEAR(rows[0]["cycles_per_frame"].get<double>(), 30.76, 0.12);
  EXPECT_EQ(rows[0]["rx_dropped"], 0);
}

TEST(MeasureCard, OffersWhatIsAskedFor) {
  const Outcome outcome =
      run({"--sizes", "256", "--directions", "both", "--load", "0.1", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const nlohmann::json row = nlohmann::json::parse(outcome.out)[0];
  EXPECT_NEAR(row["rx_mfps"].get<double>(), 4.464, 0.03);
  EXPECT_NEAR(row["tx_mfps"].get<double>(), 4.464, 0.03);
  // Over the bus and back takes longer than the bus alone, and no queue builds up.
  EXPECT_GT(row["rx_p50_ns"].get<double>(), 100);
  EXPECT_LT(row["rx_p99_ns"].get<double>(), 2000);
  EXPECT_GT(row["tx_p50_ns"].get<double>(), 1000);
  EXPECT_LT(row["tx_p99_ns"].get<double>(), 10000);
}

TEST(MeasureCard, MeasuresForAsLongAsIsAskedFor) {
  const Outcome outcome = run(
      {"--sizes", "9014", "--directions", "receive", "--load", "0.01", "--time", "1ms", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  // 14 frames; of 100 us there would be one or two, and 0.01 or 0.02 M/s.
  EXPECT_NEAR(nlohmann::json::parse(outcome.out)[0]["rx_mfps"].get<double>(), 0.0138, 0.0003);
}

// Each pair gets its part of the frames, and nothing but them: the rig looks at every one.
TEST(MeasureCard, SpreadsFramesOverQueuePairs) {
  const Outcome outcome = run({"--sizes", "1514", "--pairs", "4", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const nlohmann::json rows = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_NEAR(rows[0]["rx_mfps"].get<double>(), 8.127, 0.03);
  EXPECT_NEAR(rows[1]["tx_mfps"].get<double>(), 8.127, 0.03);
  EXPECT_NEAR(rows[2]["rx_mfps"].get<double>(), 8.127, 0.03);
  EXPECT_NEAR(rows[2]["tx_mfps"].get<double>(), 8.127, 0.03);
  EXPECT_EQ(rows[0]["rx_dropped"], 0);
}

/// Reads of the card for each frame that it sent, of payload and of rings.
double reads_per_frame(const tb::OpenLoopResult& result) {
  double reads = 0;
  double frames = 0;
  for (const hw::NicCounter& counter : result.counters) {
    if (counter.name == "dma_reads") reads = static_cast<double>(counter.value);
    if (counter.name == "tx_frames") frames = static_cast<double>(counter.value);
  }
  return reads / frames;
}

// A frame in four parts is three descriptors and three reads of payload more, and heads no longer
// lie side by side, 32 in a read.
TEST(MeasureCard, SplitsBuffersOverLinkedDescriptors) {
  tb::OpenLoopPoint point;
  point.model = tb::ModelKind::kLt;
  point.direction = tb::OpenLoopDirection::kTransmit;
  std::vector<tb::OpenLoopPoint> points(2, point);
  points[1].chain = 4;
  std::vector<tb::OpenLoopResult> results;
  tb::OpenLoopWatch watch;
  watch.measured = [&results](const tb::OpenLoopResult& result) { results.push_back(result); };
  const tb::OpenLoopEnd end = tb::measure_open_loop(points, watch);
  ASSERT_EQ(end.error, "");
  ASSERT_EQ(results.size(), 2u);
  EXPECT_GT(results[1].transmit.frames, 500u);
  EXPECT_NEAR(reads_per_frame(results[1]) - reads_per_frame(results[0]), 7 - 1.0 / 32, 0.05);
}

// The defaults measure a steady state. The wire brings 148.81 M/s of 60 bytes, and what the card
// does not take is dropped; of 1514 bytes it brings 8.127, and the card takes no more even where it
// began with a backlog: in chains of four it must find out first how many descriptors to read at
// once. Nor is anything busy for longer than it is measured.
TEST(MeasureCard, MeasuresASteadyState) {
  const Outcome small = run({"--sizes", "60", "--directions", "receive", "--json"});
  ASSERT_EQ(small.status, 0) << small.err;
  const nlohmann::json row = nlohmann::json::parse(small.out)[0];
  EXPECT_GT(row["rx_dropped"], 50'000);
  EXPECT_NEAR(row["rx_mfps"].get<double>() + row["rx_dropped"].get<double>() / 1e3, 148.81, 0.45);
}

TEST(MeasureCard, TakesNoMoreThanTheWireCarries) {
  const Outcome chains = run({"--sizes", "1514", "--chain", "4", "--json"});
  ASSERT_EQ(chains.status, 0) << chains.err;
  const nlohmann::json rows = nlohmann::json::parse(chains.out);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_NEAR(rows[0]["rx_mfps"].get<double>(), 8.127, 0.024);
  EXPECT_NEAR(rows[1]["tx_mfps"].get<double>(), 8.127, 0.024);
  EXPECT_LT(rows[2]["rx_mfps"].get<double>(), 8.127 + 0.024);
  for (const nlohmann::json& row : rows) {
    EXPECT_GT(row["limit_busy"], 0.5);
    EXPECT_LE(row["limit_busy"], 1.0);
  }
}

// The ring has a number of buffers that does not divide it, and they come back whole and in turn.
TEST(MeasureCard, TakesChainsBothWays) {
  const Outcome outcome = run({"--sizes", "60", "--chain", "5", "--load", "0.02", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const nlohmann::json rows = nlohmann::json::parse(outcome.out);
  EXPECT_NEAR(rows[2]["rx_mfps"].get<double>(), 2.98, 0.05);
  EXPECT_NEAR(rows[2]["tx_mfps"].get<double>(), 2.98, 0.05);
}

// One by one, a chain of eight would cost seven reads behind each other.
TEST(MeasureCard, LinkedDescriptorsAreReadInRuns) {
  const Outcome outcome =
      run({"--sizes", "1514", "--directions", "transmit", "--chain", "8", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NEAR(nlohmann::json::parse(outcome.out)[0]["tx_mfps"].get<double>(), 8.127, 0.05);
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) found.push_back(line);
  return found;
}

// A card that is measured has the process's only simulation, but not its own past.
TEST(MeasureCard, GivesTheSameAfterOtherPoints) {
  tb::OpenLoopPoint point;
  point.frame_bytes = 256;
  tb::OpenLoopPoint other = point;
  other.direction = tb::OpenLoopDirection::kBoth;
  other.frame_bytes = 60;
  other.measure_ps = 12'345'678;
  std::vector<tb::OpenLoopResult> results;
  tb::OpenLoopWatch watch;
  watch.measured = [&results](const tb::OpenLoopResult& result) { results.push_back(result); };
  const tb::OpenLoopEnd end = tb::measure_open_loop({point, other, point}, watch);
  ASSERT_EQ(end.error, "");
  ASSERT_EQ(results.size(), 3u);
  EXPECT_GT(results[0].receive.frames, 1000u);
  EXPECT_EQ(results[0].receive.frames, results[2].receive.frames);
  EXPECT_EQ(results[0].receive.dropped, results[2].receive.dropped);
  EXPECT_EQ(results[0].receive.latency_p99_ps, results[2].receive.latency_p99_ps);
  EXPECT_EQ(results[0].limit_busy, results[2].limit_busy);
}

std::vector<std::size_t> lines_after_points;

/// As the program does; notes what the command has printed when a point is done.
tb::OpenLoopEnd watched(const std::vector<tb::OpenLoopPoint>& points,
                        const tb::OpenLoopWatch& watch) {
  tb::OpenLoopWatch mine = watch;
  mine.measured = [&watch](const tb::OpenLoopResult& result) {
    watch.measured(result);
    lines_after_points.push_back(lines(out.str()).size());
  };
  return tb::measure_open_loop(points, mine);
}

/// Likewise; ^C when the first point is done.
tb::OpenLoopEnd interrupted(const std::vector<tb::OpenLoopPoint>& points,
                            const tb::OpenLoopWatch& watch) {
  tb::OpenLoopWatch mine = watch;
  mine.measured = [&watch](const tb::OpenLoopResult& result) {
    watch.measured(result);
    std::raise(SIGINT);
  };
  return tb::measure_open_loop(points, mine);
}

/// Likewise, but in the second point.
tb::OpenLoopEnd interrupted_inside(const std::vector<tb::OpenLoopPoint>& points,
                                   const tb::OpenLoopWatch& watch) {
  tb::OpenLoopWatch mine = watch;
  mine.progress = [](const tb::OpenLoopPoint& point, double share) {
    EXPECT_GT(share, 0);
    EXPECT_LE(share, 1);
    if (point.frame_bytes == 128) std::raise(SIGINT);
  };
  return tb::measure_open_loop(points, mine);
}

TEST(MeasureCard, PrintsEachRowWhenItsPointIsMeasured) {
  const Outcome outcome = run({"--sizes", "60,128", "--directions", "receive"}, watched);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(lines_after_points, (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(lines(outcome.out).size(), 3u);
}

TEST(MeasureCard, KeepsItsRowsWhenInterrupted) {
  const Outcome outcome = run({"--sizes", "60,128", "--directions", "receive"}, interrupted);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "ringside: measure card: interrupted after 1 of 2 points\n");
  const std::vector<std::string> rows = lines(outcome.out);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].rfind("at,receive,60,", 0), 0u) << rows[1];
}

TEST(MeasureCard, IsInterruptedInsideAPoint) {
  const Outcome outcome = run(
      {"--sizes", "60,128", "--directions", "receive", "--time", "1s", "--load", "0.01", "--json"},
      [](const std::vector<tb::OpenLoopPoint>& points, const tb::OpenLoopWatch& watch) {
        std::vector<tb::OpenLoopPoint> changed = points;
        changed.front().measure_ps = 1'000'000;
        return interrupted_inside(changed, watch);
      });
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "ringside: measure card: interrupted after 1 of 2 points\n");
  const nlohmann::json rows = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["frame_B"], 60);
}

// Nothing of the simulator's own on standard output, which is for rows.
TEST(MeasureCard, FailsInOneLine) {
  testing::internal::CaptureStdout();
  const Outcome outcome =
      run({"--sizes", "60,128", "--directions", "receive", "--chain", "8"},
          [](const std::vector<tb::OpenLoopPoint>& points, const tb::OpenLoopWatch& watch) {
            std::vector<tb::OpenLoopPoint> changed = points;
            for (tb::OpenLoopPoint& point : changed)
              point.ring_size = point.frame_bytes == 60 ? 64 : 4;
            return tb::measure_open_loop(changed, watch);
          });
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err,
            "ringside: measure card: receive of 128 bytes: a chain of 8 descriptors is longer than "
            "queue 0, which has 4\n");
  EXPECT_EQ(lines(outcome.out).size(), 2u);
}

#if RTL_QUEUE_PAIRS > 0 && RTL_QUEUE_PAIRS < 8
TEST(MeasureCard, RefusesPairsThatTheHardwareHasNot) {
  const std::string built = std::to_string(RTL_QUEUE_PAIRS);
  testing::internal::CaptureStdout();
  const Outcome outcome = run({"--model", "rtl", "--pairs", "8", "--sizes", "60,128"});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "ringside: measure card: this hardware has " + built + " queue pair" +
                             (RTL_QUEUE_PAIRS == 1 ? "" : "s") +
                             ", not 8; build with -DRINGSIDE_RTL_QUEUE_PAIRS=8\n");
}
#endif

#if RTL_QUEUE_PAIRS == 0
TEST(MeasureCard, RefusesAModelThatIsNotBuilt) {
  const Outcome outcome = run({"--model", "rtl"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, "ringside: measure card: --model: this build has no model rtl\n");
}
#endif

TEST(MeasureCard, RefusesInOneLine) {
  const std::pair<std::vector<const char*>, const char*> cases[] = {
      {{"--model", "diff"}, "--model: 'diff' cannot be measured; expected lt, at or rtl"},
      {{"--sizes", "59"}, "--sizes: '59' is no frame size; expected 60 to 9014 bytes"},
      {{"--directions", "up"}, "--directions: 'up' is none; expected receive, transmit or both"},
      {{"--time", "long"}, "--time: 'long' is no time; expected "},
      {{"--rate", "fast"}, "--rate: 'fast' is no rate; expected "},
  };
  for (const auto& [arguments, expected] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.err.rfind(std::string("ringside: measure card: ") + expected, 0), 0u)
        << outcome.err;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1);
  }
}

}  // namespace
}  // namespace ringside::test
