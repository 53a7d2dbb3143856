// SPDX-License-Identifier: Apache-2.0
// `ringside measure pcie`: options, columns, refusals. One simulation a process: run by CTest.
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

Outcome run(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"ringside", "measure"});
  std::ostringstream out;
  std::ostringstream err;
  const tb::CliEnvironment environment{.out = out, .err = err, .measure_pcie = tb::measure_pcie};
  const int status =
      tb::cli_main(static_cast<int>(arguments.size()), arguments.data(), environment);
  return {status, out.str(), err.str()};
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) found.push_back(line);
  return found;
}

constexpr const char* kHeader =
    "gen,lanes,mps,mrrs,rcb,raw_gbps,tlp_gbps,mwr_hdr_B,mrd_hdr_B,cpld_hdr_B,transfer_B,write_gbps,"
    "read_gbps,read_write_gbps";

TEST(MeasureCommand, PrintsThreeLinksByDefault) {
  const Outcome outcome = run({"pcie"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  const std::vector<std::string> rows = lines(outcome.out);
  ASSERT_EQ(rows.size(), 1u + 3 * 19);
  EXPECT_EQ(rows[0], kHeader);
  EXPECT_EQ(rows[1].rfind("gen3,x8,256,512,64,63.015,", 0), 0u) << rows[1];
  EXPECT_NE(rows[1].find(",24,24,20,64,"), std::string::npos) << rows[1];
  EXPECT_EQ(rows[20].rfind("gen3,x16,256,512,64,126.031,", 0), 0u) << rows[20];
  EXPECT_EQ(rows[57].rfind("gen4,x8,", 0), 0u) << rows[57];
}

TEST(MeasureCommand, TakesLinkAndSizes) {
  const Outcome outcome = run({"pcie", "--gen", "2", "--lanes", "4", "--mps", "128", "--mrrs",
                               "1024", "--rcb", "128", "--sizes", "1,4KiB", "--json"});
  EXPECT_EQ(outcome.status, 0);
  const nlohmann::json rows = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["gen"], "gen2");
  EXPECT_EQ(rows[0]["lanes"], "x4");
  EXPECT_EQ(rows[0]["mps"], 128);
  EXPECT_EQ(rows[0]["mrrs"], 1024);
  EXPECT_EQ(rows[0]["rcb"], 128);
  EXPECT_EQ(rows[0]["raw_gbps"], 16.0);
  EXPECT_EQ(rows[0]["transfer_B"], 1);
  EXPECT_EQ(rows[1]["transfer_B"], 4096);
  EXPECT_GT(rows[1]["write_gbps"], rows[0]["write_gbps"]);
}

TEST(MeasureCommand, RefusesInOneLine) {
  const std::pair<std::vector<const char*>, const char*> cases[] = {
      {{"pcie", "--gen", "6"}, "ringside: measure pcie: generation 6; expected 1 to 5\n"},
      {{"pcie", "--lanes", "3"}, "ringside: measure pcie: 3 lanes; expected 1, 2, 4, 8 or 16\n"},
      {{"pcie", "--sizes", "64,0"},
       "ringside: measure pcie: --sizes: '0' is no transfer size; expected 1 to 262144 bytes, "
       "such "
       "as 64,1500,4KiB\n"},
      {{"pcie", "--sizes", "2MiB"},
       "ringside: measure pcie: --sizes: '2MiB' is no transfer size; expected 1 to 262144 bytes, "
       "such as 64,1500,4KiB\n"},
      {{"pcie", "--gen", "x"},
       "ringside: Could not convert: --gen = x; expected what 'ringside measure pcie --help' "
       "shows\n"},
      {{"pcie", "--tags", "2000"}, "ringside: measure pcie: 2000 tags; expected 1 to 1024\n"},
      {{"disk"}, "ringside: measure: no 'disk'; expected pcie or card\n"},
      {{"cards"}, "ringside: measure: no 'cards'; expected pcie or card (did you mean 'card'?)\n"},
      {{"--json"}, "ringside: measure: no '--json'; expected pcie or card\n"},
      {{}, "ringside: measure: nothing named; expected pcie or card\n"},
  };
  for (const auto& [arguments, error] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, error);
  }
  for (const std::vector<const char*>& arguments :
       {std::vector<const char*>{"pcie", "--gen", "four"}, {"pcie", "--mps", "-1"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
}

TEST(MeasureCommand, HelpSaysHowPayloadCounts) {
  const Outcome outcome = run({"pcie", "--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.out.find("--whole-dwords"), std::string::npos);
  EXPECT_NE(outcome.out.find("counts in bytes"), std::string::npos);
}

}  // namespace
}  // namespace ringside::test
