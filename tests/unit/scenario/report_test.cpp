// SPDX-License-Identifier: Apache-2.0
// summary.json has the keys that are promised, in their order; the text names what limited the run.
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "testbench/report/progress.h"
#include "testbench/report/summary.h"
#include "tests/support/gtest.h"
#include "tests/unit/scenario/pretend.h"
#include "tests/unit/scenario/text.h"

namespace ringside::tb {
namespace {

using Json = nlohmann::ordered_json;

Scenario scenario() { return test::parse(test::kTwoHosts).scenario.value(); }

std::vector<std::string> keys_of(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  return keys;
}

TEST(SummaryJson, HasThePromisedKeysInTheirOrder) {
  const RunResult result = test::pretend_run(scenario(), {});
  const Json json = Json::parse(summary_json(scenario(), result, {"out/x", "ringside run x"}));
  EXPECT_EQ(keys_of(json),
            (std::vector<std::string>{
                "ringside", "scenario",       "model",      "firmware",    "seed",   "repeatable",
                "digest",   "content_digest", "incomplete", "sim_time_ns", "wall_s", "checks",
                "flows",    "hosts",          "nics",       "switches",    "links",  "limits",
                "speed",    "files",          "command"}));
  EXPECT_EQ(json["repeatable"], true);
  EXPECT_EQ(json["scenario"], "two");
  EXPECT_EQ(json["model"], "lt");
  EXPECT_EQ(json["seed"], 1);
  EXPECT_EQ(json["sim_time_ns"], 12'345'678);
  EXPECT_EQ(json["wall_s"], 0.5);
  EXPECT_EQ(json["incomplete"], false);
  EXPECT_EQ(keys_of(json["checks"][0]), (std::vector<std::string>{"name", "pass", "detail"}));
  EXPECT_EQ(keys_of(json["flows"][0]),
            (std::vector<std::string>{"name", "kind", "bytes", "goodput_bps", "sha256", "intact"}));
  EXPECT_EQ(keys_of(json["flows"][1]["latency_ns"]),
            (std::vector<std::string>{"min", "p50", "p99", "max"}));
  EXPECT_EQ(keys_of(json["hosts"][0]),
            (std::vector<std::string>{"name", "cpu_busy_ns", "interrupts", "napi_polls",
                                      "tx_frames", "rx_frames", "driver", "stack_counters"}));
  EXPECT_EQ(json["nics"][0]["counters"]["tx_frames"], 46'000);
  EXPECT_EQ(json["limits"][1]["resource"], "host.alice.core0");
  EXPECT_EQ(keys_of(json["speed"]),
            (std::vector<std::string>{"data_frames_per_wall_s", "data_frames_per_cpu_s",
                                      "clock_cycles_per_wall_s"}));
}

TEST(SummaryJson, CardsHaveLatenciesAndLedgerWhereTheyWereMeasured) {
  RunResult result = test::pretend_run(scenario(), {});
  Json json = Json::parse(summary_json(scenario(), result, {}));
  EXPECT_EQ(keys_of(json["nics"][0]), (std::vector<std::string>{"name", "model", "counters"}));
  result.nics[0].tx_stages = {{"doorbell_to_sampled", 3, {1, 2, 3, 4}}};
  result.nics[0].rx_stages = {{"arrived_to_started", 5, {6, 7, 8, 9}}};
  result.nics[0].ledger =
      LedgerResult{4, {{"doorbell", {}, {2, 8, 48}}, {"payload", {10, 5120, 5360}, {1, 0, 20}}}};
  json = Json::parse(summary_json(scenario(), result, {}));
  EXPECT_EQ(keys_of(json["nics"][0]),
            (std::vector<std::string>{"name", "model", "counters", "latency_ns", "ledger"}));
  EXPECT_EQ(json["nics"][0]["latency_ns"]["tx"]["doorbell_to_sampled"],
            Json::parse(R"({"count": 3, "min": 1, "p50": 2, "p99": 3, "max": 4})"));
  EXPECT_EQ(json["nics"][0]["latency_ns"]["rx"]["arrived_to_started"]["max"], 9);
  const Json& ledger = json["nics"][0]["ledger"];
  EXPECT_EQ(keys_of(ledger), (std::vector<std::string>{"data_frames", "rows", "total"}));
  EXPECT_EQ(keys_of(ledger["rows"]), (std::vector<std::string>{"doorbell", "payload"}));
  EXPECT_EQ(ledger["rows"]["payload"]["up"],
            Json::parse(R"({"tlps": 10, "payload_bytes": 5120, "link_bytes": 5360,
                            "tlps_per_data_frame": 2.5, "payload_bytes_per_data_frame": 1280.0,
                            "link_bytes_per_data_frame": 1340.0})"));
  EXPECT_EQ(ledger["total"]["down"]["link_bytes"], 68);
  result.nics[0].ledger->data_frames = 0;
  json = Json::parse(summary_json(scenario(), result, {}));
  EXPECT_EQ(json["nics"][0]["ledger"]["total"]["up"]["tlps_per_data_frame"], 0.0);
}

TEST(SummaryJson, EmptyListsStayLists) {
  const Json json = Json::parse(summary_json(scenario(), {}, {}));
  for (const char* key : {"checks", "flows", "hosts", "nics", "limits", "files"}) {
    EXPECT_TRUE(json[key].is_array()) << key;
  }
}

TEST(SummaryJson, SaysWhatWentWrong) {
  RunResult result;
  result.incomplete = true;
  // Not UTF-8: replaced, not thrown.
  result.error = "bad \xff byte";
  const Json json = Json::parse(summary_json(scenario(), result, {}));
  EXPECT_EQ(json["incomplete"], true);
  EXPECT_EQ(json["error"], "bad \uFFFD byte");
  EXPECT_FALSE(result.passed());
}

TEST(SummaryJson, AppearsAsAWholeOrNotAtAll) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(write_whole(folder / "a.json", "one"), "");
  EXPECT_EQ(write_whole(folder / "a.json", "two"), "");
  EXPECT_EQ(test::read_file(folder / "a.json"), "two");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.json.tmp"));
  EXPECT_EQ(write_whole(folder / "no/a.json", "x"), "No such file or directory");
}

TEST(SummaryText, NamesResultsLimitFilesAndCommand) {
  Scenario s = scenario();
  RunResult result = test::pretend_run(s, {});
  result.files = {"wire.pcapng"};
  EXPECT_EQ(summary_text(s, result, {"out/x", "ringside run x"}),
            "two: model lt, seed 1, 12.3 ms simulated in 0.50 s, 92000 data frames per second\n"
            "  upload  flow       64.0 MiB  43.5 Gbit/s  intact\n"
            "  ping    ping          560 B               intact  latency min 3.00 us, p50 3.10 us, "
            "p99 4.20 us, max 5.30 us\n"
            "checks: 1, all hold\n"
            "limit:  core 0 of host alice, busy 97 % of the time\n"
            "digest: 00112233445566778899aabbccddeeff\n"
            "files:  out/x/summary.json, out/x/wire.pcapng\n"
            "again:  ringside run x\n");
}

TEST(SummaryText, HasALineForEachCardWithBusTiming) {
  Scenario s = scenario();
  RunResult result = test::pretend_run(s, {});
  result.nics[0].tx_stages = {{"started_to_whole", 3, {1, 2, 3, 4}},
                              {"doorbell_to_sent", 9, {1, 2000, 3, 4}}};
  result.nics[0].rx_stages = {{"arrived_to_interrupt", 0, {}}};
  EXPECT_EQ(summary_text(s, result, {}).find("card "), std::string::npos) << "no ledger";
  result.nics[0].ledger = LedgerResult{10, {{"payload", {1, 2, 15'000}, {4, 5, 2'990}}}};
  EXPECT_NE(
      summary_text(s, result, {})
          .find("card:   alice0: doorbell to wire p50 2.00 us; PCIe bytes per data frame 1500 "
                "up, 299 down\n"),
      std::string::npos)
      << summary_text(s, result, {});
  result.nics[0].rx_stages[0] = {"arrived_to_interrupt", 1, {1, 3100, 5, 6}};
  EXPECT_NE(summary_text(s, result, {})
                .find("doorbell to wire p50 2.00 us, wire to interrupt p50 3.10 us; PCIe"),
            std::string::npos);
}

TEST(SummaryText, SaysWhatFailed) {
  Scenario s = scenario();
  s.seed = test::kPretendFailedCheck;
  RunResult result = test::pretend_run(s, {});
  result.flows[0].intact = false;
  result.incomplete = true;
  result.error = "broke";
  const std::string text = summary_text(s, result, {});
  EXPECT_NE(text.find("checks: 1 of 2 failed\n  FAILED ping answers: 9 of 10\n"),
            std::string::npos);
  EXPECT_NE(text.find("NOT INTACT"), std::string::npos);
  EXPECT_NE(text.find("error: broke\n"), std::string::npos);
  EXPECT_NE(text.find("incomplete: ended before it was done\n"), std::string::npos);
}

TEST(SummaryText, NamesWhereFramesWereDropped) {
  Scenario s = scenario();
  RunResult result = test::pretend_run(s, {});
  EXPECT_EQ(summary_text(s, result, {}).find("drops:"), std::string::npos);
  result.nics = {{"alice0", "at", {}}, {"bob0", "at", {}}};
  result.nics[0].counters = {{"tx_frames", 9}, {"rx_drop_long", 0}};
  result.nics[1].counters = {{"rx_drop_long", 2}, {"rx_frames", 9}, {"rx_drop_buffer_full", 130}};
  const std::string text = summary_text(s, result, {});
  EXPECT_NE(text.find("\ndrops:  nic bob0: rx_drop_long 2, rx_drop_buffer_full 130\ndigest:"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("nic alice0"), std::string::npos);
  result.switches = {{"core", {}, {{"wire", {{"rx_drop_fcs", 0}, {"tx_drop_full", 3}}}}}};
  result.links = {{"wire",
                   {{"alice0", "core", {{"frames", 7}, {"drop_loss", 1}, {"altered", 2}}},
                    {"core", "alice0", {{"frames", 7}, {"drop_loss", 0}}}}}};
  EXPECT_NE(summary_text(s, result, {})
                .find("130\ndrops:  switch core, port of wire: tx_drop_full 3\n"
                      "drops:  link wire from alice0: drop_loss 1, altered 2\ndigest:"),
            std::string::npos);
  const Json json = Json::parse(summary_json(s, result, {}));
  EXPECT_EQ(json["switches"], Json::parse(R"([{"name": "core", "counters": {}, "ports":
              [{"link": "wire", "counters": {"rx_drop_fcs": 0, "tx_drop_full": 3}}]}])"));
  EXPECT_EQ(json["links"][0]["directions"][0], Json::parse(R"({"from": "alice0", "to": "core",
                            "counters": {"frames": 7, "drop_loss": 1, "altered": 2}})"));
}

TEST(SummaryText, MarksFilesThatEndEarly) {
  Scenario s = scenario();
  RunResult result = test::pretend_run(s, {});
  result.files = {"a.pcapng", "b.json"};
  EXPECT_FALSE(Json::parse(summary_json(s, result, {})).contains("files_cut"));
  EXPECT_TRUE(result.passed());
  result.cut("b.json", "b.json: the disk is full");
  EXPECT_FALSE(result.passed());
  const Json json = Json::parse(summary_json(s, result, {}));
  EXPECT_EQ(json["files_cut"], Json({"b.json.part"}));
  EXPECT_EQ(json["files"], Json({"a.pcapng", "b.json.part"}));
  EXPECT_EQ(json["error"], "b.json: the disk is full");
  const std::string text = summary_text(s, result, {"o", ""});
  EXPECT_NE(text.find("files:  o/summary.json, o/a.pcapng, o/b.json.part (ends early)\n"),
            std::string::npos);
  EXPECT_NE(text.find("\nerror: b.json: the disk is full\n"), std::string::npos);
  result.error = "it broke";
  EXPECT_EQ(result.all_errors(), "it broke; b.json: the disk is full");
}

TEST(SummaryText, PutsTheLimitInWords) {
  const auto limit = [](std::vector<LimitResult> limits) {
    RunResult result;
    result.limits = std::move(limits);
    const std::string text = summary_text(scenario(), result, {});
    const std::size_t begin = text.find("limit:  ") + 8;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  EXPECT_EQ(limit({}), "not known");
  EXPECT_EQ(limit({{"link.wire.alice0", 0.99}}), "link wire from alice0, busy 99 % of the time");
  EXPECT_EQ(limit({{"link.wire", 0.99}}), "link wire, busy 99 % of the time");
  EXPECT_EQ(limit({{"nic.alice0.pcie_up", 0.99}}), "pcie_up of nic alice0, busy 99 % of the time");
  EXPECT_EQ(limit({{"host.bob.core3", 0.71}, {"link.wire", 0.7}}),
            "core 3 of host bob, busy 71 % of the time");
  EXPECT_EQ(limit({{"host.bob.core3", 0.2}, {"link.wire", 0.3}}),
            "waiting: the busiest part, link wire, was busy 30 % of the time");
  EXPECT_EQ(limit({{"pcie", 0.9}}), "pcie, busy 90 % of the time");
}

TEST(Human, RoundsToThreeDigits) {
  EXPECT_EQ(human_time_ns(0), "0 ns");
  EXPECT_EQ(human_time_ns(999), "999 ns");
  EXPECT_EQ(human_time_ns(1'000), "1.00 us");
  EXPECT_EQ(human_time_ns(999'999), "1.00 ms");
  EXPECT_EQ(human_time_ns(61'000'000'000), "61.0 s");
  EXPECT_EQ(human_rate(0), "0 bit/s");
  EXPECT_EQ(human_rate(94'100'000'000), "94.1 Gbit/s");
  EXPECT_EQ(human_size(1023), "1023 B");
  EXPECT_EQ(human_size(1024), "1.00 KiB");
  EXPECT_EQ(human_size(67'108'864), "64.0 MiB");
}

uint64_t test_clock_ms = 0;

TEST(Progress, ShowsTimeRateAndWhatIsLeft) {
  std::ostringstream out;
  test_clock_ms = 1000;
  {
    ProgressLine line(out, [] { return test_clock_ms; });
    line.progress(1'000'000'000, 60'000'000'000'000, 250, 1000);
    EXPECT_EQ(out.str(), "") << "too early";
    test_clock_ms = 2000;
    // 1 ms, 250 of 1000 bytes in one second: three more.
    line.progress(1'000'000'000, 60'000'000'000'000, 250, 1000);
    EXPECT_EQ(out.str(), "\r\033[K1.00 ms simulated, 2.00 Mbit/s, 25 %, 3 s left");
    test_clock_ms = 2050;
    line.progress(2'000'000'000, 60'000'000'000'000, 300, 1000);
    EXPECT_EQ(out.str(), "\r\033[K1.00 ms simulated, 2.00 Mbit/s, 25 %, 3 s left") << "too soon";
    out.str("");
    test_clock_ms = 3000;
    line.progress(2'000'000'000, 60'000'000'000'000, 0, 0);
    EXPECT_EQ(out.str(), "\r\033[K2.00 ms simulated");
    out.str("");
    line.progress("receive of 60 bytes", 0.5);
    EXPECT_EQ(out.str(), "") << "too soon";
    test_clock_ms = 7000;
    line.progress("receive of 60 bytes", 0.75);
    EXPECT_EQ(out.str(), "\r\033[Kreceive of 60 bytes, 75 %, 2 s left");
    out.str("");
  }
  EXPECT_EQ(out.str(), "\r\033[K") << "cleared at the end";
}

}  // namespace
}  // namespace ringside::tb
