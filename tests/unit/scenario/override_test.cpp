// SPDX-License-Identifier: Apache-2.0
// Settings from the command line: paths, wildcards, values, and errors that name the option.
#include <string>
#include <vector>

#include "testbench/scenario/load.h"
#include "tests/support/gtest.h"
#include "tests/unit/scenario/built.h"
#include "tests/unit/scenario/text.h"

namespace ringside::test {
namespace {

tb::Scenario good(const std::vector<std::string>& sets) {
  const tb::LoadResult result = parse(kTwoHosts, sets);
  EXPECT_EQ(result.error, "");
  return result.scenario.value_or(tb::Scenario{});
}

TEST(Override, CutsAtTheFirstEqualsSign) {
  const auto override = tb::override_from_set("app.a.args.x=a=b");
  ASSERT_TRUE(override.has_value());
  EXPECT_EQ(override->key, "app.a.args.x");
  EXPECT_EQ(override->value, "a=b");
  EXPECT_EQ(override->option, "--set app.a.args.x=a=b");
  EXPECT_FALSE(tb::override_from_set("seed").has_value());
  EXPECT_FALSE(tb::override_from_set("=1").has_value());
  EXPECT_FALSE(tb::override_from_set("").has_value());
}

TEST(Override, ReplacesAndAddsSettings) {
  const tb::Scenario s =
      good({"nic.alice0.mtu=9000", "nic.*.ring_size=512", "host.*.cost=zero", "link.w*e.rate=10G",
            "link.wire.delay=\"3us\"", "seed=7", "name=other", "host.alice.costs.timer=1ns",
            "nic.bob0.withhold=[\"mac\"]", "flow.upload.size=1KiB"});
  EXPECT_EQ(s.nics[0].mtu_bytes, 9000U);
  EXPECT_EQ(s.nics[1].mtu_bytes, 1500U);
  EXPECT_EQ(s.nics[0].ring_size, 512U);
  EXPECT_EQ(s.nics[1].ring_size, 512U);
  EXPECT_EQ(s.hosts[0].cost, tb::CostProfile::kZero);
  EXPECT_EQ(s.hosts[1].cost, tb::CostProfile::kZero);
  EXPECT_EQ(s.links[0].rate_bps, 10'000'000'000U);
  EXPECT_EQ(s.links[0].delay_ps, 3'000'000U);
  EXPECT_EQ(s.seed, 7U);
  EXPECT_EQ(s.name, "other");
  EXPECT_EQ(s.hosts[0].costs_ps[static_cast<std::size_t>(driver::Cost::kTimer)], 1'000U);
  EXPECT_EQ(s.nics[1].withhold_features, uint64_t{1} << 5);
  EXPECT_EQ(s.flows[0].size_bytes, 1024U);
}

TEST(Override, TheLastOneWins) {
  EXPECT_EQ(good({"nic.*.mtu=9000", "nic.bob0.mtu=2000"}).nics[1].mtu_bytes, 2000U);
  EXPECT_EQ(good({"nic.bob0.mtu=2000", "nic.*.mtu=9000"}).nics[1].mtu_bytes, 9000U);
}

TEST(Override, ReplacesWhatIsWrongInTheFile) {
  EXPECT_EQ(error_of(replaced("mtu = 1500", "mtu = 1"), {"nic.alice0.mtu=1500"}), "");
}

TEST(Override, TextStaysTextThoughItLooksLikeSomethingElse) {
  for (const char* text : {"123", "true", "1e5", "2024-01-01", "[1]", "two words"}) {
    EXPECT_EQ(good({std::string("description=") + text}).description, text);
  }
  EXPECT_EQ(good({"description=\"quoted\""}).description, "quoted");
  // Not a way to bring in more than one value.
  EXPECT_EQ(good({"description=1\nseed = 9"}).seed, 1U);
}

TEST(Override, PathsBeginAtTheWorkingDirectory) {
  const TemporaryFolder folder;
  const std::string data = folder.write("data.bin", "x");
  EXPECT_EQ(good({"flow.upload.file=" + data}).flows[0].file, data);
  EXPECT_EQ(error_of(kTwoHosts, {"flow.upload.file=nope"}),
            "--set flow.upload.file=nope: flow.upload.file: file 'nope' does not exist; expected "
            "the path of a file that can be read");
}

TEST(Override, GivesArgumentsToApplications) {
  const TemporaryFolder folder;
  const std::string library = folder.write("lib.so", "");
  const tb::LoadResult result = parse(
      with("[app.a]\nhost = \"bob\"\napp = \"" + library + ":run\"\n[app.a.args]\nx = \"1\"\n"),
      {"app.a.args.x=2", "app.*.args.y=\"3\""});
  ASSERT_EQ(result.error, "");
  const std::vector<tb::AppArgument>& args = result.scenario->apps[0].args;
  ASSERT_EQ(args.size(), 2U);
  EXPECT_EQ(args[0].key + args[0].value, "x2");
  EXPECT_EQ(args[1].key + args[1].value, "y3");
}

TEST(Override, ErrorsNameTheOption) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"nic.*.ring_size=300",
       "nic.alice0.ring_size = 300 is not a power of two; expected a power of two from 4 to 32768"},
      {"nic.alice0.ringsize=512",
       "unknown key 'ringsize' in a nic; expected one of those that `ringside explain nic` lists "
       "(did "
       "you mean 'ring_size'?)"},
      {"nics.alice0.mtu=1500",
       "unknown section 'nics'; expected one of host, nic, switch, tap, pcap, link, impair, flow, "
       "ping, "
       "udp_echo, "
       "tcp_echo or "
       "app (did you mean 'nic'?)"},
      {"nic.alice1.mtu=1500",
       "no nic is named 'alice1'; expected alice0 or bob0 (did you mean 'alice0'?)"},
      {"nic.z*.mtu=1500", "no nic is named 'z*'; expected alice0 or bob0"},
      {"ping.*.count=1", "the scenario has no ping; expected a [ping.NAME] in it"},
      {"nic.mtu=1500", "'nic.mtu' is not a key; expected nic.NAME.KEY, NAME may be *"},
      {"nic=1500", "'nic' is not a key; expected nic.NAME.KEY, NAME may be *"},
      {"sed=3",
       "unknown key 'sed' in a scenario; expected version, name, description, seed, duration, "
       "model, firmware or pace (did you mean 'seed'?)"},
      {"host.alice.cost.timer=1ns",
       "unknown key 'cost' in a host; expected nics, address, address6, gateway, gateway6, cores, "
       "cost, interleave, memory, stack_size, tcp_timer, txqueue, pause or costs (did you mean "
       "'cost'?)"},
      {"firmware=rv32", "firmware 'rv32' is not in this build; expected native"},
      {"link.wire.delay=2",
       "link.wire.delay = \"2\" has no unit; expected a time with its unit, such as \"2us\" (ps, "
       "ns, us, ms or s)"},
      {"flow.upload.to=bobb",
       "flow.upload.to: no host is named 'bobb'; expected alice or bob (did you mean 'bob'?)"},
      {"host.bob.nics=[\"x\"]", "host.bob.nics: no nic is named 'x'; expected alice0 or bob0"},
      {"nic.bob0.mtu=1000",
       "nic.bob0.mtu = 1000 is too small for host.bob.address6; expected at least 1280"},
      {"..=1",
       "unknown section ''; expected one of host, nic, switch, tap, pcap, link, impair, flow, "
       "ping, "
       "udp_echo, "
       "tcp_echo or app"},
  };
  for (const auto& [set, error] : cases) {
    EXPECT_EQ(error_of(kTwoHosts, {set}), "--set " + set + ": " + error);
  }
}

}  // namespace
}  // namespace ringside::test
